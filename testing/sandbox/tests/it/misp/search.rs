//! What a search finds: values in all their forms, and the other filters.

use sandbox::misp::{self, sample};
use serde_json::{Value, json};

use super::{SEARCH, post, search, start, values};

#[tokio::test]
async fn text_list_and_object_find_the_same() {
    let sandbox = start().await;
    for value in [json!("bad.example"), json!(["bad.example"]), json!({"OR": ["bad.example"]})] {
        assert_eq!(values(&sandbox, json!({"value": value})).await, ["bad.example"], "{value}");
    }
    let both =
        json!({"OR": [sample::SCANNER_ADDRESS, sample::LOADER_DOMAIN, sample::UNKNOWN_DOMAIN]});
    let found = values(&sandbox, json!({"value": both})).await;
    assert_eq!(found, ["bad.example", "203.0.113.77|443"], "in the server's order");
}

#[tokio::test]
async fn nothing_found_is_an_empty_list() {
    let sandbox = start().await;
    for value in [sample::UNKNOWN_DOMAIN, sample::DELETED_DOMAIN, "ad.example"] {
        assert!(search(&sandbox, json!({"value": {"OR": [value]}})).await.is_empty(), "{value}");
    }
}

#[tokio::test]
async fn both_halves_of_composites_are_compared_in_any_case() {
    let sandbox = start().await;
    for (value, found) in [
        ("NIGHTGLASS.example", "nightglass.example|192.0.2.66"),
        ("Invoice_0311.scr", "invoice_0311.scr"),
        (
            "ng_locker.dll",
            "ng_locker.dll|8519d6872826ec87506e98e672a3da9de617c90505c056f9c3737987a86ce931",
        ),
        ("2001:DB8::5ca:1", "2001:db8::5ca:1|8443"),
        ("587", "203.0.113.140|587"),
    ] {
        assert_eq!(values(&sandbox, json!({"value": {"OR": [value]}})).await[0], found);
    }
    let md5 = values(&sandbox, json!({"value": {"OR": [sample::RANSOMWARE_MD5]}})).await;
    assert_eq!(
        md5,
        [
            sample::RANSOMWARE_MD5,
            &format!("invoice_0311.scr|{}", sample::RANSOMWARE_MD5),
            sample::RANSOMWARE_MD5
        ]
    );
    let whole = json!({"value": {"OR": ["203.0.113.77|443"]}});
    assert!(search(&sandbox, whole).await.is_empty(), "a composite is not compared as a whole");
}

#[tokio::test]
async fn percent_at_an_end_makes_a_pattern_in_every_form() {
    let sandbox = start().await;
    let expected = ["https://login.mail-portal.example", "https://login.mail-portal.example/"];
    for form in [
        json!("https://login.%"),
        json!(["HTTPS://login.%"]),
        json!({"OR": ["https://login.%"]}),
        json!({"OR": ["%ps://login.%"]}),
    ] {
        assert_eq!(values(&sandbox, json!({"value": form})).await, expected, "{form}");
    }
    let inside = json!({"value": {"OR": ["https://%.mail-portal.example"]}});
    assert!(search(&sandbox, inside).await.is_empty(), "inside it is a character");
    let stored = json!({"value": {"OR": [sample::FILE_NAME_WITH_PERCENT]}});
    assert_eq!(values(&sandbox, stored).await, [sample::FILE_NAME_WITH_PERCENT]);
}

#[tokio::test]
async fn plain_text_is_split_and_negated_but_the_object_form_is_not() {
    let sandbox = start().await;
    let all = search(&sandbox, json!({})).await.len();

    assert_eq!(
        values(&sandbox, json!({"value": "bad.example&&203.0.113.78"})).await,
        ["bad.example", "203.0.113.78"]
    );
    assert_eq!(search(&sandbox, json!({"value": sample::FILE_NAME_WITH_BANG})).await.len(), all);
    assert_eq!(search(&sandbox, json!({"value": ["!bad.example"]})).await.len(), all);

    for literal in [sample::URL_WITH_AMPERSANDS, sample::FILE_NAME_WITH_BANG] {
        assert_eq!(values(&sandbox, json!({"value": {"OR": [literal]}})).await, [literal]);
    }
    assert!(search(&sandbox, json!({"value": {"OR": ["!bad.example"]}})).await.is_empty());
    let without = json!({"value": {"OR": ["bad.example"], "NOT": ["bad.example"]}});
    assert_eq!(
        values(&sandbox, without).await,
        ["bad.example"],
        "the server loses what is excluded"
    );
}

