//! A comparison as JSON and as text.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    finding::{Change, Findings, OneSided},
    migration::Row,
    side::ComparedRoute,
};
use crate::{observable::ObservableArgument, terminal::printable};

/// How many lines of one sort are shown of an observable and route.
const MAX_LINES: usize = 12;

/// The whole comparison.
#[derive(Serialize)]
pub(super) struct Comparison {
    pub(super) relay: Option<String>,
    /// How many entities and members only the old relay has, without a reason that is known.
    lost: usize,
    observables: Vec<AboutObservable>,
    /// Where one of the relays failed, so that the comparison is not whole.
    errors: Vec<RouteErrors>,
}

/// What the relays say of one observable.
#[derive(Serialize)]
pub(super) struct AboutObservable {
    #[serde(flatten)]
    pub(super) observable: ObservableArgument,
    pub(super) routes: BTreeMap<ComparedRoute, Findings>,
}

/// The errors on one route that are more than warnings.
#[derive(Serialize)]
pub(super) struct RouteErrors {
    pub(super) route: ComparedRoute,
    pub(super) old: Vec<String>,
    pub(super) new: Vec<String>,
}

impl RouteErrors {
    pub(super) fn are_any(&self) -> bool {
        !self.old.is_empty() || !self.new.is_empty()
    }
}

impl Comparison {
    pub(super) fn of(
        relay: Option<&str>,
        observables: Vec<AboutObservable>,
        errors: Vec<RouteErrors>,
    ) -> Self {
        let findings = observables.iter().flat_map(|one| one.routes.values());
        let lost = findings.map(Findings::lost).sum();
        Self { relay: relay.map(str::to_owned), lost, observables, errors }
    }

    /// Whether the new relay is known to say all that the old one says.
    pub(super) fn is_without_loss(&self) -> bool {
        self.lost == 0 && self.errors.is_empty()
    }

    /// Returns the comparison as text; `is_long` names everything, also what is new.
    pub(super) fn text(&self, is_long: bool) -> String {
        let mut lines = Vec::new();
        for AboutObservable { observable, routes } in &self.observables {
            let name = printable(&format!("{} {}", observable.kind, observable.value));
            for (route, findings) in routes {
                lines.push(format!("{name}, {}: {}", route.name(), findings.summary()));
                lines.extend(findings.lines(is_long));
            }
        }
        for RouteErrors { route, old, new } in &self.errors {
            let both = [("old", old), ("new", new)];
            for (which, errors) in both.into_iter().filter(|(_, errors)| !errors.is_empty()) {
                let errors = printable(&errors.join("; "));
                lines.push(format!("The {which} relay failed to {}: {errors}", route.name()));
            }
        }
        lines.push(self.conclusion());
        lines.join("\n")
    }

    fn conclusion(&self) -> String {
        match self.lost {
            0 if self.errors.is_empty() => "\nNothing is lost.".to_owned(),
            0 => "\nNothing is known to be lost, but a relay failed; see above.".to_owned(),
            1 => "\nLost: 1 thing that only the old relay says, marked with !.".to_owned(),
            lost => format!("\nLost: {lost} things that only the old relay says, marked with !."),
        }
    }
}

impl Findings {
    /// Counts what is the same, and says when that is all.
    fn summary(&self) -> String {
        let same: Vec<_> = self.same.iter().map(|(kind, count)| kind.counted(*count)).collect();
        match (same.is_empty(), self.are_equal()) {
            (true, true) => "nothing in both".to_owned(),
            (true, false) => "nothing the same".to_owned(),
            (false, _) => format!("the same {}", same.join(", ")),
        }
    }

    fn lines(&self, is_long: bool) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(shortened(self.only_old.iter().map(|one| one.line("only old")), is_long));
        let told = self.differs.iter().filter(|one| is_long || one.change.old.is_some());
        lines.extend(shortened(told.map(Change::line), is_long));
        if is_long {
            lines.extend(self.only_new.iter().map(|one| one.line("only new")));
        } else if let Some(counts) = self.gains() {
            lines.push(format!("  only new  {counts}"));
        }
        lines
    }

    /// Counts what only the new relay has: entities, and members of those that both have.
    fn gains(&self) -> Option<String> {
        let mut counts = BTreeMap::new();
        for one in &self.only_new {
            *counts.entry(one.kind).or_insert(0) += 1;
        }
        let mut counts: Vec<_> =
            counts.into_iter().map(|(kind, count)| kind.counted(count)).collect();
        match self.differs.iter().filter(|one| one.change.old.is_none()).count() {
            0 => {}
            1 => counts.push("1 member of the others".to_owned()),
            members => counts.push(format!("{members} members of the others")),
        }
        Some(counts.join(", ")).filter(|text| !text.is_empty())
    }
}

impl OneSided {
    fn line(&self, place: &str) -> String {
        let mark = mark(self.is_lost);
        format!(
            "{mark} {place}  {} {}{}",
            self.kind.name(),
            self.entity,
            reason(self.expected.as_ref())
        )
    }
}

impl Change {
    fn line(&self) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        let (old, new) = (text(&self.change.old), text(&self.change.new));
        format!(
            "{} differs   {} {}: {} {old} → {new}{}",
            mark(self.is_lost),
            self.kind.name(),
            self.entity,
            self.change.field,
            reason(self.expected.as_ref())
        )
    }
}

fn mark(is_lost: bool) -> &'static str {
    if is_lost { "!" } else { " " }
}

/// Names the row of the page that announces a difference.
fn reason(expected: Option<&Row>) -> String {
    let Some(row) = expected else { return String::new() };
    let text = if row.before.is_empty() { &row.now } else { &row.before };
    format!("\n            expected: {text}")
}

/// Returns some of the lines, the losses first, and the number of the others.
fn shortened(lines: impl Iterator<Item = String>, is_long: bool) -> Vec<String> {
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by_key(|line| !line.starts_with('!'));
    let more = lines.len().saturating_sub(MAX_LINES);
    if more > 0 && !is_long {
        lines.truncate(MAX_LINES);
        lines.push(format!("  and {more} more; -v and --json show all"));
    }
    lines
}
