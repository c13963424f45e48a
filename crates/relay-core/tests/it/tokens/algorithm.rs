//! Algorithms, keys and dangerous headers of tokens: catalogue rows J01 to J11.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use testkit::{
    jwk::{Jwk, key_set},
    keys::{Ed25519Key, P256Key, RsaKey},
    token::{SECRET, Signer, Token},
};

use crate::{
    fixture::{Fixture, KID, account, hs256, without_secret},
    wire::Server,
};

const HMAC: Signer<'static> = Signer::Hs256(SECRET.as_bytes());

#[tokio::test]
async fn sound_tokens_are_accepted() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&hs256()).await);
    assert!(fixture.accepts(&fixture.rs256()).await);
    assert_eq!(fixture.keys.fetches(), 1);
}

#[tokio::test]
async fn j01_no_spelling_of_none_is_an_algorithm() {
    let fixture = Fixture::new().await;
    let spellings = ["none", "None", "NONE", "nOnE", ""].map(Value::from);
    let odd = [Value::Null, json!(0), json!(["HS256"]), json!({"HS256": 1})];
    let headers = spellings.into_iter().chain(odd).map(Some).chain([None]);
    for header in headers {
        let token = || {
            let token = fixture.configuration();
            let alg = header.iter().map(|alg| format!(r#""alg":{alg},"#)).collect::<String>();
            token.raw_header(format!(r#"{{{alg}"typ":"JWT","kid":"{KID}"}}"#))
        };
        let signers = [Signer::None, HMAC, Signer::Rs256(RsaKey::shared())];
        let tokens = signers.map(|it| (format!("{header:?} {it:?}"), token().sign(&it)));
        fixture.refuses_all(tokens).await;
    }
}

#[tokio::test]
async fn j02_a_token_without_its_signature_is_refused() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&fixture.rs256()).await);
    for token in [hs256(), fixture.rs256()] {
        let (signed, _) = token.rsplit_once('.').unwrap();
        let cut = [format!("{signed}."), signed.to_owned()];
        fixture.refuses_all(cut.map(|token| (token.clone(), token))).await;
    }
}

#[tokio::test]
async fn j03_invalid_and_truncated_signatures_are_refused() {
    let fixture = Fixture::new().await;
    // The key set is there before the attacks, as on any busy day.
    assert!(fixture.accepts(&fixture.rs256()).await);
    for token in [hs256(), fixture.rs256()] {
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let right = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let wrong = [
            vec![0; right.len()],
            vec![0xff; right.len()],
            vec![7],
            right[..16].to_vec(),
            right[..right.len() - 1].to_vec(),
            [&[0], right.as_slice()].concat(),
            [right.as_slice(), &[0]].concat(),
            right.iter().rev().copied().collect(),
        ];
        let attack = |bytes: &Vec<u8>| {
            (format!("{bytes:?}"), format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes)))
        };
        fixture.refuses_all(wrong.iter().map(attack)).await;
    }
}

#[tokio::test]
async fn j04_a_blank_secret_prevents_the_start_and_verifies_nothing() {
    for blank in ["", "  ", "\t\n", "short", &"x".repeat(31)] {
        let fixture = Fixture::try_with(|environment| environment.with("SECRET_KEY", blank)).await;
        let complaint = fixture.err().unwrap().to_string();
        assert!(complaint.starts_with("SECRET_KEY must "), "{complaint}");
    }
    let keys: [&[u8]; 5] = [b"", b"\0", b"secret", b"null", &SECRET.as_bytes()[1..]];
    let forged = || keys.map(|key| (format!("{key:?}"), account().hs256(key)));
    Fixture::new().await.refuses_all(forged()).await;
    Fixture::with(|environment| without_secret(&environment)).await.refuses_all(forged()).await;
}

#[tokio::test]
async fn j05_a_public_key_is_not_a_shared_secret() {
    let key = RsaKey::shared();
    let jwk = Value::from(Jwk::rsa(key).kid(KID).for_rs256());
    let pem = key.public_pem();
    let public = [
        pem.trim_end().as_bytes().to_vec(),
        pem.replace('\n', "\r\n").into_bytes(),
        pem.into_bytes(),
        key.public_der(),
        key.modulus().to_vec(),
        jwk.to_string().into_bytes(),
        jwk["n"].as_str().unwrap().as_bytes().to_vec(),
        key_set([jwk]).to_string().into_bytes(),
    ];
    for fixture in
        [Fixture::new().await, Fixture::with(|environment| without_secret(&environment)).await]
    {
        assert!(fixture.accepts(&fixture.rs256()).await);
        let forged = public.iter().enumerate();
        let forged = forged.map(|(at, key)| (at.to_string(), fixture.configuration().hs256(key)));
        fixture.refuses_all(forged).await;
    }
}

#[tokio::test]
async fn j06_a_key_of_the_other_kind_verifies_nothing() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&fixture.rs256()).await);
    let crossed = [
        fixture.configuration().header("alg", "RS256").sign(&HMAC),
        fixture.configuration().header("alg", "HS256").rs256(RsaKey::shared()),
    ];
    fixture.refuses_all(crossed.map(|token| (token.clone(), token))).await;
    // Without a secret it is not the token that is wrong.
    let without = Fixture::with(|environment| without_secret(&environment)).await;
    let refusal = without.answer(crate::test_call::health(&hs256())).await;
    assert!(refusal.is_refusal() && refusal.message().contains("set SECRET_ARN or SECRET_KEY"));
    assert!(without.product.asked().is_empty());
}

