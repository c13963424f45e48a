//! One tenant: its records, its changing state, and in which way its API differs from the usual.

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;

use super::{
    indicators::Indicators, machine_actions::MachineActions, odata::LARGEST_PAGE, records::Records,
};
use crate::identity::{
    self,
    tenant::{TAILSPIN, WINGTIP},
};

/// What differs between tenants beside their data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manners {
    /// The status of every answer where the whole Defender API is retired.
    pub(super) gone: Option<StatusCode>,
    /// Whether the published call limits are kept.
    pub(super) is_limited: bool,
    /// Entries in a page.
    pub(super) page: usize,
    /// Whether the alert lists of files, addresses and domains bring the evidence along.
    pub(super) lists_evidence: bool,
    /// Whether an IPv6 address is valid in `/ips/{ip}/alerts`.
    pub(super) knows_ipv6: bool,
}

impl Manners {
    /// As documented, except for the tenants made to differ.
    fn of(tenant: &identity::Tenant) -> Self {
        let is = |other: &identity::Tenant| tenant == other;
        let is_second = tenant.is_second_customer();
        Self {
            gone: (is(&WINGTIP).then_some(StatusCode::GONE))
                .or(is(&TAILSPIN).then_some(StatusCode::NOT_FOUND)),
            is_limited: tenant.is_limited(),
            page: if is_second { 2 } else { LARGEST_PAGE },
            lists_evidence: !is_second,
            knows_ipv6: !is_second,
        }
    }
}

#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) id: &'static str,
    pub(super) manners: Manners,
    pub(super) records: Records,
    machine_actions: Mutex<MachineActions>,
    indicators: Mutex<Indicators>,
}

impl Tenant {
    /// # Errors
    ///
    /// The parser's error when the built-in data is damaged.
    pub(super) fn new(tenant: &'static identity::Tenant) -> serde_json::Result<Self> {
        let mut records = Records::of(tenant)?;
        let machine_actions = MachineActions::new(std::mem::take(&mut records.machine_actions));
        let indicators = Indicators::new(std::mem::take(&mut records.indicators));
        Ok(Self {
            id: tenant.id,
            manners: Manners::of(tenant),
            records,
            machine_actions: Mutex::new(machine_actions),
            indicators: Mutex::new(indicators),
        })
    }

    pub(super) fn machine_actions(&self) -> MutexGuard<'_, MachineActions> {
        self.machine_actions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn indicators(&self) -> MutexGuard<'_, Indicators> {
        self.indicators.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
