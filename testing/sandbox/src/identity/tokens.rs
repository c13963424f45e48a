//! Issued tokens and their grants.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    sync::Mutex,
    time::Duration,
};

use tokio::time::Instant;

use super::{App, LIFETIME_SECONDS, Resource, Tenant, Unauthorized};
use crate::lock::locked;

/// The app that calls, the tenant it calls for, and the API that the token is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) tenant: &'static Tenant,
    pub(crate) app: &'static App,
    pub(crate) resource: Resource,
}

impl Grant {
    /// Whether the token carries one of these permissions.
    pub(crate) fn has_any(&self, roles: &[&str]) -> bool {
        self.roles().iter().any(|role| roles.contains(role))
    }

    /// The permissions in the token.
    pub(crate) fn roles(&self) -> &'static [&'static str] {
        self.app.roles(self.resource)
    }
}

#[derive(Debug)]
struct AccessToken {
    grant: Grant,
    ends: Instant,
    uses_left: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Tokens {
    issued: Mutex<HashMap<String, AccessToken>>,
    /// Makes the tokens of two sandboxes differ.
    seed: RandomState,
}

impl Tokens {
    pub(super) fn issue(&self, grant: Grant, now: Instant) -> String {
        let mut issued = locked(&self.issued);
        let number = issued.len();
        let part = |salt: u64| self.seed.hash_one((number, salt));
        let text = format!("eyJ0eXAiOiJKV1QifQ.{:016x}{:016x}.{:016x}", part(1), part(2), part(3));
        let ends = now + Duration::from_secs(LIFETIME_SECONDS);
        let uses_left = grant.app.tokens_last_one_call.then_some(1);
        issued.insert(text.clone(), AccessToken { grant, ends, uses_left });
        text
    }

    /// The token's grant, as long as the token is valid. Counts as a use.
    pub(super) fn use_once(&self, text: &str, now: Instant) -> Result<Grant, Unauthorized> {
        let mut issued = locked(&self.issued);
        let token = issued.get_mut(text).ok_or(Unauthorized::Unknown)?;
        if token.ends <= now || token.uses_left == Some(0) {
            return Err(Unauthorized::Expired);
        }
        token.uses_left = token.uses_left.map(|left| left - 1);
        Ok(token.grant)
    }

    pub(super) fn expire_all(&self) {
        let now = Instant::now();
        locked(&self.issued).values_mut().for_each(|token| token.ends = now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Grant, Tokens};
    use crate::identity::{LIFETIME_SECONDS, Resource, Unauthorized, app, tenant};

    const GRANT: Grant =
        Grant { tenant: &tenant::CONTOSO, app: &app::GRAPH, resource: Resource::Graph };

    #[test]
    fn a_token_ends_with_its_lifetime() {
        let (tokens, start) = (Tokens::default(), Instant::now());
        let token = tokens.issue(GRANT, start);
        let after = |seconds| tokens.use_once(&token, start + Duration::from_secs(seconds)).err();
        assert_eq!(after(0), None);
        assert_eq!(after(LIFETIME_SECONDS - 1), None);
        assert_eq!(after(LIFETIME_SECONDS), Some(Unauthorized::Expired));
    }

    #[test]
    fn tokens_differ_within_and_between_sandboxes() {
        let (here, there, now) = (Tokens::default(), Tokens::default(), Instant::now());
        let token = here.issue(GRANT, now);
        assert_ne!(token, here.issue(GRANT, now));
        assert_ne!(token, there.issue(GRANT, now));
        assert_eq!(there.use_once(&token, now).err(), Some(Unauthorized::Unknown));
    }
}
