//! Settings that cannot be used: catalogue row L09.

use super::{function_of, post, printed};
use crate::fixture::{Fixture, hs256};

/// What no line and no answer may show.
const VALUE: &str = "marked value";

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
        "ALLOWED_SOURCES",
        "METRICS_NAMESPACE",
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
async fn l09_an_unknown_log_level_is_named_and_the_default_is_used() {
    let fixture = Fixture::new().await;
    let function = function_of(&fixture).env("LOG_LEVEL", VALUE).start().await.unwrap();
    assert!(function.invoke(&post("/health", &hs256())).await.reply().json()["data"].is_object());
    let lines = printed(&function.stop().await.lines);
    let complaints: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0]["setting"].as_str().unwrap().starts_with("LOG_LEVEL must be one of"));
    assert_eq!(complaints[0]["message"], "the log has its usual level");
    assert!(lines.iter().any(|line| line["message"] == "answered"));
    assert!(!lines.iter().any(|line| line.to_string().contains("marked")));
}
