//! Whether the account may do what asking for alerts needs.

use relay_core::{Request, Response, Result};
use serde::de::IgnoredAny;

use crate::{
    Part, Permission, Session, Strategy, batch::unanswered, hunting::rows, pages::Page, refusal,
};

/// Any answer to it shows that hunting is permitted.
const CHEAPEST_HUNT: &str = "AlertEvidence | take 1 | project AlertId";
const ALERTS: &str = "/v1.0/security/alerts_v2";

impl<C: Sync> Session<'_, C> {
    /// One call. Green means that everything the strategy may have to do is permitted.
    ///
    /// Errors: `Forbidden`, naming the permission that is missing; else those of any call.
    pub async fn check_alerts(&self) -> Result<()> {
        if self.graph.strategy == Strategy::Filter {
            return self.check(ALERTS, Permission::ReadAlerts).await;
        }
        let parts = [Part::get("/security/alerts_v2?$top=1".to_owned()), Part::hunt(CHEAPEST_HUNT)];
        let mut answers = self.batch(&parts).await.into_iter();
        let mut next = || answers.next().unwrap_or_else(|| Err(unanswered()));
        is_list(&next()?, Permission::ReadAlerts)?;
        rows::<IgnoredAny>(&next()?).map(drop)
    }

    /// Reads one row of a list, such as `/v1.0/security/alerts`.
    ///
    /// Errors: `Forbidden`, naming the permission that is missing; else those of any call.
    pub async fn check(&self, path: &'static str, permission: Permission) -> Result<()> {
        let request = Request::get(self.base().path(path)).query("$top", "1");
        is_list(&self.send(request).await?, permission)
    }
}

/// A page of the login, or of a proxy, is no list.
fn is_list(answer: &Response, permission: Permission) -> Result<()> {
    if answer.is_success() {
        answer.json::<Page<IgnoredAny>>().map(drop)
    } else {
        Err(refusal(answer, permission))
    }
}
