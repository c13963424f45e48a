//! Links into the product's console (spec §7).

use relay_core::{
    Link,
    ObservableType::{Domain, Ip, Ipv6, Sha1, Sha256},
    ctim::Uri,
    http::escaped,
};

use crate::{ABOUT, config::Portal, subject::Subject};

/// The page about an observable; none for types that have no page.
pub(crate) fn link(subject: &Subject<'_>, portal: &Portal, tenant: &str) -> Option<Link> {
    let kind = subject.kind();
    let name = ABOUT.name_of(kind)?;
    let (value, tenant) = (escaped(&subject.value), escaped(tenant));
    let page = match kind {
        Sha1 | Sha256 if portal.is_old() => format!("files/{value}"),
        Ip | Ipv6 if portal.is_old() => format!("ips/{value}"),
        Domain if portal.is_old() => format!("urls/{value}"),
        Sha1 | Sha256 => format!("file/{value}/?tid={tenant}"),
        Ip | Ipv6 => format!("ip/{value}/overview?tid={tenant}"),
        Domain => format!("domains/overview?urlDomain={value}&tid={tenant}"),
        _ => return None,
    };
    Some(Link {
        id: format!("ref-md-search-{kind}-{}", escaped(&subject.observable.value)),
        title: format!("Search for this {name}"),
        description: format!("Lookup this {name} on Microsoft Defender for Endpoint"),
        url: Uri::parse(&format!("{}/{page}", portal.base()))?,
        categories: vec!["Search", "Microsoft Defender for Endpoint"],
    })
}

#[cfg(test)]
mod tests {
    use relay_core::{
        Environment, Observable,
        ObservableType::{self, Md5, MsMachineId},
    };

    use super::*;
    use crate::config::Settings;

    fn url(portal: &str, kind: ObservableType, value: &str) -> Option<String> {
        let settings = Settings::new(&Environment::of([("DEFENDER_PORTAL_BASE", portal)])).unwrap();
        let asked = Observable::new(kind, value);
        let link = link(&Subject::of(&asked)?, &settings.portal, "contoso.example")?;
        Some(link.url.as_str().to_owned())
    }

    #[test]
    fn each_type_has_its_page_in_the_console() {
        let new = |kind, value: &str| url("https://security.microsoft.com", kind, value);
        let sha1 = "AB".repeat(20);
        let page =
            format!("https://security.microsoft.com/file/{}/?tid=contoso.example", "ab".repeat(20));
        assert_eq!(new(Sha1, &sha1), Some(page));
        assert_eq!(
            new(Ip, "203.0.113.80").as_deref(),
            Some("https://security.microsoft.com/ip/203.0.113.80/overview?tid=contoso.example")
        );
        assert_eq!(
            new(Ipv6, "2001:DB8::80").as_deref(),
            Some(
                "https://security.microsoft.com/ip/2001%3Adb8%3A%3A80/overview?tid=contoso.example"
            )
        );
        assert_eq!(
            new(Domain, "Bücher.example").as_deref(),
            Some(
                "https://security.microsoft.com/domains/overview?urlDomain=xn--bcher-kva.example&tid=contoso.example"
            )
        );
        assert_eq!((new(Md5, &"ab".repeat(16)), new(MsMachineId, "f506")), (None, None));
        assert_eq!(new(Sha256, "short"), None);
    }

    #[test]
    fn the_old_console_keeps_its_pages() {
        let old = |kind, value: &str| url("https://securitycenter.windows.com/", kind, value);
        let sha256 = "ab".repeat(32);
        let page = format!("https://securitycenter.windows.com/files/{sha256}");
        assert_eq!(old(Sha256, &sha256), Some(page));
        assert_eq!(
            old(Ip, "203.0.113.80").as_deref(),
            Some("https://securitycenter.windows.com/ips/203.0.113.80")
        );
        assert_eq!(
            old(Domain, "bad.example").as_deref(),
            Some("https://securitycenter.windows.com/urls/bad.example")
        );
    }
}
