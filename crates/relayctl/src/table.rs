//! What was found, as a table for people.

use comfy_table::{Cell, Color, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::Value;

use crate::{
    answer::{Answer, Entry},
    observable::Asked,
    terminal::{harmless, is_colourful},
};

/// One row for each observable: what the relay thinks of it and how often it was seen.
pub(crate) fn found(asked: &[Asked], observed: &Answer, links: &Answer) -> Table {
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
    for one in asked {
        table.add_row([
            Cell::new(harmless(&shortened(&one.value))),
            Cell::new(harmless(&one.kind)),
            disposition(observed.disposition(one)),
            Cell::new(observed.sightings(one).len()),
            Cell::new(observed.indicators(one)),
            Cell::new(links.listed(one)),
            Cell::new(observed.last_seen(one).unwrap_or("-").replace('T', " ")),
        ]);
    }
    table
}

/// One row for each link.
pub(crate) fn links(answer: &Answer) -> Table {
    items(answer, ["Title", "Leads to"], |link| [&link["title"], &link["url"]])
}

/// One row for each action, with all that triggering it needs.
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
        table.add_row(row(item).map(|member| harmless(member.as_str().unwrap_or("-"))));
    }
    table
}

/// What went wrong, a line each.
pub(crate) fn errors(entries: &[Entry]) -> String {
    let lines = entries
        .iter()
        .map(|Entry { weight, code, message }| harmless(&format!("{weight}: {code}: {message}")));
    lines.collect::<Vec<_>>().join("\n")
}

/// An empty table of the form that all of them have.
pub(crate) fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn disposition(word: Option<&str>) -> Cell {
    let cell = Cell::new(word.unwrap_or("-"));
    match word.filter(|_| is_colourful()) {
        Some("Malicious") => cell.fg(Color::Red),
        Some("Suspicious") => cell.fg(Color::Yellow),
        Some("Clean") => cell.fg(Color::Green),
        _ => cell,
    }
}

/// Hashes keep both ends; nobody compares their middles by eye.
fn shortened(value: &str) -> String {
    let letters: Vec<char> = value.chars().collect();
    if letters.len() <= 44 {
        return value.to_owned();
    }
    let ends = |part: &[char]| part.iter().collect::<String>();
    format!("{}…{}", ends(&letters[..28]), ends(&letters[letters.len() - 12..]))
}
