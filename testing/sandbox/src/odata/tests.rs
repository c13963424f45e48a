//! Filters and the entities they choose.

use serde_json::{Value, json};

use super::{Filter, Schema};

const ALERT: Schema = Schema::Type("microsoft.graph.security.alert");

fn alert() -> Value {
    json!({
        "id": "a1",
        "severity": "high",
        "classification": null,
        "createdDateTime": "2026-10-30T06:12:01.5Z",
        "mitreTechniques": ["T1071.001", "T1055"],
        "evidence": [
            {"@odata.type": "#microsoft.graph.security.deviceEvidence",
             "deviceDnsName": "ws-204.contoso.example", "osBuild": 22631,
             "ipInterfaces": ["10.20.4.17", "fe80::1"],
             "loggedOnUsers": [{"accountName": "mara"}]},
            {"@odata.type": "#microsoft.graph.security.ipEvidence", "verdict": "malicious",
             "ipAddress": "203.0.113.80"},
            {"@odata.type": "#microsoft.graph.security.ipEvidence", "verdict": "unknown",
             "ipAddress": null},
            {"@odata.type": "#microsoft.graph.security.urlEvidence",
             "url": "https://cdn.contoso-files.example/it's?a=b#c"},
            {"@odata.type": "#microsoft.graph.security.fileEvidence",
             "fileDetails": {"fileName": "upd.exe", "filePath": "C:\\Users\\mara"}},
            {"@odata.type": "#microsoft.graph.security.networkConnectionEvidence",
             "sourceAddress": {"ipAddress": "10.20.4.17"}, "destinationAddress": null},
        ],
    })
}

fn chooses(filter: &str) -> bool {
    Filter::parse(filter, ALERT)
        .unwrap_or_else(|error| panic!("{filter}: {error}"))
        .matches(&alert())
}

fn refusal(filter: &str) -> String {
    Filter::parse(filter, ALERT).expect_err(filter).to_string()
}

fn any(condition: &str) -> String {
    format!("evidence/any(e: {})", condition.replace("{P}", "microsoft.graph.security."))
}

#[test]
fn properties_of_the_entity() {
    for (filter, expected) in [
        ("severity eq 'high'", true),
        ("severity eq 'HIGH'", false),
        ("severity ne 'high'", false),
        ("severity in ('low', 'high')", true),
        ("severity in ('low')", false),
        ("classification eq null", true),
        ("classification ne 'truePositive'", true),
        ("classification eq 'truePositive'", false),
        ("createdDateTime gt 2026-10-30T00:00:00Z", true),
        ("createdDateTime le 2026-10-30T06:12:01.5Z", true),
        ("createdDateTime lt 2026-10-30T06:12:01.5Z", false),
        ("2026-10-31T00:00:00Z ge createdDateTime", true),
        ("resolvedDateTime eq null", true),
        ("resolvedDateTime eq 2026-10-30T00:00:00Z", false),
        ("contains(id, 'a') and startswith(id, 'a1') and endswith(id, '1')", true),
        ("contains(id, 'A')", false),
    ] {
        assert_eq!(chooses(filter), expected, "{filter}");
    }
}

#[test]
fn logic_binds_as_the_standard_says() {
    for (filter, expected) in [
        ("id eq 'x' and id eq 'y' or id eq 'a1'", true),
        ("id eq 'x' and (id eq 'y' or id eq 'a1')", false),
        ("not id eq 'x'", true),
        ("not (id eq 'a1' or id eq 'x')", false),
        ("not contains(classification, 'x')", false),
        ("contains(classification, 'x') or id eq 'a1'", true),
        ("((id eq 'a1'))", true),
    ] {
        assert_eq!(chooses(filter), expected, "{filter}");
    }
}

