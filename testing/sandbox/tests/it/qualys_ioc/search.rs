//! What the event search finds.

use std::collections::BTreeSet;

use sandbox::qualys_ioc::{ACCOUNT, AWKWARD_PASSWORD, SECOND_TENANT};
use serde_json::{Value, json};

use super::{found, search, start, token};

const SHA256: &str = "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6";
/// All events of scores.exe, one for each score.
const SCORES: &str = "3c1f8e07d2a94b65f0e18c7b6a5d4f3e2c1b0a99887766554433221100ffeedd";

/// The last part of each event's id; "-" for an event without one.
fn numbers(events: &[Value]) -> Vec<&str> {
    let ids = events.iter().map(|event| event["id"].as_str().unwrap_or("-"));
    ids.map(|id| id.rsplit('_').next().unwrap_or(id)).collect()
}

/// The numbers of the events that a filter finds among the active objects, then in the history.
async fn numbers_of(filter: &str) -> (Vec<String>, Vec<String>) {
    let sandbox = start().await;
    let owned = |events: &[Value]| numbers(events).into_iter().map(str::to_owned).collect();
    let parameters = [("filter", filter), ("pageSize", "1000"), ("state", "true")];
    let active = found(&sandbox, ACCOUNT, &parameters).await;
    let historical = found(&sandbox, ACCOUNT, &parameters[..2]).await;
    (owned(&active), owned(&historical))
}

