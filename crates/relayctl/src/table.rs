//! Answers as tables.

use comfy_table::{Cell, Color, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::Value;

use crate::{
    answer::{Answer, ErrorEntry},
    observable::ObservableArgument,
    terminal::{printable, uses_colors},
};

/// Returns one row for each observable: its disposition, and the counts of its entities and links.
pub(crate) fn found(
    observables: &[ObservableArgument],
    observed: &Answer,
    links: &Answer,
) -> Table {
    let mut table = plain();
    table.set_header([
        "Observable",
        "Type",
        "Disposition",
        "Sightings",
        "Indicators",
        "Links",
        "Last seen (UTC)",
    ]);
    for one in observables {
        table.add_row([
            Cell::new(printable(&shortened(&one.value))),
            Cell::new(printable(&one.kind)),
            disposition(observed.disposition(one)),
            Cell::new(observed.sightings(one).len()),
            Cell::new(observed.indicators(one)),
            Cell::new(links.listed(one)),
            Cell::new(observed.last_seen(one).unwrap_or("-").replace('T', " ")),
        ]);
    }
    table
}

/// Returns one row for each link.
pub(crate) fn links(answer: &Answer) -> Table {
    items(answer, ["Title", "Leads to"], |link| [&link["title"], &link["url"]])
}

/// Returns one row for each action, with everything that is needed to trigger it.
pub(crate) fn actions(answer: &Answer) -> Table {
    items(answer, ["Title", "Observable", "Action id", "Indicator id"], |action| {
        let with = &action["query-params"];
        [&action["title"], &with["observable_value"], &action["id"], &with["indicator_id"]]
    })
}

fn items<const N: usize>(
    answer: &Answer,
    header: [&str; N],
    row: impl Fn(&Value) -> [&Value; N],
) -> Table {
    let mut table = plain();
    table.set_header(header);
    for item in answer.data.as_array().into_iter().flatten() {
        table.add_row(row(item).map(|member| printable(member.as_str().unwrap_or("-"))));
    }
    table
}

/// Returns one line for each error.
pub(crate) fn errors(entries: &[ErrorEntry]) -> String {
    let lines = entries.iter().map(|ErrorEntry { severity, code, message }| {
        printable(&format!("{severity}: {code}: {message}"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns an empty table in the style of all tables.
pub(crate) fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn disposition(name: Option<&str>) -> Cell {
    let cell = Cell::new(name.unwrap_or("-"));
    match name.filter(|_| uses_colors()) {
        Some("Malicious") => cell.fg(Color::Red),
        Some("Suspicious") => cell.fg(Color::Yellow),
        Some("Clean") => cell.fg(Color::Green),
        _ => cell,
    }
}

/// Cuts the middle of a long value, such as a hash; people compare the ends.
fn shortened(value: &str) -> String {
    let letters: Vec<char> = value.chars().collect();
    if letters.len() <= 44 {
        return value.to_owned();
    }
    let ends = |part: &[char]| part.iter().collect::<String>();
    format!("{}…{}", ends(&letters[..28]), ends(&letters[letters.len() - 12..]))
}
