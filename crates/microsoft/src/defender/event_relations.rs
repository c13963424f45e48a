//! The relations of a hunting event: docs/relays/defender-atp.md#relations-of-an-event.

use relay_core::{
    Observable,
    ObservableType::Domain,
    ctim::{
        RelationName::{
            self, ConnectedTo, DownloadedFrom, ParentOf, QueriedFor, RefersTo, Renamed, RenamedTo,
            ResolvedTo,
        },
        Relations,
    },
};

use super::{
    DeviceEvent,
    file_names::{add_file_names, add_from_each, add_to_each},
    observables::{address, best_hash, file_name, hashes, host, url_or_host},
};

/// Returns what an event says of a file or of a connection, and of the initiating process.
/// `product` is the relations' origin.
#[must_use]
pub fn event_relations(event: &DeviceEvent, is_network: bool, product: &str) -> Relations {
    let mut relations = Relations::from_origin(product);
    let process = hashes(
        &event.initiating_process_sha1,
        &event.initiating_process_sha256,
        &event.initiating_process_md5,
    );
    if is_network {
        add_process(&mut relations, event, &process);
        add_connection(&mut relations, event, &process);
    } else {
        let file = hashes(&event.sha1, &event.sha256, &event.md5);
        add_file(&mut relations, event, &file);
        add_process(&mut relations, event, &process);
        add_file_change(&mut relations, event, &process, &file);
    }
    relations
}

fn add_file(relations: &mut Relations, event: &DeviceEvent, hashes: &[Observable]) {
    let origin = url_or_host(event.file_origin_url.as_deref());
    let referrer = url_or_host(event.file_origin_referrer_url.as_deref());
    add_file_names(relations, event.folder_path.as_deref(), event.file_name.as_deref(), hashes);
    add_from_each(relations, hashes, DownloadedFrom, origin.as_ref());
    relations.add(referrer, RefersTo, origin);
}

fn add_process(relations: &mut Relations, event: &DeviceEvent, hashes: &[Observable]) {
    let name = event.initiating_process_file_name.as_deref();
    let folder = event.initiating_process_folder_path.as_deref();
    let parent = file_name(event.initiating_process_parent_file_name.as_deref());
    add_file_names(relations, folder, name, hashes);
    add_to_each(relations, parent.as_ref(), ParentOf, hashes);
}

/// What the process did to the file.
fn add_file_change(
    relations: &mut Relations,
    event: &DeviceEvent,
    process: &[Observable],
    file: &[Observable],
) {
    let change = file_relation(event.action_type.as_deref());
    relations.add(best_hash(process), change, best_hash(file));
    if change == Renamed {
        let previous = file_name(event.previous_file_name.as_deref());
        relations.add(previous, RenamedTo, file_name(event.file_name.as_deref()));
    }
}

/// What a process did to a file, by the event's `ActionType`.
fn file_relation(action_type: Option<&str>) -> RelationName {
    match action_type {
        Some("FileCreated") => RelationName::Created,
        Some("FileModified") => RelationName::WroteTo,
        Some("FileRenamed") => Renamed,
        Some("FileDeleted") => RelationName::Deleted,
        Some("ProcessCreated") => ParentOf,
        _ => RelationName::RelatedTo,
    }
}

fn add_connection(relations: &mut Relations, event: &DeviceEvent, process: &[Observable]) {
    let remote = address(event.remote_ip.as_deref());
    let local = address(event.local_ip.as_deref());
    if let Some(queried) = host(event.queried_name.as_deref()) {
        add_query(relations, event, &queried, local.as_ref());
        add_from_each(relations, process, QueriedFor, Some(&queried));
    } else {
        let url = event.remote_url.as_deref().or(event.server_name.as_deref());
        let name = host(url).filter(|host| host.kind == Domain);
        relations.add(name, ResolvedTo, remote.clone());
        add_from_each(relations, process, ConnectedTo, url_or_host(url).as_ref());
    }
    let is_inbound = event.action_type.as_ref().is_some_and(|it| it.starts_with("Inbound"));
    let (from, to) = if is_inbound { (remote.clone(), local) } else { (local, remote.clone()) };
    relations.add(from, ConnectedTo, to);
    add_from_each(relations, process, ConnectedTo, remote.as_ref());
}

