//! Microsoft's security APIs for relays: login, `$batch`, alerts (`alerts_v2`) and hunting at
//! Microsoft Graph, and the writers of OData filters and Kusto queries.
//!
//! A relay keeps one [`Graph`] and makes a [`GraphClient`] for each call, with the caller's
//! [`Account`]. [`GraphClient::sightings`] finds the alerts about observables and maps them to
//! CTIM, [`GraphClient::reputations`] rates hosts; [`GraphClient::run_hunting_query`], [`GraphClient::batch`] and [`GraphClient::lists`] are
//! the parts below it. Values enter a filter or a query only through [`odata`] and [`kql`].
//!
//! Specification: docs/relays/graph-security.md.

mod account;
mod alerts;
mod batch;
mod client;
mod cloud;
pub mod defender;
mod error;
mod halves;
mod health;
mod hunting;
mod incidents;
pub mod kql;
mod lists;
#[cfg(test)]
mod malicious;
#[cfg(test)]
mod members;
pub mod odata;
mod path;
mod portal;
#[cfg(test)]
mod queries;
mod reputation;
mod spelling;
mod texts;

pub use account::{Account, CLIENT_SECRET_CLAIM, TENANT_CLAIM, Tenant};
pub use alerts::{FoundAlerts, SearchOptions, Service, Strategy, severity};
pub use batch::{BatchRequest, BatchResponse};
pub use client::{Graph, GraphClient};
pub use cloud::Cloud;
pub use error::{Permission, error_from};
pub use incidents::Incident;
pub use lists::{PAGE_SIZE, RecordList, RecordMatch, StopReason};
pub use portal::Portal;
pub use reputation::add_reputations;
pub use texts::{alert_title, description, facts};
