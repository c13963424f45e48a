//! What several products know of the same observables, as one analyst would tell it: what was seen
//! and when, on whom, how sure it is, and what can be done.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{Cell, Table};
use serde_json::Value;

use crate::failure::Outcome;
use crate::{
    answer::Answer,
    observable::ObservableArgument,
    table,
    terminal::{line, printable},
};

/// How many sightings the timeline shows.
const MAX_ROWS: usize = 14;
/// How many devices and users are named.
const MAX_NAMES: usize = 8;

/// One product's answers.
pub(crate) struct ProductAnswers {
    pub(crate) product: &'static str,
    pub(crate) observed: Answer,
    pub(crate) actions: Answer,
}

/// The answers of all products about the same observables.
pub(crate) struct Investigation {
    pub(crate) observables: Vec<ObservableArgument>,
    pub(crate) products: Vec<ProductAnswers>,
}

impl Investigation {
    /// Prints the investigation, about thirty lines.
    pub(crate) fn print(&self) -> Outcome {
        let names: Vec<_> = self.observables.iter().map(|one| printable(&one.value)).collect();
        line(format!("Investigation of {}\n", names.join(", ")))?;
        self.print_errors()?;
        let rows = self.timeline();
        let total: usize =
            self.products.iter().map(|one| one.observed.docs("sightings").len()).sum();
        if total == 0 {
            return line("No product has seen any of it.");
        }
        line(format!("What happened: the {} gravest of {total} sightings", rows.len()))?;
        line(timeline_table(&rows))?;
        line(format!("On whom: {}", shortened(&self.targets())))?;
        for (disposition, values) in self.dispositions() {
            line(format!("{disposition}: {}", shortened(&values)))?;
        }
        let actions: Vec<_> = self.actions().into_iter().collect();
        if !actions.is_empty() {
            line(format!("What can be done: {}", shortened(&actions)))?;
        }
        Ok(())
    }

    fn print_errors(&self) -> Outcome {
        for ProductAnswers { product, observed, .. } in &self.products {
            for error in &observed.errors {
                line(format!("{product}: {}", table::errors(std::slice::from_ref(error))))?;
            }
        }
        Ok(())
    }

    /// Returns the gravest sightings, in the order of time; equal ones once.
    fn timeline(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for ProductAnswers { product, observed, .. } in &self.products {
            rows.extend(observed.docs("sightings").iter().map(|one| Row::of(product, one)));
        }
        rows.sort_by(|one, other| {
            other.severity.cmp(&one.severity).then(other.seen.cmp(&one.seen))
        });
        rows.dedup_by(|one, other| one == other);
        rows.truncate(MAX_ROWS);
        rows.sort_by(|one, other| one.seen.cmp(&other.seen));
        rows
    }

    /// Returns the devices and users that were hit, the ones seen most often first.
    fn targets(&self) -> Vec<String> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for sighting in self.products.iter().flat_map(|one| one.observed.docs("sightings")) {
            for name in table::targets(sighting) {
                *counts.entry(printable(&name.to_lowercase())).or_default() += 1;
            }
        }
        let mut names: Vec<_> = counts.into_iter().collect();
        names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        names.into_iter().map(|(name, _)| name).collect()
    }

    /// Returns the observables by disposition, the worst first, with the products that say so.
    fn dispositions(&self) -> Vec<(&str, Vec<String>)> {
        let mut all: Vec<(&str, Vec<String>)> = Vec::new();
        for disposition in Answer::DISPOSITIONS {
            let mut values = Vec::new();
            for observable in &self.observables {
                let says = |one: &&ProductAnswers| {
                    one.observed.disposition(observable) == Some(disposition)
                };
                let products: Vec<_> =
                    self.products.iter().filter(says).map(|one| one.product).collect();
                if !products.is_empty() {
                    let value = printable(&observable.value);
                    values.push(format!("{value} ({})", products.join(", ")));
                }
            }
            if !values.is_empty() {
                all.push((disposition, values));
            }
        }
        all
    }

    /// Returns what actions are called, each once.
    fn actions(&self) -> BTreeSet<String> {
        let lists = self.products.iter().flat_map(|one| one.actions.data.as_array());
        let titles = lists.flatten().filter_map(|action| action["title"].as_str());
        titles.map(printable).collect()
    }
}

/// One line of the timeline.
#[derive(PartialEq, Eq)]
struct Row {
    seen: String,
    severity: Severity,
    product: &'static str,
    what: String,
    whom: String,
}

