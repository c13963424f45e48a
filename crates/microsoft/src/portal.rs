//! Pages of the Microsoft Defender portal: docs/relays/defender-atp.md#alert-to-sighting.

use relay_core::{Time, ctim::Uri, url::escaped};

/// How long before and after an event its device's timeline begins and ends.
const TIMELINE_SECONDS: i64 = 60;

/// The portal at one base URL, without a slash at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portal<'a> {
    base: &'a str,
}

impl Portal<'static> {
    /// The portal of the global cloud.
    pub const GLOBAL: Self = Self::at("https://security.microsoft.com");
}

impl Default for Portal<'_> {
    fn default() -> Self {
        Portal::GLOBAL
    }
}

impl<'a> Portal<'a> {
    /// Returns the portal at this base URL.
    #[must_use]
    pub const fn at(base: &'a str) -> Self {
        Self { base }
    }

    /// The page of an alert, by its id.
    #[must_use]
    pub fn alert(self, id: &str, tenant: &str) -> Option<Uri> {
        self.page(&["alerts/", &escaped(id), "?"], tenant)
    }

    /// The page of an incident, by its number.
    #[must_use]
    pub fn incident(self, number: i64, tenant: &str) -> Option<Uri> {
        self.page(&["incidents/", &number.to_string(), "?"], tenant)
    }

    /// The timeline of a device, by its id, around one moment.
    #[must_use]
    pub fn timeline(self, device: &str, at: Time, tenant: &str) -> Option<Uri> {
        let at = at.with_decimals();
        let [from, to] = [-TIMELINE_SECONDS, TIMELINE_SECONDS]
            .map(|seconds| at.plus_seconds(seconds).to_string());
        let path = ["machines/", &escaped(device), "/timeline?from=", &from, "&to=", &to, "&"];
        self.page(&path, tenant)
    }

    fn page(self, path: &[&str], tenant: &str) -> Option<Uri> {
        let path = path.concat();
        Uri::parse(&[self.base, "/", &path, "tid=", &escaped(tenant)].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_escaped() {
        let portal = Portal::GLOBAL;
        let at = Time::from_unix_seconds(1_793_437_200).unwrap();
        let check = |page: Option<Uri>, expected: &str| {
            let page = page.unwrap();
            let path = page.as_str().strip_prefix("https://security.microsoft.com/");
            assert_eq!(path, Some(expected));
        };
        check(portal.alert("da 1/../x?y", "a.example"), "alerts/da%201%2F..%2Fx%3Fy?tid=a.example");
        check(portal.incident(4711, "a.example"), "incidents/4711?tid=a.example");
        check(
            portal.timeline("f5/06", at, "a.example"),
            "machines/f5%2F06/timeline?from=2026-10-31T08:59:00.000Z&to=2026-10-31T09:01:00.000Z&tid=a.example",
        );
    }
}
