//! The relay's settings: regions with their hosts, the window of the event search, width.

mod credentials;

use relay_core::{BadSetting, BaseUrl, Environment};

pub(crate) use credentials::CLAIMS;
pub use credentials::Credentials;

/// Where an account lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    Us,
    Eu,
}

impl Region {
    /// Reads `us` or `eu`, in any case.
    pub(crate) fn of(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "us" => Some(Self::Us),
            "eu" => Some(Self::Eu),
            _ => None,
        }
    }

    /// The region's hosts; the interface has three families and people have a portal.
    /// Source: spec §2, §7.
    fn hosts(self) -> [&'static str; 4] {
        match self {
            Self::Us => [
                "https://detections.icebrg.io/v1",
                "https://events.icebrg.io/v2",
                "https://entity.icebrg.io/v2",
                "https://portal.icebrg.io",
            ],
            Self::Eu => [
                "https://detections.eu.fortindr.forticloud.com/v1",
                "https://events.eu.fortindr.forticloud.com/v2",
                "https://entity.eu.fortindr.forticloud.com/v2",
                "https://portal-eu.fortindr.forticloud.com",
            ],
        }
    }
}

/// The base URLs of one region. The event and entity families may be switched off.
#[derive(Debug, Clone)]
pub(crate) struct Bases {
    pub(crate) detections: BaseUrl,
    pub(crate) events: Option<BaseUrl>,
    pub(crate) entity: Option<BaseUrl>,
    pub(crate) portal: BaseUrl,
}

impl Bases {
    /// What the environment names wins over the region's own.
    fn of(region: Region, environment: &Environment) -> Result<Self, BadSetting> {
        let [detections, events, entity, portal] = region.hosts();
        Ok(Self {
            detections: base("GTI_DETECTIONS_URL", detections, environment)?,
            events: family("GTI_EVENTS_URL", events, environment)?,
            entity: family("GTI_ENTITY_URL", entity, environment)?,
            portal: base("GTI_PORTAL_URL", portal, environment)?,
        })
    }
}

fn base(name: &str, usual: &str, environment: &Environment) -> Result<BaseUrl, BadSetting> {
    let own = environment.url(name)?;
    own.or_else(|| BaseUrl::well_known(usual)).ok_or_else(|| BadSetting::new(name, "is needed"))
}

fn family(
    name: &str,
    usual: &str,
    environment: &Environment,
) -> Result<Option<BaseUrl>, BadSetting> {
    let is_off = environment.text(name).is_some_and(|text| text.eq_ignore_ascii_case("off"));
    if is_off { Ok(None) } else { base(name, usual, environment).map(Some) }
}

/// All settings, read once.
#[derive(Debug)]
pub(crate) struct Settings {
    us: Bases,
    eu: Bases,
    region: Region,
    allow_test_accounts: bool,
    /// How many days the event search looks back.
    pub(crate) event_days: usize,
    /// How many calls of one request run side by side.
    pub(crate) calls_at_once: usize,
}

impl Settings {
    pub(crate) fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            us: Bases::of(Region::Us, environment)?,
            eu: Bases::of(Region::Eu, environment)?,
            region: environment.text("GTI_REGION").and_then(Region::of).unwrap_or(Region::Us),
            allow_test_accounts: environment.text("GTI_ALLOW_TEST_ACCOUNTS").is_some_and(says_yes),
            event_days: environment.number("GTI_EVENT_DAYS", 1..=30, 7)?,
            calls_at_once: environment.number("GTI_CONCURRENCY", 1..=32, 8)?,
        })
    }

    /// The hosts for a caller who names this region, or none.
    pub(crate) fn bases(&self, named: Option<Region>) -> &Bases {
        match named.unwrap_or(self.region) {
            Region::Us => &self.us,
            Region::Eu => &self.eu,
        }
    }

    /// Whether test accounts show, for a caller who says so, or nothing.
    pub(crate) fn allow_test_accounts(&self, said: Option<bool>) -> bool {
        said.unwrap_or(self.allow_test_accounts)
    }
}

/// `true`, `1`, `on` or `yes`, in any case.
pub(crate) fn says_yes(text: &str) -> bool {
    let yes = ["true", "1", "on", "yes"];
    yes.iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases(pairs: &[(&str, &str)], named: Option<Region>) -> [Option<String>; 4] {
        let settings = Settings::new(&Environment::of(pairs.iter().copied())).unwrap();
        let Bases { detections, events, entity, portal } = settings.bases(named).clone();
        [Some(detections), events, entity, Some(portal)]
            .map(|base| base.map(|base| base.as_str().to_owned()))
    }

    #[test]
    fn no20_hosts_come_from_the_environment_then_from_the_region() {
        let us = bases(&[], None);
        assert_eq!(us[0].as_deref(), Some("https://detections.icebrg.io/v1"));
        assert_eq!(us[3].as_deref(), Some("https://portal.icebrg.io"));
        let eu = bases(&[("GTI_REGION", "EU")], None);
        assert_eq!(eu, bases(&[], Some(Region::Eu)));
        assert_eq!(eu[1].as_deref(), Some("https://events.eu.fortindr.forticloud.com/v2"));
        assert_eq!(eu[3].as_deref(), Some("https://portal-eu.fortindr.forticloud.com"));
        assert_eq!(bases(&[("GTI_REGION", "eu")], Some(Region::Us)), us);
        assert_eq!(bases(&[("GTI_REGION", "moon")], None), us);
        let own = [("GTI_ENTITY_URL", "https://entity.example/v9/"), ("GTI_EVENTS_URL", "OFF")];
        let [_, events, entity, _] = bases(&own, Some(Region::Eu));
        assert_eq!((events, entity.as_deref()), (None, Some("https://entity.example/v9")));
    }

    #[test]
    fn l09_what_cannot_be_used_is_named() {
        let check = |name: &str, value: &str| {
            let bad = Settings::new(&Environment::of([(name, value)])).unwrap_err().to_string();
            assert!(bad.starts_with(name) && !bad.contains(value), "{bad}");
        };
        check("GTI_DETECTIONS_URL", "off");
        check("GTI_DETECTIONS_URL", "http://detections.invalid");
        check("GTI_EVENTS_URL", "https://u:p@events.invalid");
        check("GTI_ENTITY_URL", "never");
        check("GTI_PORTAL_URL", "portal");
        check("GTI_EVENT_DAYS", "31");
        check("GTI_EVENT_DAYS", "-1");
        check("GTI_CONCURRENCY", "33");
    }

    #[test]
    fn test_accounts_are_hidden_unless_allowed() {
        let allowed = |text: &str, said| {
            let environment = Environment::of([("GTI_ALLOW_TEST_ACCOUNTS", text)]);
            Settings::new(&environment).unwrap().allow_test_accounts(said)
        };
        assert!(allowed("1", None) && allowed("TRUE", None) && allowed("0", Some(true)));
        assert!(!allowed("0", None) && !allowed("maybe", None) && !allowed("1", Some(false)));
    }
}
