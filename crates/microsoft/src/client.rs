//! Microsoft Graph for one process, and its client for one call.

use relay_core::{
    BadSetting, BaseUrl, Call, Environment, Request, Response, Result,
    oauth::{ClientCredentials, TokenCache},
};

use crate::{Account, Cloud, Strategy, alerts::FilterSupportCache, reputation::ReputationSettings};

/// Microsoft Graph for one process: settings, access tokens, and the tenants' filter support.
#[derive(Debug)]
pub struct Graph {
    pub(crate) cloud: Cloud,
    pub(crate) strategy: Strategy,
    pub(crate) filter_support: FilterSupportCache,
    pub(crate) reputations: ReputationSettings,
    tokens: TokenCache,
}

impl Graph {
    /// Reads the settings of [`Cloud::from_environment`] and [`Strategy::from_environment`], and
    /// `MICROSOFT_REPUTATION`.
    ///
    /// # Errors
    ///
    /// [`BadSetting`] for a setting that cannot be used.
    pub fn new(environment: &Environment) -> Result<Self, BadSetting> {
        let cloud = Cloud::from_environment(environment)?;
        Ok(Self {
            reputations: ReputationSettings::from_environment(environment, &cloud)?,
            cloud,
            strategy: Strategy::from_environment(environment)?,
            filter_support: FilterSupportCache::default(),
            tokens: TokenCache::default(),
        })
    }

    /// Returns the cloud that requests go to.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Makes the client for `call`, with the caller's account.
    ///
    /// # Errors
    ///
    /// Those of [`Account::login`].
    pub fn client<'a, C: Sync>(
        &'a self,
        call: &'a Call<'a, C>,
        account: Account<'a>,
    ) -> Result<GraphClient<'a, C>> {
        let login = account.login(&self.cloud.login, self.cloud.scope)?;
        Ok(GraphClient { graph: self, call, account, login })
    }
}

/// Microsoft Graph for one call and one account.
pub struct GraphClient<'a, C> {
    pub(crate) graph: &'a Graph,
    pub(crate) call: &'a Call<'a, C>,
    pub(crate) account: Account<'a>,
    pub(crate) login: ClientCredentials<'a>,
}

impl<C: Sync> GraphClient<'_, C> {
    /// Sends a request with an access token of the account, which is cached, and renewed once on
    /// 401. A response is returned whatever its status.
    ///
    /// # Errors
    ///
    /// Those of the login and of the network.
    pub async fn send(&self, request: Request) -> Result<Response> {
        self.graph.tokens.send(self.call, &self.login, request).await
    }

    pub(crate) fn base(&self) -> &BaseUrl {
        &self.graph.cloud.graph
    }
}
