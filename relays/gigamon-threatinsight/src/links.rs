//! Links into the portal: its search, and the pages of rules. Source: spec §4.2, §5.

use relay_core::{BaseUrl, Link, Observable, Relay, ctim::Uri, http::escaped};

use crate::{GigamonThreatInsight, iql::Wanted};

/// The search for one observable; a value that no query can hold is searched for as it is.
pub(crate) fn search(portal: &BaseUrl, asked: &Observable) -> Option<Link> {
    let name = GigamonThreatInsight::ABOUT.name_of(asked.kind)?;
    let product = GigamonThreatInsight::ABOUT.name;
    let query = Wanted::of(asked).map_or_else(|| asked.value.clone(), |it| it.condition());
    Some(Link {
        id: format!("ref-gti-search-{}-{}", asked.kind, escaped(&asked.value)),
        title: format!("Search for this {name}"),
        description: format!("Lookup this {name} on {product}"),
        url: query_page(portal, &query)?,
        categories: vec!["Search", product],
    })
}

/// The search for one event.
pub(crate) fn event(portal: &BaseUrl, uuid: &str) -> Option<Uri> {
    query_page(portal, &format!("uuid = '{uuid}'"))
}

/// The page of a rule, for one account or for all.
pub(crate) fn rule(portal: &BaseUrl, uuid: &str, account: Option<&str>) -> Option<Uri> {
    let account = account.map(|uuid| format!("?account_uuid={}", escaped(uuid)));
    let (portal, uuid) = (portal.as_str(), escaped(uuid));
    Uri::parse(&format!("{portal}/detections/rules/{uuid}{}", account.unwrap_or_default()))
}

fn query_page(portal: &BaseUrl, query: &str) -> Option<Uri> {
    Uri::parse(&format!("{}/search?query={}", portal.as_str(), escaped(query)))
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::{self, Domain, Ip};

    use super::*;

    fn portal() -> BaseUrl {
        BaseUrl::from_environment("https://portal.icebrg.io").unwrap()
    }

    fn url(kind: ObservableType, value: &str) -> String {
        search(&portal(), &Observable::new(kind, value)).unwrap().url.as_str().to_owned()
    }

    #[test]
    fn the_link_is_the_specified_one() {
        let link = search(&portal(), &Observable::new(Ip, "203.0.113.77")).unwrap();
        assert_eq!(
            serde_json::to_value(link).unwrap(),
            serde_json::json!({
                "id": "ref-gti-search-ip-203.0.113.77", "title": "Search for this IP",
                "description": "Lookup this IP on Gigamon ThreatINSIGHT",
                "url": "https://portal.icebrg.io/search?query=ip%20%3D%20%27203.0.113.77%27",
                "categories": ["Search", "Gigamon ThreatINSIGHT"],
            })
        );
    }

    #[test]
    fn no15_values_are_escaped_whole_and_malformed_ones_searched_bare() {
        assert!(url(Domain, "C2.Bad.Example").ends_with("=domain%20%3D%20%27c2.bad.example%27"));
        assert!(url(Domain, "a b' OR '&x=1#").ends_with("?query=a%20b%27%20OR%20%27%26x%3D1%23"));
    }

    #[test]
    fn rules_have_pages() {
        let page = |account| rule(&portal(), "r/1", account).unwrap().as_str().to_owned();
        assert_eq!(page(None), "https://portal.icebrg.io/detections/rules/r%2F1");
        assert_eq!(
            page(Some("a&b")),
            "https://portal.icebrg.io/detections/rules/r%2F1?account_uuid=a%26b"
        );
    }
}
