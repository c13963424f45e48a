//! Relations, docs/relays/misp.md#relations.

use serde_json::{Value, json};

use crate::test_relay::{
    MispRelay, domains,
    responses::{attribute, neighbour, serve},
    start_before, start_sandbox,
};

/// Name, source and related of each relation, in order.
type Shown = Vec<(String, String, String)>;

/// The relations of an observable with these attributes in the same event.
async fn relations(observables: (&str, &str), neighbours: &[Value]) -> Shown {
    let sandbox = start_sandbox().await;
    serve(&sandbox, &[attribute(json!({"type": "text", "value": observables.1}))], neighbours);
    let relay = MispRelay::start().before(&sandbox).with(&[("MISP_MORE_TYPES", "true")]).await;
    let answer = relay.observe([observables]).await;
    let relations = answer.only("sightings").get("relations").cloned().unwrap_or_default();
    let end = |end: &Value| format!("{}:{}", end["type"], end["value"]).replace('"', "");
    let relations = relations.as_array().cloned().unwrap_or_default();
    assert!(relations.iter().all(|relation| relation["origin"] == "MISP"));
    relations
        .iter()
        .map(|one| {
            let name = one["relation"].as_str().unwrap().to_owned();
            (name, end(&one["source"]), end(&one["related"]))
        })
        .collect()
}

/// The observables that `bad.example` is related to.
async fn related(neighbours: &[Value]) -> Vec<String> {
    let found = relations(("domain", "bad.example"), neighbours).await;
    assert!(found.iter().all(|(_, source, _)| source == "domain:bad.example"));
    found.into_iter().map(|(_, _, related)| related).collect()
}

fn shown(relations: &[(&str, &str, &str)]) -> Shown {
    relations.iter().map(|(a, b, c)| (a.to_string(), b.to_string(), c.to_string())).collect()
}

/// A neighbour inside an object.
fn part_of(object: Value, id: i64, kind: &str, value: &str) -> Value {
    let mut attribute = neighbour(id, kind, value);
    attribute["object_id"] = object;
    attribute
}

#[tokio::test(start_paused = true)]
async fn every_attribute_type_of_the_table_becomes_its_observables() {
    let md5 = "ab".repeat(16);
    let sha1 = "cd".repeat(20);
    let sha256 = "ef".repeat(32);
    let named = |hash: &str| format!("a.exe|{hash}");
    for (kind, value, expected) in [
        ("ip-src", "203.0.113.7", vec!["ip:203.0.113.7".to_owned()]),
        ("ip-dst", "2001:db8::7", vec!["ipv6:2001:db8::7".to_owned()]),
        ("ip-src|port", "203.0.113.7|80", vec!["ip:203.0.113.7".to_owned()]),
        ("ip-dst|port", "2001:db8::7|80", vec!["ipv6:2001:db8::7".to_owned()]),
        ("domain", "Other.example", vec!["domain:Other.example".to_owned()]),
        ("hostname", "www.other.example", vec!["hostname:www.other.example".to_owned()]),
        ("hostname|port", "www.other.example|53", vec!["hostname:www.other.example".to_owned()]),
        (
            "domain|ip",
            "other.example|203.0.113.7",
            vec!["domain:other.example".to_owned(), "ip:203.0.113.7".to_owned()],
        ),
        ("url", "http://other.example/x|y", vec!["url:http://other.example/x|y".to_owned()]),
        ("uri", "ftp://other.example", vec!["url:ftp://other.example".to_owned()]),
        ("link", "https://other.example", vec!["url:https://other.example".to_owned()]),
        ("url", "other.example/path", vec![]),
        ("uri", "/path", vec![]),
        ("md5", &md5, vec![format!("md5:{md5}")]),
        ("sha1", &sha1, vec![format!("sha1:{sha1}")]),
        ("sha256", &sha256, vec![format!("sha256:{sha256}")]),
        ("filename|md5", &named(&md5), vec!["file_name:a.exe".to_owned(), format!("md5:{md5}")]),
        (
            "filename|sha1",
            &named(&sha1),
            vec!["file_name:a.exe".to_owned(), format!("sha1:{sha1}")],
        ),
        (
            "filename|sha256",
            &named(&sha256),
            vec!["file_name:a.exe".to_owned(), format!("sha256:{sha256}")],
        ),
        ("malware-sample", &named(&md5), vec!["file_name:a.exe".to_owned(), format!("md5:{md5}")]),
        ("email", "a@other.example", vec!["email:a@other.example".to_owned()]),
        ("email-src", "a@other.example", vec!["email:a@other.example".to_owned()]),
        ("email-dst", "a@other.example", vec!["email:a@other.example".to_owned()]),
        ("filename", "a|b.exe", vec!["file_name:a|b.exe".to_owned()]),
        ("mutex", "Global\\x", vec!["mutex:Global\\\\x".to_owned()]),
        ("user-agent", "Agent/1.0", vec!["user_agent:Agent/1.0".to_owned()]),
        ("regkey", "HKLM\\x", vec!["registry_key:HKLM\\\\x".to_owned()]),
        ("comment", "other.example", vec![]),
        ("AS", "64511", vec![]),
        ("filename|sha512", "a.exe|ab", vec![]),
    ] {
        assert_eq!(related(&[neighbour(1, kind, value)]).await, expected, "{kind} {value}");
    }
}

