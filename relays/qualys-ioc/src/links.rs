//! Links into the Qualys console's hunting page.

use relay_core::{BaseUrl, Link, Observable, Relay, ctim::Uri, http::escaped};

use crate::{QualysIoc, qql};

/// The link for one observable; none for a value that cannot be searched. Source: spec §5.
pub(crate) fn search(platform: &BaseUrl, asked: &Observable) -> Option<Link> {
    let value = asked.normal_form().unwrap_or_else(|| asked.value.clone());
    let name = QualysIoc::ABOUT.name_of(asked.kind)?;
    Some(Link {
        id: format!("ref-qualys-search-{}-{}", asked.kind, escaped(&asked.value)),
        title: format!("Search for this {name}"),
        description: format!("Check this {name} status with Qualys"),
        url: hunting(platform, &qql::filter(asked.kind, &value)?)?,
        categories: vec!["Search", "Qualys"],
    })
}

/// The hunting page with this filter; none when the link would be too long.
pub(crate) fn hunting(platform: &BaseUrl, filter: &str) -> Option<Uri> {
    Uri::parse(&format!("{}/ioc/#/hunting?search={}", platform.as_str(), escaped(filter)))
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType;

    use super::*;

    fn link(kind: ObservableType, value: &str) -> Option<Link> {
        let platform = BaseUrl::from_environment("https://qualysguard.qg2.apps.qualys.com/")?;
        search(&platform, &Observable::new(kind, value))
    }

    #[test]
    fn the_link_is_the_specified_one_in_the_normal_form() {
        let link = link(ObservableType::Domain, "C2.Bad.example.").unwrap();
        assert_eq!(
            serde_json::to_value(link).unwrap(),
            serde_json::json!({
                "id": "ref-qualys-search-domain-C2.Bad.example.",
                "title": "Search for this domain",
                "description": "Check this domain status with Qualys",
                "url": "https://qualysguard.qg2.apps.qualys.com/ioc/#/hunting?search=network.remote.address.fqdn%3A%20%22c2.bad.example%22",
                "categories": ["Search", "Qualys"],
            })
        );
    }

    #[test]
    fn a_malformed_value_is_linked_and_an_unsearchable_one_is_not() {
        let url = |kind, value| Some(link(kind, value)?.url.as_str().to_owned());
        let odd = url(ObservableType::Md5, "not/a hash").unwrap();
        assert!(odd.ends_with("search=file.hash.md5%3A%20%22not%2Fa%20hash%22"), "{odd}");
        assert_eq!(url(ObservableType::Mutex, "a\nb"), None);
        assert_eq!(url(ObservableType::Mutex, "\"`'"), None);
        assert_eq!(url(ObservableType::FileName, &"ä".repeat(2000)), None);
    }
}
