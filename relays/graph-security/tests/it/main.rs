//! The relay as a whole, in front of a simulator of Microsoft.

#![cfg(test)]

mod answers;
mod calls;
mod conformance;
mod end_to_end;
mod faults;
mod lifecycle;
mod mutation;
mod refusals;
mod regressions;
mod reputations;
mod test_relay;
