//! What tests, the demo and the benchmarks need to run one relay against its simulator.
//!
//! Each product has one [`Fixture`], beside its simulator:
//!
//! ```
//! let fixture = sandbox::Product::Misp.fixture();
//! let settings = fixture.settings("http://127.0.0.1:9104");
//! assert_eq!(settings[0], ("API_URL", "http://127.0.0.1:9104".to_owned()));
//! assert!(fixture.claims()[fixture.secrets[0]].is_string());
//! ```

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::Product;

/// A type and a value, as a caller sends them.
type Observable = (&'static str, &'static str);

/// Names of settings or claims, and their values.
type Pairs = &'static [(&'static str, &'static str)];

/// Everything that has to be known of one relay and its simulator.
#[derive(Debug)]
pub struct Fixture {
    /// The simulated product.
    pub product: Product,
    /// The settings that hold a URL of the product, and the path of each on the simulator.
    pub(crate) base_urls: Pairs,
    /// Settings that the relay needs besides.
    pub(crate) further_settings: Pairs,
    /// The time of the relay and of the simulator's data in the relay's own tests.
    pub now: Timestamp,
    /// The claims of the usual caller, with every right and no limited quota, and of a second
    /// caller, who gets other entities for the same observables.
    pub(crate) callers: [Pairs; 2],
    /// Claims without which the relay itself limits the number of requests.
    pub(crate) load_claims: Pairs,
    /// The claims that are credentials. The product refuses any other value of each.
    pub credentials: &'static [&'static str],
    /// The claims that must not be shown; the first one is a credential.
    pub secrets: &'static [&'static str],
    /// The claim with which a caller says where the product is, where there is one.
    pub host_claim: Option<&'static str>,
    /// Text that stands in the paths of logins only, where the product has a login.
    pub login_path: Option<&'static str>,
    /// How the paths of all other requests begin.
    pub data_paths: &'static [&'static str],
    /// Observables that the product knows, for both callers; at least two.
    pub known: &'static [Observable],
    /// Members of the product's responses that hold what people wrote.
    pub free_text: &'static [&'static str],
    /// The ways in which the relay can be set to work; the first one is the default.
    pub modes: &'static [Mode],
    /// The actions that the relay offers.
    pub actions: &'static [Action],
    /// Faults, by their names in the fault matrix, that the relay remembers for later calls.
    pub remembered_faults: &'static [&'static str],
    /// Faults, by their names in the fault matrix, that mean "not known" to the product.
    pub not_known_faults: &'static [&'static str],
    /// What the benchmarks compare their measurements with.
    pub cost: Cost,
    /// The event of an HTTP API that asks about the known observables, as JSON.
    pub observe_event: &'static str,
}

/// One way in which a relay can be set to work.
#[derive(Debug)]
pub struct Mode {
    /// What the failure of a test calls it.
    pub name: &'static str,
    /// The settings that choose it.
    pub(crate) settings: Pairs,
    /// How the path of every search begins, and of no login.
    pub search_path: &'static str,
    /// How the path of the first search for an observable begins.
    pub first_search_path: &'static str,
    /// The number of observables of the first known type that one request can search for.
    pub batch_size: usize,
    /// The number of requests that a warm relay sends for the first known observable.
    pub warm_requests: usize,
    /// An observable with more than five sightings.
    pub busy: Observable,
    /// Rules of the conformance suite that do not apply.
    pub exempt: &'static [&'static str],
}

/// An action as it is triggered, and the request that does it.
#[derive(Debug)]
pub struct Action {
    /// The name in the pages of documentation.
    pub name: &'static str,
    /// The action's id.
    pub id: &'static str,
    /// The observable that it is triggered for.
    pub observable: Observable,
    /// How the path of the request begins; the method is `POST`.
    pub path: &'static str,
}

/// The requests that one call needs.
#[derive(Debug)]
pub struct Cost {
    /// Requests of a warm relay that have to wait for one another.
    pub dependent_requests: u32,
    /// Requests for access tokens that a cold relay sends before.
    pub login_requests: u32,
    /// The concurrency limit that the product allows.
    pub max_concurrent_requests: u32,
}

impl Fixture {
    /// The settings that lead the relay to a simulator at this URL; all but the shared secret.
    #[must_use]
    pub fn settings(&self, url: &str) -> Vec<(&'static str, String)> {
        let urls = self.base_urls.iter().map(|(name, path)| (*name, format!("{url}{path}")));
        urls.chain(owned(self.further_settings)).collect()
    }

    /// The claims of the usual caller.
    #[must_use]
    pub fn claims(&self) -> Value {
        object(self.callers[0])
    }

    /// The claims of a second caller, who gets other entities for the same observables.
    #[must_use]
    pub fn other_claims(&self) -> Value {
        object(self.callers[1])
    }

    /// The claims of both callers, for many calls in a short time.
    #[must_use]
    pub fn load_claims(&self) -> [Value; 2] {
        self.callers.map(|claims| object(claims.iter().chain(self.load_claims)))
    }

    /// The observables of the sample event, as a caller sends them.
    #[must_use]
    pub fn sample_observables(&self) -> Vec<Value> {
        let event: Value = serde_json::from_str(self.observe_event).unwrap_or_default();
        let body = event["body"].as_str().unwrap_or_default();
        serde_json::from_str(body).unwrap_or_default()
    }

    /// The known observables, and those that the actions are for.
    pub fn observables(&self) -> impl Iterator<Item = Observable> {
        self.known.iter().copied().chain(self.actions.iter().map(|action| action.observable))
    }
}

impl Mode {
    /// The settings that choose this mode.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        owned(self.settings).collect()
    }
}

/// A well-formed value of this type that no product knows; another one for each number.
#[must_use]
pub fn unknown_value(kind: &str, number: usize) -> String {
    match kind {
        "ip" => format!("198.18.{}.{}", number / 256 % 256, number % 256),
        "ipv6" => format!("2001:db8:ffff::{number:x}"),
        "md5" => format!("{number:032x}"),
        "sha1" => format!("{number:040x}"),
        "sha256" => format!("{number:064x}"),
        "url" => format!("https://stranger-{number}.example/"),
        "email" => format!("somebody@stranger-{number}.example"),
        _ => format!("stranger-{number}.example"),
    }
}

fn owned(pairs: Pairs) -> impl Iterator<Item = (&'static str, String)> {
    pairs.iter().map(|(name, value)| (*name, (*value).to_owned()))
}

fn object<'a>(claims: impl IntoIterator<Item = &'a (&'static str, &'static str)>) -> Value {
    let pairs = claims.into_iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
    Value::Object(pairs.collect::<Map<_, _>>())
}
