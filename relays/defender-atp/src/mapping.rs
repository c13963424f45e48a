//! Turns the product's records into CTIM: alerts and events into sightings, observables into links.
//! Pure functions: docs/relays/defender-atp.md#alert-to-sighting.

mod event;
mod event_text;
mod relations;
mod sighting;
#[cfg(test)]
mod test_mapper;
mod vocabulary;

use microsoft::defender::NormalizedObservable;
use relay_core::{
    Call, Link, Namespace,
    ObservableType::{Domain, Ip, Ipv6, Sha1, Sha256},
    ctim::Uri,
    url::escaped,
};

use crate::{
    ABOUT, Credentials,
    config::{Config, Portal},
};

/// Writes entities for one caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mapper<'a> {
    namespace: Namespace,
    tenant: &'a str,
    /// The product's name.
    product: &'a str,
    portal: &'a Portal,
    /// Whether sightings name the scanner that raised the alert.
    has_fine_sensors: bool,
}

impl<'a> Mapper<'a> {
    pub(crate) fn new(config: &'a Config, call: &Call<'a, Credentials>) -> Self {
        Self::for_tenant(config, call.credentials.tenant.as_str())
    }

    fn for_tenant(config: &'a Config, tenant: &'a str) -> Self {
        Self {
            namespace: ABOUT.namespace(),
            tenant,
            product: &config.product_name,
            portal: &config.portal,
            has_fine_sensors: config.has_fine_sensors,
        }
    }

    /// The console's pages of records.
    fn portal(&self) -> microsoft::Portal<'a> {
        microsoft::Portal::at(self.portal.base())
    }

    /// The page about an observable in the console; none for types that have no page:
    /// docs/relays/defender-atp.md#links.
    pub(crate) fn link(&self, observable: &NormalizedObservable<'_>) -> Option<Link> {
        let kind = observable.kind();
        let name = ABOUT.name_of(kind)?;
        let (value, tenant) = (escaped(&observable.value), escaped(self.tenant));
        let page = match kind {
            Sha1 | Sha256 if self.portal.is_old() => format!("files/{value}"),
            Ip | Ipv6 if self.portal.is_old() => format!("ips/{value}"),
            Domain if self.portal.is_old() => format!("urls/{value}"),
            Sha1 | Sha256 => format!("file/{value}/?tid={tenant}"),
            Ip | Ipv6 => format!("ip/{value}/overview?tid={tenant}"),
            Domain => format!("domains/overview?urlDomain={value}&tid={tenant}"),
            _ => return None,
        };
        Some(Link {
            id: format!("ref-md-search-{kind}-{}", escaped(&observable.observable.value)),
            title: format!("Search for this {name}"),
            description: format!("Lookup this {name} on {}", ABOUT.name),
            url: Uri::parse(&format!("{}/{page}", self.portal.base()))?,
            categories: vec!["Search", ABOUT.name],
        })
    }
}

#[cfg(test)]
mod tests {
    use relay_core::{
        Environment, Observable,
        ObservableType::{self, Md5, MsMachineId},
    };

    use super::*;

    fn url(portal: &str, kind: ObservableType, value: &str) -> Option<String> {
        let environment = Environment::of([("DEFENDER_PORTAL_BASE", portal)]);
        let config = Config::from_environment(&environment).unwrap();
        let observable = Observable::new(kind, value);
        let mapper = Mapper::for_tenant(&config, "contoso.example");
        let link = mapper.link(&NormalizedObservable::new(&observable)?)?;
        Some(link.url.as_str().to_owned())
    }

    #[test]
    fn each_type_has_its_page_in_the_console() {
        let check = |kind, value: &str, page: &str| {
            let found = url("https://security.microsoft.com", kind, value).unwrap();
            assert_eq!(found.strip_prefix("https://security.microsoft.com/"), Some(page));
        };
        let page = format!("file/{}/?tid=contoso.example", "ab".repeat(20));
        check(Sha1, &"AB".repeat(20), &page);
        check(Ip, "203.0.113.80", "ip/203.0.113.80/overview?tid=contoso.example");
        check(Ipv6, "2001:DB8::80", "ip/2001%3Adb8%3A%3A80/overview?tid=contoso.example");
        let page = "domains/overview?urlDomain=xn--bcher-kva.example&tid=contoso.example";
        check(Domain, "Bücher.example", page);
        for (kind, value) in [(Md5, &"ab".repeat(16)[..]), (MsMachineId, "f506"), (Sha256, "short")]
        {
            assert_eq!(url("https://security.microsoft.com", kind, value), None);
        }
    }

    #[test]
    fn the_old_console_keeps_its_pages() {
        let check = |kind, value: &str, page: &str| {
            let found = url("https://securitycenter.windows.com/", kind, value).unwrap();
            assert_eq!(found, format!("https://securitycenter.windows.com/{page}"));
        };
        check(Sha256, &"ab".repeat(32), &format!("files/{}", "ab".repeat(32)));
        check(Ip, "203.0.113.80", "ips/203.0.113.80");
        check(Domain, "bad.example", "urls/bad.example");
    }
}
