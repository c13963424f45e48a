//! Simulators of the five products on 127.0.0.1, for tests, benchmarks and the demo.
//!
//! [`Sandbox::start`] runs one [`Product`] until the value is dropped. It answers from built-in
//! data as the product does, records every [`Call`], and can be told to be slow
//! ([`Sandbox::delay`]) or broken ([`Sandbox::fault`]). All hosts of a product share one origin
//! and differ in their paths.

mod call;
mod clock;
mod fault;
mod fixture;
mod gate;
mod kql;
mod language;
mod lock;
mod odata;
mod product;
mod sandbox;
mod server;

pub mod defender_atp;
pub mod gigamon_threatinsight;
pub mod graph_security;
pub mod identity;
pub mod incident;
pub mod misp;
pub mod qualys_ioc;

pub use call::Call;
pub use fault::{Fault, Repeated, Times, When};
pub use fixture::{Action, Cost, Fixture, Mode, unknown_value};
pub use sandbox::Sandbox;

product::products! {
    /// Microsoft Graph security alerts, with the Microsoft login.
    GraphSecurity = graph_security, "graph-security";
    /// Microsoft Defender for Endpoint, with both Microsoft logins.
    DefenderAtp = defender_atp, "defender-atp";
    /// Qualys Indication of Compromise, with the Qualys gateway's login.
    QualysIoc = qualys_ioc, "qualys-ioc";
    /// A MISP server, and the submission call of urlscan.io.
    Misp = misp, "misp";
    /// Gigamon ThreatINSIGHT: entities, detections and events.
    GigamonThreatinsight = gigamon_threatinsight, "gigamon-threatinsight";
}
