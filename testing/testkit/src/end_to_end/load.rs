//! Thousands of requests to one process: what it holds stays what it was.

mod growth;
mod largest;
mod measured;
mod traffic;

pub use largest::l08_the_largest_request_fits_a_small_function;

pub(super) use growth::Growth;
use traffic::Traffic;

use super::Host;
use crate::conformance::Subject;

/// The first requests bring connections, tokens and the allocator to their usual size.
const FIRST: usize = 1000;
const ALL: usize = 10_000;
/// Enough to go round a few times, few enough for a binary that is not optimised.
const FEW: usize = 300;

/// Makes the tests of a built relay under load, for a [`Subject`]. What memory must not pass is
/// judged with the program that is deployed, in the folder `RELAY_BINARIES`; not run by default.
///
/// ```ignore
/// testkit::under_load!(Conforming, env!("CARGO_BIN_EXE_misp"));
/// ```
#[macro_export]
macro_rules! under_load {
    ($subject:ty, $program:expr) => {
        $crate::under_load!($subject, $program;
            hundreds_of_requests_open_nothing
            l08_the_largest_request_fits_a_small_function
            several_requests_are_answered_side_by_side
            requests_side_by_side_share_their_logins
            trouble_stays_with_its_request;
            c12_s02_ten_thousand_requests_leave_nothing_behind
            l08_the_largest_request_fits_a_small_function
            a_thousand_requests_side_by_side_leave_nothing_behind
        );
    };
    ($subject:ty, $program:expr; $($rule:ident)*; $($deployed:ident)*) => {
        mod under_load {
            use super::*;
            use $crate::end_to_end::Host;
            $(
                #[test]
                fn $rule() {
                    let host = Host::RuntimeApi($program.into());
                    $crate::conformance::hold($crate::end_to_end::$rule::<$subject>(&host));
                }
            )*
        }
        mod under_load_as_deployed {
            use super::*;
            use $crate::end_to_end::Host;
            $(
                #[test]
                #[ignore = "needs RELAY_BINARIES"]
                fn $deployed() {
                    let host = Host::released::<$subject>();
                    $crate::conformance::hold($crate::end_to_end::$deployed::<$subject>(&host));
                }
            )*
        }
    };
}

/// Requests of all kinds, from all kinds of callers, open no file, no socket and no thread that
/// stays, and each caller is told the same every time.
pub async fn hundreds_of_requests_open_nothing<S: Subject>(host: &Host) {
    let relay = host.deploy::<S>().await;
    let mut growth = Growth::of(&relay);
    let mut traffic = Traffic::of::<S>();
    growth.watch(&mut traffic, FEW).await;
    growth.watch(&mut traffic, FEW).await;
    traffic.assert_callers_differ();
    growth.assert_nothing_opened(FEW);
    relay.end().await;
}

/// The same ten thousand times, with the same tokens, and in little memory that does not grow.
pub async fn c12_s02_ten_thousand_requests_leave_nothing_behind<S: Subject>(host: &Host) {
    let relay = host.deploy::<S>().await;
    let mut growth = Growth::of(&relay);
    let mut traffic = Traffic::of::<S>();
    growth.watch(&mut traffic, ALL).await;
    traffic.assert_callers_differ();
    growth.write_down::<S>("load", FIRST);
    growth.assert_nothing_opened(FIRST);
    growth.assert_little_memory(FIRST);
    relay.end().await;
}
