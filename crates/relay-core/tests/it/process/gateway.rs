//! What the gateway says, and what callers only claim: catalogue rows L14 and L15.

use serde_json::json;
use testkit::{event::Gateway, keys::RsaKey, token::SECRET};

use super::{function_of, launch, post};
use crate::{
    fixture::{Fixture, account, hs256},
    wire::ScriptedResponse,
};

#[tokio::test]
async fn l14_answers_are_json_and_do_not_reveal_the_relay() {
    let fixture = Fixture::new().await;
    let function = function_of(&fixture).start().await.unwrap();
    let events = [
        (post("/health", &hs256()), 200),
        (post("/health", ""), 200),
        (Gateway::HttpApi.post("/version"), 200),
        (Gateway::HttpApi.get("/watchdog").header("health-check", "x"), 200),
        (Gateway::HttpApi.post("/nowhere"), 404),
        (Gateway::HttpApi.get("/health"), 405),
        (post("/observe/observables", &hs256()).text("{"), 200),
    ];
    for (event, status) in events {
        let reply = function.invoke(&event).await.reply();
        let mut headers: Vec<_> = reply
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        headers.sort_unstable();
        let (_, request_id) = headers.pop().unwrap();
        assert!(!request_id.is_empty());
        let allow = (status == 405).then_some(("allow", "POST"));
        let always = [
            ("cache-control", "no-store"),
            ("content-type", "application/json"),
            ("x-content-type-options", "nosniff"),
        ];
        let expected: Vec<_> = allow.into_iter().chain(always).collect();
        assert_eq!((reply.status, headers), (status, expected));
        let says_version = event.to_json()["rawPath"] == "/version";
        assert_eq!(reply.text().contains("1.2.3"), says_version, "{}", reply.text());
        assert!(!reply.text().contains("relay_core") && !reply.text().contains(".rs"));
    }
}

#[tokio::test]
async fn l01_an_invalid_query_is_ignored() {
    let fixture = Fixture::new().await;
    let function = function_of(&fixture).start().await.unwrap();
    for gateway in Gateway::ALL {
        for query in ["a=\"b\"", "<x>", "a b", "%"] {
            let event = gateway.post("/version").query(query);
            let reply = function.invoke(&event).await.reply();
            assert_eq!(reply.status, 200, "{gateway:?} {query}");
        }
    }
}

#[tokio::test]
async fn l15_only_the_gateway_sets_the_expected_audience() {
    let fixture = Fixture::new().await;
    let function = function_of(&fixture).start().await.unwrap();
    for gateway in Gateway::ALL {
        let event = gateway.post("/health");
        let domain = event.to_json()["requestContext"]["domainName"].clone();
        let stage_of_rest = if gateway == Gateway::RestApi { "/prod" } else { "" };
        let own = format!("https://{}{stage_of_rest}", domain.as_str().unwrap());
        for (aud, accepted) in [(own.as_str(), true), ("https://spoofed.example", false)] {
            let token = fixture.configuration().claim("aud", aud).rs256(RsaKey::shared());
            let spoofed = ["Host", "X-Forwarded-Host", "X-Host", "X-Original-Host", "Forwarded"];
            let plain = event.clone().bearer(&token);
            let spoofed = spoofed
                .into_iter()
                .fold(plain.clone(), |event, name| event.header(name, "spoofed.example"));
            for event in [plain, spoofed] {
                let answer = function.invoke(&event).await.reply().json();
                assert_eq!(answer.get("data").is_some(), accepted, "{gateway:?} {aud}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn l15_a_base_url_of_the_operator_is_the_only_audience() {
    let fixture = Fixture::new().await;
    let launch = function_of(&fixture).env("RELAY_BASE_URL", "https://relay.example/v1/");
    let function = launch.start().await.unwrap();
    let event = Gateway::HttpApi.post("/health");
    let domain = event.to_json()["requestContext"]["domainName"].as_str().unwrap().to_owned();
    for (aud, accepted) in
        [("https://relay.example/v1".to_owned(), true), (format!("https://{domain}"), false)]
    {
        let token = fixture.configuration().claim("aud", aud).rs256(RsaKey::shared());
        let answer = function.invoke(&event.clone().bearer(&token)).await.reply().json();
        assert_eq!(answer.get("data").is_some(), accepted, "{answer}");
    }
}

#[tokio::test]
async fn l02_bodies_arrive_however_the_gateway_packs_them() {
    let fixture = Fixture::new().await;
    let function = function_of(&fixture).start().await.unwrap();
    let body = json!([{"type": "domain", "value": "bücher.example"}]).to_string();
    for gateway in Gateway::ALL {
        let ask = || gateway.post("/refer/observables").bearer(&hs256()).stage("dev");
        let answers = [ask().text(&body), ask().binary(body.as_bytes())];
        for event in answers {
            let answer = function.invoke(&event).await.reply().json();
            assert_eq!(answer["data"][0]["id"], "ref-probe-domain-bücher.example", "{answer}");
        }
        let none = function.invoke(&ask()).await.reply().json();
        assert_eq!(none["errors"][0]["code"], "invalid argument");
    }
}

#[tokio::test]
async fn a_relay_without_settings_says_so_in_every_answer() {
    let function = launch().start().await.unwrap();
    for path in ["/health", "/version", "/observe/observables"] {
        let answer = function.invoke(&post(path, &hs256())).await.reply().json();
        assert_eq!(answer["errors"][0]["code"], "internal error");
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("PRODUCT_URL"));
    }
}

#[tokio::test]
async fn l03_lambda_carries_the_largest_answer_however_much_of_it_is_escaped() {
    let fixture = Fixture::new().await;
    let function = function_of(&fixture).start().await.unwrap();
    let token = account().claim("CTR_ENTITIES_LIMIT", 1000).hs256(SECRET.as_bytes());
    let domains = ["a", "b"].map(|name| json!({"type": "domain", "value": name}));
    let event = post("/observe/observables", &token).json(&json!(domains));
    for note in ["note", "\"\"\"\""] {
        let note = note.repeat(5000 / note.chars().count());
        // As many as the relay reads of one answer.
        let count = 7_000_000 / json!(note).to_string().len();
        let hits = (0..count).map(|id| json!({"id": id.to_string(), "note": note}));
        fixture
            .product
            .always("/search", ScriptedResponse::json(&json!({"hits": hits.collect::<Vec<_>>()})));
        let reply = function.invoke(&event).await.reply();
        let answer = reply.json();
        assert_eq!(answer["errors"][0]["type"], "warning", "{note:.1}");
        assert!(answer["data"]["sightings"]["count"].as_u64().unwrap() > 100);
        assert!(reply.handed_over > 4_000_000, "{} {note:.1}", reply.handed_over);
    }
}