#[tokio::test]
async fn the_malicious_file_is_the_documented_one() {
    let filter = format!("file.hash.sha256: \"{SHA256}\"");
    let parameters = [("pageSize", "100"), ("state", "true"), ("filter", &filter)];
    let events = found(&start().await, ACCOUNT, &parameters).await;
    let expected = json!([{"id": "F_5a4a1e8b-9d2f-4f3e-8f64-8c2f1d7b0a11_-4501883917", "type": "FILE", "action": "CREATED",
        "dateTime": "2026-03-01T12:19:31.000+0000", "eventProcessedTime": "2026-03-01T12:21:02.447+0000",
        "timeSeriesId": "TS_F_5a4a1e8b-9d2f-4f3e-8f64-8c2f1d7b0a11_1772367571", "score": "8", "eventSource": "EDR",
        "file": {"fullPath": "C:\\Users\\Public\\drop.exe", "path": "C:\\Users\\Public", "fileName": "drop.exe", "extension": "exe",
                 "createdDate": "2026-03-01T12:19:30.000+0000", "md5": "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "sha256": SHA256},
        "indicator2": [{"score": "8", "sha256": SHA256, "verdict": "MALICIOUS", "category": "File", "familyName": "Dridex",
                        "threatName": "Win32.Trojan.Dridex"}],
        "actor": {"processId": 4120, "processName": "winword.exe", "imageFullPath": "C:\\Program Files\\Office\\winword.exe"},
        "asset": {"agentId": "5a4a1e8b-9d2f-4f3e-8f64-8c2f1d7b0a11", "hostName": "FIN-LT-07", "netBiosName": "FIN-LT-07",
                  "fullOSName": "Microsoft Windows 10 Enterprise 10.0.19045", "platform": "Windows", "assetType": "HOST",
                  "customerId": "c8f2a5d0-2b74-4e0b-8d33-7f1a2b3c4d5e", "lastLoggedOnUser": "CORP\\j.doe",
                  "interfaces": [{"ipAddress": "10.20.30.47", "macAddress": "00:50:56:A1:B2:C3"}],
                  "tags": [{"id": "77104", "uuid": "1c2d3e4f-5a6b-4c7d-8e9f-0a1b2c3d4e5f", "name": "Finance"}]}}]);
    assert_eq!(Value::from(events), expected);
}

#[tokio::test]
async fn the_malicious_connection_is_the_documented_one() {
    let sandbox = start().await;
    let expected = json!([{"id": "N_7be0b1c2-3d4e-4f5a-9b6c-7d8e9f0a1b2c_882310447", "type": "NETWORK", "action": "ESTABLISHED",
        "dateTime": "2026-03-02T08:00:11.000+0000", "eventProcessedTime": "2026-03-02T08:01:40.020+0000", "score": "10",
        "process": {"processName": "svc_update.exe", "fullPath": "C:\\ProgramData\\svc_update.exe", "pid": 5312, "arguments": "-q",
                    "userName": "CORP\\j.doe"},
        "network": {"protocol": "TCP", "localIP": "10.20.30.47", "localPort": 51544, "remoteIP": "203.0.113.77", "remotePort": 443,
                    "remoteDns": "c2.bad.example"},
        "indicator2": [{"score": "10", "verdict": "MALICIOUS", "category": "Network", "threatName": "", "familyName": null, "sha256": null}],
        "asset": {"agentId": "7be0b1c2-3d4e-4f5a-9b6c-7d8e9f0a1b2c", "hostName": "fin-lt-07", "netBiosName": "FIN-LT-07",
                  "fullOSName": "Microsoft Windows 10 Enterprise 10.0.19045",
                  "interfaces": [{"ipAddress": "10.20.30.47", "macAddress": "00:50:56:A1:B2:C3"}]}}]);
    for filter in [
        "network.local.address.ip: \"203.0.113.77\" or network.remote.address.ip: \"203.0.113.77\"",
        "network.remote.address.fqdn: \"c2.bad.example\"",
    ] {
        let events = found(&sandbox, ACCOUNT, &[("filter", filter), ("state", "true")]).await;
        assert_eq!(Value::from(events), expected, "{filter}");
        assert!(found(&sandbox, ACCOUNT, &[("filter", filter)]).await.is_empty());
    }
}

#[tokio::test]
async fn the_state_selects_active_objects_or_the_history() {
    let (active, historical) = numbers_of(&format!("file.hash.sha256: \"{SCORES}\"")).await;
    assert_eq!(active, ["101", "102", "104", "106", "107", "108", "112", "113", "114"]);
    assert_eq!(historical, ["100", "101", "103", "105", "109", "110", "111", "115"]);

    let sandbox = start().await;
    let parameters = |state| [("filter", "file.name: 'scores.exe'"), ("state", state)];
    let events = found(&sandbox, ACCOUNT, &parameters("false")).await;
    assert_eq!(numbers(&events), historical);
}

#[tokio::test]
async fn every_score_and_every_kind_of_event_occurs() {
    let sandbox = start().await;
    let parameters = [("pageSize", "1000"), ("state", "true")];
    let mut events = found(&sandbox, ACCOUNT, &parameters).await;
    events.extend(found(&sandbox, ACCOUNT, &parameters[..1]).await);
    let all = |field| events.iter().map(|one| one[field].to_string()).collect::<BTreeSet<_>>();
    let scores = all("score");
    for score in (0..=10).map(|score| score.to_string()) {
        assert!(scores.contains(&score) || scores.contains(&format!("{score:?}")), "{score}");
    }
    for odd in ["\"08\"", "11", "8.0", "null"] {
        assert!(scores.contains(odd), "{odd}");
    }
    for kind in ["FILE", "PROCESS", "NETWORK", "REGISTRY", "MUTEX"] {
        assert!(all("type").contains(&format!("{kind:?}")), "{kind}");
    }
}

#[tokio::test]
async fn rare_shapes_are_found_by_one_name() {
    let (active, historical) = numbers_of("file.name: \"rare.exe\"").await;
    assert_eq!(active, ["200", "201", "202", "-", "204"]);
    assert_eq!(historical, ["204", "205", "206", "207"]);
}

#[tokio::test]
async fn a_tokenised_match_finds_near_misses_and_the_other_marks_do_not() {
    for (filter, active, historical) in [
        ("file.name: \"invoice.exe\"", &["300", "301"][..], &["302", "303"][..]),
        ("file.name: `invoice.exe`", &["300"], &[]),
        ("file.name: 'invoice.exe'", &["300"], &["303"]),
        (r#"file.fullPath: "C:\Users\Public\Inbox\invoice.exe""#, &["300"], &["302", "303"]),
        ("file.name: \"rechnung_märz.exe\"", &["304"], &[]),
        (r#"handle.name: `Global\say "hi"`"#, &["400"], &[]),
        (r#"handle.name: 'Local\`tick` "quote"'"#, &["401"], &[]),
        (r#"handle.name: "Local\trailing""#, &["402"], &[]),
        (r#"network.remote.address.ip: "2001:0db8::0077""#, &["500"], &[]),
    ] {
        let found = numbers_of(filter).await;
        assert_eq!(
            (&found.0[..], &found.1[..]),
            (&owned(active)[..], &owned(historical)[..]),
            "{filter}"
        );
    }
}

fn owned(numbers: &[&str]) -> Vec<String> {
    numbers.iter().map(|one| (*one).to_owned()).collect()
}

#[tokio::test]
async fn a_page_is_cut_from_the_result() {
    let sandbox = start().await;
    let all = ("filter", "file.name: \"scores.exe\"");
    let page = async |number, size| {
        let parameters = [all, ("pageNumber", number), ("pageSize", size)];
        let events = found(&sandbox, ACCOUNT, &parameters).await;
        numbers(&events).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(page("0", "3").await, ["100", "101", "103"]);
    assert_eq!(page("2", "3").await, ["111", "115"]);
    assert!(page("3", "3").await.is_empty());
    assert_eq!(found(&sandbox, ACCOUNT, &[]).await.len(), 10, "the usual page");
}

#[tokio::test]
async fn the_probe_of_one_active_event_needs_no_filter() {
    let events = found(&start().await, ACCOUNT, &[("pageSize", "1"), ("state", "true")]).await;
    assert_eq!(numbers(&events), ["-4501883917"]);
}

#[tokio::test]
async fn events_are_sorted_when_asked() {
    let sandbox = start().await;
    let sorted = async |order: &str| {
        let sort = json!([{"event.dateTime": order}]).to_string();
        let parameters =
            [("filter", "file.name: 'scores.exe'"), ("state", "true"), ("sort", &sort)];
        let events = found(&sandbox, ACCOUNT, &parameters).await;
        numbers(&events).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut newest_first = sorted("desc").await;
    assert_eq!(newest_first, ["114", "113", "112", "108", "107", "106", "104", "102", "101"]);
    newest_first.reverse();
    assert_eq!(sorted("asc").await, newest_first);
}

#[tokio::test]
async fn tenants_see_their_own_events() {
    let sandbox = start().await;
    let filter = format!("file.hash.sha256: \"{SHA256}\"");
    let parameters = [("filter", filter.as_str()), ("state", "true")];
    let first = found(&sandbox, ACCOUNT, &parameters).await;
    let second = found(&sandbox, SECOND_TENANT, &parameters).await;
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first[0]["asset"]["customerId"], second[0]["asset"]["customerId"]);
    assert_eq!(found(&sandbox, AWKWARD_PASSWORD, &parameters).await, first);
}

#[tokio::test]
async fn refuses_invalid_searches() {
    let sandbox = start().await;
    let token = token(&sandbox, ACCOUNT).await;
    for parameters in [
        &[("filter", "file.name: \"x")][..],
        &[("filter", "")],
        &[("filter", r#"file.name: "x" file.name: "y""#)],
        &[("filter", "network.remote.address.ip: \"1.2.3\"")],
        &[("pageSize", "0")],
        &[("pageSize", "1001")],
        &[("pageSize", "ten")],
        &[("pageNumber", "-1")],
        &[("pageSize", "1000"), ("pageNumber", "10")],
        &[("state", "active")],
        &[("sort", "dateTime:desc")],
        &[("sort", "[{\"score\":\"desc\"}]")],
        &[("sort", "[{\"event.dateTime\":\"down\"}]")],
        &[("pageSize", "1"), ("pageSize", "2")],
    ] {
        let response = search(&sandbox, &token, parameters).await;
        assert_eq!(response.status, 400, "{parameters:?}");
        assert_eq!(response.json()["error"], "Bad Request");
    }
    let last_page = [("pageSize", "1000"), ("pageNumber", "9")];
    assert_eq!(search(&sandbox, &token, &last_page).await.json(), json!([]));
}
