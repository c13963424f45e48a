//! Reputations of hosts: pages "Get hostReputation", "hostReputation resource type",
//! "hostReputationRule resource type".

use serde_json::{Value, json};

use super::{
    alerts::require,
    request::GraphRequest,
    response::{GraphError, GraphResponse},
};
use crate::{identity::Grant, incident};

/// A host with a reputation, and its classification and score.
const RATED: [(&str, &str, u8); 6] = [
    ("203.0.113.80", "malicious", 100),
    ("2001:db8:80::1", "suspicious", 64),
    ("cdn.contoso-files.example", "suspicious", 71),
    ("partner.contoso-files.example", "neutral", 12),
    (incident::COMMAND_SERVER, "malicious", 100),
    (incident::COMMAND_ADDRESS, "malicious", 97),
];

/// Answers for every host; one that was never seen is `unknown`.
pub(super) fn get(
    grant: &Grant,
    request: &GraphRequest,
    host: &str,
) -> Result<GraphResponse, GraphError> {
    require(&["ThreatIntelligence.Read.All"], grant)?;
    let rated = RATED.iter().find(|(known, ..)| known.eq_ignore_ascii_case(host));
    let (classification, score) = rated.map_or(("unknown", 0), |(_, word, score)| (*word, *score));
    Ok(GraphResponse::ok(json!({
        "@odata.context": request.context("microsoft.graph.security.hostReputation/$entity"),
        "@odata.type": "#microsoft.graph.security.hostReputation",
        "id": "c2b1a0de-7f6c-4a55-9b37-0d2f1e8a9c44",
        "classification": classification,
        "score": score,
        "rules": rules(classification),
    })))
}

fn rules(classification: &str) -> Value {
    let registrar = json!({
        "name": "Registrar",
        "description": "Names of this registrar are often abused",
        "severity": "low",
        "relatedDetailsUrl": null,
    });
    let article = json!({
        "name": "Threat intelligence article",
        "description": "A campaign used this host to deliver its files",
        "severity": "high",
        "relatedDetailsUrl": "https://ti.defender.microsoft.com/article/7d1e44f0",
    });
    match classification {
        "malicious" => json!([registrar, article]),
        "suspicious" => json!([registrar]),
        _ => json!([]),
    }
}
