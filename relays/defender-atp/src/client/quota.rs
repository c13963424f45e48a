//! What one request may ask of each group of calls, and when asking on is useless (spec §10).

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use relay_core::{Error, ErrorKind, Result};

use super::Failure;

/// The product allows 100 calls a minute in each group; one request leaves room for others.
pub(crate) const MOST_CALLS: usize = 40;

/// Groups of calls that the product counts apart, each behind a permission of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Alerts,
    Files,
    Ips,
    Domains,
    Machines,
    MachineActions,
    Indicators,
    Hunting,
}

impl Group {
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

    /// The application permissions that open it (spec §3.3).
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

/// The groups of one request.
#[derive(Debug, Default)]
pub(super) struct Quota {
    groups: Mutex<[Standing; Group::ALL.len()]>,
    gone: AtomicBool,
}

#[derive(Debug, Default)]
struct Standing {
    calls: usize,
    /// Why further calls would fail alike.
    stopped: Option<Error>,
}

impl Quota {
    /// Counts one call, or says why it is not made.
    pub(super) fn take(&self, group: Group) -> Result<()> {
        let mut standings = self.standings();
        let standing = &mut standings[group as usize];
        if let Some(error) = &standing.stopped {
            return Err(error.clone());
        }
        if standing.calls == MOST_CALLS {
            return Err(used_up(group));
        }
        standing.calls += 1;
        Ok(())
    }

    /// Whether nothing has been learnt since that makes the call useless.
    pub(super) fn still_worth(&self, group: Group) -> Result<()> {
        self.standings()[group as usize].stopped.clone().map_or(Ok(()), Err)
    }

    /// Remembers a failure that other calls would meet, too: in this group where it is about a
    /// permission or a quota, everywhere where it is about the login, the network or the API.
    /// Hunting fails for itself alone: it is slow and heavy where the rest is not.
    pub(super) fn learn(&self, group: Group, failure: &Failure) {
        let kind = failure.error.kind();
        if failure.is_gone() && group != Group::Hunting {
            self.gone.store(true, Ordering::Relaxed);
        }
        let here_only = group == Group::Hunting
            || matches!(kind, ErrorKind::Forbidden | ErrorKind::RateLimited { .. });
        if !kind.concerns_all_calls() && !failure.is_gone() {
            return;
        }
        for (one, standing) in Group::ALL.iter().zip(self.standings().iter_mut()) {
            if !here_only || *one == group {
                standing.stopped.get_or_insert_with(|| failure.error.clone());
            }
        }
    }

    /// Whether the API was found to be there no more; hunting is retired for itself.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    fn standings(&self) -> MutexGuard<'_, [Standing; Group::ALL.len()]> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn used_up(group: Group) -> Error {
    let text = format!(
        "Only {MOST_CALLS} calls about {} are made for one request, so that the product's rate limit holds; ask about fewer observables at a time.",
        match group {
            Group::Alerts => "alerts",
            Group::Files => "files",
            Group::Ips => "addresses",
            Group::Domains => "domains",
            Group::Machines | Group::MachineActions => "devices",
            Group::Indicators => "indicators",
            Group::Hunting => "hunting",
        }
    );
    Error::new(ErrorKind::RateLimited { after: None }, text).as_warning()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_listed_in_their_order() {
        for (place, group) in Group::ALL.into_iter().enumerate() {
            assert_eq!(group as usize, place);
        }
    }

    #[test]
    fn one_request_makes_forty_calls_in_a_group() {
        let quota = Quota::default();
        assert!((0..40).all(|_| quota.take(Group::Ips).is_ok()));
        let refused = quota.take(Group::Ips).unwrap_err();
        assert!(refused.is_warning() && refused.message().contains("40"));
        assert!(quota.take(Group::Files).is_ok());
    }

    #[test]
    fn what_one_call_learns_spares_the_others() {
        let check = |kind, here: bool, elsewhere: bool| {
            let quota = Quota::default();
            quota.learn(Group::Ips, &Failure::from(Error::new(kind, "x")));
            assert_eq!(quota.take(Group::Ips).is_err(), here, "{kind:?}");
            assert_eq!(quota.take(Group::Files).is_err(), elsewhere, "{kind:?}");
        };
        check(ErrorKind::Forbidden, true, false);
        check(ErrorKind::RateLimited { after: None }, true, false);
        check(ErrorKind::Unauthorized, true, true);
        check(ErrorKind::Unreachable, true, true);
        check(ErrorKind::NotFound, false, false);
        check(ErrorKind::Internal, false, false);
        let quota = Quota::default();
        let late = Failure::from(Error::new(ErrorKind::Unreachable, "x"));
        quota.learn(Group::Hunting, &late);
        assert!(quota.take(Group::Hunting).is_err() && quota.take(Group::Ips).is_ok());
    }
}
