//! A relay's built binary, from the gateway's event to the gateway's answer.
//!
//! [`end_to_end!`](crate::end_to_end!) tests the rules under the simulated Runtime API. The same
//! rules run under AWS' own emulator with a release binary, and some under load with the binary
//! that is deployed; these are not run by default.

use std::marker::PhantomData;

use relay_core::Relay;
use sandbox::{Fixture, Sandbox};

use crate::{relay::fixture, runtime::block_on};

mod concurrency;
mod events;
mod gateways;
mod host;
mod load;
mod logs;
mod process;

pub use host::Host;

use host::Deployed;

/// The secret under which the events of the repository are signed.
const SECRET_KEY: &str = "demonstration-key-of-64-letters-never-use-it-for-a-real-relay-00";

/// The rules for one relay on one host; a method for each rule.
struct EndToEnd<R> {
    fixture: &'static Fixture,
    host: Host,
    relay: PhantomData<R>,
}

impl<R: Relay> EndToEnd<R> {
    /// Runs the relay with its usual settings.
    async fn deploy(&self) -> Deployed {
        self.deploy_with(&[]).await
    }

    /// Runs the relay with further settings; they win over the usual ones.
    async fn deploy_with(&self, settings: &[(&str, &str)]) -> Deployed {
        let sandbox = Sandbox::start(self.fixture.product).await.expect("a free port");
        self.host.deploy(self.fixture, sandbox, settings).await
    }
}

macro_rules! rules {
    (
        $dollar:tt
        everywhere { $($everywhere:ident)* }
        as_a_process { $($process:ident)* }
        under_load { $($load:ident)* }
        under_load_as_deployed { $($deployed:ident)* }
    ) => {
        /// Tests one rule of a relay on a host.
        ///
        /// # Panics
        ///
        /// When the rule is broken, or there is none of this name.
        pub fn run<R: Relay>(rule: &str, host: Host) {
            let rules = EndToEnd::<R> { fixture: fixture::<R>(), host, relay: PhantomData };
            match rule {
                $(stringify!($everywhere) => block_on(rules.$everywhere()),)*
                $(stringify!($process) => block_on(rules.$process()),)*
                $(stringify!($load) => block_on(rules.$load()),)*
                $(stringify!($deployed) => block_on(rules.$deployed()),)*
                _ => panic!("there is no rule {rule}"),
            }
        }

        /// Makes the tests of a relay's built binary, in the crate of that binary.
        ///
        /// ```ignore
        /// testkit::end_to_end!(misp::Misp);
        /// ```
        #[macro_export]
        macro_rules! end_to_end {
            ($dollar relay:ty) => {
                const PROGRAM: &str = env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")));

                mod under_the_runtime_api {
                    $($crate::end_to_end!(@built $dollar relay, $everywhere);)*
                }
                mod as_a_process {
                    $($crate::end_to_end!(@built $dollar relay, $process);)*
                }
                mod under_load {
                    $($crate::end_to_end!(@built $dollar relay, $load);)*
                }
                mod under_the_emulator {
                    use $crate::end_to_end::{Host, run};
                    $(
                        #[test]
                        #[ignore = "needs RELAY_EMULATOR and RELAY_BINARIES"]
                        fn $everywhere() {
                            run::<$dollar relay>(stringify!($everywhere), Host::Emulator);
                        }
                    )*
                }
                mod under_load_as_deployed {
                    use $crate::end_to_end::{Host, run};
                    $(
                        #[test]
                        #[ignore = "needs RELAY_BINARIES"]
                        fn $deployed() {
                            run::<$dollar relay>(stringify!($deployed), Host::Deployed);
                        }
                    )*
                }
            };
            (@built $dollar relay:ty, $dollar rule:ident) => {
                #[test]
                fn $dollar rule() {
                    let host = $crate::end_to_end::Host::Built(super::PROGRAM.into());
                    $crate::end_to_end::run::<$dollar relay>(stringify!($dollar rule), host);
                }
            };
        }
    };
}

rules! { $
    everywhere {
        l01_l14_every_event_is_answered
        l01_invalid_requests_are_rejected
        l02_every_body_is_answered
        malformed_events_do_not_end_the_process
        c07_c08_gateway_determines_the_audience
        l15_headers_do_not_determine_the_audience
        n03_unreachable_product_is_reported
        l03_large_answers_fit
        s02_alternating_callers_are_separate
        j04_l09_invalid_settings_are_named
        p02_every_log_line_is_json
        p01_n17_no_secret_is_logged
    }
    as_a_process {
        l02_oversized_bodies_do_not_end_the_process
        l12_frozen_process_answers_after_thawing
        l13_terminated_process_ends_cleanly
    }
    under_load {
        requests_leak_no_descriptors_and_threads
        l08_largest_request_fits_into_128_mb
        l08_no_shape_of_a_body_costs_much_memory
        l08_no_shape_of_a_response_costs_much_memory
        requests_are_answered_concurrently
        concurrent_requests_share_their_logins
        failing_request_does_not_affect_concurrent_ones
    }
    under_load_as_deployed {
        c12_s02_ten_thousand_requests_leak_nothing
        l08_largest_request_fits_into_128_mb
        thousand_concurrent_requests_leak_nothing
    }
}
