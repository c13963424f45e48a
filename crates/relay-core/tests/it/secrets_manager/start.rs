//! A relay that cannot read its secret says what to change, and never starts with a blank one.

use relay_core::Environment;
use serde_json::{Value, json};

use super::{FIRST, SECOND, SecretStore, Versions, reading, simulator::Failure};
use crate::fixture::{Fixture, account};

/// The complaint of a start with these settings.
async fn complaint(settings: impl FnOnce(Environment) -> Environment) -> String {
    let complaint = Fixture::try_with(settings).await.err().unwrap().to_string();
    let said = ["said by the imitation", "not-a-secret", "session-token", "secret-0"];
    assert!(!said.iter().any(|secret| complaint.contains(secret)), "{complaint}");
    complaint
}

async fn check(versions: Versions, expected: &str) {
    let store = SecretStore::start(versions).await;
    let complaint = complaint(reading(&store)).await;
    assert!(complaint.starts_with("SECRET_ARN ") && complaint.contains(expected), "{complaint}");
}

#[tokio::test(start_paused = true)]
async fn l07_each_failure_of_the_store_is_explained() {
    let failures = [
        (Failure::Error(400, "AccessDeniedException"), "secretsmanager:GetSecretValue"),
        (Failure::Error(400, "ResourceNotFoundException"), "names no secret"),
        (Failure::Error(400, "DecryptionFailure"), "kms:Decrypt"),
        (Failure::Error(400, "UnrecognizedClientException"), "credentials in the environment"),
        (Failure::Error(403, "ExpiredTokenException"), "credentials in the environment"),
        (Failure::Error(400, "InvalidRequestException"), "cannot be read"),
        (Failure::Error(400, "ThrottlingException"), "cannot be read just now"),
        (Failure::Error(500, "InternalServiceError"), "cannot be read just now"),
        (Failure::Error(404, "<html>"), "cannot be read"),
        (Failure::Nonsense, "cannot be read"),
        (Failure::Silence, "cannot be read just now"),
    ];
    for (failure, expected) in failures {
        let current = Some(json!({"SecretString": FIRST}));
        check(Versions { current, failure, ..Versions::default() }, expected).await;
    }
    check(Versions::default(), "names no secret").await;
}

#[tokio::test]
async fn j04_a_blank_or_short_secret_prevents_the_start() {
    let short = "x".repeat(31);
    let values = [
        json!({"SecretString": ""}),
        json!({"SecretString": " \n"}),
        json!({"SecretString": short}),
        json!({"SecretString": format!("{short}\n")}),
        json!({"SecretString": json!({"SECRET_KEY": ""}).to_string()}),
        json!({"SecretString": json!({"SECRET_KEY": short}).to_string()}),
        json!({"SecretString": json!({"SECRET_KEY": null}).to_string()}),
        json!({"SecretBinary": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}),
        json!({}),
    ];
    for value in values {
        let current = Some(value.clone());
        check(Versions { current, ..Versions::default() }, "at least 32 bytes").await;
    }
}

#[tokio::test]
async fn a_short_previous_secret_verifies_nothing() {
    let current = Some(json!({"SecretString": FIRST}));
    for short in ["", "short"] {
        let previous = Some(json!({"SecretString": short}));
        let versions = Versions { current: current.clone(), previous, ..Versions::default() };
        let store = SecretStore::start(versions).await;
        let fixture = Fixture::with(reading(&store)).await;
        assert!(fixture.accepts(&account().hs256(FIRST.as_bytes())).await);
        assert!(!fixture.accepts(&account().hs256(short.as_bytes())).await);
    }
}

#[tokio::test]
async fn secrets_are_plain_or_json() {
    let secret = FIRST;
    let forms: [Value; 4] = [
        json!(secret),
        json!(format!("{secret}\n")),
        json!(json!({"SECRET_KEY": secret}).to_string()),
        json!(json!({"more": {"a": [1]}, "SECRET_KEY": secret}).to_string()),
    ];
    for form in forms {
        let current = Some(json!({"SecretString": form}));
        let store = SecretStore::start(Versions { current, ..Versions::default() }).await;
        let fixture = Fixture::with(reading(&store)).await;
        assert!(fixture.accepts(&account().hs256(secret.as_bytes())).await, "{form}");
    }
}

#[tokio::test]
async fn l09_what_is_missing_to_read_it_is_named() {
    let store = SecretStore::of(&[FIRST]).await;
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        let complaint = complaint(|it| reading(&store)(it).with(name, "")).await;
        assert!(complaint.starts_with(&format!("{name} is missing")), "{complaint}");
    }
    // A bare name tells no region.
    let nameless = |it| reading(&store)(it).with("SECRET_ARN", "relay").with("AWS_REGION", "");
    assert!(complaint(nameless).await.starts_with("AWS_REGION is missing"));
    for name in ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"] {
        let elsewhere = |it: Environment| {
            let blank = reading(&store)(it).with("AWS_ENDPOINT_URL_SECRETS_MANAGER", "");
            blank.with(name, "http://store.example/secret-0")
        };
        let complaint = complaint(elsewhere).await;
        assert!(complaint.starts_with(&format!("{name} must be")), "{complaint}");
    }
    assert!(store.asked().is_empty());
}

#[tokio::test]
async fn a_secret_in_the_environment_comes_first() {
    let store = SecretStore::of(&[FIRST]).await;
    let both = |it| reading(&store)(it).with("SECRET_KEY", SECOND);
    let fixture = Fixture::with(both).await;
    assert!(fixture.accepts(&account().hs256(SECOND.as_bytes())).await);
    assert!(!fixture.accepts(&account().hs256(FIRST.as_bytes())).await);
    assert!(store.asked().is_empty());
}
