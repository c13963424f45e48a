//! How sure it is: what the products hold each observable for, and why.

use serde_json::Value;

use super::{Investigation, ProductAnswers, counted};
use crate::{
    answer::Answer,
    observable::ObservableArgument,
    table::{Cell, Grid, Narrow, short_value, tone},
    terminal::width,
};

/// Screens of this width also have room for reasons.
const WIDTH_WITH_REASONS: usize = 140;

/// What all products say of one observable, the worst first.
struct Verdict<'a> {
    observable: &'a ObservableArgument,
    /// A disposition, and who says so.
    said: Vec<(&'static str, Vec<&'static str>)>,
    reasons: Vec<&'a str>,
}

impl Verdict<'_> {
    fn is_malicious(&self) -> bool {
        self.worst() == Some("Malicious")
    }

    fn worst(&self) -> Option<&'static str> {
        self.said.first().map(|(disposition, _)| *disposition)
    }

    /// Returns who says the worst, then who says something else.
    fn speakers(&self) -> String {
        let said = self.said.iter().enumerate().map(|(at, (disposition, products))| match at {
            0 => products.join(", "),
            _ => format!("{disposition}: {}", products.join(", ")),
        });
        said.collect::<Vec<_>>().join("; ")
    }

    fn row(&self) -> Vec<Cell> {
        let (worst, speakers) = match self.worst() {
            Some(worst) => (worst, self.speakers()),
            None => ("No verdict", String::new()),
        };
        vec![
            Cell::toned(worst, tone(worst)),
            Cell::from(short_value(&self.observable.value)),
            Cell::from(speakers),
            Cell::from(self.reasons.join("; ")),
        ]
    }
}

impl Investigation {
    fn verdicts(&self) -> Vec<Verdict<'_>> {
        self.observables.iter().map(|observable| self.verdict(observable)).collect()
    }

    fn verdict<'a>(&'a self, observable: &'a ObservableArgument) -> Verdict<'a> {
        let mut said = Vec::new();
        let mut reasons: Vec<&str> = Vec::new();
        for disposition in Answer::DISPOSITIONS {
            let says =
                |one: &&ProductAnswers| one.observed.disposition(observable) == Some(disposition);
            let products = self.products.iter().filter(says);
            let products: Vec<_> = products.map(|one| self.short_name(one.product)).collect();
            if !products.is_empty() {
                said.push((disposition, products));
            }
        }
        for reason in self.products.iter().flat_map(|one| one.observed.reasons(observable)) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        Verdict { observable, said, reasons }
    }

    /// Returns how many observables are malicious, as a heading.
    pub(super) fn how_sure(&self) -> String {
        let malicious = self.verdicts().iter().filter(|one| one.is_malicious()).count();
        format!(
            "How sure: {malicious} of {} malicious",
            counted(self.observables.len(), "observable")
        )
    }

    /// Returns one row for each observable, the worst first.
    pub(super) fn verdict_table(&self) -> Grid {
        let reasons = (width() >= WIDTH_WITH_REASONS).then_some(("", Narrow::Cut(24)));
        let columns = [("", Narrow::Keep), ("", Narrow::Keep), ("", Narrow::Wrap(24))];
        let mut grid = Grid::indented(columns.into_iter().chain(reasons));
        let mut verdicts = self.verdicts();
        let rank = |disposition| Answer::DISPOSITIONS.iter().position(|one| *one == disposition);
        verdicts.sort_by_key(|one| one.worst().and_then(rank).unwrap_or(usize::MAX));
        for verdict in &verdicts {
            grid.row(verdict.row());
        }
        grid
    }
}

impl Answer {
    /// Returns the reasons of the judgements of an observable.
    fn reasons(&self, observable: &ObservableArgument) -> impl Iterator<Item = &str> {
        let judgements = self.docs("judgements").iter();
        let own = judgements.filter(|doc| observable.is(&doc["observable"]));
        own.filter_map(|doc: &Value| doc["reason"].as_str())
    }
}
