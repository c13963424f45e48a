//! Speaks the product's own API: one call's conversation with it, and what its refusals mean.
//!
//! Nothing here knows CTIM. Lists are read page by page; many values are asked for with one
//! filter; what the product does not know is no failure.

mod alerts;
mod devices;
mod hunting;
mod indicators;
mod login;
mod query;
mod quota;
mod refusal;
mod respond;
mod rows;

use relay_core::{
    BaseUrl, Call, Request, Response, Result,
    http::Address,
    oauth::{ClientCredentials, TokenCache},
};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

pub(crate) use alerts::{Alert, Entity, Evidence};
pub(crate) use devices::{Adapter, Machine};
pub(crate) use hunting::{Event, Events, Hunter};
pub(crate) use indicators::{Indicator, Submission};
pub(crate) use login::login;
pub(crate) use query::Key;
pub(crate) use quota::MOST_CALLS;
pub(crate) use refusal::Failure;
pub(crate) use respond::{Availability, MachineAction};
pub(crate) use rows::MOST_VALUES;

use crate::Credentials;
use quota::{Group, Quota};

/// How many calls of one request are under way at the same time (spec §10).
const AT_ONCE: usize = 16;

/// One request's conversation with the product.
pub(crate) struct Api<'a> {
    call: &'a Call<'a, Credentials>,
    base: &'a BaseUrl,
    tokens: &'a TokenCache,
    login: ClientCredentials<'a>,
    quota: Quota,
    /// Why there is no such API any more, once that was looked into.
    retirement: OnceCell<Option<Failure>>,
    in_flight: Semaphore,
}

impl<'a> Api<'a> {
    pub(crate) fn new(
        call: &'a Call<'a, Credentials>,
        base: &'a BaseUrl,
        tokens: &'a TokenCache,
        login: ClientCredentials<'a>,
    ) -> Self {
        let in_flight = Semaphore::new(AT_ONCE);
        let (quota, retirement) = Default::default();
        Self { call, base, tokens, login, quota, retirement, in_flight }
    }

    /// An address below the API's base; each segment is escaped whole.
    fn address(&self, segments: &[&str]) -> Result<Address> {
        self.base.segments(segments)
    }

    /// A place among the calls under way, also for those that go to Graph.
    pub(crate) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes the semaphore, so that a place always comes free.
        self.in_flight.acquire().await.ok()
    }

    /// Sends within the group's quota; anything but a status of success is a failure.
    async fn send(&self, group: Group, request: Request) -> Result<Response, Failure> {
        self.send_needing(group.permissions(), group, request).await
    }

    /// The same for a call that needs another permission than reading in its group.
    async fn send_needing(
        &self,
        permissions: &str,
        group: Group,
        request: Request,
    ) -> Result<Response, Failure> {
        self.quota.take(group)?;
        let _place = self.place().await;
        self.quota.still_worth(group)?;
        let answer = self.tokens.send(self.call, &login::Checked(&self.login), request).await;
        let outcome = match answer {
            Ok(response) if response.is_success() => Ok(response),
            Ok(response) => Err(refusal::of(&response, permissions)),
            Err(error) => Err(Failure::from(error)),
        };
        outcome.inspect_err(|failure| self.quota.learn(group, failure))
    }

    /// Whether this request has met an API that is there no more.
    pub(crate) fn is_gone(&self) -> bool {
        self.quota.is_gone()
    }

    async fn get(&self, group: Group, segments: &[&str]) -> Result<Response, Failure> {
        self.send(group, Request::get(self.address(segments)?)).await
    }

    /// The cheapest question that needs the permission to read alerts (spec §4.5).
    pub(crate) async fn health(&self) -> Result<(), Failure> {
        let newest = Request::get(self.address(&["alerts"])?).query("$top", "1");
        let response = self.send(Group::Alerts, newest).await?;
        rows::page::<Alert>(&response)?;
        Ok(())
    }
}
