//! Which device had an address: DHCP leases. Source: spec §3.4.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use futures::future::join_all;
use relay_core::{Error, ErrorKind, Partial, Response, Result, Time, lenient};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Gigamon, family::Family, joined};

const PATH: &str = "/entity/tracking/bulk/get/ip";
/// The most addresses of one call.
const MOST_ADDRESSES: usize = 500;
/// With less than this left, the answer goes out without names of devices.
const WORTH_A_CALL: Duration = Duration::from_secs(2);
/// What the answer says where there is no such family.
const MISSING: &str = "The device look-up of Gigamon ThreatINSIGHT does not answer at its address; names of devices are missing.";

/// An address that a device had.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Lease {
    /// The code of the account whose network it is; `customer_id` of events.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) account_code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) ip: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) mac: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) hostname: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    #[serde(rename = "entity_tracking_bulk_response", deserialize_with = "lenient::object")]
    tracked: Option<Tracked>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tracked {
    #[serde(deserialize_with = "lenient::objects")]
    dhcp: Vec<Lease>,
}

impl Gigamon<'_> {
    /// Which devices had these addresses at these times; failures are warnings.
    pub(crate) async fn leases(&self, addresses: &BTreeMap<IpAddr, Time>) -> Partial<Vec<Lease>> {
        let Some(family) = &self.devices else { return Partial::default() };
        if addresses.is_empty() {
            return Partial::default();
        }
        if self.call.time_left() < WORTH_A_CALL {
            return no_time_for_names().into();
        }
        let entities: Vec<_> = addresses
            .iter()
            .map(|(address, at)| json!({"ip": address, "event_time": at.with_decimals()}))
            .collect();
        let chunks = entities.chunks(MOST_ADDRESSES).map(|chunk| self.leases_of(family, chunk));
        let found = joined(join_all(chunks).await);
        Partial {
            data: found.data.unwrap_or_default(),
            errors: found.errors.into_iter().map(Error::as_warning).collect(),
        }
    }

    async fn leases_of(&self, family: &Family, entities: &[Value]) -> Option<Result<Vec<Lease>>> {
        let body = json!({"entities": entities});
        let answer = self.ask_optional(family, PATH, &body, MISSING).await?;
        Some(answer.and_then(|response| read(&response)))
    }
}

/// The leases of an answer. Errors: `Malformed`.
fn read(response: &Response) -> Result<Vec<Lease>> {
    let answer: Answer = response.json()?;
    answer.tracked.map(|tracked| tracked.dhcp).ok_or_else(|| response.malformed())
}

fn no_time_for_names() -> Error {
    let text =
        "No time was left to look devices up; ask about fewer observables to see their names.";
    Error::new(ErrorKind::Unreachable, text).as_warning()
}
