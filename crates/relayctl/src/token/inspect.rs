//! `relayctl token inspect`: a token's header and claims, without the secrets.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Args;
use jiff::Timestamp;
use relay_core::{Claim, Environment};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{TokenSource, claims::REGISTERED};
use crate::{
    failure::{Failure, Outcome},
    table,
    terminal::{Screen, printable},
};

const HIDDEN: &str = "[hidden]";
/// Claims of configuration tokens that are not secret.
const PUBLIC_CLAIMS: [&str; 1] = ["jwks_host"];
const TIME_CLAIMS: [&str; 3] = ["exp", "nbf", "iat"];

/// Shows a token's header and claims; secrets stay hidden, the signature unchecked.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl token inspect
  relayctl token inspect --token-file token.txt --json")]
pub(crate) struct Inspect {
    #[command(flatten)]
    token: TokenSource,
    /// Show the credentials too
    #[arg(long)]
    show_secrets: bool,
}

#[derive(Serialize)]
struct DecodedToken {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Inspect {
    pub(crate) fn run(&self, screen: &Screen) -> Outcome {
        let token = self.token.required(&Environment::of_process())?;
        let mut decoded = DecodedToken::decode(token.expose())?;
        if !self.show_secrets {
            decoded.hide_secrets();
        }
        screen.show(&decoded, decoded.table())
    }
}

impl DecodedToken {
    pub(super) fn decode(token: &str) -> Outcome<Self> {
        let parts: Vec<_> = token.split('.').collect();
        let [header, claims, _] = parts[..] else {
            let text = format!("this is not a token: it has {} parts instead of 3.", parts.len());
            return Err(Failure::Usage(text));
        };
        Ok(Self { header: object("header", header)?, claims: object("payload", claims)? })
    }

    fn hide_secrets(&mut self) {
        for (name, value) in &mut self.claims {
            if !is_public(name) {
                *value = HIDDEN.into();
            }
        }
    }

    fn table(&self) -> comfy_table::Table {
        let mut table = table::plain();
        table.set_header(["Part", "Name", "Value"]);
        let parts = [("header", &self.header), ("claims", &self.claims)];
        for (part, members) in parts {
            for (name, value) in members {
                table.add_row([part.to_owned(), printable(name), shown(name, value)]);
            }
        }
        table
    }
}

/// Returns the claims of a token; none where it cannot be decoded.
pub(super) fn claims_of(token: &str) -> Map<String, Value> {
    DecodedToken::decode(token).map(|decoded| decoded.claims).unwrap_or_default()
}

/// Returns the algorithm that a token's header names.
pub(super) fn algorithm_of(token: &str) -> Option<String> {
    Some(DecodedToken::decode(token).ok()?.header.get("alg")?.as_str()?.to_owned())
}

/// Whether a claim is known to be public in every relay that reads it.
fn is_public(name: &str) -> bool {
    let known = || catalog::RELAYS.iter().flat_map(|entry| entry.claims());
    let named = |claim: &&Claim| claim.name == name;
    let is_secret = known().filter(named).any(Claim::is_secret);
    let is_listed = known().any(|claim| named(&claim));
    (is_listed || REGISTERED.contains(&name) || PUBLIC_CLAIMS.contains(&name)) && !is_secret
}

fn object(what: &str, part: &str) -> Outcome<Map<String, Value>> {
    let json = URL_SAFE_NO_PAD.decode(part).ok();
    let object = json.and_then(|json| serde_json::from_slice(&json).ok());
    object.ok_or_else(|| {
        Failure::Usage(format!("this is not a token: its {what} is not a JSON object."))
    })
}

fn shown(name: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => printable(text),
        other => other.to_string(),
    };
    let time = value.as_i64().filter(|_| TIME_CLAIMS.contains(&name));
    match time.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        Some(time) => format!("{text} ({time})"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_printable_is_public() {
        for name in ["exp", "aud", "jwks_host", "CTR_ENTITIES_LIMIT", "HOST"] {
            assert!(is_public(name), "{name}");
        }
        for name in ["AuthKey", "URLSCAN_API_KEY", "key", "whatever"] {
            assert!(!is_public(name), "{name}");
        }
    }

    #[test]
    fn other_text_is_not_a_token() {
        let check = |token: &str, expected: &str| {
            assert!(
                DecodedToken::decode(token).err().unwrap().to_string().contains(expected),
                "{token}"
            );
        };
        check("abc", "1 parts instead of 3");
        check("!.e30.x", "header");
        check("e30.W10.x", "payload");
    }
}
