//! The base64, the dots and every single bit of a token: catalogue rows J17, J18 and J22.

use testkit::{
    keys::RsaKey,
    token::{SECRET, Token},
};

use crate::{
    fixture::{Fixture, account, hs256},
    test_call::{health, post},
};

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What is done to one part of a token, and its name.
type Change = (&'static str, fn(&str) -> String);

/// Tokens of both schemes whose every part holds `-` and `_`, and ends in the middle of a byte.
fn rich_in_signs(fixture: &Fixture) -> [String; 2] {
    let is_rich =
        |part: &str| part.contains('-') && part.contains('_') && !part.len().is_multiple_of(4);
    let sound = |token: Token, sign: &dyn Fn(Token) -> String| {
        let mut tokens = (0..1000).map(|number| sign(salted(token.clone(), number)));
        tokens.find(|token| token.split('.').all(is_rich)).unwrap()
    };
    let configured = sound(fixture.configuration(), &|token| token.rs256(RsaKey::shared()));
    [sound(account(), &|token| token.hs256(SECRET.as_bytes())), configured]
}

/// Adds texts that become `-` and `_` wherever they stand, in lengths that differ by number.
fn salted(token: Token, number: usize) -> Token {
    let text = |length: usize| format!("~~~???{}", "0".repeat(length));
    token.header("salt", text(number % 3)).claim("salt", text(number / 3))
}

/// The part with the lowest bit of its last letter set, which no byte of it holds.
fn not_canonical(part: &str) -> String {
    let last = *part.as_bytes().last().unwrap();
    let place = ALPHABET.iter().position(|letter| *letter == last).unwrap();
    assert_eq!(place % 4, 0, "the last letter of {part} has two spare bits");
    format!("{}{}", &part[..part.len() - 1], char::from(ALPHABET[place + 1]))
}

#[tokio::test]
async fn j17_only_unpadded_base64url_is_accepted() {
    let fixture = Fixture::new().await;
    for token in rich_in_signs(&fixture) {
        assert!(fixture.accepts(&token).await);
        let parts: Vec<_> = token.split('.').collect();
        let changes: [Change; 9] = [
            ("one pad", |part| format!("{part}=")),
            ("two pads", |part| format!("{part}==")),
            ("trailing dash", |part| format!("{part}-")),
            ("plus", |part| part.replace('-', "+")),
            ("slash", |part| part.replace('_', "/")),
            ("percent", |part| part.replace('-', "%2D")),
            ("blank", |part| format!("{} {}", &part[..4], &part[4..])),
            ("tab", |part| format!("{}\t{}", &part[..4], &part[4..])),
            ("spare bits", not_canonical),
        ];
        for (at, (name, change)) in (0..3).flat_map(|at| changes.iter().map(move |it| (at, it))) {
            let mut changed: Vec<_> = parts.iter().map(|part| (*part).to_owned()).collect();
            changed[at] = change(&changed[at]);
            assert!(!fixture.accepts(&changed.join(".")).await, "{name} in part {at}");
        }
    }
}

#[tokio::test]
async fn j18_a_token_has_three_parts() {
    let fixture = Fixture::new().await;
    let sound = hs256();
    let [header, payload, signature] = sound.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let others = [
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{sound}."),
        format!(".{sound}"),
        format!("{sound}.{signature}"),
        format!("{sound}..{signature}"),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{payload}.{header}.{signature}"),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        ".".repeat(10_000),
    ];
    fixture.refuses_all(others.map(|token| (token.clone(), token))).await;
    for nothing in ["Bearer ", "Bearer", ""] {
        assert!(!fixture.accepts_ask(post("/health").authorization(nothing)).await, "{nothing:?}");
    }
}

#[tokio::test]
async fn j22_one_wrong_bit_breaks_the_signature() {
    let fixture = Fixture::new().await;
    for token in [hs256(), fixture.rs256()] {
        let mut sent = 0;
        for bit in 0..token.len() * 8 {
            let mut flipped = token.clone().into_bytes();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // A byte that no header can hold never arrives.
            let Ok(value) = http::HeaderValue::from_bytes(&flipped) else { continue };
            let ask = post("/health").authorization([b"Bearer ", value.as_bytes()].concat());
            assert!(!fixture.accepts_ask(ask).await, "bit {bit} of {token}");
            sent += 1;
        }
        assert!(sent > token.len() * 6 && fixture.answer(health(&token)).await.is_ok());
    }
    let key = fixture.keys.fetches();
    assert!(key <= 1, "{key} fetches");
}
