//! The relay's settings. Specification: docs/relays/gigamon-threatinsight.md#settings-and-claims.

mod credentials;

use relay_core::{BadSetting, BaseUrl, Environment};

pub(crate) use credentials::CLAIMS;
pub use credentials::Credentials;

const DEFAULT_EVENT_DAYS: usize = 7;
const DEFAULT_CONCURRENT_REQUESTS: usize = 8;

/// The region that hosts an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    Us,
    Eu,
}

impl Region {
    /// Reads `us` or `eu`, in any case.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "us" => Some(Self::Us),
            "eu" => Some(Self::Eu),
            _ => None,
        }
    }

    /// Returns the bases of detections, events, entity and portal.
    /// Specification: docs/relays/gigamon-threatinsight.md#product.
    fn bases(self) -> [&'static str; 4] {
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

/// The base URLs of one region. Event search and entity family may be off.
#[derive(Debug, Clone)]
pub(crate) struct Bases {
    pub(crate) detections: BaseUrl,
    pub(crate) events: Option<BaseUrl>,
    pub(crate) entity: Option<BaseUrl>,
    pub(crate) portal: BaseUrl,
}

impl Bases {
    /// Returns where requests go; the portal is for people.
    pub(crate) fn of_api(&self) -> Vec<&BaseUrl> {
        let optional = [&self.events, &self.entity];
        [&self.detections].into_iter().chain(optional.into_iter().flatten()).collect()
    }

    /// Reads the settings, which win over the region's bases.
    fn from_environment(region: Region, environment: &Environment) -> Result<Self, BadSetting> {
        let [detections, events, entity, portal] = region.bases();
        Ok(Self {
            detections: base("GTI_DETECTIONS_URL", detections, environment)?,
            events: optional_base("GTI_EVENTS_URL", events, environment)?,
            entity: optional_base("GTI_ENTITY_URL", entity, environment)?,
            portal: base("GTI_PORTAL_URL", portal, environment)?,
        })
    }
}

fn base(name: &str, default: &str, environment: &Environment) -> Result<BaseUrl, BadSetting> {
    let base = environment.url(name)?.or_else(|| BaseUrl::well_known(default));
    base.ok_or_else(|| BadSetting::new(name, "is needed"))
}

fn optional_base(
    name: &str,
    default: &str,
    environment: &Environment,
) -> Result<Option<BaseUrl>, BadSetting> {
    let is_off = environment.text(name).is_some_and(|text| text.eq_ignore_ascii_case("off"));
    if is_off { Ok(None) } else { base(name, default, environment).map(Some) }
}

/// The settings, read once when the process starts.
#[derive(Debug)]
pub(crate) struct Config {
    us: Bases,
    eu: Bases,
    region: Region,
    /// Whether findings of test accounts are shown, for a caller whose token does not say.
    pub(crate) allow_test_accounts: bool,
    /// How many days the event search looks back, 1 to 30.
    pub(crate) event_days: usize,
    /// How many requests of one call run at the same time, 1 to 32.
    pub(crate) max_concurrent_requests: usize,
}

impl Config {
    /// Reads the settings. Errors: a setting that cannot be used.
    pub(crate) fn from_environment(environment: &Environment) -> Result<Self, BadSetting> {
        let regions = [("us", Region::Us), ("eu", Region::Eu)];
        Ok(Self {
            us: Bases::from_environment(Region::Us, environment)?,
            eu: Bases::from_environment(Region::Eu, environment)?,
            region: environment.word("GTI_REGION", &regions, Region::Us)?,
            allow_test_accounts: environment.flag("GTI_ALLOW_TEST_ACCOUNTS", false)?,
            event_days: environment.number("GTI_EVENT_DAYS", 1..=30, DEFAULT_EVENT_DAYS)?,
            max_concurrent_requests: environment.number(
                "GTI_CONCURRENCY",
                1..=32,
                DEFAULT_CONCURRENT_REQUESTS,
            )?,
        })
    }

    /// Returns the bases of the token's region, or else of the setting's.
    pub(crate) fn bases(&self, claim: Option<Region>) -> &Bases {
        match claim.unwrap_or(self.region) {
            Region::Us => &self.us,
            Region::Eu => &self.eu,
        }
    }
}

/// Returns whether a text is `true`, `1`, `on` or `yes`, in any case.
fn is_yes(text: &str) -> bool {
    let yes = ["true", "1", "on", "yes"];
    yes.iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bases(pairs: &[(&str, &str)], claim: Option<Region>) -> [Option<String>; 4] {
        let config = Config::from_environment(&Environment::of(pairs.iter().copied())).unwrap();
        let Bases { detections, events, entity, portal } = config.bases(claim).clone();
        [Some(detections), events, entity, Some(portal)]
            .map(|base| base.map(|base| base.as_str().to_owned()))
    }

    #[test]
    fn bases_come_from_the_environment_then_from_the_region() {
        let us = bases(&[], None);
        assert_eq!(us[0].as_deref(), Some("https://detections.icebrg.io/v1"));
        assert_eq!(us[3].as_deref(), Some("https://portal.icebrg.io"));
        let eu = bases(&[("GTI_REGION", "EU")], None);
        assert_eq!(eu, bases(&[], Some(Region::Eu)));
        assert_eq!(eu[1].as_deref(), Some("https://events.eu.fortindr.forticloud.com/v2"));
        assert_eq!(eu[3].as_deref(), Some("https://portal-eu.fortindr.forticloud.com"));
        assert_eq!(bases(&[("GTI_REGION", "eu")], Some(Region::Us)), us);
        let own = [("GTI_ENTITY_URL", "https://entity.example/v9/"), ("GTI_EVENTS_URL", "OFF")];
        let [_, events, entity, _] = bases(&own, Some(Region::Eu));
        assert_eq!((events, entity.as_deref()), (None, Some("https://entity.example/v9")));
    }

    #[test]
    fn l09_an_unusable_setting_is_named_without_its_value() {
        let check = |name: &str, value: &str| {
            let bad = Config::from_environment(&Environment::of([(name, value)]))
                .unwrap_err()
                .to_string();
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
        check("GTI_REGION", "moon");
        check("GTI_ALLOW_TEST_ACCOUNTS", "maybe");
    }

    #[test]
    fn test_accounts_are_hidden_unless_allowed() {
        let is_allowed = |text: &str| {
            let environment = Environment::of([("GTI_ALLOW_TEST_ACCOUNTS", text)]);
            Config::from_environment(&environment).unwrap().allow_test_accounts
        };
        assert!(is_allowed("1") && is_allowed("TRUE"));
        assert!(!is_allowed("0") && !is_allowed(""));
    }
}
