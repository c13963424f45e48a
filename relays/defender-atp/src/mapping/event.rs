//! A hunting event as a sighting (spec §6).

use relay_core::{
    Observable,
    ObservableType::{Md5, Sha1, Sha256},
    Time,
    ctim::{Cell, ObservedTime, RelationName, Relations, Sensor, ShortText, Sighting, Table},
};

use super::{
    Reporter, target,
    value::{address, file_name, file_path, hash, host, url_or_host},
};
use crate::{client::Event, subject::Subject};

impl Reporter<'_> {
    /// None for an event without a time.
    pub(crate) fn event(&self, subject: &Subject<'_>, event: &Event) -> Option<Sighting> {
        let timestamp = event.timestamp.as_deref()?;
        let at = Time::parse(timestamp)?;
        let observed = ObservedTime::at(at);
        let asked = subject.observable;
        let known = |text: &Option<String>| text.clone().unwrap_or_default();
        let (device, report) = (known(&event.device_id), known(&event.report_id));
        let ids = [self.tenant, &device, &report, timestamp, &known(&event.action_type)];
        let id = self.namespace.sighting(&ids, asked.kind.as_str(), &asked.value);
        Some(Sighting {
            title: title(event),
            internal: Some(true),
            sensor: Some(Sensor::Endpoint),
            targets: target::of_event(event, observed).into_iter().collect(),
            relations: relations(event, is_network(subject), self.product),
            data: data(event, is_network(subject)),
            timestamp: Some(at),
            ..Sighting::of(id, self.product, asked.clone(), observed)
        })
    }
}

/// Addresses and domains are looked for in network events, hashes in file events.
fn is_network(subject: &Subject<'_>) -> bool {
    subject.kind().hash_digits().is_none()
}

fn title(event: &Event) -> Option<ShortText> {
    let parts = [event.action_type.as_deref(), event.device_name.as_deref()];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    ShortText::present(Some(parts.join(" on ")))
}

fn data(event: &Event, is_network: bool) -> Option<Table> {
    let cell = |text: &Option<String>| Cell::Text(text.clone().unwrap_or_default());
    let mut cells = vec![("ActionType", cell(&event.action_type))];
    if is_network {
        cells.push(("Protocol", cell(&event.protocol)));
        cells.push(("RemotePort", cell(&event.remote_port)));
    }
    Table::of_one_row(cells)
}

fn relations(event: &Event, is_network: bool, product: &str) -> Relations {
    let mut relations = Relations::from_origin(product);
    let process = process_hashes(event);
    if !is_network {
        add_file(&mut relations, event);
    }
    add_process(&mut relations, event, &process);
    if is_network {
        add_connection(&mut relations, event, &process);
    } else {
        add_deed(&mut relations, event, &process);
    }
    relations
}

/// SHA-1, SHA-256 and MD5, as far as they are known.
fn hashes(sha1: &Option<String>, sha256: &Option<String>, md5: &Option<String>) -> Vec<Observable> {
    let known = [(Sha1, sha1), (Sha256, sha256), (Md5, md5)];
    known.into_iter().filter_map(|(kind, text)| hash(kind, text.as_deref())).collect()
}

fn file_hashes(event: &Event) -> Vec<Observable> {
    hashes(&event.sha1, &event.sha256, &event.md5)
}

fn process_hashes(event: &Event) -> Vec<Observable> {
    hashes(
        &event.initiating_process_sha1,
        &event.initiating_process_sha256,
        &event.initiating_process_md5,
    )
}

/// The one that says most: SHA-256, SHA-1, MD5.
fn best(hashes: &[Observable]) -> Option<Observable> {
    let of = |kind| hashes.iter().find(|hash| hash.kind == kind);
    of(Sha256).or_else(|| of(Sha1)).or_else(|| of(Md5)).cloned()
}

/// `source` stands in this relation to each of the hashes.
fn add_to_each(
    relations: &mut Relations,
    source: &Option<Observable>,
    name: RelationName,
    hashes: &[Observable],
) {
    for hash in hashes {
        relations.add(source.clone(), name, Some(hash.clone()));
    }
}

fn add_file(relations: &mut Relations, event: &Event) {
    let hashes = file_hashes(event);
    let name = file_name(event.file_name.as_deref());
    let path = file_path(event.folder_path.as_deref(), event.file_name.as_deref());
    let origin = url_or_host(event.file_origin_url.as_deref());
    let referrer = url_or_host(event.file_origin_referrer_url.as_deref());
    add_to_each(relations, &name, RelationName::FileNameOf, &hashes);
    add_to_each(relations, &path, RelationName::FilePathOf, &hashes);
    for hash in hashes {
        relations.add(Some(hash), RelationName::DownloadedFrom, origin.clone());
    }
    relations.add(referrer, RelationName::RefersTo, origin);
}

fn add_process(relations: &mut Relations, event: &Event, hashes: &[Observable]) {
    let name = event.initiating_process_file_name.as_deref();
    let path = file_path(event.initiating_process_folder_path.as_deref(), name);
    let parent = file_name(event.initiating_process_parent_file_name.as_deref());
    add_to_each(relations, &file_name(name), RelationName::FileNameOf, hashes);
    add_to_each(relations, &path, RelationName::FilePathOf, hashes);
    add_to_each(relations, &parent, RelationName::ParentOf, hashes);
}

