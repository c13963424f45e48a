//! The relations of an alert's evidence: docs/relays/defender-atp.md#relations-of-an-alert.

use microsoft::defender::{
    Alert, AlertEvidence, add_file_names, add_from_each, add_parents,
    observables::{address, best_hash, hashes, is_system_account, name, url_or_host},
};
use relay_core::{
    Observable,
    ObservableType::{Email, User},
    ctim::{
        RelationName::{ConnectedTo, RelatedTo},
        Relations,
    },
};

/// What each entry of the evidence says of itself, which process started which, and what else the
/// alert is about beside the asked observable.
pub(super) fn of_alert(alert: &Alert, asked: &Observable, product: &str) -> Relations {
    let mut relations =
        Relations::from_origin(alert.detection_source.as_deref().unwrap_or(product));
    alert.evidence.iter().for_each(|entry| add_entry(&mut relations, entry));
    add_parents(&mut relations, &alert.evidence);
    alert.evidence.iter().for_each(|entry| add_beside(&mut relations, asked, entry));
    relations
}

fn add_entry(relations: &mut Relations, entry: &AlertEvidence) {
    let hashes = hashes(&entry.sha1, &entry.sha256, &entry.md5);
    add_file_names(relations, entry.file_path.as_deref(), entry.file_name.as_deref(), &hashes);
    peers(entry).for_each(|peer| add_from_each(relations, &hashes, ConnectedTo, Some(&peer)));
}

/// The other ends of an entry's connection.
fn peers(entry: &AlertEvidence) -> impl Iterator<Item = Observable> {
    [address(entry.ip_address.as_deref()), url_or_host(entry.url.as_deref())].into_iter().flatten()
}

/// Relates users to the entry's file, and what stands alone in its entry to the asked observable:
/// the product says no more than that both belong to one alert.
fn add_beside(relations: &mut Relations, asked: &Observable, entry: &AlertEvidence) {
    let file = best_hash(&hashes(&entry.sha1, &entry.sha256, &entry.md5));
    let is_alone = file.is_none();
    let owner = file.unwrap_or_else(|| asked.clone());
    let others = peers(entry).filter(|_| is_alone).chain(users(entry));
    for other in others.filter(|other| other.normal_form() != owner.normal_form()) {
        relations.add(Some(owner.clone()), RelatedTo, Some(other));
    }
}

fn users(entry: &AlertEvidence) -> impl Iterator<Item = Observable> {
    let is_person = !is_system_account(entry.user_sid.as_deref());
    let account = name(User, entry.account_name.as_deref());
    let principal = name(Email, entry.user_principal_name.as_deref());
    [account, principal].into_iter().flatten().filter(move |_| is_person)
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::Domain;
    use serde_json::{Value, json};

    use super::*;

    const CHILD: &str = "8f219e9cb0eb53f16947ccf25ec84d8dbc74254770f58904dba41ecccc3fc162";
    const PARENT: &str = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";

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

    fn of_evidence(evidence: Value) -> Vec<String> {
        let alert = json!({"detectionSource": "Scanner", "evidence": evidence}).to_string();
        let asked = Observable::new(Domain, "Asked.example");
        texts(&of_alert(&serde_json::from_str(&alert).unwrap(), &asked, "Defender"), "Scanner")
    }

    #[test]
    fn a_files_name_and_path_belong_to_each_of_its_hashes() {
        let file =
            json!([{"sha1": PARENT, "sha256": CHILD, "fileName": "a.exe", "filePath": "C:\\x"}]);
        assert_eq!(
            of_evidence(file),
            [
                format!("a.exe File_Name_Of {PARENT}"),
                format!("a.exe File_Name_Of {CHILD}"),
                format!(r"C:\x\a.exe File_Path_Of {PARENT}"),
                format!(r"C:\x\a.exe File_Path_Of {CHILD}"),
            ]
        );
        assert_eq!(of_evidence(json!([{"fileName": "a.exe", "filePath": "C:\\x"}])), [""; 0]);
        assert_eq!(of_evidence(json!([{"sha1": "short", "fileName": "a.exe"}])), [""; 0]);
    }

    /// Row 2 of docs/relays/defender-atp.md#differences-from-the-python-originals.
    #[test]
    fn only_what_one_entry_holds_is_connected() {
        let apart = json!([
            {"sha1": PARENT},
            {"ipAddress": "::ffff:203.0.113.80"},
            {"url": "http://bad.example/x"},
            {"url": "asked.example"},
        ]);
        assert_eq!(
            of_evidence(apart),
            [
                "Asked.example Related_To 203.0.113.80",
                "Asked.example Related_To http://bad.example/x",
            ]
        );
        let together =
            json!([{"sha1": PARENT, "ipAddress": "2001:db8::80", "url": "bad.example/x"}]);
        assert_eq!(
            of_evidence(together),
            [
                format!("{PARENT} Connected_To 2001:db8::80"),
                format!("{PARENT} Connected_To bad.example"),
            ]
        );
    }

    #[test]
    fn users_are_related_to_their_file_or_to_the_asked_observable() {
        let users = json!([
            {"sha1": PARENT, "accountName": "mara"},
            {"accountName": "jo", "userPrincipalName": "jo@contoso.example", "userSid": "S-1-5-21-1"},
            {"accountName": "SYSTEM", "userSid": "S-1-5-18"},
        ]);
        assert_eq!(
            of_evidence(users),
            [
                format!("{PARENT} Related_To mara"),
                "Asked.example Related_To jo".to_owned(),
                "Asked.example Related_To jo@contoso.example".to_owned(),
            ]
        );
    }

    #[test]
    fn an_alert_without_source_has_its_relations_from_the_product() {
        let alert = json!({"evidence": [{"sha1": PARENT, "fileName": "a.exe"}]}).to_string();
        let asked = Observable::new(Domain, "asked.example");
        let relations = of_alert(&serde_json::from_str(&alert).unwrap(), &asked, "Defender");
        assert_eq!(texts(&relations, "Defender"), [format!("a.exe File_Name_Of {PARENT}")]);
    }
}
