//! Doing something about an observable: what is offered, and doing what was chosen (spec §8).

mod guard;
mod offer;
mod trigger;
