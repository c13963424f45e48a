//! The MISP relay against its specification, in front of an imitated MISP.

mod answer;
mod canary;
mod conformance;
mod endpoints;
mod entities;
mod golden;
mod harness;
mod mutation;
mod observables;
mod originals;
mod partial;
mod properties;
mod relations;
mod respond;
mod round_trips;
mod rows;
mod search;
mod settings;
mod statuses;
mod tenants;
mod tls;
