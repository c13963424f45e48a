//! The claims of a new token: from a file, from the environment, or asked for.

use std::path::Path;

use catalog::CatalogEntry;
use relay_core::{Claim, ClaimKind, Environment};
use serde_json::{Map, Value};

use super::read;
use crate::{
    failure::{Failure, Outcome},
    terminal::{notice, prompt},
};

/// Claims that every token may carry: those of RFC 7519 §4.1, and the name of the relay.
pub(super) const REGISTERED: [&str; 8] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "relay"];

/// The claim that names a directory of Microsoft Entra.
const TENANT: &str = "tenant_id";
/// The digits of a GUID's groups.
const GUID: [usize; 5] = [8, 4, 4, 4, 12];

/// Gathers the claims of a token for this relay.
///
/// Claims that neither the file nor the environment has are asked for at a terminal: required ones
/// always, others only where no claim at all was given.
pub(crate) fn gathered(
    entry: &CatalogEntry,
    file: Option<&Path>,
    environment: &Environment,
) -> Outcome<Map<String, Value>> {
    let mut claims = match file {
        Some(file) => from_file(entry, file)?,
        None => Map::new(),
    };
    for claim in entry.claims() {
        let set = environment.text(&variable(claim)).filter(|_| !claims.contains_key(claim.name));
        if let Some(text) = set {
            let bad = |reason| Failure::Usage(format!("{} {reason}.", variable(claim)));
            claims.insert(claim.name.to_owned(), value(claim, text).map_err(bad)?);
        }
    }
    let asks_all = claims.is_empty();
    for claim in entry.claims().filter(|claim| claim.is_required || asks_all) {
        if !claims.contains_key(claim.name) {
            claims.extend(prompted(claim)?.map(|answer| (claim.name.to_owned(), answer)));
        }
    }
    Ok(claims)
}

/// Returns the names of the required claims that are missing.
pub(super) fn missing(entry: &CatalogEntry, claims: &Map<String, Value>) -> Vec<&'static str> {
    let required = entry.claims().filter(|claim| claim.is_required);
    required.map(|claim| claim.name).filter(|name| !claims.contains_key(*name)).collect()
}

/// Returns the variable for a claim: `CLAIM_CLIENT_SECRET` for `client_secret`.
fn variable(claim: &Claim) -> String {
    format!("CLAIM_{}", claim.name.to_uppercase())
}

fn from_file(entry: &CatalogEntry, file: &Path) -> Outcome<Map<String, Value>> {
    // The error of serde_json may quote the file, which holds secrets.
    let mut claims: Map<String, Value> = serde_json::from_str(&read(file)?)
        .map_err(|_| Failure::Usage(format!("{} is not a JSON object.", file.display())))?;
    for claim in entry.claims() {
        let former = claim.former_name.and_then(|former| claims.remove(former));
        if let Some(value) = former {
            claims.entry(claim.name).or_insert(value);
        }
    }
    let is_known =
        |name: &str| REGISTERED.contains(&name) || entry.claims().any(|claim| claim.name == name);
    let tenant = claims.get(TENANT).and_then(Value::as_str);
    if tenant.is_some_and(|text| !is_tenant(text)) {
        let text = "must be the directory's id, a GUID, or one of its domains.";
        return Err(Failure::Usage(format!("{}: {TENANT} {text}", file.display())));
    }
    match claims.keys().find(|name| !is_known(name)) {
        None => Ok(claims),
        Some(unknown) => {
            let known: Vec<_> = entry.claims().map(|claim| claim.name).collect();
            let text = format!(
                "{} holds {unknown}, which {} does not read; it reads: {}.",
                file.display(),
                entry.about.slug,
                known.join(", ")
            );
            Err(Failure::Usage(text))
        }
    }
}

/// Asks until the value is valid; `None` for a claim that was left out.
fn prompted(claim: &Claim) -> Outcome<Option<Value>> {
    if !prompt::can_ask() {
        if !claim.is_required {
            return Ok(None);
        }
        let text = format!(
            "{} is missing: put it into a file of credentials or into the variable {}.",
            claim.name,
            variable(claim)
        );
        return Err(Failure::Usage(text));
    }
    notice(claim.tooltip);
    let question = question(claim);
    loop {
        let answer =
            if claim.is_secret() { prompt::hidden(&question)? } else { prompt::open(&question)? };
        match answer {
            None if claim.is_required => notice("This claim is required."),
            None => return Ok(None),
            Some(text) => match value(claim, &text) {
                Ok(value) => return Ok(Some(value)),
                Err(reason) => notice(format!("{} {reason}.", claim.title)),
            },
        }
    }
}

fn question(claim: &Claim) -> String {
    let choices = match claim.kind {
        ClaimKind::Choice(choices) => format!(" ({})", choices.join(", ")),
        ClaimKind::Switch => " (true, false)".to_owned(),
        _ => String::new(),
    };
    let optional = if claim.is_required { "" } else { ", empty for none" };
    format!("{}{choices}{optional}", claim.title)
}

/// Converts what was typed to the claim's type.
fn value(claim: &Claim, text: &str) -> Result<Value, String> {
    match claim.kind {
        ClaimKind::Text if claim.name == TENANT && !is_tenant(text) => {
            Err("must be the directory's id, a GUID, or one of its domains".to_owned())
        }
        ClaimKind::ApiKey | ClaimKind::Password | ClaimKind::Text => Ok(text.into()),
        ClaimKind::Number => {
            text.parse::<u64>().map(Value::from).map_err(|_| "must be a whole number".to_owned())
        }
        ClaimKind::Switch => {
            text.parse::<bool>().map(Value::from).map_err(|_| "must be true or false".to_owned())
        }
        ClaimKind::Choice(choices) if choices.contains(&text) => Ok(text.into()),
        ClaimKind::Choice(choices) => Err(format!("must be one of: {}", choices.join(", "))),
    }
}

/// Whether a text names a directory: by its id, or by a domain.
fn is_tenant(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let is_hex = |group: &&str| group.chars().all(|letter| letter.is_ascii_hexdigit());
    let is_guid = groups.iter().map(|group| group.len()).eq(GUID) && groups.iter().all(is_hex);
    is_guid || text.contains('.')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tenant_is_a_guid_or_a_domain() {
        for tenant in ["a4c123b1-612d-4272-a137-1c17149d4395", "contoso.onmicrosoft.com"] {
            assert!(is_tenant(tenant), "{tenant}");
        }
        for other in ["notaguid", "a4c123b1-612d-4272-a137", "a4c123b1612d4272a1371c17149d4395"] {
            assert!(!is_tenant(other), "{other}");
        }
    }

    #[test]
    fn text_is_converted_to_the_claims_type() {
        let check = |kind, text: &str, expected: Option<Value>| {
            let claim = Claim { kind, ..Claim::ENTITIES_LIMIT };
            assert_eq!(value(&claim, text).ok(), expected, "{text}");
        };
        check(ClaimKind::Number, "50", Some(json!(50)));
        check(ClaimKind::Number, "-1", None);
        check(ClaimKind::Number, "many", None);
        check(ClaimKind::Switch, "true", Some(json!(true)));
        check(ClaimKind::Switch, "maybe", None);
        check(ClaimKind::Choice(&["us", "eu"]), "eu", Some(json!("eu")));
        check(ClaimKind::Choice(&["us", "eu"]), "mars", None);
        check(ClaimKind::Text, "12", Some(json!("12")));
    }
}
