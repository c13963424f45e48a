//! One incident as all five products record it, for the demo.
//!
//! A false remittance advice reaches an accountant's mailbox. Its document drops a loader on her laptop,
//! the loader calls its command server, and in the night it is copied to a file server, which calls the
//! same server. The records stand in the files named `incident.json` below the products' data and belong to
//! their usual callers. No other record shares a value with them.

use jiff::Timestamp;

/// The time of the investigation, two days after the first record.
pub const NOW: Timestamp = crate::identity::NOW;

/// The name that the loader calls.
pub const COMMAND_SERVER: &str = "sync.ledger-cdn.example";
/// The address of [`COMMAND_SERVER`].
pub const COMMAND_ADDRESS: &str = "192.0.2.144";
/// The SHA-256 of the loader, `spooltray.exe`.
pub const LOADER: &str = "6256893198525f36b046c30eaa20c8154e2c904ca8b12b66390ff09fca4b12f3";
/// The SHA-256 of the document.
pub const DOCUMENT: &str = "a1fe505744e0e1bfa2fcffc1ca2ae4ae4eefeef9c856ef8575d5d87e2d298ba4";
/// The sender of the mail.
pub const SENDER: &str = "accounts@parcel-remit.example";

/// What an analyst asks about: a type and a value.
pub const OBSERVABLES: [(&str, &str); 5] = [
    ("domain", COMMAND_SERVER),
    ("ip", COMMAND_ADDRESS),
    ("sha256", LOADER),
    ("sha256", DOCUMENT),
    ("email", SENDER),
];