#[test]
fn evidence_is_searched_by_type() {
    for (condition, expected) in [
        ("e/{P}ipEvidence/ipAddress eq '203.0.113.80'", true),
        ("e/{P}ipEvidence/ipAddress eq '203.0.113.8'", false),
        ("e/{P}ipEvidence/ipAddress eq '203.0.113.80' and e/verdict eq 'unknown'", false),
        ("e/{P}ipEvidence/ipAddress eq '203.0.113.80' and e/verdict eq 'malicious'", true),
        (
            "e/{P}deviceEvidence/deviceDnsName eq 'ws-204' or startswith(e/{P}deviceEvidence/deviceDnsName, 'ws-204.')",
            true,
        ),
        ("contains(e/{P}urlEvidence/url, 'contoso-files.example')", true),
        ("e/{P}urlEvidence/url eq 'https://cdn.contoso-files.example/it''s?a=b#c'", true),
        (
            "e/{P}fileEvidence/fileDetails/filePath eq 'C:\\Users\\mara' and e/{P}fileEvidence/fileDetails/fileName eq 'upd.exe'",
            true,
        ),
        ("e/{P}networkConnectionEvidence/sourceAddress/ipAddress eq '10.20.4.17'", true),
        ("e/{P}networkConnectionEvidence/destinationAddress/ipAddress eq '10.20.4.17'", false),
        ("e/{P}deviceEvidence/osBuild gt 22000", true),
        ("e/{P}deviceEvidence/ipInterfaces/any(i: i eq 'fe80::1')", true),
        ("e/{P}deviceEvidence/ipInterfaces/any(i: i eq 'fe80::2')", false),
        (
            "e/{P}deviceEvidence/loggedOnUsers/any(u: u/accountName eq 'mara' and e/{P}deviceEvidence/osBuild eq 22631)",
            true,
        ),
        ("e/{P}alertEvidence/verdict eq 'malicious'", false),
    ] {
        assert_eq!(chooses(&any(condition)), expected, "{condition}");
    }
}

#[test]
fn lambdas_over_everything_and_nothing() {
    for (filter, expected) in [
        ("evidence/any()", true),
        ("mitreTechniques/any(t: startswith(t, 'T1071'))", true),
        ("mitreTechniques/all(t: startswith(t, 'T1'))", true),
        ("mitreTechniques/all(t: startswith(t, 'T1071'))", false),
        ("systemTags/any()", false),
        ("systemTags/any(t: t eq 'x')", false),
        ("systemTags/all(t: t eq 'x')", true),
        ("not evidence/any(e: e/verdict eq 'x')", true),
    ] {
        assert_eq!(chooses(filter), expected, "{filter}");
    }
}

#[test]
fn an_entity_without_evidence_is_not_found() {
    let filter = any("e/{P}ipEvidence/ipAddress eq '203.0.113.80'");
    let filter = Filter::parse(&filter, ALERT).unwrap();
    for entity in [json!({}), json!({"evidence": null}), json!({"evidence": []})] {
        assert!(!filter.matches(&entity), "{entity}");
    }
}

#[test]
fn legacy_predicates() {
    let alert = json!({
        "confidence": 72,
        "vendorInformation": {"provider": "Palo Alto Networks"},
        "networkConnections": [{"sourceAddress": "10.20.4.17", "destinationDomain": null}],
        "hostStates": [{"netBiosName": "ws-204", "isAzureAdJoined": true}],
        "fileStates": [{"name": "o'neil.exe", "fileHash": {"hashValue": "b860"}}],
    });
    for (filter, expected) in [
        (
            "networkConnections/any(x: x/sourceAddress eq '10.20.4.17' or x/destinationAddress eq '10.20.4.17')",
            true,
        ),
        ("networkConnections/any(x: x/destinationDomain eq 'x')", false),
        ("hostStates/any(x: x/netBiosName eq 'ws-204' and x/isAzureAdJoined)", true),
        ("hostStates/any(x: x/isAzureAdJoined eq false)", false),
        ("fileStates/any(x: x/name eq 'o''neil.exe')", true),
        ("fileStates/any(x: x/fileHash/hashValue eq 'b860')", true),
        ("vendorInformation/provider eq 'Palo Alto Networks' and confidence ge 72.0", true),
    ] {
        let parsed = Filter::parse(filter, Schema::Type("microsoft.graph.alert"))
            .unwrap_or_else(|error| panic!("{filter}: {error}"));
        assert_eq!(parsed.matches(&alert), expected, "{filter}");
    }
}

