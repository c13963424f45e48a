//! Microsoft Graph security for relays: clouds and login, `$batch`, alerts (`alerts_v2`) and hunting.
//!
//! A relay keeps one [`Graph`] and opens a [`Session`] for each call, with the caller's [`Account`].
//! [`Session::sightings`] asks for the alerts about observables and maps them to CTIM in the name
//! of a [`Reporter`]; [`Session::run_hunting_query`], [`Session::batch`] and [`Session::lists`] are
//! the parts below it. This crate knows Microsoft Graph and no relay.

mod account;
mod alerts;
mod batch;
mod cloud;
mod health;
#[cfg(test)]
mod hostile;
mod hunting;
pub mod kql;
pub mod odata;
mod pages;
mod refusal;
mod session;

pub use account::{Account, Tenant};
pub use alerts::{Reporter, Service, Strategy};
pub use batch::Part;
pub use cloud::Cloud;
pub use pages::{End, Listing, Row};
pub use refusal::{Permission, refusal};
pub use session::{Graph, Session};
