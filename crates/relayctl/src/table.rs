//! Answers as tables.

use comfy_table::{Cell, Color, ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::Value;

use crate::{
    answer::{Answer, ErrorEntry},
    observable::ObservableArgument,
    terminal::{printable, uses_colors},
};

/// Returns one row for each observable: its disposition, and the counts of its entities and, where
/// they were asked for, of its links.
pub(crate) fn found(
    observables: &[ObservableArgument],
    observed: &Answer,
    links: Option<&Answer>,
) -> Table {
    let mut table = plain();
    let header = ["Observable", "Type", "Disposition", "Sightings", "Indicators"];
    let header = header.into_iter().chain(links.map(|_| "Links"));
    table.set_header(header.chain(["Last seen (UTC)"]));
    for one in observables {
        let mut row = about(one, observed);
        row.push(Cell::new(observed.sightings(one).len()));
        row.push(Cell::new(observed.indicators(one)));
        row.extend(links.map(|links| Cell::new(links.listed(one))));
        row.push(Cell::new(observed.last_seen(one).unwrap_or("-").replace('T', " ")));
        table.add_row(row);
    }
    table
}

/// Returns one row for each observable: its disposition.
pub(crate) fn verdicts(observables: &[ObservableArgument], answer: &Answer) -> Table {
    let mut table = plain();
    table.set_header(["Observable", "Type", "Disposition"]);
    for one in observables {
        table.add_row(about(one, answer));
    }
    table
}

fn about(observable: &ObservableArgument, answer: &Answer) -> Vec<Cell> {
    vec![
        Cell::new(printable(&shortened(&observable.value))),
        Cell::new(printable(&observable.kind)),
        disposition(answer.disposition(observable)),
    ]
}

/// Returns one row for each of the newest sightings: when, how severe, what, where, and its page.
pub(crate) fn sightings(answer: &Answer, most: usize) -> Table {
    let mut table = plain();
    table.set_header(["Seen (UTC)", "Severity", "What", "Where", "Page"]);
    for sighting in answer.newest_sightings().into_iter().take(most) {
        let text = |member: &Value| printable(member.as_str().unwrap_or("-"));
        let row = [
            text(&sighting["observed_time"]["start_time"])
                .replace('T', " ")
                .chars()
                .take(19)
                .collect(),
            text(&sighting["severity"]),
            text(&sighting["title"]),
            printable(&named(&targets(sighting))),
            text(&sighting["source_uri"]),
        ];
        table.add_row(row);
    }
    table
}

fn named(names: &[&str]) -> String {
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

/// Returns the names of the devices and users that were hit.
pub(crate) fn targets(sighting: &Value) -> Vec<&str> {
    let targets = sighting["targets"].as_array().into_iter().flatten();
    let observables = targets.flat_map(|one| one["observables"].as_array().into_iter().flatten());
    let is_name =
        |one: &&Value| matches!(one["type"].as_str(), Some("hostname" | "user" | "email"));
    observables.filter(is_name).filter_map(|one| one["value"].as_str()).collect()
}

/// Returns a severity, in its colour on a terminal.
pub(crate) fn severity(name: &str) -> Cell {
    let cell = Cell::new(name);
    match name {
        "Critical" | "High" if uses_colors() => cell.fg(Color::Red),
        "Medium" if uses_colors() => cell.fg(Color::Yellow),
        _ => cell,
    }
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
