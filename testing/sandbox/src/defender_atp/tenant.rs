//! One tenant: its records, its changing state, and in which way its API differs from the usual.

use std::sync::{Mutex, MutexGuard};

use http::StatusCode;

use super::{
    indicators::Indicators,
    list::MAX_PAGE_SIZE,
    machine_actions::MachineActions,
    records::{self, Records},
};
use crate::{
    identity::{
        Tenant,
        tenant::{TAILSPIN, WINGTIP},
    },
    lock::locked,
};

/// What differs between tenants beside their data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behaviour {
    /// The status of every response where the whole Defender API is retired.
    pub(super) retired: Option<StatusCode>,
    pub(super) page_size: usize,
    /// Whether the alert lists of files, addresses and domains contain the evidence.
    pub(super) lists_evidence: bool,
    /// Whether an IPv6 address is valid in `/ips/{ip}/alerts`.
    pub(super) knows_ipv6: bool,
}

impl Behaviour {
    /// As documented, except for the tenants made to differ.
    fn of(tenant: &Tenant) -> Self {
        let is_second = tenant.is_second_customer();
        Self {
            retired: match tenant {
                tenant if *tenant == WINGTIP => Some(StatusCode::GONE),
                tenant if *tenant == TAILSPIN => Some(StatusCode::NOT_FOUND),
                _ => None,
            },
            page_size: if is_second { 2 } else { MAX_PAGE_SIZE },
            lists_evidence: !is_second,
            knows_ipv6: !is_second,
        }
    }
}

#[derive(Debug)]
pub(super) struct DefenderTenant {
    pub(super) behaviour: Behaviour,
    pub(super) records: &'static Records,
    machine_actions: Mutex<MachineActions>,
    indicators: Mutex<Indicators>,
}

impl DefenderTenant {
    pub(super) fn new(tenant: &'static Tenant) -> Self {
        let records = records::of(tenant);
        Self {
            behaviour: Behaviour::of(tenant),
            records,
            machine_actions: Mutex::new(MachineActions::new(records.machine_actions.clone())),
            indicators: Mutex::new(Indicators::new(records.indicators.clone())),
        }
    }

    pub(super) fn machine_actions(&self) -> MutexGuard<'_, MachineActions> {
        locked(&self.machine_actions)
    }

    pub(super) fn indicators(&self) -> MutexGuard<'_, Indicators> {
        locked(&self.indicators)
    }
}
