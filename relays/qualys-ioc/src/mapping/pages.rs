//! Pages of the console: the links of observables, and where an event is found.
//! Specification: docs/relays/qualys-ioc.md#links.

use relay_core::{
    BaseUrl, Link, Observable,
    ObservableType::{self, FileName, FilePath, Ip, Md5, Mutex, Sha256},
    Relay,
    ctim::Uri,
    url::escaped,
};

use crate::{
    QualysIoc,
    client::{Event, query},
};

/// Returns the console's hunting page, without the query that ends its link.
pub(super) fn hunting(platform_url: &BaseUrl) -> Option<Uri> {
    Uri::parse(&[platform_url.as_str(), "/ioc/#/hunting?search="].concat())
}

/// Returns the page with what an event itself is about, whatever was asked: its file, the other end of
/// its connection, the image of its process, its mutex.
pub(super) fn of_event(hunting: &Uri, event: &Event) -> Option<Uri> {
    let file = event.file.as_ref();
    let process = event.process.as_ref();
    let image = process.and_then(|process| process.process_file.as_ref());
    let values = [
        (Sha256, file.map(|file| &file.sha256)),
        (Md5, file.map(|file| &file.md5)),
        (Ip, event.network.as_ref().map(|network| &network.remote_ip)),
        (Sha256, image.map(|image| &image.sha256)),
        (Md5, image.map(|image| &image.md5)),
        (Mutex, event.handle.as_ref().map(|mutex| &mutex.name)),
        (FilePath, file.map(|file| &file.full_path)),
        (FileName, process.map(|process| &process.process_name)),
    ];
    let query = values.into_iter().find_map(|(kind, value)| query_of(kind, value?.as_deref()?));
    hunting.with_value(&query?)
}

fn query_of(kind: ObservableType, value: &str) -> Option<String> {
    query::query(kind, &Observable::new(kind, value).normal_form()?)
}

/// Returns the links of the observables that are searchable.
/// Specification: docs/relays/qualys-ioc.md#links.
pub(crate) fn links(platform_url: &BaseUrl, observables: &[Observable]) -> Vec<Link> {
    let Some(hunting) = hunting(platform_url) else { return Vec::new() };
    observables.iter().filter_map(|observable| link(&hunting, observable)).collect()
}

fn link(hunting: &Uri, observable: &Observable) -> Option<Link> {
    let value = observable.normal_form().unwrap_or_else(|| observable.value.clone());
    let name = QualysIoc::ABOUT.name_of(observable.kind)?;
    Some(Link {
        id: format!("ref-qualys-search-{}-{}", observable.kind, escaped(&observable.value)),
        title: format!("Search for this {name}"),
        description: format!("Check this {name} status with Qualys"),
        url: hunting.with_value(&query::query(observable.kind, &value)?)?,
        categories: vec!["Search", "Qualys"],
    })
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType::Domain;
    use serde_json::json;

    use super::*;

    fn page() -> Uri {
        let platform_url = "https://qualysguard.qg2.apps.qualys.com/";
        hunting(&BaseUrl::from_environment(platform_url).unwrap()).unwrap()
    }

    #[test]
    fn the_page_of_an_event_shows_what_it_is_about() {
        let check = |event: &str, expected: Option<&str>| {
            let page = of_event(&page(), &serde_json::from_str(event).unwrap());
            let query = page.as_ref().and_then(|page| page.as_str().split_once("search="));
            assert_eq!(query.map(|(_, query)| query), expected, "{event}");
        };
        let hash = "ab".repeat(32);
        check(
            &format!(r#"{{"file":{{"sha256":"{hash}","fullPath":"/a"}}}}"#),
            Some(&format!("file.hash.sha256%3A%20%22{hash}%22")),
        );
        check(r#"{"file":{"sha256":"?","fullPath":"/a"}}"#, Some("file.fullPath%3A%20%22%2Fa%22"));
        check(
            r#"{"handle":{"name":"x"},"process":{"processName":"a.exe"}}"#,
            Some("handle.name%3A%20%22x%22"),
        );
        check(r#"{"process":{"processName":"a.exe"}}"#, Some("file.name%3A%20%22a.exe%22"));
        check("{}", None);
    }

    fn link_of(kind: ObservableType, value: &str) -> Option<Link> {
        link(&page(), &Observable::new(kind, value))
    }

    #[test]
    fn a_link_holds_the_normal_form() {
        let link = link_of(Domain, "C2.Bad.example.").unwrap();
        assert_eq!(
            serde_json::to_value(link).unwrap(),
            json!({
                "id": "ref-qualys-search-domain-C2.Bad.example.",
                "title": "Search for this domain",
                "description": "Check this domain status with Qualys",
                "url": "https://qualysguard.qg2.apps.qualys.com/ioc/#/hunting?search=network.remote.address.fqdn%3A%20%22c2.bad.example%22",
                "categories": ["Search", "Qualys"],
            })
        );
    }

    #[test]
    fn a_malformed_value_is_linked_and_one_without_literal_is_not() {
        let url = |kind, value| Some(link_of(kind, value)?.url.as_str().to_owned());
        let malformed = url(Md5, "not/a hash").unwrap();
        assert!(malformed.ends_with("search=file.hash.md5%3A%20%22not%2Fa%20hash%22"));
        assert_eq!(url(Mutex, "a\nb"), None);
        assert_eq!(url(Mutex, "\"`'"), None);
        assert_eq!(url(FileName, &"ä".repeat(2000)), None);
    }
}
