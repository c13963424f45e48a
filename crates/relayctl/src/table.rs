//! Answers as tables.

mod grid;

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use serde_json::Value;

use crate::{
    answer::{Answer, ErrorEntry},
    observable::ObservableArgument,
    terminal::{Tone, printable},
};

pub(crate) use grid::{Cell, Grid, Narrow};

/// What stands for a number that an error keeps unknown.
const NOT_KNOWN: &str = "?";
/// What stands for a number where nothing was found of any kind.
const NOTHING: &str = "-";

/// Returns one row for each observable: its disposition, and the counts of its entities and, where
/// they were asked for, of its links.
pub(crate) fn found(
    observables: &[ObservableArgument],
    observed: &Answer,
    links: Option<&Answer>,
) -> Grid {
    let narrow = [Narrow::Middle(16), Narrow::Keep, Narrow::Keep, Narrow::Keep, Narrow::Spare];
    let header =
        ["Observable", "Type", "Disposition", "Sightings", "Indicators"].into_iter().zip(narrow);
    let header = header.chain(links.map(|_| ("Links", Narrow::Keep)));
    let mut grid = Grid::new(header.chain([("Last seen (UTC)", Narrow::Keep)]));
    for one in observables {
        let mut row = about(one, observed);
        let found = [observed.sightings(one).len(), observed.indicators(one)];
        row.extend(found.map(|count| number(count, observed, observed.knows(one))));
        row.extend(links.map(|links| number(links.listed(one), links, true)));
        row.push(minute(observed.last_seen(one).unwrap_or_default()).into());
        grid.row(row);
    }
    grid
}

/// Returns one row for each observable: its disposition.
pub(crate) fn verdicts(observables: &[ObservableArgument], answer: &Answer) -> Grid {
    let columns =
        [("Observable", Narrow::Middle(16)), ("Type", Narrow::Keep), ("Disposition", Narrow::Keep)];
    let mut grid = Grid::new(columns);
    for one in observables {
        grid.row(about(one, answer));
    }
    grid
}

fn about(observable: &ObservableArgument, answer: &Answer) -> Vec<Cell> {
    let disposition = match answer.disposition(observable) {
        Some(name) => Cell::toned(name, tone(name)),
        None if answer.has_failed() => Cell::from(NOT_KNOWN),
        None => Cell::default(),
    };
    vec![Cell::from(&observable.value), Cell::from(&observable.kind), disposition]
}

/// Returns a count. Nothing is no zero where the relay failed, or may not answer about the type at all.
fn number(count: usize, answer: &Answer, is_known: bool) -> Cell {
    match count {
        0 if answer.has_failed() => Cell::from(NOT_KNOWN),
        0 if !is_known => Cell::from(NOTHING),
        count => Cell::from(count.to_string()),
    }
}

/// Returns one row for each of the newest sightings: when, how severe, what, where, and its page.
pub(crate) fn sightings(answer: &Answer, most: usize) -> Grid {
    let mut grid = Grid::new([
        ("Seen (UTC)", Narrow::Keep),
        ("Severity", Narrow::Keep),
        ("What", Narrow::Cut(24)),
        ("Where", Narrow::Cut(16)),
        ("Page", Narrow::Below),
    ]);
    for sighting in answer.newest_sightings().into_iter().take(most) {
        let [start, severity, title, page] = [
            &sighting["observed_time"]["start_time"],
            &sighting["severity"],
            &sighting["title"],
            &sighting["source_uri"],
        ]
        .map(|member| member.as_str().unwrap_or_default());
        grid.row([
            minute(start).into(),
            Cell::toned(severity, tone(severity)),
            title.into(),
            targets(sighting).join(", ").into(),
            Cell::toned(page, Tone::Faint),
        ]);
    }
    grid
}

/// Returns the names of the devices and users that were hit.
pub(crate) fn targets(sighting: &Value) -> Vec<&str> {
    let targets = sighting["targets"].as_array().into_iter().flatten();
    let observables = targets.flat_map(|one| one["observables"].as_array().into_iter().flatten());
    let is_name =
        |one: &&Value| matches!(one["type"].as_str(), Some("hostname" | "user" | "email"));
    observables.filter(is_name).filter_map(|one| one["value"].as_str()).collect()
}

/// Returns a value that fits a line beside others, without its middle; of a hash, the ends are enough.
pub(crate) fn short_value(value: &str) -> String {
    let is_hash = value.len() >= 32 && value.chars().all(|letter| letter.is_ascii_hexdigit());
    grid::without_middle(value, if is_hash { 20 } else { 36 })
}

/// Returns a time to the minute.
pub(crate) fn minute(time: &str) -> String {
    time.chars().take(16).collect::<String>().replace('T', " ")
}

/// Returns what a severity or a disposition stands out as.
pub(crate) fn tone(name: &str) -> Tone {
    match name {
        "Critical" | "High" | "Malicious" => Tone::Grave,
        "Medium" | "Suspicious" => Tone::Doubtful,
        "Clean" => Tone::Good,
        _ => Tone::Plain,
    }
}

/// Returns one row for each link.
pub(crate) fn links(answer: &Answer) -> Grid {
    let columns = [("Title", Narrow::Cut(24)), ("Leads to", Narrow::Below)];
    items(answer, columns, |link| [&link["title"], &link["url"]])
}

/// Returns one row for each action, with everything that is needed to trigger it.
pub(crate) fn actions(answer: &Answer) -> Grid {
    let columns = [
        ("Title", Narrow::Wrap(24)),
        ("Observable", Narrow::Below),
        ("Action id", Narrow::Below),
        ("Indicator id", Narrow::Below),
    ];
    items(answer, columns, |action| {
        let with = &action["query-params"];
        [&action["title"], &with["observable_value"], &action["id"], &with["indicator_id"]]
    })
}

fn items<const N: usize>(
    answer: &Answer,
    columns: [(&'static str, Narrow); N],
    row: impl Fn(&Value) -> [&Value; N],
) -> Grid {
    let mut grid = Grid::new(columns);
    for item in answer.data.as_array().into_iter().flatten() {
        grid.row(row(item).map(|member| Cell::from(member.as_str().unwrap_or_default())));
    }
    grid
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
