//! `relayctl token inspect`: what a token says, without what it hides.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use clap::Args;
use jiff::Timestamp;
use relay_core::{Claim, Environment};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{TokenSource, claims::REGISTERED};
use crate::{
    catalog,
    failure::{Failure, Outcome},
    table,
    terminal::{Screen, harmless},
};

const HIDDEN: &str = "[hidden]";
/// Claims of configuration tokens that are no secret.
const OPEN: [&str; 1] = ["jwks_host"];
const TIMES: [&str; 3] = ["exp", "nbf", "iat"];

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
struct Inspected {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Inspect {
    pub(crate) fn run(&self, screen: &Screen) -> Outcome {
        let token = self.token.demanded(&Environment::of_process())?;
        let mut inspected = Inspected::of(token.expose())?;
        if !self.show_secrets {
            inspected.hide();
        }
        screen.show(&inspected, inspected.table())
    }
}

impl Inspected {
    pub(super) fn of(token: &str) -> Outcome<Self> {
        let parts: Vec<_> = token.split('.').collect();
        let [header, claims, _] = parts[..] else {
            let text = format!("this is no token: it has {} parts instead of 3.", parts.len());
            return Err(Failure::Usage(text));
        };
        Ok(Self { header: object("header", header)?, claims: object("payload", claims)? })
    }

    fn hide(&mut self) {
        for (name, value) in &mut self.claims {
            if !is_open(name) {
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
                table.add_row([part.to_owned(), harmless(name), shown(name, value)]);
            }
        }
        table
    }
}

/// The claims of a token, or nothing where it has none.
pub(super) fn claims_of(token: &str) -> Map<String, Value> {
    Inspected::of(token).map(|inspected| inspected.claims).unwrap_or_default()
}

/// The algorithm that a token's header names.
pub(super) fn algorithm_of(token: &str) -> Option<String> {
    Some(Inspected::of(token).ok()?.header.get("alg")?.as_str()?.to_owned())
}

/// A claim is open if it is known to be; a name that is secret in one relay is so in all.
fn is_open(name: &str) -> bool {
    let known = || catalog::RELAYS.iter().flat_map(|entry| entry.claims());
    let named = |claim: &&Claim| claim.name == name;
    let is_secret = known().filter(named).any(Claim::is_secret);
    let is_listed = known().any(|claim| named(&claim));
    (is_listed || REGISTERED.contains(&name) || OPEN.contains(&name)) && !is_secret
}

fn object(what: &str, part: &str) -> Outcome<Map<String, Value>> {
    let json = URL_SAFE_NO_PAD.decode(part).ok();
    let object = json.and_then(|json| serde_json::from_slice(&json).ok());
    object.ok_or_else(|| Failure::Usage(format!("this is no token: its {what} is no JSON object.")))
}

fn shown(name: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => harmless(text),
        other => other.to_string(),
    };
    let time = value.as_i64().filter(|_| TIMES.contains(&name));
    match time.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        Some(time) => format!("{text} ({time})"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_harmless_is_open() {
        for name in ["exp", "aud", "jwks_host", "CTR_ENTITIES_LIMIT", "HOST"] {
            assert!(is_open(name), "{name}");
        }
        for name in ["AuthKey", "URLSCAN_API_KEY", "key", "whatever"] {
            assert!(!is_open(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_token_is_said_plainly() {
        let check = |token: &str, expected: &str| {
            assert!(Inspected::of(token).err().unwrap().to_string().contains(expected), "{token}");
        };
        check("abc", "1 parts instead of 3");
        check("!.e30.x", "header");
        check("e30.W10.x", "payload");
    }
}
