//! Defender for one process, and its client for one call.

use std::sync::OnceLock;

use relay_core::{
    BadSetting, BaseUrl, Call, Environment, Error, Request, Response, Result,
    cache::CacheKey,
    is_unknown_host,
    oauth::{ClientCredentials, TokenCache},
    url::Address,
};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

use super::{
    Alert, HuntingMode, RequestError,
    cache::{Caches, CallerCache},
    error::error_from,
    lists::records,
    login::{self, CodedLogin},
    quota::{RequestGroup, RequestQuota},
    settings::Settings,
};
use crate::{Account, Graph, GraphClient};

/// Requests of one call that are sent at the same time.
const MAX_CONCURRENT_REQUESTS: usize = 16;

/// Defender for one process: settings, access tokens, and caches.
#[derive(Debug)]
pub struct Defender {
    settings: Settings,
    tokens: TokenCache,
    caches: Caches,
}

impl Defender {
    /// Reads `DEFENDER_API_BASE`, `DEFENDER_API_PREFIX`, `DEFENDER_SCOPE` and `DEFENDER_HUNTING`.
    ///
    /// # Errors
    ///
    /// [`BadSetting`] for the first setting that cannot be used.
    pub fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            settings: Settings::from_environment(environment)?,
            tokens: TokenCache::default(),
            caches: Caches::default(),
        })
    }

    /// Returns where the product's own API is.
    pub fn url(&self) -> &BaseUrl {
        &self.settings.api
    }

    /// Makes the client for `call`, with the caller's account. `hunting` replaces the setting.
    ///
    /// # Errors
    ///
    /// Those of [`Account::login`].
    pub fn client<'a, C: Sync>(
        &'a self,
        call: &'a Call<'a, C>,
        account: Account<'a>,
        graph: &'a Graph,
        hunting: Option<HuntingMode>,
    ) -> Result<DefenderClient<'a, C>> {
        let secret = account.client_secret.expose();
        let caller = CacheKey::of(&[account.tenant.as_str(), account.client_id, secret]);
        Ok(DefenderClient {
            call,
            settings: &self.settings,
            tokens: &self.tokens,
            login: login::login(account, &graph.cloud().login, &self.settings.scope)?,
            graph: graph.client(call, account)?,
            hunting: hunting.unwrap_or(self.settings.hunting),
            cache: CallerCache { caches: &self.caches, caller, now: call.now },
            quota: RequestQuota::default(),
            retirement: OnceCell::new(),
            hunting_pause: OnceLock::new(),
            slots: Semaphore::new(MAX_CONCURRENT_REQUESTS),
        })
    }
}

/// Defender for one call and one account.
pub struct DefenderClient<'a, C> {
    pub(super) call: &'a Call<'a, C>,
    pub(super) hunting: HuntingMode,
    pub(super) cache: CallerCache<'a>,
    pub(super) quota: RequestQuota,
    /// Why the API is retired; `None` inside when it was checked and is not.
    pub(super) retirement: OnceCell<Option<RequestError>>,
    /// The error with which the product refused a hunting query of this call for its quota.
    pub(super) hunting_pause: OnceLock<Error>,
    settings: &'a Settings,
    tokens: &'a TokenCache,
    login: ClientCredentials<'a>,
    graph: GraphClient<'a, C>,
    slots: Semaphore,
}

impl<'a, C: Sync> DefenderClient<'a, C> {
    /// Returns the client for Graph, with the same account.
    pub fn graph(&self) -> &GraphClient<'a, C> {
        &self.graph
    }

    /// Sends the cheapest request that needs the permission to read alerts.
    ///
    /// # Errors
    ///
    /// `Forbidden` without that permission; else those of any request.
    pub async fn check_alerts(&self) -> Result<(), RequestError> {
        let newest = Request::get(self.address(&["alerts"])?).query("$top", "1");
        let response = self.send(RequestGroup::Alerts, newest).await?;
        records::<Alert>(&response)?;
        Ok(())
    }

    /// Waits until fewer than [`MAX_CONCURRENT_REQUESTS`] are under way; requests to Graph count.
    pub(super) async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed, so that there is always a permit in the end.
        self.slots.acquire().await.ok()
    }

    /// An address below the API's base; each segment is escaped whole.
    pub(super) fn address(&self, segments: &[&str]) -> Result<Address> {
        self.settings.api.segments(segments)
    }

    /// The address of a link in a response; `None` when it leads to another origin.
    pub(super) fn linked_address(&self, link: &str) -> Option<Address> {
        self.settings.api.same_origin(link)
    }

    /// Sends within the group's quota. Every status but one of success is an error.
    pub(super) async fn send(
        &self,
        group: RequestGroup,
        request: Request,
    ) -> Result<Response, RequestError> {
        self.send_with_permission(group.permissions(), group, request).await
    }

    /// Sends a request that needs another permission than reading in its group.
    pub(super) async fn send_with_permission(
        &self,
        permissions: &str,
        group: RequestGroup,
        request: Request,
    ) -> Result<Response, RequestError> {
        self.quota.take(group)?;
        let _slot = self.slot().await;
        // Another request may have failed for all while this one waited.
        self.quota.check(group)?;
        let login = CodedLogin(&self.login);
        let outcome = match self.tokens.send(self.call, &login, request).await {
            Ok(response) if response.is_success() => Ok(response),
            Ok(response) => Err(error_from(&response, permissions)),
            Err(error) => Err(self.unanswered(error)),
        };
        outcome.inspect_err(|error| self.quota.note(group, error))
    }

    /// Only a host of Microsoft's own can have gone with its API; any other name is misspelt.
    fn unanswered(&self, error: Error) -> RequestError {
        match is_unknown_host(&error) {
            true if self.settings.is_microsofts => RequestError::unknown_host(error),
            true => error.with_advice("check DEFENDER_API_BASE").into(),
            false => error.into(),
        }
    }

    pub(super) async fn get(
        &self,
        group: RequestGroup,
        segments: &[&str],
    ) -> Result<Response, RequestError> {
        self.send(group, Request::get(self.address(segments)?)).await
    }
}