#[tokio::test]
async fn j07_valid_signatures_of_other_algorithms_are_refused() {
    let (rsa, p256, ed) = (RsaKey::shared(), P256Key::generate(), Ed25519Key::generate());
    let fixture = Fixture::new().await;
    fixture.keys.publish([
        Jwk::rsa(rsa).kid(KID),
        Jwk::p256(&p256).kid("p256"),
        Jwk::ed25519(&ed).kid("ed25519"),
    ]);
    assert!(fixture.accepts(&fixture.rs256()).await);
    let others = [
        (KID, Signer::Hs384(SECRET.as_bytes()), None),
        (KID, Signer::Hs512(SECRET.as_bytes()), None),
        (KID, Signer::Hs384(SECRET.as_bytes()), Some("HS256")),
        (KID, Signer::Rs384(rsa), None),
        (KID, Signer::Rs512(rsa), None),
        (KID, Signer::Ps256(rsa), None),
        (KID, Signer::Rs384(rsa), Some("RS256")),
        (KID, Signer::Ps256(rsa), Some("RS256")),
        ("p256", Signer::Es256(&p256), None),
        ("ed25519", Signer::EdDsa(&ed), None),
        ("p256", Signer::Es256(&p256), Some("RS256")),
    ];
    for (kid, signer, claimed) in others {
        let token = fixture.configuration().kid(kid);
        let token = claimed.into_iter().fold(token, |token, alg| token.header("alg", alg));
        assert!(!fixture.accepts(&token.sign(&signer)).await, "{signer:?} as {claimed:?}");
    }
}

#[tokio::test]
async fn j08_the_algorithms_name_is_exact() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&fixture.rs256()).await);
    let spellings = |name: &str| {
        let mixed = format!("{}{}", &name[..1], name[1..].to_lowercase());
        let blanks = [format!(" {name}"), format!("{name} "), format!("{name}\0")];
        [vec![name.to_lowercase(), mixed, format!("{name}\n")], blanks.to_vec()].concat()
    };
    let hmac = spellings("HS256").into_iter().map(|alg| (alg.clone(), account(), HMAC, alg));
    let rsa = spellings("RS256")
        .into_iter()
        .map(|alg| (alg.clone(), fixture.configuration(), Signer::Rs256(RsaKey::shared()), alg));
    let token = |(name, token, signer, alg): (String, Token, Signer<'_>, String)| {
        (name, token.header("alg", alg).sign(&signer))
    };
    fixture.refuses_all(hmac.chain(rsa).map(token)).await;
}

#[tokio::test]
async fn j09_a_key_inside_the_token_is_ignored() {
    let fixture = Fixture::new().await;
    assert!(fixture.accepts(&fixture.rs256()).await);
    let attacker = RsaKey::generate();
    let inline = |key| Value::from(Jwk::rsa(key).kid("mine").for_rs256());
    let sneaky = fixture.configuration().header("jwk", inline(&attacker));
    let nameless = sneaky.clone().without_header("kid");
    let unknown = sneaky.clone().kid("mine");
    let forged = [sneaky, nameless, unknown].map(|token| token.rs256(&attacker));
    fixture.refuses_all(forged.map(|token| (token.clone(), token))).await;
    // Only the signature counts: a needless copy of the right key does no harm.
    let needless = fixture.configuration().header("jwk", inline(RsaKey::shared()));
    assert!(fixture.accepts(&needless.rs256(RsaKey::shared())).await);
}

#[tokio::test]
async fn j10_links_to_keys_are_never_followed() {
    let fixture = Fixture::new().await;
    let (canary, attacker) = (Server::start().await, RsaKey::generate());
    for name in ["jku", "x5u", "x5c"] {
        let url = json!(canary.url());
        let link = if name == "x5c" { json!([url]) } else { url };
        let token = || fixture.configuration().header(name, link.clone());
        assert!(!fixture.accepts(&token().rs256(&attacker)).await, "{name}");
        assert!(fixture.accepts(&token().rs256(RsaKey::shared())).await, "{name}");
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn j11_critical_headers_are_refused() {
    let fixture = Fixture::new().await;
    let critical = [
        json!({"crit": ["unknown"], "unknown": 1}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"crit": ["b64"], "b64": true}),
        json!({"b64": false}),
        json!({"crit": []}),
        json!({"crit": ["alg", "kid", "typ"]}),
        json!({"crit": "exp"}),
        json!({"crit": null}),
    ];
    let token = |token: Token, headers: &Value| {
        let headers = headers.as_object().unwrap();
        headers.iter().fold(token, |token, (name, value)| token.header(name, value.clone()))
    };
    let shared = critical.iter().map(|it| (it.to_string(), token(account(), it).sign(&HMAC)));
    let signed = |it| token(fixture.configuration(), it).rs256(RsaKey::shared());
    let configured = critical.iter().map(|it| (it.to_string(), signed(it)));
    fixture.refuses_all(shared.chain(configured)).await;
}
