//! Settings that cannot be used: catalogue row L09.

use super::{function_of, post, printed};
use crate::fixture::{Fixture, hs256};

/// What no line and no answer may show.
const VALUE: &str = "<marked value>";

#[tokio::test]
async fn l09_a_bad_setting_is_named_and_its_value_is_not_shown() {
    let fixture = Fixture::new().await;
    let names = [
        "SECRET_KEY",
        "JWKS_HOSTS",
        "PRODUCT_URL",
        "RELAY_BASE_URL",
        "ALLOW_PRIVATE_HOSTS",
        "EXTRA_CA_BUNDLE",
        "REQUIRE_TOKEN_EXPIRY",
        "TOKEN_CLAIMS",
        "LOG_LEVEL",
        "METRICS_NAMESPACE",
        "REQUESTED_FROM",
        "PRECONNECT",
    ];
    for name in names {
        let function = function_of(&fixture).env(name, VALUE).start().await.unwrap();
        let reply = function.invoke(&post("/health", &hs256())).await.reply();
        let lines = function.stop().await.lines;
        let answer = reply.json();
        assert_eq!(answer["errors"][0]["code"], "internal error", "{name}: {answer}");
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains(name), "{answer}");
        assert!(printed(&lines).iter().any(|line| {
            line["level"] == "ERROR" && line["setting"].as_str().unwrap().starts_with(name)
        }));
        assert!(!reply.text().contains("marked"), "{name}");
        assert!(!lines.iter().any(|line| line.text.contains("marked")), "{name}");
    }
    assert_eq!(fixture.product.asked().len(), 0);
}

#[tokio::test]
async fn p12_a_relay_that_cannot_serve_tells_strangers_nothing() {
    let fixture = Fixture::new().await;
    let function = function_of(&fixture).env("REQUIRE_TOKEN_EXPIRY", VALUE);
    let function = function.env("ALLOWED_SOURCES", "192.0.2.7").start().await.unwrap();
    let listed = |token: &str| post("/health", token).source_ip("192.0.2.7");
    for (event, is_told) in [
        (listed(&hs256()), true),
        (listed("no-token"), false),
        (listed(""), false),
        (post("/health", &hs256()), false),
    ] {
        let answer = function.invoke(&event).await.reply().json();
        assert_eq!(answer["errors"][0]["code"], "internal error", "{answer}");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert_eq!(message.contains("REQUIRE_TOKEN_EXPIRY"), is_told, "{message}");
    }
    function.stop().await;
}