#[tokio::test]
async fn a_blank_value_returns_everything() {
    let sandbox = start().await;
    let all = search(&sandbox, json!({})).await.len();
    assert!(all > 1000);
    for blank in [json!(""), json!("0"), json!(0), json!(null), json!([]), json!({})] {
        assert_eq!(search(&sandbox, json!({"value": blank})).await.len(), all, "{blank}");
    }
    let plain = search(&sandbox, json!({"value": {"OR": [" "]}})).await;
    assert!(plain.iter().all(|row| !row["type"].as_str().unwrap().contains('|')));
    assert!(plain.len() > 1000, "plain values have an empty second half");
}

#[tokio::test]
async fn types_and_events_narrow_the_search() {
    let sandbox = start().await;
    let neighbours =
        json!({"eventid": ["1483", "1490"], "type": ["filename|sha256", "hostname", "mutex"]});
    let found = search(&sandbox, neighbours).await;
    let kinds: Vec<_> = found.iter().map(|row| (&row["event_id"], &row["type"])).collect();
    assert_eq!(
        kinds,
        [(&json!("1483"), &json!("filename|sha256")), (&json!("1490"), &json!("hostname"))]
    );

    for eventid in [json!("1483"), json!(1483), json!(sample::LOADER_EVENT)] {
        let search = json!({"eventid": eventid, "type": "domain"});
        assert_eq!(values(&sandbox, search).await, ["bad.example"], "the other domain is deleted");
    }
    let number = json!({"eventid": "1490", "type": "AS"});
    assert_eq!(values(&sandbox, number).await, ["64511"]);
    let not = json!({"eventid": "1483", "type": "!domain"});
    assert_eq!(search(&sandbox, not).await.len(), 2);
}

#[tokio::test]
async fn attributes_of_objects_are_found() {
    let sandbox = start().await;
    let found =
        search(&sandbox, json!({"eventid": "1560", "type": ["sha1", "sha256", "malware-sample"]}))
            .await;
    let parts: Vec<_> =
        found.iter().map(|row| (&row["object_id"], &row["object_relation"])).collect();
    let object = json!("101");
    assert_eq!(
        parts,
        [
            (&object, &json!("sha1")),
            (&object, &json!("sha256")),
            (&object, &json!("malware-sample"))
        ]
    );
}

#[tokio::test]
async fn a_popular_value_fills_pages() {
    let sandbox = start().await;
    let ask = |limit: Value, page: Value| json!({"value": {"OR": [sample::SINKHOLE_ADDRESS]}, "limit": limit, "page": page});
    let all = search(&sandbox, ask(json!(null), json!(1))).await;
    assert_eq!(all.len(), sample::SINKHOLE_EVENTS);
    assert_eq!(search(&sandbox, ask(json!(500), json!(1))).await, all[..500]);
    assert_eq!(search(&sandbox, ask(json!("500"), json!("2"))).await, all[500..]);
    assert_eq!(search(&sandbox, ask(json!(100), json!(3))).await, all[200..300]);
    for (limit, page, count) in [(500, 1, "501"), (500, 2, "22"), (500, 3, "1"), (522, 1, "523")] {
        let response = post(&sandbox, SEARCH, misp::API_KEY, &ask(json!(limit), json!(page))).await;
        assert_eq!(response.header("x-result-count"), Some(count), "limit {limit}, page {page}");
    }
    assert!(search(&sandbox, ask(json!(500), json!(3))).await.is_empty());
}
