//! Which keys of a set verify: catalogue rows K10 to K14.

use serde_json::{Value, json};
use testkit::{
    jwk::{Jwk, unusable_keys},
    keys::RsaKey,
};

use crate::fixture::{Fixture, KID};

fn named(fixture: &Fixture, kid: &str, key: &RsaKey) -> String {
    fixture.configuration().kid(kid).rs256(key)
}

#[tokio::test]
async fn k10_keys_of_other_kinds_are_skipped() {
    let good = || Value::from(Jwk::rsa(RsaKey::shared()).kid(KID).for_rs256());
    let odd = [json!(null), json!(7), json!("key"), json!([]), json!({})];
    let all = || unusable_keys().into_iter().chain(odd.clone());
    for keys in
        [all().chain([good()]).collect::<Vec<_>>(), [good()].into_iter().chain(all()).collect()]
    {
        let fixture = Fixture::new().await;
        fixture.keys.publish(keys);
        assert!(fixture.accepts(&fixture.rs256()).await);
        for kid in ["ec", "okp", "oct", "akp", "text", "number", "empty", "incomplete"] {
            assert!(!fixture.accepts(&named(&fixture, kid, RsaKey::shared())).await, "{kid}");
        }
    }
}

#[tokio::test]
async fn k11_a_key_for_another_use_does_not_verify() {
    let key = || Jwk::rsa(RsaKey::shared());
    let keys = [
        (key(), true),
        (key().for_rs256(), true),
        (key().with("key_ops", json!(["verify"])), true),
        (key().with("key_ops", json!(["encrypt", "verify"])), true),
        (key().with("use", "enc"), false),
        (key().with("use", ""), false),
        (key().with("use", "SIG"), false),
        (key().with("use", json!(["sig"])), false),
        (key().with("key_ops", json!(["encrypt"])), false),
        (key().with("key_ops", json!(["sign"])), false),
        (key().with("key_ops", json!([])), false),
        (key().with("key_ops", "verify"), false),
        (key().with("alg", "RS512"), false),
        (key().with("alg", "PS256"), false),
        (key().with("alg", "RSA-OAEP"), false),
        (key().with("alg", "FOO"), false),
        (key().with("alg", "rs256"), false),
        (key().with("kty", "rsa"), false),
        (key().with("kty", "oct"), false),
    ];
    let fixture = Fixture::new().await;
    let keyed = keys.iter().enumerate().map(|(at, (key, _))| key.clone().kid(&at.to_string()));
    fixture.keys.publish(keyed);
    for (at, (key, accepted)) in keys.iter().enumerate() {
        let token = named(&fixture, &at.to_string(), RsaKey::shared());
        assert_eq!(fixture.accepts(&token).await, *accepted, "{key:?}");
    }
}

#[tokio::test]
async fn k12_only_strong_keys_verify() {
    let keys = [
        (RsaKey::of(512, 65_537), false),
        (RsaKey::of(1024, 65_537), false),
        (RsaKey::of(2047, 65_537), false),
        (RsaKey::of(2048, 65_537), true),
        (RsaKey::of(2048, 65_539), true),
        (RsaKey::of(3072, 65_537), true),
        (RsaKey::of(8192, 65_537), true),
        (RsaKey::of(8200, 65_537), false),
        (RsaKey::of(16_384, 65_537), false),
        (RsaKey::of(2048, 1), false),
        (RsaKey::of(2048, 3), false),
        (RsaKey::of(2048, 17), false),
        (RsaKey::of(2048, 65_535), false),
        (RsaKey::of(2048, (1 << 62) + 1), false),
    ];
    let fixture = Fixture::new().await;
    let kid = |key: &RsaKey| format!("{} {:?}", key.modulus().len(), key.exponent());
    let mut set: Vec<_> = keys.iter().map(|(key, _)| Jwk::rsa(key).kid(&kid(key))).collect();
    let even: [&[u8]; 5] = [&[], &[0], &[2], &[1, 0, 0], &[1, 0, 0, 0, 0, 0, 0, 0, 0, 1]];
    let odd_one = |exponent: &[u8]| {
        Jwk::rsa(RsaKey::shared()).kid(&format!("{exponent:?}")).exponent(exponent)
    };
    set.extend(even.map(odd_one));
    fixture.keys.publish(set);
    for (key, accepted) in &keys {
        assert_eq!(
            fixture.accepts(&named(&fixture, &kid(key), key)).await,
            *accepted,
            "{}",
            kid(key)
        );
    }
    for exponent in even {
        let token = named(&fixture, &format!("{exponent:?}"), RsaKey::shared());
        assert!(!fixture.accepts(&token).await, "{exponent:?}");
    }
    assert_eq!(fixture.keys.fetches(), 1);
}

#[tokio::test]
async fn k13_a_repeated_kid_is_unusable() {
    let (good, other) = (RsaKey::shared(), RsaKey::generate());
    let twice = |one: &RsaKey, two: &RsaKey| [Jwk::rsa(one).kid(KID), Jwk::rsa(two).kid(KID)];
    for keys in [twice(good, &other), twice(&other, good), twice(good, good)] {
        let fixture = Fixture::new().await;
        let spare = [Jwk::rsa(good).kid("spare")];
        fixture.keys.publish(keys.into_iter().chain(spare));
        assert!(!fixture.accepts(&fixture.rs256()).await);
        assert!(fixture.accepts(&named(&fixture, "spare", good)).await, "other names stay good");
    }
    let fixture = Fixture::new().await;
    let nameless = fixture.configuration().without_header("kid").rs256(good);
    assert!(!fixture.accepts(&nameless).await);
    let unnamed = Fixture::new().await;
    unnamed.keys.publish([Jwk::rsa(good)]);
    for token in [unnamed.rs256(), named(&unnamed, "", good), nameless] {
        assert!(!unnamed.accepts(&token).await);
    }
}

#[tokio::test]
async fn k14_a_kid_is_only_a_lookup_key() {
    let fixture = Fixture::new().await;
    let longest = "k".repeat(256);
    fixture
        .keys
        .publish([Jwk::rsa(RsaKey::shared()).kid(KID), Jwk::rsa(RsaKey::shared()).kid(&longest)]);
    assert!(fixture.accepts(&fixture.rs256()).await);
    assert!(fixture.accepts(&named(&fixture, &longest, RsaKey::shared())).await);
    let kids = [
        json!("../../dev/null"),
        json!("/dev/null"),
        json!("' OR '1'='1"),
        json!("key-1' --"),
        json!("key-1\0"),
        json!(" key-1"),
        json!("KEY-1"),
        json!("key-1\r\nx: y"),
        json!("k".repeat(257)),
        json!("k".repeat(1 << 20)),
        json!(""),
        json!(1),
        json!(null),
        json!([KID]),
        json!({"kid": KID}),
        json!("http://127.0.0.1/key-1"),
        json!("${jndi:ldap://127.0.0.1/a}"),
    ];
    let token =
        |kid: &Value| fixture.configuration().header("kid", kid.clone()).rs256(RsaKey::shared());
    let tokens = kids.iter().map(|kid| (kid.to_string(), token(kid)));
    fixture.refuses_all(tokens).await;
    assert!(fixture.keys.seen().iter().all(|seen| seen.target == super::PATH));
}
