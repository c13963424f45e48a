//! Whether Microsoft has retired the API for the caller's tenant: docs/relays/defender-atp.md#backends.

use super::{DefenderClient, RequestError, quota::RequestGroup};

impl<C: Sync> DefenderClient<'_, C> {
    /// Returns whether a response of this call said that the API is retired.
    pub fn found_retired(&self) -> bool {
        self.quota.is_retired()
    }

    /// Returns whether the API is retired; asks for the list of all alerts where a response of this
    /// call raised the suspicion.
    pub async fn is_retired(&self) -> bool {
        if !self.found_retired() && self.quota.may_be_retired() {
            self.retirement.get_or_init(|| self.check_retired()).await;
        }
        self.found_retired()
    }

    /// Returns whether the API was remembered as retired for this caller, up to a day ago.
    pub fn is_remembered_as_retired(&self) -> bool {
        self.cache.is_retired()
    }

    /// Remembers for a day that the API is retired for this caller; not where its host has no address,
    /// which may pass.
    pub fn remember_as_retired(&self) {
        if !self.quota.is_unknown_host() {
            self.cache.keep_retired();
        }
    }

    /// Nothing where the product has no data, an error where the API is retired.
    pub(super) async fn empty_unless_retired<T: Default>(
        &self,
        error: RequestError,
    ) -> Result<T, RequestError> {
        if error.may_mean_retired()
            && let Some(retired) = self.retirement.get_or_init(|| self.check_retired()).await
        {
            return Err(retired.clone());
        }
        if error.is_no_data() { Ok(T::default()) } else { Err(error) }
    }

    /// Only the list of all alerts tells a retired API from an entity that is missing.
    async fn check_retired(&self) -> Option<RequestError> {
        let error = self.check_alerts().await.err()?;
        let is_retired = error.is_retired() || error.may_mean_retired();
        let retired = is_retired.then(|| error.into_retired())?;
        self.quota.note(RequestGroup::Alerts, &retired);
        Some(retired)
    }
}
