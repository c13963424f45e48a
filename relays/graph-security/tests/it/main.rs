//! The relay as a whole: the service around it, an imitation of Microsoft before it.

#![cfg(test)]

mod answers;
mod calls;
mod conformance;
mod end_to_end;
mod faults;
mod health;
mod mutation;
mod originals;
mod pages;
mod refusals;
mod routes;
mod strategies;
mod tenants;
mod test_relay;
