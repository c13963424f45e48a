//! Verifies configuration tokens, which XDR signs, with the key set of their region.
//!
//! The token names the key host, so it is used only when it stands in the relay's own list, and the
//! address is built from the list's entry. Nothing else of the token reaches the network.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jsonwebtoken::DecodingKey;
use tokio::time::Instant;

use super::{refused, rsa, unverified::UnverifiedToken};
use crate::{
    clock::Clock,
    error::{Error, Result},
    invocation::InvocationContext,
    outbound::{Http, Request, Response},
    settings::{BadSetting, Environment},
    url::{Address, BaseUrl},
};

/// The key hosts of XDR's regions: North America, Europe, Asia-Pacific.
pub const REGIONS: [&str; 3] =
    ["visibility.amp.cisco.com", "visibility.eu.amp.cisco.com", "visibility.apjc.amp.cisco.com"];
const SETTING: &str = "JWKS_HOSTS";
/// A key set is read again after this.
const REFRESH_SECONDS: i64 = 15 * 60;
/// A key set is used no longer than this while its host cannot be reached.
const MAX_AGE_SECONDS: i64 = 24 * 60 * 60;
/// An unknown `kid` has the set read again, but not more often than this.
const MIN_REFRESH_SECONDS: i64 = 60;
/// After a failure the host is not asked for this long.
const FAILURE_PAUSE_SECONDS: i64 = 5;
/// The longest that one request for a key set takes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// The largest key set that is read.
const MAX_KEY_SET_BYTES: usize = 64 * 1024;

/// What is done beside fetching a key set. It sends nothing: the token is not verified yet.
pub(crate) type OnFetch<'a> = dyn Fn() + Sync + 'a;

/// The hosts whose keys are trusted, and their keys.
pub(super) struct KeyHosts {
    hosts: Vec<KeyHost>,
    /// What messages call the hosts.
    service: Arc<str>,
    http: Http,
    clock: Clock,
}

struct KeyHost {
    /// As a token names it: host, or host and port, in lower case.
    name: String,
    origin: BaseUrl,
    /// Locked while the set is fetched, so that it is fetched once by many callers.
    set: tokio::sync::Mutex<KeySet>,
}

#[derive(Default)]
struct KeySet {
    keys: HashMap<String, DecodingKey>,
    read_at: Option<i64>,
    tried_at: Option<i64>,
    failed_at: Option<i64>,
}

impl KeyHosts {
    /// Reads `JWKS_HOSTS`: hosts, or origins on loopback for tests. Without it they are the three
    /// regions', but none beside a secret (`has_secret`), because every tenant of XDR can have a
    /// token signed for this relay. `None` where configuration tokens are not accepted.
    pub(super) fn new(
        environment: &Environment,
        has_secret: bool,
        http: &Http,
        clock: &Clock,
    ) -> Result<Option<Self>, BadSetting> {
        let listed = match environment.list(SETTING)? {
            none if none.is_empty() && has_secret => return Ok(None),
            none if none.is_empty() => REGIONS.to_vec(),
            none if none.len() == 1 && none[0].eq_ignore_ascii_case("none") => return Ok(None),
            listed => listed,
        };
        let hosts = listed.into_iter().map(KeyHost::listed).collect::<Option<_>>();
        let hosts = hosts.ok_or_else(|| {
            let reason = "must list host names, such as visibility.amp.cisco.com, or be none";
            BadSetting::new(SETTING, reason)
        })?;
        let (http, clock) = (http.clone(), clock.clone());
        Ok(Some(Self { hosts, service: "The key server".into(), http, clock }))
    }

    /// Returns where the key sets are.
    pub(super) fn addresses(&self) -> impl Iterator<Item = Address> {
        self.hosts.iter().map(KeyHost::address)
    }