/// DNS was asked for a name; the other end of the connection is the resolver.
fn add_query(
    relations: &mut Relations,
    event: &DeviceEvent,
    name: &Observable,
    local: Option<&Observable>,
) {
    relations.add(local.cloned(), QueriedFor, Some(name.clone()));
    for answer in &event.dns_answers {
        relations.add(Some(name.clone()), ResolvedTo, address(Some(answer)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const FILE: &str = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";
    const FILE_MD5: &str = "6e53a13043b026c48bbf33feff9243a8";
    const PROCESS: &str = "6f0fb23c6f5da2cec255404e4fb440034d660869";

    /// `source relation related` of each relation, by values; all of one origin.
    fn texts(relations: &Relations, origin: &str) -> Vec<String> {
        let relations = serde_json::to_value(relations).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let relations = relations.as_array().unwrap().iter().map(|it| {
            assert_eq!(it["origin"], origin);
            let (source, related) = (text(&it["source"]["value"]), text(&it["related"]["value"]));
            format!("{source} {} {related}", text(&it["relation"]))
        });
        relations.collect()
    }

    fn of_file(members: Value) -> Vec<String> {
        let event = serde_json::from_str(&members.to_string()).unwrap();
        texts(&event_relations(&event, false, "Defender"), "Defender")
    }

    fn of_network(members: Value) -> Vec<String> {
        let event = serde_json::from_str(&members.to_string()).unwrap();
        texts(&event_relations(&event, true, "Defender"), "Defender")
    }

    /// Row 13 of docs/relays/defender-atp.md#differences-from-the-python-originals.
    #[test]
    fn a_download_leads_from_the_file_to_its_origin() {
        let found = of_file(json!({
            "SHA1": FILE,
            "MD5": FILE_MD5,
            "FileName": "ps.exe",
            "FolderPath": "C:\\Users\\mara",
            "FileOriginUrl": "https://cdn.bad.example/ps.exe",
            "FileOriginReferrerUrl": "https://bad.example/",
        }));
        assert_eq!(
            found,
            [
                format!("ps.exe File_Name_Of {FILE}"),
                format!("ps.exe File_Name_Of {FILE_MD5}"),
                format!(r"C:\Users\mara\ps.exe File_Path_Of {FILE}"),
                format!(r"C:\Users\mara\ps.exe File_Path_Of {FILE_MD5}"),
                format!("{FILE} Downloaded_From https://cdn.bad.example/ps.exe"),
                format!("{FILE_MD5} Downloaded_From https://cdn.bad.example/ps.exe"),
                "https://bad.example/ Refers_To https://cdn.bad.example/ps.exe".to_owned(),
            ]
        );
    }

    #[test]
    fn the_process_has_its_name_path_and_parent() {
        let found = of_file(json!({
            "InitiatingProcessSHA1": PROCESS,
            "InitiatingProcessFileName": "msedge.exe",
            "InitiatingProcessFolderPath": "c:\\edge\\msedge.exe",
            "InitiatingProcessParentFileName": "explorer.exe",
        }));
        assert_eq!(
            found,
            [
                format!("msedge.exe File_Name_Of {PROCESS}"),
                format!(r"c:\edge\msedge.exe File_Path_Of {PROCESS}"),
                format!("explorer.exe Parent_Of {PROCESS}"),
            ]
        );
    }

    #[test]
    fn one_change_joins_process_and_file() {
        for (action, change) in [
            ("FileCreated", "Created"),
            ("FileModified", "Wrote_To"),
            ("FileDeleted", "Deleted"),
            ("SensitiveFileRead", "Related_To"),
        ] {
            let members = json!({
                "ActionType": action,
                "SHA1": FILE,
                "MD5": FILE_MD5,
                "InitiatingProcessSHA1": PROCESS,
                "InitiatingProcessMD5": "7a8d41bed440e50454f31af3176813e0",
            });
            assert_eq!(of_file(members), [format!("{PROCESS} {change} {FILE}")]);
        }
        let renamed = of_file(json!({
            "ActionType": "FileRenamed",
            "SHA1": FILE,
            "FileName": "new.exe",
            "PreviousFileName": "old.exe",
            "InitiatingProcessSHA1": PROCESS,
        }));
        assert_eq!(
            renamed,
            [
                format!("new.exe File_Name_Of {FILE}"),
                format!("{PROCESS} Renamed {FILE}"),
                "old.exe Renamed_To new.exe".to_owned(),
            ]
        );
    }

    #[test]
    fn a_process_does_nothing_to_its_own_file() {
        let members =
            json!({"ActionType": "FileModified", "SHA1": FILE, "InitiatingProcessSHA1": FILE});
        assert_eq!(of_file(members), [""; 0]);
    }

    #[test]
    fn connections_go_from_the_local_side_unless_inbound() {
        let ends = |action: &str| json!({"ActionType": action, "RemoteIP": "203.0.113.80", "LocalIP": "10.20.4.17"});
        assert_eq!(of_network(ends("ConnectionSuccess")), ["10.20.4.17 Connected_To 203.0.113.80"]);
        assert_eq!(
            of_network(ends("InboundConnectionAccepted")),
            ["203.0.113.80 Connected_To 10.20.4.17"]
        );
        assert_eq!(of_network(json!({"RemoteIP": "203.0.113.80"})), [""; 0]);
    }

    #[test]
    fn names_resolve_and_processes_connect() {
        let connect = |url: &str| {
            of_network(json!({
                "RemoteUrl": url,
                "RemoteIP": "203.0.113.80",
                "InitiatingProcessSHA1": PROCESS,
            }))
        };
        assert_eq!(
            connect("https://cdn.bad.example:8443/x"),
            [
                "cdn.bad.example Resolved_To 203.0.113.80".to_owned(),
                format!("{PROCESS} Connected_To https://cdn.bad.example:8443/x"),
                format!("{PROCESS} Connected_To 203.0.113.80"),
            ]
        );
        assert_eq!(
            connect("cdn.bad.example"),
            [
                "cdn.bad.example Resolved_To 203.0.113.80".to_owned(),
                format!("{PROCESS} Connected_To cdn.bad.example"),
                format!("{PROCESS} Connected_To 203.0.113.80"),
            ]
        );
        assert_eq!(
            connect("http://203.0.113.80/x"),
            [
                format!("{PROCESS} Connected_To http://203.0.113.80/x"),
                format!("{PROCESS} Connected_To 203.0.113.80"),
            ]
        );
    }

    #[test]
    fn ipv6_events_have_the_same_relations() {
        let members = json!({"RemoteIP": "2001:db8:80::1", "LocalIP": "2001:db8:30::7"});
        assert_eq!(of_network(members), ["2001:db8:30::7 Connected_To 2001:db8:80::1"]);
    }
}