/// What the process did to the file.
fn add_deed(relations: &mut Relations, event: &Event, process: &[Observable]) {
    let deed = match event.action_type.as_deref() {
        Some("FileCreated") => RelationName::Created,
        Some("FileModified") => RelationName::WroteTo,
        Some("FileRenamed") => RelationName::Renamed,
        Some("FileDeleted") => RelationName::Deleted,
        _ => RelationName::RelatedTo,
    };
    relations.add(best(process), deed, best(&file_hashes(event)));
    if deed == RelationName::Renamed {
        let previous = file_name(event.previous_file_name.as_deref());
        relations.add(previous, RelationName::RenamedTo, file_name(event.file_name.as_deref()));
    }
}

fn add_connection(relations: &mut Relations, event: &Event, process: &[Observable]) {
    let remote = address(event.remote_ip.as_deref());
    let local = address(event.local_ip.as_deref());
    let url = url_or_host(event.remote_url.as_deref());
    let name = host(event.remote_url.as_deref())
        .filter(|host| host.kind == relay_core::ObservableType::Domain);
    relations.add(name, RelationName::ResolvedTo, remote.clone());
    let inbound = event.action_type.as_ref().is_some_and(|action| action.starts_with("Inbound"));
    let (from, to) = if inbound { (remote.clone(), local) } else { (local, remote.clone()) };
    relations.add(from, RelationName::ConnectedTo, to);
    for peer in [url, remote] {
        for hash in process {
            relations.add(Some(hash.clone()), RelationName::ConnectedTo, peer.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use relay_core::{
        Environment, Namespace,
        ObservableType::{self, Domain, Ipv6},
    };
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Settings;

    const FILE: &str = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";
    const FILE_MD5: &str = "6e53a13043b026c48bbf33feff9243a8";
    const PROCESS: &str = "6f0fb23c6f5da2cec255404e4fb440034d660869";

    fn event(kind: ObservableType, value: &str, members: Value) -> Option<Value> {
        let settings = Settings::new(&Environment::default()).unwrap();
        let reporter = Reporter {
            namespace: Namespace::of("defender-atp"),
            tenant: "contoso.example",
            product: "Defender",
            portal: &settings.portal,
            fine_sensors: false,
        };
        let asked = Observable::new(kind, value);
        let event = serde_json::from_str(&members.to_string()).unwrap();
        let sighting = reporter.event(&Subject::of(&asked).unwrap(), &event)?;
        Some(serde_json::to_value(sighting).unwrap())
    }

    fn with_time(mut members: Value) -> Value {
        members["Timestamp"] = "2026-10-29T11:06:58.4Z".into();
        members
    }

    fn relations(kind: ObservableType, value: &str, members: Value) -> Vec<String> {
        let sighting = event(kind, value, with_time(members)).unwrap();
        let relations = sighting["relations"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        relations
            .iter()
            .map(|it| {
                let (source, related) =
                    (text(&it["source"]["value"]), text(&it["related"]["value"]));
                format!("{source} {} {related}", text(&it["relation"]))
            })
            .collect()
    }

    fn of_file(members: Value) -> Vec<String> {
        relations(Sha1, FILE, members)
    }

    fn of_network(members: Value) -> Vec<String> {
        relations(Domain, "bad.example", members)
    }

    #[test]
    fn no17_a_download_leads_from_the_file_to_its_origin() {
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
    fn one_deed_joins_process_and_file() {
        for (action, deed) in [
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
            assert_eq!(of_file(members), [format!("{PROCESS} {deed} {FILE}")]);
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
    fn a_process_that_touches_its_own_file_has_no_deed() {
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
        assert_eq!(
            relations(Ipv6, "2001:db8:80::1", members),
            ["2001:db8:30::7 Connected_To 2001:db8:80::1"]
        );
    }

    #[test]
    fn a_table_says_what_happened() {
        let network =
            json!({"ActionType": "ConnectionSuccess", "Protocol": null, "RemotePort": 443});
        let data = event(Domain, "bad.example", with_time(network)).unwrap()["data"].clone();
        assert_eq!(data["rows"], json!([["ConnectionSuccess", "", "443"]]));
        let names: Vec<_> =
            data["columns"].as_array().unwrap().iter().map(|column| &column["name"]).collect();
        assert_eq!(names, ["ActionType", "Protocol", "RemotePort"]);
        let file = event(Sha1, FILE, with_time(json!({"ActionType": "FileCreated"}))).unwrap();
        assert_eq!(file["data"]["rows"], json!([["FileCreated"]]));
    }

    #[test]
    fn titles_leave_out_what_is_missing() {
        let title = |members: Value| {
            event(Sha1, FILE, with_time(members)).unwrap()["title"].as_str().map(str::to_owned)
        };
        let both = json!({"ActionType": "FileCreated", "DeviceName": "ws-204.contoso.example"});
        assert_eq!(title(both).as_deref(), Some("FileCreated on ws-204.contoso.example"));
        assert_eq!(title(json!({"ActionType": "FileCreated"})).as_deref(), Some("FileCreated"));
        assert_eq!(title(json!({})), None);
    }

    #[test]
    fn an_event_without_time_or_device_costs_what_is_missing() {
        assert!(event(Sha1, FILE, json!({"ActionType": "FileCreated"})).is_none());
        assert!(event(Sha1, FILE, json!({"Timestamp": "yesterday"})).is_none());
        let bare = event(Sha1, FILE, with_time(json!({"OSPlatform": "Windows11"}))).unwrap();
        assert_eq!((bare.get("targets"), bare.get("source_uri")), (None, None));
        assert_eq!((bare.get("severity"), bare.get("resolution")), (None, None));
    }
}