    /// Checks that a key of the token's own region signed it. `on_fetch` is called when a key set has
    /// to be fetched first.
    ///
    /// Errors: `Unauthorized`.
    pub(super) async fn verify(
        &self,
        token: &UnverifiedToken<'_>,
        deadline: Instant,
        context: &InvocationContext,
        on_fetch: &OnFetch<'_>,
    ) -> Result<()> {
        let kid = token.kid().ok_or_else(|| {
            refused("the token's header names no key (kid); make the token again")
        })?;
        let named = token.claims.text("jwks_host").ok_or_else(|| {
            refused("the token has no jwks_host; set custom_jwks_host in the module type")
        })?;
        let host = self.host(named).ok_or_else(|| unsigned("host not listed"))?;
        let key = self.key(host, kid, deadline, context, on_fetch).await?;
        if token.is_signed_by(&key) { Ok(()) } else { Err(unsigned("wrong signature")) }
    }

    fn host(&self, named: &str) -> Option<&KeyHost> {
        let named = named.to_ascii_lowercase();
        self.hosts.iter().find(|host| host.name == named)
    }

    async fn key(
        &self,
        host: &KeyHost,
        kid: &str,
        deadline: Instant,
        context: &InvocationContext,
        on_fetch: &OnFetch<'_>,
    ) -> Result<DecodingKey> {
        let mut set = host.set.lock().await;
        let now = self.clock.seconds();
        if set.is_due(kid, now) {
            set.tried_at = Some(now);
            on_fetch();
            match self.fetch(host, deadline, context).await {
                Ok(keys) => {
                    *set = KeySet { keys, read_at: Some(now), tried_at: Some(now), failed_at: None }
                }
                Err(failure) => {
                    tracing::warn!(host = host.name, %failure, "the key set could not be read");
                    set.failed_at = Some(now);
                }
            }
        }
        if set.age(now).is_none_or(|age| age > MAX_AGE_SECONDS) {
            return Err(unsigned("no answer"));
        }
        set.keys.get(kid).cloned().ok_or_else(|| unsigned("unknown kid"))
    }

    async fn fetch(
        &self,
        host: &KeyHost,
        deadline: Instant,
        context: &InvocationContext,
    ) -> Result<HashMap<String, DecodingKey>> {
        let request = Request::get(host.address())
            .only_once()
            .within(REQUEST_TIMEOUT)
            .at_most(MAX_KEY_SET_BYTES);
        let response = self.http.send(request, &self.service, deadline, context).await?;
        let is_json = response.header("content-type").is_none_or(|kind| kind.contains("json"));
        if response.status() != 200 || !is_json {
            return Err(unreadable(&response));
        }
        // A set without usable keys is accepted: its host has withdrawn them all.
        rsa::usable_keys(response.body()).ok_or_else(|| unreadable(&response))
    }
}

impl KeyHost {
    fn listed(entry: &str) -> Option<Self> {
        let origin = if entry.contains("://") {
            BaseUrl::from_environment(entry)?
        } else {
            // A word without a dot is a misspelt "none", not a host of XDR.
            entry.contains('.').then_some(())?;
            BaseUrl::well_known(&format!("https://{entry}"))?
        };
        let name = origin.as_str().split_once("://")?.1.to_ascii_lowercase();
        (!name.contains('/')).then(|| Self { name, origin, set: tokio::sync::Mutex::default() })
    }

    fn address(&self) -> Address {
        self.origin.path("/.well-known/jwks")
    }
}

impl KeySet {
    fn age(&self, now: i64) -> Option<i64> {
        self.read_at.map(|at| now - at)
    }

    /// Returns whether the set has to be fetched before `kid` can be looked up in it.
    fn is_due(&self, kid: &str, now: i64) -> bool {
        if self.failed_at.is_some_and(|at| now - at < FAILURE_PAUSE_SECONDS) {
            return false;
        }
        match self.age(now) {
            Some(age) if age < REFRESH_SECONDS => {
                let tried = self.tried_at.is_some_and(|at| now - at < MIN_REFRESH_SECONDS);
                !self.keys.contains_key(kid) && !tried
            }
            _ => true,
        }
    }
}

/// Returns the error for every reason that is not the token's alone: one message, so that nobody
/// without a token learns which hosts are listed.
fn unsigned(reason: &str) -> Error {
    refused("no key of the token's jwks_host that this relay knows signed it; check custom_jwks_host of the module type and make the token again")
        .with_context("jwks.reason", reason)
}

fn unreadable(response: &Response) -> Error {
    unsigned("unreadable key set").with_context("product.status", response.status())
}
