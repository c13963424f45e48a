//! Whether the account may do what a search needs. Source: docs/relays/graph-security.md#health.

use relay_core::{Request, Result, lenient::List};
use serde::{Deserialize, de::IgnoredAny};

use crate::{BatchRequest, BatchResponse, GraphClient, Permission, Strategy, error_from};

/// Any response with rows shows that hunting is permitted.
pub(crate) const SMALLEST_QUERY: &str = "AlertEvidence | take 1 | project AlertId";
const ALERTS: &str = "/v1.0/security/alerts_v2";

impl<C: Sync> GraphClient<'_, C> {
    /// Checks with one request that everything the strategy may do is permitted.
    ///
    /// # Errors
    ///
    /// `Forbidden` with the name of the missing permission; else those of any request.
    pub async fn check_alerts(&self) -> Result<()> {
        if self.graph.strategy == Strategy::Filter {
            return self.check_list(ALERTS, Permission::ReadAlerts).await;
        }
        let requests = [
            BatchRequest::get("/security/alerts_v2?$top=1".to_owned()),
            BatchRequest::hunt(SMALLEST_QUERY),
        ];
        let permissions = [Permission::ReadAlerts, Permission::Hunt];
        let check = |index: usize, response: BatchResponse<AnyList>| match response.is_success() {
            true => response.into_record().map(drop),
            false => Err(error_from(&response, permissions[index])),
        };
        self.batch(&requests, usize::MAX, check).await.into_iter().collect()
    }

    /// Reads one record of a list, such as `/v1.0/security/alerts`.
    ///
    /// # Errors
    ///
    /// `Forbidden` with the name of the missing permission; else those of any request.
    pub async fn check_list(&self, path: &'static str, permission: Permission) -> Result<()> {
        let request = Request::get(self.base().path(path)).query("$top", "1");
        let response = self.send(request).await?;
        match response.is_success() {
            true => response.json::<AnyList>().map(drop),
            false => Err(error_from(&response, permission)),
        }
    }
}

/// A success alone proves nothing: a web page of the login or of a proxy has no list.
#[derive(Deserialize)]
struct AnyList {
    #[serde(alias = "results", rename = "value")]
    _list: List<IgnoredAny>,
}
