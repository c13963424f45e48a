//! The published call limits: the section "Limitations" of each API's page.

use std::time::Duration;

use crate::identity::{Limit, Rate};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

pub(crate) static ALERTS: Limit = common("alerts");
pub(crate) static FILES: Limit = common("files");
pub(crate) static IPS: Limit = common("ips");
pub(crate) static DOMAINS: Limit = common("domains");
pub(crate) static MACHINES: Limit = common("machines");
pub(crate) static MACHINE_ACTIONS: Limit = common("machine actions");
pub(crate) static INDICATORS: Limit = common("indicators");

pub(crate) static INVESTIGATIONS: Limit = Limit {
    name: "investigations",
    rates: &[Rate { calls: 50, period: HOUR, name: "50 investigations per hour" }],
    is_per_app: true,
};

pub(crate) static HUNTING: Limit = Limit {
    name: "hunting",
    rates: &[
        Rate { calls: 45, period: MINUTE, name: "45 hunting calls per minute" },
        Rate { calls: 1500, period: HOUR, name: "1,500 hunting calls per hour" },
    ],
    is_per_app: true,
};

const fn common(name: &'static str) -> Limit {
    let rates = &[
        Rate { calls: 100, period: MINUTE, name: "100 calls per minute" },
        Rate { calls: 1500, period: HOUR, name: "1,500 calls per hour" },
    ];
    Limit { name, rates, is_per_app: true }
}
