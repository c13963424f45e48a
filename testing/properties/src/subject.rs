//! The five relays: how each is set before its imitated product, and what it is asked.

use sandbox::{
    Product, defender_atp, gigamon_threatinsight as insight,
    identity::{app, tenant},
    misp, qualys_ioc,
};
use serde_json::{Value, json};

/// A relay in one of its ways to work.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Subject {
    pub(crate) product: Product,
    /// Further settings; each product has at least one way.
    pub(crate) way: &'static [(&'static str, &'static str)],
}

/// Where a Microsoft relay finds alerts.
const DEFENDER_WAYS: &[&[(&str, &str)]] =
    &[&[("DEFENDER_BACKEND", "mde")], &[("DEFENDER_BACKEND", "graph")]];
const GRAPH_WAYS: &[&[(&str, &str)]] = &[
    &[("GRAPH_V2_STRATEGY", "filter")],
    &[("GRAPH_V2_STRATEGY", "hunting")],
    &[("GRAPH_BACKEND", "alerts")],
];
const ONE_WAY: &[&[(&str, &str)]] = &[&[]];

impl Subject {
    /// The relay of this product, in the way that `steering` chooses.
    pub(crate) fn of(product: Product, steering: u8) -> Self {
        let ways = match product {
            Product::DefenderAtp => DEFENDER_WAYS,
            Product::GraphSecurity => GRAPH_WAYS,
            _ => ONE_WAY,
        };
        Self { product, way: ways[usize::from(steering) % ways.len()] }
    }

    /// What leads the relay to the imitation at `url`.
    pub(crate) fn settings(self, url: &str) -> Vec<(&'static str, String)> {
        let paths: &[(&'static str, &str)] = match self.product {
            Product::GraphSecurity => &[("GRAPH_BASE_URL", ""), ("LOGIN_BASE_URL", "")],
            Product::DefenderAtp => {
                &[("DEFENDER_API_BASE", ""), ("GRAPH_BASE_URL", ""), ("LOGIN_BASE_URL", "")]
            }
            Product::QualysIoc => &[("API_URL", "")],
            Product::Misp => &[("API_URL", ""), ("URLSCAN_API_URL", "/urlscan/api/v1")],
            Product::GigamonThreatinsight => &[
                ("GTI_DETECTIONS_URL", insight::DETECTIONS_BASE),
                ("GTI_EVENTS_URL", insight::EVENTS_BASE),
                ("GTI_ENTITY_URL", insight::ENTITY_BASE),
            ],
        };
        let places = paths.iter().map(|(name, path)| (*name, format!("{url}{path}")));
        let further = self.way.iter().map(|(name, word)| (*name, (*word).to_owned()));
        let platform = ("PLATFORM_URL", "https://qualys.example".to_owned());
        let platform = (self.product == Product::QualysIoc).then_some(platform);
        places.chain(further).chain(platform).collect()
    }

    /// The claims of the usual caller.
    pub(crate) fn claims(self) -> Value {
        let tenant = tenant::CONTOSO.id;
        match self.product {
            Product::GraphSecurity => json!({
                "application_id": app::GRAPH.id, "tenant_id": tenant,
                "client_secret": app::GRAPH.secret,
            }),
            Product::DefenderAtp => json!({
                "client_id": app::DEFENDER.id, "tenant_id": tenant,
                "client_secret": app::DEFENDER.secret,
            }),
            Product::QualysIoc => {
                let account = qualys_ioc::ACCOUNT;
                json!({"user": account.username, "pass": account.password})
            }
            Product::Misp => {
                json!({"AuthKey": misp::API_KEY, "URLSCAN_API_KEY": misp::URLSCAN_API_KEY})
            }
            Product::GigamonThreatinsight => json!({"key": insight::KEY}),
        }
    }

    /// The claim that is a secret; another one is another caller.
    pub(crate) fn secret(self) -> &'static str {
        match self.product {
            Product::GraphSecurity | Product::DefenderAtp => "client_secret",
            Product::QualysIoc => "pass",
            Product::Misp => "AuthKey",
            Product::GigamonThreatinsight => "key",
        }
    }

    /// How the paths of logins begin, where the product has a login.
    pub(crate) fn login(self) -> Option<String> {
        match self.product {
            Product::GraphSecurity | Product::DefenderAtp => {
                Some(format!("/{}/oauth2", tenant::CONTOSO.id))
            }
            Product::QualysIoc => Some(qualys_ioc::AUTH_PATH.to_owned()),
            Product::Misp | Product::GigamonThreatinsight => None,
        }
    }

    /// How the paths of all other calls begin.
    pub(crate) fn data(self) -> &'static [&'static str] {
        match self.product {
            Product::GraphSecurity => &["/v1.0"],
            Product::DefenderAtp => &["/v1.0", "/api"],
            Product::QualysIoc => &["/ioc"],
            Product::Misp | Product::GigamonThreatinsight => &[""],
        }
    }

    /// Observables that the product knows.
    pub(crate) fn known(self) -> &'static [(&'static str, &'static str)] {
        match self.product {
            Product::GraphSecurity => &[
                ("sha256", "b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009"),
                ("domain", "cdn.contoso-files.example"),
                ("ip", "203.0.113.80"),
            ],
            Product::DefenderAtp => &[
                ("ip", defender_atp::sample::ADDRESS),
                ("sha1", defender_atp::sample::SCRIPT_HOST_SHA1),
                ("domain", defender_atp::sample::DOMAIN),
                ("ms_machine_id", defender_atp::sample::LAPTOP),
            ],
            Product::QualysIoc => &[
                ("sha256", "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6"),
                ("ip", "203.0.113.77"),
            ],
            Product::Misp => &[
                ("domain", misp::sample::LOADER_DOMAIN),
                ("sha256", misp::sample::RANSOMWARE_SHA256),
                ("ip", misp::sample::SCANNER_ADDRESS),
                ("url", misp::sample::PHISHING_URL),
            ],
            Product::GigamonThreatinsight => {
                &[("ip", "203.0.113.77"), ("domain", "c2.bad.example")]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use relay_core::route::Route;

    use super::*;
    use crate::stage::Stage;

    /// Otherwise properties of what the product answers would hold of nothing.
    #[test]
    fn every_product_knows_what_it_is_asked_about_in_every_way() {
        for product in Product::ALL {
            for steering in 0..3 {
                let subject = Subject::of(product, steering);
                for (kind, value) in subject.known() {
                    let body = json!([{"type": kind, "value": value}]).to_string();
                    let answer = Stage::with(subject, |stage| stage.ask(Route::Observe, body));
                    let answer: Value = serde_json::from_str(&answer).unwrap();
                    let count = answer.pointer("/data/sightings/count").and_then(Value::as_u64);
                    let may_be_none = *kind == "ms_machine_id";
                    assert!(may_be_none || count > Some(0), "{} {kind} {answer}", product.slug());
                }
            }
        }
    }
}
