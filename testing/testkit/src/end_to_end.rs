//! A relay's built binary, from the gateway's event to the gateway's answer.
//!
//! [`end_to_end!`](crate::end_to_end!) makes two tests of every rule: one under the imitated
//! Runtime API, and one, not run by default, under AWS' own emulator with a release binary. Rules
//! about the process itself, which the emulator hides, have the first only.

mod events;
mod gateways;
mod host;
mod life;
mod load;
mod output;
mod side_by_side;

pub use events::{
    l01_l14_every_event_is_answered, l01_other_requests_are_refused, l02_every_body_is_answered,
    l02_larger_bodies_end_nothing, odd_events_end_nothing,
};
pub use gateways::{c07_c08_every_gateway_says_the_audience, l15_no_header_says_the_audience};
pub use host::Host;
pub use life::{
    j04_l09_unusable_settings_are_named, l03_a_huge_answer_fits,
    l12_a_frozen_relay_answers_when_it_thaws, l13_a_relay_that_is_told_to_end_ends_cleanly,
    n03_a_dead_product_is_said, s02_callers_in_turn_do_not_meet,
};
pub use load::{
    c12_s02_ten_thousand_requests_leave_nothing_behind, hundreds_of_requests_open_nothing,
    l08_the_largest_request_fits_a_small_function,
};
pub use output::{p01_n17_no_secret_is_printed, p02_every_line_is_json_and_one_counts};
pub use side_by_side::{
    a_thousand_requests_side_by_side_leave_nothing_behind,
    requests_side_by_side_share_their_logins, several_requests_are_answered_side_by_side,
    trouble_stays_with_its_request,
};

/// The secret under which the events of the repository are signed.
const SECRET_KEY: &str = "demonstration-key-of-64-letters-never-use-it-for-a-real-relay-00";

/// Makes the tests of a built relay, for a [`Subject`](crate::conformance::Subject).
///
/// ```ignore
/// testkit::end_to_end!(Conforming, env!("CARGO_BIN_EXE_misp"));
/// ```
#[macro_export]
macro_rules! end_to_end {
    ($subject:ty, $program:expr) => {
        $crate::end_to_end!($subject, $program;
            l01_l14_every_event_is_answered
            l01_other_requests_are_refused
            l02_every_body_is_answered
            odd_events_end_nothing
            c07_c08_every_gateway_says_the_audience
            l15_no_header_says_the_audience
            n03_a_dead_product_is_said
            l03_a_huge_answer_fits
            s02_callers_in_turn_do_not_meet
            j04_l09_unusable_settings_are_named
            p02_every_line_is_json_and_one_counts
            p01_n17_no_secret_is_printed
        );
        $crate::end_to_end!(@process $subject, $program;
            l02_larger_bodies_end_nothing
            l12_a_frozen_relay_answers_when_it_thaws
            l13_a_relay_that_is_told_to_end_ends_cleanly
        );
    };
    (@process $subject:ty, $program:expr; $($rule:ident)*) => {
        mod as_a_process {
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