#[test]
fn broken_text_names_the_position() {
    for (filter, text) in [
        ("", "Syntax error at position 0 in ''."),
        ("severity eq", "Syntax error at position 11 in 'severity eq'."),
        ("severity 'high'", "Syntax error at position 9 in 'severity 'high''."),
        ("(severity eq 'high'", "Syntax error at position 19 in '(severity eq 'high''."),
        ("severity eq 'high')", "Syntax error at position 18 in 'severity eq 'high')'."),
        (
            "severity eq 'it's'",
            "There is an unterminated string literal at position 17 in 'severity eq 'it's''.",
        ),
        (
            "severity eq 'high",
            "There is an unterminated string literal at position 12 in 'severity eq 'high'.",
        ),
        ("severity eq #x", "Syntax error at position 12 in 'severity eq #x'."),
        ("severity is 'high'", "Syntax error at position 9 in 'severity is 'high''."),
        ("evidence eq 'x'", "Syntax error at position 9 in 'evidence eq 'x''."),
        (
            "evidence/any(e e/verdict eq 'x')",
            "Syntax error at position 15 in 'evidence/any(e e/verdict eq 'x')'.",
        ),
        ("severity in 'high'", "Syntax error at position 12 in 'severity in 'high''."),
    ] {
        assert_eq!(refusal(filter), format!("Invalid filter clause: {text}"));
    }
}

#[test]
fn names_and_types_are_checked() {
    for (filter, part) in [
        (
            "sevrity eq 'high'",
            "Could not find a property named 'sevrity' on type 'microsoft.graph.security.alert'.",
        ),
        (
            "evidence/any(e: e/ipAddress eq 'x')",
            "Could not find a property named 'ipAddress' on type 'microsoft.graph.security.alertEvidence'.",
        ),
        (
            "evidence/any(e: x/verdict eq 'x')",
            "Could not find a property named 'x' on type 'microsoft.graph.security.alert'.",
        ),
        (
            "evidence/any(e: e/microsoft.graph.ipEvidence/ipAddress eq 'x')",
            "The child type 'microsoft.graph.ipEvidence' in a cast was not an entity type.",
        ),
        ("substringof('x', id)", "An unknown function with name 'substringof' was found."),
        (
            "contains(createdDateTime, 'x')",
            "No function signature for the function with name 'contains'",
        ),
        (
            "severity eq 5",
            "Found operand types 'Edm.String' and 'Edm.Int64' for operator kind 'Equal'.",
        ),
        (
            "createdDateTime gt '2026-10-30'",
            "Found operand types 'Edm.DateTimeOffset' and 'Edm.String' for operator kind 'GreaterThan'.",
        ),
        (
            "severity/x eq 'y'",
            "The parent value for a property access of a property 'x' is not a single value.",
        ),
    ] {
        let text = refusal(filter);
        assert!(text.contains(part), "{filter}: {text}");
    }
}

#[test]
fn a_filter_tells_what_it_looks_at() {
    let filter =
        "severity eq 'high' and not evidence/any(e: e/verdict eq 'x') or startswith(id, 'a')";
    let filter = Filter::parse(filter, ALERT).unwrap();
    assert_eq!(filter.properties(), ["severity", "evidence", "id"]);
    assert!(filter.has_lambda());
    assert!(!Filter::parse("severity eq 'high'", ALERT).unwrap().has_lambda());
}
