//! Whether the account may do what asking for alerts needs.

use relay_core::{Request, Response, Result};

use crate::{Part, Permission, Session, Strategy, refusal};

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
        let alert = Part::get("/security/alerts_v2?$top=1".to_owned());
        let parts =
            [(alert, Permission::ReadAlerts), (Part::hunt(CHEAPEST_HUNT), Permission::Hunt)];
        let (parts, permissions): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let mut answers = self.batch(&parts).await.into_iter().zip(permissions);
        answers.try_for_each(|(answer, permission)| permitted(&answer?, permission))
    }

    /// Reads one row of a list, such as `/v1.0/security/alerts`.
    ///
    /// Errors: `Forbidden`, naming the permission that is missing; else those of any call.
    pub async fn check(&self, path: &'static str, permission: Permission) -> Result<()> {
        let request = Request::get(self.base().path(path)).query("$top", "1");
        permitted(&self.send(request).await?, permission)
    }
}

fn permitted(answer: &Response, permission: Permission) -> Result<()> {
    if answer.is_success() { Ok(()) } else { Err(refusal(answer, permission)) }
}
