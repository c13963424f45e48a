//! One request at work: the caller's conversations with the product and with Graph, and everything
//! that the routes need beside them.

use microsoft::{Graph, GraphClient};
use relay_core::{Call, Error, ErrorKind, Result, oauth::CacheKey};

use crate::{
    ABOUT, Credentials,
    client::{Api, Hunter, login},
    config::{Backend, Settings},
    mapping::Reporter,
    memory::{Memory, Recall},
};

/// One request at work.
pub(crate) struct Desk<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) call: &'a Call<'a, Credentials>,
    pub(crate) api: Api<'a>,
    pub(crate) graph: GraphClient<'a, Credentials>,
    pub(crate) recall: Recall<'a>,
}

impl<'a> Desk<'a> {
    pub(crate) fn open(
        settings: &'a Settings,
        graph: &'a Graph,
        memory: &'a Memory,
        call: &'a Call<'a, Credentials>,
    ) -> Result<Self> {
        let account = call.credentials.account();
        let login = login(call.credentials, &graph.cloud().login, &settings.scope)?;
        let secret = account.client_secret.expose();
        let who = CacheKey::of(&[account.tenant.as_str(), account.client_id, secret]);
        Ok(Self {
            settings,
            call,
            api: Api::new(call, &settings.api, &memory.tokens, login),
            graph: graph.client(call, account)?,
            recall: Recall { memory, who, now: call.now },
        })
    }

    pub(crate) fn hunter(&self) -> Hunter<'_> {
        let mode = self.call.credentials.hunting().unwrap_or(self.settings.hunting);
        Hunter { api: &self.api, graph: &self.graph, mode, recall: self.recall }
    }

    pub(crate) fn reporter(&self) -> Reporter<'_> {
        Reporter {
            namespace: ABOUT.namespace(),
            tenant: self.call.credentials.tenant.as_str(),
            product: &self.settings.name,
            portal: &self.settings.portal,
            fine_sensors: self.settings.fine_sensors,
        }
    }

    /// Where alerts come from for this caller, as far as it is known.
    pub(crate) fn backend(&self) -> Backend {
        match self.call.credentials.backend().unwrap_or(self.settings.backend) {
            Backend::Auto if self.recall.has_left() => Backend::Graph,
            chosen => chosen,
        }
    }

    /// Whether alerts can be read the way that this caller goes (spec §4.5).
    pub(crate) async fn health(&self) -> Result<()> {
        match self.backend() {
            Backend::Graph => self.graph.check_alerts().await,
            Backend::Own => Ok(self.api.health().await?),
            Backend::Auto => match self.api.health().await {
                Err(failure) if failure.is_gone() || failure.may_be_gone() => {
                    self.recall.leave();
                    self.graph.check_alerts().await
                }
                outcome => Ok(outcome?),
            },
        }
    }
}

/// What was not done, in a sentence for the caller.
pub(crate) fn refused(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, text).with_code("invalid request")
}
