//! F3: of all variations of a good token, only the untouched one is accepted.

use std::{cell::OnceCell, sync::Arc};

use arbitrary::{Result, Unstructured};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use catalog::StartedRelay;
use http::{HeaderValue, header::AUTHORIZATION};
use relay_core::{Clock, Environment, Route, SystemResolver};
use sandbox::identity::NOW;
use serde_json::{Map, Value, json};
use testkit::{
    BASE_URL, TestRequest,
    jwk::Jwk,
    jwks::JwksServer,
    keys::RsaKey,
    token::{SECRET, Signer, Token},
};
use tokio::runtime::{Builder, Runtime};

use crate::structured;

/// The most changes of one token.
const MAX_CHANGES: usize = 8;
/// Variations of a token under the shared secret.
///
/// # Panics
///
/// When one of them is accepted, or the token itself is not.
pub fn f03_hs256(data: &[u8]) {
    thread_local!(static VERIFIER: OnceCell<Verifier> = const { OnceCell::new() });
    VERIFIER.with(|verifier| verifier.get_or_init(Verifier::hs256).check(data));
}

/// Variations of a configuration token.
///
/// # Panics
///
/// When one of them is accepted, or the token itself is not.
pub fn f03_rs256(data: &[u8]) {
    thread_local!(static VERIFIER: OnceCell<Verifier> = const { OnceCell::new() });
    VERIFIER.with(|verifier| verifier.get_or_init(Verifier::rs256).check(data));
}

/// A relay, and the token that it accepts.
struct Verifier {
    runtime: Runtime,
    service: Arc<dyn StartedRelay>,
    good: String,
    /// Publishes the keys as long as it lives.
    _keys: Option<JwksServer>,
}

impl Verifier {
    fn hs256() -> Self {
        let good = Token::new().claims(claims()).hs256(SECRET.as_bytes());
        let environment = Environment::of([("SECRET_KEY", SECRET)]);
        let runtime = runtime();
        let service = runtime.block_on(service(&environment));
        Self { runtime, service, good, _keys: None }
    }

    fn rs256() -> Self {
        let runtime = runtime();
        let key = RsaKey::shared();
        let keys = runtime.block_on(JwksServer::start([Jwk::rsa(key).kid("k1").for_rs256()]));
        let token = Token::new().kid("k1").claims(claims()).claim("jwks_host", keys.host());
        // With the shared secret as well, so that one kind of key could be taken for the other.
        let settings = [("SECRET_KEY", SECRET.to_owned()), ("JWKS_HOSTS", keys.origin())];
        let service = runtime.block_on(service(&Environment::of(settings)));
        let good = token.claim("aud", BASE_URL).rs256(key);
        Self { runtime, service, good, _keys: Some(keys) }
    }

    fn check(&self, data: &[u8]) {
        let varied = match structured(data) {
            Some(mut steering) => {
                let mut token = self.good.clone().into_bytes();
                // The variation ends with the steering bytes.
                let _ = vary(&mut token, &mut steering);
                token
            }
            None => data.to_vec(),
        };
        let header = [b"Bearer ".as_slice(), &varied].concat();
        let Ok(header) = HeaderValue::from_bytes(&header) else { return };
        // Blanks before and after a token are not part of it.
        let blanks = varied.iter().take_while(|byte| **byte == b' ').count();
        let is_good = varied[blanks..].trim_ascii_end() == self.good.as_bytes();
        assert_eq!(self.accepts(header), is_good, "{}", String::from_utf8_lossy(&varied));
    }

    fn accepts(&self, authorization: HeaderValue) -> bool {
        let mut incoming = TestRequest::bare(Route::Health).into_incoming();
        incoming.headers.insert(AUTHORIZATION, authorization);
        self.runtime.block_on(self.service.check(&incoming)).is_ok()
    }
}

