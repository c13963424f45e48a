//! Whose configuration tokens are accepted, and what is lent to them: catalogue rows C13 and C14.

use relay_core::{BadSetting, Environment};
use testkit::{
    captured_logs,
    keys::RsaKey,
    token::{SECRET, Token},
};

use crate::{
    fixture::{Fixture, account, hs256, without_secret},
    test_call::health,
};

const OPERATORS_KEY: &str = "key-of-the-operator";

fn with(settings: &[(&str, &str)]) -> impl FnOnce(Environment) -> Environment {
    let settings: Vec<_> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    |environment| settings.into_iter().fold(environment, |all, (name, value)| all.with(name, value))
}

fn of_organisation(fixture: &Fixture, organisation: &str) -> String {
    fixture.configuration().claim("org_id", organisation).rs256(RsaKey::shared())
}

async fn refusal(settings: &[(&str, &str)]) -> BadSetting {
    Fixture::try_with(with(settings)).await.err().expect("a setting that cannot be used")
}

/// The operator's key that the product got with the last request.
fn lent(fixture: &Fixture) -> String {
    fixture.product.asked().last().unwrap().header("x-operator-key").to_owned()
}

#[tokio::test]
async fn c13_beside_a_secret_configuration_tokens_are_off_until_their_hosts_are_listed() {
    for hosts in ["", "none", " NONE "] {
        let fixture = Fixture::with(with(&[("JWKS_HOSTS", hosts)])).await;
        fixture.refuses_all([("configured".to_owned(), fixture.rs256())]).await;
        let answer = fixture.answer(health(&fixture.rs256())).await;
        assert!(answer.message().contains("does not accept configuration tokens"), "{answer:?}");
        assert!(fixture.accepts(&hs256()).await);
        assert_eq!(fixture.keys.fetches(), 0);
    }
    let listed = Fixture::new().await;
    assert!(listed.accepts(&listed.rs256()).await && listed.accepts(&hs256()).await);
    // Without a secret there are no other tokens.
    let alone = Fixture::with(|environment| without_secret(&environment)).await;
    assert!(alone.accepts(&alone.rs256()).await);
    let answer = alone.answer(health(&hs256())).await;
    assert!(answer.is_refusal() && answer.message().contains("SECRET_ARN"), "{answer:?}");
}

#[tokio::test]
async fn c13_only_tokens_with_the_operators_claims_are_accepted() {
    let fixture = Fixture::with(with(&[("TOKEN_CLAIMS", "org_id=ours,org_id=daughter")])).await;
    for organisation in ["ours", "daughter"] {
        assert!(fixture.accepts(&of_organisation(&fixture, organisation)).await);
    }
    for organisation in ["theirs", "Ours", ""] {
        let answer = fixture.answer(health(&of_organisation(&fixture, organisation))).await;
        assert!(answer.is_refusal() && answer.message().contains("another organisation"));
        assert!(!answer.text.contains("org_id"), "{answer:?}");
    }
    assert!(!fixture.accepts(&fixture.rs256()).await);
    // A signature is worth more than a claim: nobody but XDR can claim to be of an organisation.
    let forged = fixture.configuration().claim("org_id", "ours").rs256(&RsaKey::generate());
    assert!(!fixture.accepts(&forged).await);
    // The relay's own secret says whose a token is.
    assert!(fixture.accepts(&hs256()).await);
}

#[tokio::test]
async fn c14_what_is_the_operators_own_is_lent_to_its_own_tokens_only() {
    let fixture = Fixture::with(with(&[("PRODUCT_KEY", OPERATORS_KEY)])).await;
    assert!(fixture.accepts(&fixture.rs256()).await);
    assert_eq!(lent(&fixture), "");
    assert!(fixture.accepts(&hs256()).await);
    assert_eq!(lent(&fixture), OPERATORS_KEY);
    let claims = [("PRODUCT_KEY", OPERATORS_KEY), ("TOKEN_CLAIMS", "org_id=ours")];
    let fixture = Fixture::with(with(&claims)).await;
    assert!(fixture.accepts(&of_organisation(&fixture, "ours")).await);
    assert_eq!(lent(&fixture), OPERATORS_KEY);
}

#[tokio::test]
async fn c14_the_operators_network_is_not_lent_to_everybody() {
    let private = ("ALLOW_PRIVATE_HOSTS", "true");
    assert!(refusal(&[private]).await.to_string().starts_with("ALLOW_PRIVATE_HOSTS must be false"));
    for setting in [("TOKEN_CLAIMS", "org_id=ours"), ("JWKS_HOSTS", "none")] {
        assert!(Fixture::try_with(with(&[private, setting])).await.is_ok(), "{setting:?}");
    }
}

#[tokio::test]
async fn c13_l09_settings_that_contradict_each_other_are_refused() {
    for (settings, name) in [
        (&[("JWKS_HOSTS", "none"), ("TOKEN_CLAIMS", "org_id=a")][..], "TOKEN_CLAIMS"),
        (&[("JWKS_HOSTS", ""), ("TOKEN_CLAIMS", "org_id=a")], "TOKEN_CLAIMS"),
        (&[("JWKS_HOSTS", ",")], "JWKS_HOSTS"),
        (&[("JWKS_HOSTS", "off")], "JWKS_HOSTS"),
        (&[("JWKS_HOSTS", "none,visibility.amp.cisco.com")], "JWKS_HOSTS"),
        (&[("RELAY_BASE_URL", ",")], "RELAY_BASE_URL"),
        (&[("TOKEN_CLAIMS", "org_id")], "TOKEN_CLAIMS"),
        (&[("LOG_LEVEL", "all")], "LOG_LEVEL"),
    ] {
        assert!(refusal(settings).await.to_string().starts_with(name), "{settings:?}");
    }
    let no_key = |environment: Environment| without_secret(&environment).with("JWKS_HOSTS", "none");
    let bad = Fixture::try_with(no_key).await.err().unwrap().to_string();
    assert!(bad.starts_with("SECRET_ARN or SECRET_KEY must be set"), "{bad}");
}

#[tokio::test]
async fn c13_the_log_says_who_is_accepted() {
    let lines = captured_logs::listen();
    let of_everybody = "configuration tokens of every organisation are accepted";
    let none = "configuration tokens are not accepted";
    let counts = || (lines.count(of_everybody), lines.count(none));
    Fixture::new().await;
    assert_eq!(counts(), (1, 0));
    Fixture::with(with(&[("TOKEN_CLAIMS", "org_id=ours")])).await;
    assert_eq!(counts(), (1, 0));
    Fixture::with(with(&[("JWKS_HOSTS", "none")])).await;
    assert_eq!(counts(), (1, 1));
    Fixture::with(with(&[("CTR_ENTITIES_LIMIT", "many")])).await;
    assert_eq!(lines.count("CTR_ENTITIES_LIMIT"), 1);
}

#[tokio::test]
async fn refused_tokens_are_logged_with_the_address_that_sent_them() {
    let fixture = Fixture::new().await;
    let lines = captured_logs::listen();
    let foreign: Token = account().claim("exp", 1);
    for token in [foreign.hs256(SECRET.as_bytes()), "a.b.c".to_owned()] {
        fixture.answer(health(&token).from(Some("198.51.100.7"))).await;
    }
    // One line for the error, one for the call.
    assert_eq!(lines.count("\"source\":\"198.51.100.7\""), 4);
}
