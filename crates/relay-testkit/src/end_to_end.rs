//! A relay's built binary, from the gateway's event to the gateway's answer.
//!
//! [`end_to_end!`](crate::end_to_end!) makes two tests of every rule: one under the imitated
//! Runtime API, and one, not run by default, under AWS' own emulator with a release binary.

mod events;
mod gateways;
mod host;
mod life;
mod output;

pub use events::{every_event_is_answered, odd_events_end_nothing, other_requests_are_refused};
pub use gateways::{every_gateway_says_the_audience, no_header_says_the_audience};
pub use host::Host;
pub use life::{
    a_dead_product_is_said, a_huge_answer_fits, callers_in_turn_do_not_meet,
    unusable_settings_are_named,
};
pub use output::{every_line_is_json_and_one_counts, no_secret_is_printed};

/// The secret under which the events of the repository are signed.
const SECRET_KEY: &str = "demonstration-key-of-64-letters-never-use-it-for-a-real-relay-00";

/// Makes the tests of a built relay, for a [`Subject`](crate::conformance::Subject).
///
/// ```ignore
/// relay_testkit::end_to_end!(Conforming, env!("CARGO_BIN_EXE_misp"));
/// ```
#[macro_export]
macro_rules! end_to_end {
    ($subject:ty, $program:expr) => {
        $crate::end_to_end!($subject, $program;
            every_event_is_answered
            other_requests_are_refused
            odd_events_end_nothing
            every_gateway_says_the_audience
            no_header_says_the_audience
            a_dead_product_is_said
            a_huge_answer_fits
            callers_in_turn_do_not_meet
            unusable_settings_are_named
            every_line_is_json_and_one_counts
            no_secret_is_printed
        );
    };
    ($subject:ty, $program:expr; $($rule:ident)*) => {
        mod under_the_runtime_api {
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
        mod under_the_emulator {
            use super::*;
            use $crate::end_to_end::Host;
            $(
                #[test]
                #[ignore = "needs RELAY_EMULATOR and RELAY_BINARIES"]
                fn $rule() {
                    let rule = $crate::end_to_end::$rule::<$subject>(&Host::Emulator);
                    $crate::conformance::hold(rule);
                }
            )*
        }
    };
}