fn claims() -> Value {
    json!({"AuthKey": "an-invented-key-of-nobody", "exp": NOW.as_second() + 3600})
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn service(environment: &Environment) -> Arc<dyn StartedRelay> {
    let environment = environment.clone().with("API_URL", "https://misp.example");
    let clock = Clock::fixed(NOW);
    let misp = catalog::find("misp").expect("a relay");
    let service = misp.start_with(environment, clock, Arc::new(SystemResolver)).await;
    service.expect("settings that can be used")
}

/// Changes the token in place, as long as there are steering bytes.
fn vary(token: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..MAX_CHANGES {
        if u.is_empty() {
            break;
        }
        match u.int_in_range(0..=9)? {
            0 => flip(token, u)?,
            1 => insert(token, u)?,
            2 => remove(token, u)?,
            3 => token.truncate(u.int_in_range(0..=token.len())?),
            4 => swap_parts(token, u)?,
            5 => append(token, u)?,
            6 => rewrite(token, 0, u)?,
            7 => rewrite(token, 1, u)?,
            8 => sign_anew(token, u)?,
            _ => change_case(token, u)?,
        }
    }
    Ok(())
}

fn flip(token: &mut [u8], u: &mut Unstructured<'_>) -> Result<()> {
    if !token.is_empty() {
        let at = u.choose_index(token.len())?;
        token[at] ^= 1 << u.int_in_range(0..=6)?;
    }
    Ok(())
}

fn insert(token: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let at = u.int_in_range(0..=token.len())?;
    token.insert(at, u.arbitrary()?);
    Ok(())
}

fn remove(token: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    if !token.is_empty() {
        token.remove(u.choose_index(token.len())?);
    }
    Ok(())
}

fn change_case(token: &mut [u8], u: &mut Unstructured<'_>) -> Result<()> {
    if !token.is_empty() {
        let at = u.choose_index(token.len())?;
        let letter = &mut token[at];
        *letter = if letter.is_ascii_lowercase() {
            letter.to_ascii_uppercase()
        } else {
            letter.to_ascii_lowercase()
        };
    }
    Ok(())
}

fn append(token: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let tail = *u.choose(&["=", ".", " ", "A", "\t", ".e30", "==", ",Bearer a.b.c"])?;
    token.extend_from_slice(tail.as_bytes());
    Ok(())
}

fn swap_parts(token: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let mut parts: Vec<_> = token.split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect();
    let (one, other) = (u.choose_index(parts.len())?, u.choose_index(parts.len())?);
    if u.arbitrary()? {
        parts.swap(one, other);
    } else {
        parts[one] = parts[other].clone();
    }
    *token = parts.join(&b'.');
    Ok(())
}

/// Sets a member of the header or the payload; the signature stays.
fn rewrite(token: &mut Vec<u8>, part: usize, u: &mut Unstructured<'_>) -> Result<()> {
    let mut parts: Vec<_> = token.split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect();
    let Some(mut members) = parts.get(part).and_then(|part| object(part)) else { return Ok(()) };
    let names =
        ["alg", "kid", "typ", "crit", "jwk", "jku", "AuthKey", "exp", "nbf", "aud", "jwks_host"];
    let name = *u.choose(&names)?;
    let values = [
        json!("none"),
        json!("HS256"),
        json!("RS256"),
        json!("k1"),
        json!("JWT"),
        json!(BASE_URL),
        json!(NOW.as_second() + 3600),
        json!(""),
        json!(null),
        json!([]),
    ];
    if u.ratio(1, 4)? {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), u.choose(&values)?.clone());
    }
    parts[part] = URL_SAFE_NO_PAD.encode(Value::Object(members).to_string()).into_bytes();
    *token = parts.join(&b'.');
    Ok(())
}

fn object(part: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// Keeps the claims and signs with what an attacker has: no key, guessed secrets, public keys.
fn sign_anew(token: &mut Vec<u8>, u: &mut Unstructured<'_>) -> Result<()> {
    let mut parts = token.split(|byte| *byte == b'.');
    let (header, payload) = (parts.next().and_then(object), parts.next().and_then(object));
    let (Some(mut header), Some(payload)) = (header, payload) else { return Ok(()) };
    if u.arbitrary()? {
        header.remove("alg");
    }
    let unsigned =
        Token::new().raw_payload(Value::Object(payload).to_string()).without_header("typ");
    let unsigned = header.into_iter().fold(unsigned, |it, (name, value)| it.header(&name, value));
    let public = RsaKey::shared();
    let pem = public.public_pem();
    let signer = match u.int_in_range(0..=6)? {
        0 => Signer::None,
        1 => Signer::Hs256(b""),
        2 => Signer::Hs256(&[0; 32]),
        3 => Signer::Hs256(pem.as_bytes()),
        4 => Signer::Hs256(public.modulus()),
        5 => Signer::Hs512(SECRET.as_bytes()),
        _ => Signer::Bytes(&[0; 32]),
    };
    *token = unsigned.sign(&signer).into_bytes();
    Ok(())
}
