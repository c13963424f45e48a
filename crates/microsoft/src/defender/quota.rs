//! How many requests one call sends to each group, and when further ones are useless.
//! docs/relays/defender-atp.md#quotas-and-call-budget

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use relay_core::{Error, ErrorKind, Result};

use super::RequestError;
use crate::error::not_sent;

/// Requests of one call to one group. The vendor allows 100 a minute, so two calls fit.
pub const MAX_REQUESTS: usize = 40;

/// Groups of requests that the vendor counts apart, each behind a permission of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestGroup {
    Alerts,
    Files,
    Ips,
    Domains,
    Machines,
    MachineActions,
    Indicators,
    Hunting,
}

impl RequestGroup {
    const ALL: [Self; 8] = [
        Self::Alerts,
        Self::Files,
        Self::Ips,
        Self::Domains,
        Self::Machines,
        Self::MachineActions,
        Self::Indicators,
        Self::Hunting,
    ];

    /// The application permissions that it needs: docs/relays/defender-atp.md#permissions.
    pub(super) fn permissions(self) -> &'static str {
        match self {
            Self::Alerts | Self::Ips => "Alert.Read.All",
            Self::Domains => "Alert.ReadWrite.All or Alert.Read.All",
            Self::Files => "Alert.Read.All and File.Read.All",
            Self::Machines | Self::MachineActions => "Machine.Read.All",
            Self::Indicators => "Ti.ReadWrite.All",
            Self::Hunting => "AdvancedQuery.Read.All",
        }
    }
}

/// The requests of one call.
#[derive(Debug, Default)]
pub(super) struct RequestQuota {
    groups: Mutex<[GroupState; RequestGroup::ALL.len()]>,
    is_retired: AtomicBool,
    /// Whether the API is retired for now only, because its host has no address.
    is_unknown_host: AtomicBool,
    may_be_retired: AtomicBool,
}

#[derive(Debug, Default)]
struct GroupState {
    requests: usize,
    /// Whether a request met an error that further ones would meet too.
    is_stopped: bool,
}

impl RequestQuota {
    /// Counts one request.
    ///
    /// Errors: why it must not be sent.
    pub(super) fn take(&self, group: RequestGroup) -> Result<()> {
        let mut groups = self.groups();
        let state = &mut groups[group as usize];
        if state.is_stopped {
            return Err(not_sent());
        }
        if state.requests == MAX_REQUESTS {
            return Err(used_up(group));
        }
        state.requests += 1;
        Ok(())
    }

    /// Errors: `NotAsked` where another request met an error that this one would meet too.
    pub(super) fn check(&self, group: RequestGroup) -> Result<()> {
        if self.groups()[group as usize].is_stopped { Err(not_sent()) } else { Ok(()) }
    }

    /// Notes an error that other requests would meet too: for this group where it is about a
    /// permission or a quota, for all where it is about the login, the network or the API. Hunting
    /// fails for itself alone, because it is slower and heavier than the rest.
    pub(super) fn note(&self, group: RequestGroup, error: &RequestError) {
        let kind = error.kind();
        if group != RequestGroup::Hunting {
            self.is_retired.fetch_or(error.is_retired(), Ordering::Relaxed);
            self.is_unknown_host.fetch_or(error.is_unknown_host(), Ordering::Relaxed);
            self.may_be_retired.fetch_or(error.may_mean_retired(), Ordering::Relaxed);
        }
        if !kind.concerns_all_calls() && !error.is_retired() {
            return;
        }
        let for_group_only = group == RequestGroup::Hunting
            || matches!(kind, ErrorKind::Forbidden | ErrorKind::RateLimited { .. });
        for (one, state) in RequestGroup::ALL.iter().zip(self.groups().iter_mut()) {
            if !for_group_only || *one == group {
                state.is_stopped = true;
            }
        }
    }

    /// Whether a response said that the API is retired; one about hunting does not count.
    pub(super) fn is_retired(&self) -> bool {
        self.is_retired.load(Ordering::Relaxed)
    }

    /// Whether that is so because the API's host has no address, which may pass.
    pub(super) fn is_unknown_host(&self) -> bool {
        self.is_unknown_host.load(Ordering::Relaxed)
    }

    /// Whether a response raised the suspicion that the API is retired.
    pub(super) fn may_be_retired(&self) -> bool {
        self.may_be_retired.load(Ordering::Relaxed)
    }

    fn groups(&self) -> MutexGuard<'_, [GroupState; RequestGroup::ALL.len()]> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn used_up(group: RequestGroup) -> Error {
    let text = format!(
        "Only {MAX_REQUESTS} requests about {} are sent at a time, so that the product's rate limit holds; ask about fewer observables at a time.",
        match group {
            RequestGroup::Alerts => "alerts",
            RequestGroup::Files => "files",
            RequestGroup::Ips => "addresses",
            RequestGroup::Domains => "domains",
            RequestGroup::Machines | RequestGroup::MachineActions => "devices",
            RequestGroup::Indicators => "indicators",
            RequestGroup::Hunting => "hunting",
        }
    );
    Error::new(ErrorKind::RateLimited { after: None }, text).as_warning()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_listed_in_their_order() {
        for (index, group) in RequestGroup::ALL.into_iter().enumerate() {
            assert_eq!(group as usize, index);
        }
    }

    #[test]
    fn one_call_sends_forty_requests_to_a_group() {
        let quota = RequestQuota::default();
        assert!((0..40).all(|_| quota.take(RequestGroup::Ips).is_ok()));
        let error = quota.take(RequestGroup::Ips).unwrap_err();
        assert!(error.is_warning() && error.message().contains("40"));
        assert!(quota.take(RequestGroup::Files).is_ok());
    }

    #[test]
    fn an_error_spares_the_requests_that_would_meet_it_too() {
        let check = |kind, here: bool, elsewhere: bool| {
            let quota = RequestQuota::default();
            quota.note(RequestGroup::Ips, &RequestError::from(Error::new(kind, "x")));
            assert_eq!(quota.take(RequestGroup::Ips).is_err(), here, "{kind:?}");
            assert_eq!(quota.take(RequestGroup::Files).is_err(), elsewhere, "{kind:?}");
        };
        check(ErrorKind::Forbidden, true, false);
        check(ErrorKind::RateLimited { after: None }, true, false);
        check(ErrorKind::Unauthorized, true, true);
        check(ErrorKind::Unreachable, true, true);
        check(ErrorKind::NotFound, false, false);
        check(ErrorKind::Internal, false, false);
        let quota = RequestQuota::default();
        let late = RequestError::from(Error::new(ErrorKind::Unreachable, "x"));
        quota.note(RequestGroup::Hunting, &late);
        assert!(quota.take(RequestGroup::Hunting).is_err());
        assert!(quota.take(RequestGroup::Ips).is_ok());
    }
}