/// CTIM's severities, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Unknown,
    None,
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Row {
    fn of(product: &'static str, sighting: &Value) -> Self {
        let text = |member: &Value| printable(member.as_str().unwrap_or("-"));
        let seen = text(&sighting["observed_time"]["start_time"]).replace('T', " ");
        let names = table::targets(sighting);
        Self {
            seen: seen.chars().take(16).collect(),
            severity: Severity::of(sighting["severity"].as_str()),
            product,
            what: text(&sighting["title"]),
            whom: printable(&names.first().copied().unwrap_or("-").to_lowercase()),
        }
    }
}

impl Severity {
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("Critical") => Self::Critical,
            Some("High") => Self::High,
            Some("Medium") => Self::Medium,
            Some("Low") => Self::Low,
            Some("Info") => Self::Info,
            Some("None") => Self::None,
            _ => Self::Unknown,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Critical => "Critical",
            Self::High => "High",
            Self::Medium => "Medium",
            Self::Low => "Low",
            Self::Info => "Info",
            Self::None => "None",
            Self::Unknown => "-",
        }
    }
}

fn timeline_table(rows: &[Row]) -> Table {
    let mut all = table::plain();
    all.set_header(["Seen (UTC)", "Severity", "What", "On", "Product"]);
    for Row { seen, severity, product, what, whom } in rows {
        all.add_row([
            Cell::new(seen),
            table::severity(severity.name()),
            Cell::new(what),
            Cell::new(whom),
            Cell::new(product),
        ]);
    }
    all
}

/// Names the first of a list and counts the others.
fn shortened(names: &[String]) -> String {
    match names.len().saturating_sub(MAX_NAMES) {
        0 if names.is_empty() => "nobody is named".to_owned(),
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..MAX_NAMES].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn investigation(sightings: Value) -> Investigation {
        let observed = Answer {
            data: json!({
                "sightings": {"docs": sightings},
                "verdicts": {"docs": [{"disposition_name": "Malicious",
                    "observable": {"type": "domain", "value": "bad.example"}}]},
            }),
            ..Answer::default()
        };
        let actions =
            Answer { data: json!([{"title": "Block"}, {"title": "Block"}]), ..Answer::default() };
        Investigation {
            observables: vec!["bad.example".parse().unwrap()],
            products: vec![ProductAnswers { product: "Product", observed, actions }],
        }
    }

    fn sighting(severity: &str, day: u8, host: &str) -> Value {
        json!({
            "title": "Beacon", "severity": severity,
            "observed_time": {"start_time": format!("2026-03-{day:02}T08:00:11.000Z")},
            "targets": [{"observables": [{"type": "hostname", "value": host}]}],
        })
    }

    #[test]
    fn the_timeline_shows_the_gravest_in_the_order_of_time() {
        let mut sightings: Vec<_> = (1..=20).map(|day| sighting("Low", day, "PC-1")).collect();
        sightings.push(sighting("High", 2, "PC-2"));
        sightings.push(sighting("High", 2, "PC-2"));
        let rows = investigation(json!(sightings)).timeline();
        let shown: Vec<_> =
            rows.iter().map(|row| (row.severity.name(), row.seen.as_str())).collect();
        assert_eq!(shown.len(), MAX_ROWS);
        assert_eq!(shown[0], ("High", "2026-03-02 08:00"));
        assert_eq!(shown[1], ("Low", "2026-03-08 08:00"));
        assert_eq!(shown[13], ("Low", "2026-03-20 08:00"));
    }

    #[test]
    fn names_dispositions_and_actions_are_told_once() {
        let seen =
            [sighting("Low", 1, "PC-1"), sighting("Low", 2, "pc-2"), sighting("Low", 3, "PC-2")];
        let told = investigation(json!(seen));
        assert_eq!(told.targets(), ["pc-2", "pc-1"]);
        assert_eq!(told.dispositions(), [("Malicious", vec!["bad.example (Product)".to_owned()])]);
        assert_eq!(told.actions().into_iter().collect::<Vec<_>>(), ["Block"]);
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let names: Vec<_> = (0..10).map(|name| name.to_string()).collect();
        assert_eq!(shortened(&names), "0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
        assert_eq!(shortened(&names[..2]), "0, 1");
        assert_eq!(shortened(&[]), "nobody is named");
    }
}