#[tokio::test(start_paused = true)]
async fn values_that_cannot_be_of_their_type_are_no_relations() {
    for (kind, value) in [
        ("ip-src", "203.0.113.0/24"),
        ("ip-dst", "anywhere"),
        ("md5", "ab"),
        ("filename", "  "),
        ("domain", "."),
        ("url", "no scheme://other.example"),
    ] {
        assert!(related(&[neighbour(1, kind, value)]).await.is_empty(), "{kind} {value}");
    }
    assert_eq!(related(&[neighbour(1, "filename|md5", "a.exe|?")]).await, ["file_name:a.exe"]);
    assert_eq!(related(&[neighbour(1, "filename|md5", "a.exe")]).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn relations_come_newest_first_then_by_id_each_once() {
    let at = |id: i64, value: &str, timestamp: Value| {
        let mut attribute = neighbour(id, "domain", value);
        attribute["timestamp"] = timestamp;
        attribute
    };
    let neighbours = [
        at(5, "old.example", json!("1772366400")),
        at(4, "second.example", json!("1772366402")),
        at(3, "first.example", json!(1772366402)),
        at(2, "old.example", json!("1772366401")),
        at(1, "no-time.example", json!(null)),
    ];
    let expected = ["first.example", "second.example", "old.example", "no-time.example"];
    assert_eq!(related(&neighbours).await, expected.map(|name| format!("domain:{name}")));
}

#[tokio::test(start_paused = true)]
async fn an_observable_is_not_related_to_itself_in_any_spelling() {
    let neighbours = [
        neighbour(1, "domain", "BAD.example."),
        neighbour(2, "hostname|port", "bad.example|80"),
        neighbour(3, "domain|ip", "bad.example|203.0.113.7"),
    ];
    assert_eq!(related(&neighbours).await, ["ip:203.0.113.7"]);
    let url = [neighbour(1, "url", "http://bad.example/"), neighbour(2, "domain", "x.example")];
    let found = relations(("url", "http://bad.example"), &url).await;
    assert_eq!(found, shown(&[("Related_To", "url:http://bad.example", "domain:x.example")]));
}

#[tokio::test(start_paused = true)]
async fn a_name_resolves_to_the_address_of_its_composite() {
    let pair = [neighbour(1, "domain|ip", "bad.example|203.0.113.7")];
    let expected = shown(&[("Resolved_To", "domain:bad.example", "ip:203.0.113.7")]);
    assert_eq!(relations(("domain", "bad.example"), &pair).await, expected);
    assert_eq!(relations(("ip", "203.0.113.7"), &pair).await, expected);
    let pair = [neighbour(1, "domain|ip", "bad.example|2001:db8::7")];
    let expected = shown(&[("Resolved_To", "domain:bad.example", "ipv6:2001:db8::7")]);
    assert_eq!(relations(("domain", "bad.example"), &pair).await, expected);
    // The value as sent, whatever the stored spelling.
    let observables = relations(("ipv6", "2001:DB8::7"), &pair).await;
    assert_eq!(observables, shown(&[("Resolved_To", "domain:bad.example", "ipv6:2001:DB8::7")]));
}

#[tokio::test(start_paused = true)]
async fn a_hash_has_the_name_of_its_composite() {
    let md5 = "ab".repeat(16);
    for kind in ["filename|md5", "malware-sample"] {
        let pair = [neighbour(1, kind, &format!("a.exe|{}", md5.to_uppercase()))];
        let found = relations(("md5", &md5), &pair).await;
        let hash = format!("md5:{md5}");
        assert_eq!(found, shown(&[("File_Name_Of", "file_name:a.exe", &hash)]));
    }
    // For the file name it is an ordinary relation.
    let pair = [neighbour(1, "filename|md5", &format!("a.exe|{md5}"))];
    let found = relations(("file_name", "a.exe"), &pair).await;
    assert_eq!(found, shown(&[("Related_To", "file_name:a.exe", &format!("md5:{md5}"))]));
}

#[tokio::test(start_paused = true)]
async fn parts_of_one_object_are_as_close_as_a_composite() {
    let md5 = "ab".repeat(16);
    let hash = format!("md5:{md5}");
    let object = [
        part_of(json!("81"), 1, "filename", "a.exe"),
        part_of(json!(81), 2, "md5", &md5),
        part_of(json!("82"), 3, "filename", "b.exe"),
        neighbour(4, "filename", "c.exe"),
    ];
    let expected = shown(&[
        ("File_Name_Of", "file_name:a.exe", &hash),
        ("Related_To", &hash, "file_name:b.exe"),
        ("Related_To", &hash, "file_name:c.exe"),
    ]);
    assert_eq!(relations(("md5", &md5), &object).await, expected);

    let object = [
        part_of(json!("9"), 1, "domain", "bad.example"),
        part_of(json!("9"), 2, "ip-dst", "203.0.113.7"),
        part_of(json!("0"), 3, "ip-dst", "203.0.113.8"),
    ];
    let expected = shown(&[
        ("Resolved_To", "domain:bad.example", "ip:203.0.113.7"),
        ("Related_To", "domain:bad.example", "ip:203.0.113.8"),
    ]);
    assert_eq!(relations(("domain", "bad.example"), &object).await, expected);
}

#[tokio::test(start_paused = true)]
async fn attributes_outside_objects_are_not_close() {
    let loose = [neighbour(1, "domain", "bad.example"), neighbour(2, "ip-dst", "203.0.113.7")];
    let found = relations(("domain", "bad.example"), &loose).await;
    assert_eq!(found, shown(&[("Related_To", "domain:bad.example", "ip:203.0.113.7")]));
}

#[tokio::test(start_paused = true)]
async fn a_close_pair_replaces_related_to_wherever_it_stands() {
    let expected = shown(&[("Resolved_To", "domain:bad.example", "ip:203.0.113.7")]);
    for (composite, plain) in [(1, 2), (2, 1)] {
        let neighbours = [
            neighbour(composite, "domain|ip", "bad.example|203.0.113.7"),
            neighbour(plain, "ip-dst|port", "203.0.113.7|443"),
        ];
        assert_eq!(relations(("domain", "bad.example"), &neighbours).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn attributes_of_other_events_are_no_neighbours() {
    let mut other = neighbour(1, "domain", "other.example");
    other["event_id"] = json!("8");
    let mut number = neighbour(2, "domain", "same.example");
    number["event_id"] = json!(7);
    let mut none = neighbour(3, "domain", "nowhere.example");
    none["event_id"] = json!(null);
    assert_eq!(related(&[other, number, none]).await, ["domain:same.example"]);
}

#[tokio::test(start_paused = true)]
async fn a_sighting_without_neighbours_has_no_relations() {
    assert!(related(&[]).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_sighting_says_that_its_event_holds_more_relations() {
    let sandbox = start_sandbox().await;
    let check = async |count: i64, line: Option<&str>| {
        let neighbours: Vec<_> =
            (0..count).map(|id| neighbour(id + 10, "domain", &format!("n{id}.example"))).collect();
        serve(&sandbox, &[attribute(json!({"comment": "C2"}))], &neighbours);
        let relay =
            MispRelay::start().before(&sandbox).with(&[("MISP_RELATIONS_LIMIT", "3")]).await;
        let answer = relay.observe([("domain", "bad.example")]).await;
        let sighting = answer.only("sightings");
        assert_eq!(sighting["relations"].as_array().unwrap().len(), 3);
        let description = sighting["description"].as_str().unwrap();
        assert_eq!(description.lines().nth(2), line);
        answer.assert_no_errors();
    };
    check(3, None).await;
    check(4, Some("Relations: the nearest 3 of the event.")).await;
}

#[tokio::test(start_paused = true)]
async fn many_sightings_share_the_relations_of_an_answer() {
    let sandbox = start_sandbox().await;
    let names: Vec<String> = (0..3).map(|name| format!("name-{name}.example")).collect();
    let events = |name: usize| {
        let names = &names;
        (0..100).map(move |event| {
            let id = name * 100 + event;
            attribute(json!({"id": id, "event_id": id, "value": names[name],
                "Event": {"id": id, "uuid": format!("1a2b3c4d-2222-4333-8444-{id:012}")}}))
        })
    };
    let rows: Vec<_> = (0..names.len()).flat_map(events).collect();
    serve(&sandbox, &rows, &[]);
    let relay = MispRelay::start().before(&sandbox).await;
    let answer = relay.observe(domains(&names)).await;
    assert_eq!(answer.docs("sightings").len(), 300);
    let warning = "There are more relations than an answer holds; each sighting has 33 at the most; ask about fewer observables or lower CTR_ENTITIES_LIMIT.";
    assert_eq!(answer.messages().collect::<Vec<_>>(), [warning]);
}

#[tokio::test(start_paused = true)]
async fn a_neighbour_with_a_stricter_label_than_the_sighting_is_left_out() {
    let labelled = |id, name: &str, tlp: &str| {
        let mut one = neighbour(id, "domain", name);
        one["Tag"] = json!([{"name": tlp}]);
        one
    };
    let neighbours = [
        labelled(10, "red.example", "tlp:red"),
        labelled(11, "amber.example", "tlp:amber"),
        labelled(12, "clear.example", "tlp:clear"),
        neighbour(13, "domain", "plain.example"),
    ];
    for (of_event, shown) in [
        ("tlp:red", &["amber.example", "clear.example", "plain.example", "red.example"][..]),
        ("tlp:amber", &["amber.example", "clear.example", "plain.example"]),
        ("tlp:green", &["clear.example", "plain.example"]),
        ("no label", &["clear.example", "plain.example"]),
    ] {
        let sandbox = start_sandbox().await;
        let found = attribute(json!({"Event": {"Tag": [{"name": of_event}]}}));
        serve(&sandbox, &[found], &neighbours);
        let answer = start_before(&sandbox).await.observe([("domain", "bad.example")]).await;
        let relations = answer.only("sightings")["relations"].as_array().unwrap();
        let mut related: Vec<_> =
            relations.iter().map(|one| one["related"]["value"].as_str().unwrap()).collect();
        related.sort_unstable();
        assert_eq!(related, shown, "{of_event}");
    }
}
