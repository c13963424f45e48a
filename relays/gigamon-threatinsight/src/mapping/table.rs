//! The table of a sighting: what the finding says, then what the event says by its type.
//! Source: spec §4.3.

use relay_core::ctim::{Cell, Table};

use super::{Finding, Seen};
use crate::client::Event;

/// A heading has one blank for a cell.
const HEADING: &str = " ";

/// None for an event without a finding and without columns of its own.
pub(super) fn table(seen: &Seen) -> Option<Table> {
    let finding = seen.finding.as_deref().map(of_finding).unwrap_or_default();
    Table::of_one_row(finding.into_iter().chain(of_event(&seen.event)))
}

fn of_finding(finding: &Finding) -> Vec<(String, Cell)> {
    let number = |count: usize| Cell::Integer(i64::try_from(count).unwrap_or(i64::MAX));
    vec![
        ("Detection Summary".to_owned(), Cell::Text(HEADING.to_owned())),
        ("Impacted Devices".to_owned(), number(finding.devices)),
        ("Indicator Values".to_owned(), number(finding.values)),
    ]
}

fn of_event(event: &Event) -> Vec<(String, Cell)> {
    let facts = facts(event).into_iter();
    let mut columns: Vec<_> =
        facts.filter_map(|(name, cell)| Some((format!("• {name}"), cell?))).collect();
    if !columns.is_empty() {
        columns.insert(0, ("Event Summary".to_owned(), Cell::Text(HEADING.to_owned())));
    }
    columns
}

/// The columns of each type of event; absent ones are left out.
fn facts(event: &Event) -> Vec<(&'static str, Option<Cell>)> {
    let text = |text: &Option<String>| text.clone().map(Cell::Text);
    let integer = |number: Option<i64>| number.map(Cell::Integer);
    match event.event_type.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
        "flow" => vec![
            ("flow_state", text(&event.flow_state)),
            ("proto", text(&event.proto)),
            ("service", text(&event.service)),
            ("total_pkts", integer(event.total_pkts)),
        ],
        "dns" => vec![
            ("qtype", integer(event.qtype)),
            ("qtype_name", text(&event.qtype_name)),
            ("rcode", integer(event.rcode)),
            ("rcode_name", text(&event.rcode_name)),
            ("rejected", event.rejected.map(|is_so| Cell::Text(is_so.to_string()))),
        ],
        "http" => vec![
            ("method", text(&event.method)),
            ("status_code", integer(event.status_code)),
            ("status_msg", text(&event.status_msg)),
            ("files", integer(event.files.as_ref().and_then(|all| all.len().try_into().ok()))),
        ],
        "ssh" => vec![
            ("direction", text(&event.direction)),
            ("client", text(&event.client)),
            ("server", text(&event.server)),
        ],
        "suricata" => vec![
            ("sig_name", text(&event.sig_name)),
            ("sig_category", text(&event.sig_category)),
            ("sig_id", integer(event.sig_id)),
            ("sig_rev", event.sig_rev.map(Cell::Number)),
        ],
        "ssl" => vec![
            ("version", text(&event.version)),
            ("cipher", text(&event.cipher)),
            ("server_name", text(&event.server_name)),
            ("ja3", text(&event.ja3)),
        ],
        _ => Vec::new(),
    }
}
