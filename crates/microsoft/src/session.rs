//! Graph for one process, and one caller's conversation with it.

use relay_core::{
    BadSetting, BaseUrl, Call, Environment, Request, Response, Result,
    oauth::{ClientCredentials, TokenCache},
};

use crate::{Account, Cloud, Strategy, alerts::Learnt};

/// Microsoft Graph as one process sees it: a cloud, the tokens, and what was learnt of tenants.
#[derive(Debug)]
pub struct Graph {
    pub(crate) cloud: Cloud,
    pub(crate) strategy: Strategy,
    pub(crate) learnt: Learnt,
    tokens: TokenCache,
}

impl Graph {
    /// Settings: those of [`Cloud::from_environment`], and `GRAPH_V2_STRATEGY` (`auto`, `filter`
    /// or `hunting`).
    pub fn new(environment: &Environment) -> Result<Self, BadSetting> {
        Ok(Self {
            cloud: Cloud::from_environment(environment)?,
            strategy: Strategy::from_environment(environment)?,
            learnt: Learnt::default(),
            tokens: TokenCache::default(),
        })
    }

    /// The cloud that is asked.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// A conversation during `call`, with the caller's account.
    pub fn session<'a, C: Sync>(
        &'a self,
        call: &'a Call<'a, C>,
        account: Account<'a>,
    ) -> Result<Session<'a, C>> {
        let login = account.login(&self.cloud.login, self.cloud.scope)?;
        Ok(Session { graph: self, call, account, login })
    }
}

/// One caller's conversation with Graph.
pub struct Session<'a, C> {
    pub(crate) graph: &'a Graph,
    pub(crate) call: &'a Call<'a, C>,
    pub(crate) account: Account<'a>,
    pub(crate) login: ClientCredentials<'a>,
}

impl<C: Sync> Session<'_, C> {
    /// Sends a request with the caller's token, which is cached and renewed once on 401.
    ///
    /// Errors: those of the login and of the network; a refusal by Graph comes back as an answer.
    pub async fn send(&self, request: Request) -> Result<Response> {
        self.graph.tokens.send(self.call, &self.login, request).await
    }

    pub(crate) fn base(&self) -> &BaseUrl {
        &self.graph.cloud.graph
    }
}
