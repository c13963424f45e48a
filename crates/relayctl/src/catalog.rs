//! The relays that the tool knows. A further relay is one more entry in [`RELAYS`].

mod entry;
mod facts;

use clap::builder::PossibleValuesParser;
use sandbox::Product;
use serde_json::json;

pub(crate) use entry::Entry;
pub(crate) use facts::{Facts, Ready};

use crate::failure::{Failure, Outcome};

/// Every relay, in the order of the documentation.
pub(crate) const RELAYS: &[Entry] = &[
    Entry {
        facts: Facts::of::<graph_security::GraphSecurity>(),
        product: Product::GraphSecurity,
        event: include_str!("../../../events/graph-security/observe.json"),
        depth: 1,
        cold: 1,
        at_once: 10,
        settings: |url| vec![("GRAPH_BASE_URL", url.into()), ("LOGIN_BASE_URL", url.into())],
        claims: || {
            json!({
                "application_id": sandbox::identity::app::GRAPH.id,
                "tenant_id": sandbox::identity::tenant::WOODGROVE.id,
                "client_secret": sandbox::identity::app::GRAPH.secret,
            })
        },
        documentation: (
            "Microsoft Graph security API",
            "https://learn.microsoft.com/graph/api/resources/security-api-overview",
        ),
        module_types: Some([
            "33fa22a5-3369-46eb-aa6b-3386984aaf0b",
            "9f88ce09-8fb9-4d97-a40a-eb82203845b5",
            "02aa3b5b-d1fd-4125-9fb8-167e3780ec09",
        ]),
    },
    Entry {
        facts: Facts::of::<defender_atp::DefenderAtp>(),
        product: Product::DefenderAtp,
        event: include_str!("../../../events/defender-atp/observe.json"),
        depth: 1,
        cold: 2,
        at_once: 16,
        settings: |url| {
            vec![
                ("DEFENDER_API_BASE", url.into()),
                ("GRAPH_BASE_URL", url.into()),
                ("LOGIN_BASE_URL", url.into()),
            ]
        },
        claims: || {
            json!({
                "client_id": sandbox::identity::app::DEFENDER.id,
                "tenant_id": sandbox::identity::tenant::WOODGROVE.id,
                "client_secret": sandbox::identity::app::DEFENDER.secret,
            })
        },
        documentation: (
            "Microsoft Defender for Endpoint API",
            "https://learn.microsoft.com/defender-endpoint/api/apis-intro",
        ),
        module_types: Some([
            "564f6f99-b94a-4605-8280-a679c0e26074",
            "63f880fc-2b04-4b4c-b48d-9c44d9cb4e02",
            "e6507218-ad69-4306-853f-dd5a37771f5e",
        ]),
    },
    Entry {
        facts: Facts::of::<qualys_ioc::QualysIoc>(),
        product: Product::QualysIoc,
        event: include_str!("../../../events/qualys-ioc/observe.json"),
        depth: 1,
        cold: 1,
        at_once: 2,
        settings: |url| {
            vec![
                ("API_URL", url.into()),
                ("PLATFORM_URL", "https://qualysguard.qg2.apps.qualys.com".into()),
            ]
        },
        claims: || {
            json!({
                "user": sandbox::qualys_ioc::ACCOUNT.username,
                "pass": sandbox::qualys_ioc::ACCOUNT.password,
            })
        },
        documentation: ("Qualys EDR API", "https://docs.qualys.com/en/edr/api/"),
        module_types: Some([
            "f0f6ecac-4861-40bc-bcef-753fd783aaed",
            "fe3d9bed-5741-44ed-99a6-8e2d27b377b0",
            "c1f02cc6-4821-4875-93e4-3c5d8b6b888e",
        ]),
    },
    Entry {
        facts: Facts::of::<misp::Misp>(),
        product: Product::Misp,
        event: include_str!("../../../events/misp/observe.json"),
        depth: 2,
        cold: 0,
        at_once: 4,
        settings: |url| {
            vec![("API_URL", url.into()), ("URLSCAN_API_URL", format!("{url}/urlscan/api/v1"))]
        },
        claims: || {
            json!({
                "AuthKey": sandbox::misp::API_KEY,
                "URLSCAN_API_KEY": sandbox::misp::URLSCAN_API_KEY,
            })
        },
        documentation: ("MISP documentation", "https://www.misp-project.org/documentation/"),
        module_types: None,
    },
    Entry {
        facts: Facts::of::<gigamon_threatinsight::GigamonThreatInsight>(),
        product: Product::GigamonThreatinsight,
        event: include_str!("../../../events/gigamon-threatinsight/observe.json"),
        depth: 3,
        cold: 0,
        at_once: 8,
        settings: |url| {
            use sandbox::gigamon_threatinsight::{DETECTIONS_BASE, ENTITY_BASE, EVENTS_BASE};
            vec![
                ("GTI_DETECTIONS_URL", format!("{url}{DETECTIONS_BASE}")),
                ("GTI_EVENTS_URL", format!("{url}{EVENTS_BASE}")),
                ("GTI_ENTITY_URL", format!("{url}{ENTITY_BASE}")),
            ]
        },
        claims: || json!({"key": sandbox::gigamon_threatinsight::KEY}),
        documentation: (
            "FortiNDR Cloud documentation",
            "https://docs.fortinet.com/product/fortindr-cloud",
        ),
        module_types: Some([
            "f4b2cf01-0447-436e-8dc1-b0b15049888b",
            "cdf11c33-0891-491a-8e36-201e4decd3d0",
            "904e961f-ff81-48f5-aeb0-5c033e2054b7",
        ]),
    },
];

/// The relay with this folder name.
pub(crate) fn named(slug: &str) -> Outcome<&'static Entry> {
    let found = RELAYS.iter().find(|entry| entry.slug() == slug);
    found.ok_or_else(|| Failure::Usage(format!("there is no relay {slug}.")))
}

/// The relay with this folder name, or all of them.
pub(crate) fn chosen(slug: Option<&str>) -> Outcome<Vec<&'static Entry>> {
    match slug {
        Some(slug) => Ok(vec![named(slug)?]),
        None => Ok(RELAYS.iter().collect()),
    }
}

/// What an argument that names a relay may say.
pub(crate) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(RELAYS.iter().map(Entry::slug))
}
