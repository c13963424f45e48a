//! Searches for the observables of one batch, docs/relays/misp.md#search-for-values. A full page is
//! never taken for the whole: further searches decide the verdicts and find the rare observables.

mod page;

use std::{collections::HashSet, sync::Arc};

use relay_core::{Error, ErrorKind, Observable};

use super::{
    Client,
    budget::Budget,
    query::{EventTags, PAGE_SIZES, page_size},
    types::{Attribute, Identity},
};
use crate::equality::{Index, Match, searched_texts};

/// The levels of events that make a verdict bad.
const BAD: &[&str] = &["1", "2"];
const HIGH: &[&str] = &["1"];
const LOW: &[&str] = &["3"];
/// The observables that a warning names.
const MAX_NAMED: usize = 3;

/// The attributes that hold the observables of a batch.
#[derive(Default)]
pub(crate) struct FoundAttributes {
    pub(crate) attributes: Vec<FoundAttribute>,
    pub(crate) errors: Vec<Error>,
}

/// An attribute that holds an observable of a batch.
#[derive(Debug)]
pub(crate) struct FoundAttribute {
    pub(crate) attribute: Arc<Attribute>,
    /// The places of the observables in the batch, and how it names them.
    pub(crate) named: Vec<(usize, Match)>,
}

/// The search for the observables of one batch.
pub(super) struct BatchSearch<'a> {
    client: &'a Client<'a>,
    budget: &'a Budget,
    tags: EventTags,
    index: Index,
    observables: Vec<State<'a>>,
    seen: HashSet<Identity>,
    found: FoundAttributes,
    /// The largest page that the server can send, once one was too large.
    largest_page: usize,
    divisions_left: usize,
    has_succeeded: bool,
}

/// What is known of one observable.
struct State<'a> {
    observable: &'a Observable,
    texts: Vec<String>,
    attributes: usize,
    /// The worst threat level of its events, 1 to 4; 5 for none.
    worst_level: i64,
    /// Whether attributes of it may be missing.
    is_cut: bool,
    /// Whether all attributes of bad events are known, or enough to decide the verdict.
    is_decided: bool,
}

impl State<'_> {
    fn is_undecided(&self) -> bool {
        self.is_cut && !self.is_decided && self.worst_level > 1
    }
}

impl<'a> BatchSearch<'a> {
    pub(super) fn new(
        client: &'a Client<'a>,
        budget: &'a Budget,
        observables: &'a [Observable],
        tags: EventTags,
    ) -> Self {
        let state = |observable| State {
            observable,
            texts: searched_texts(observable),
            attributes: 0,
            worst_level: 5,
            is_cut: false,
            is_decided: false,
        };
        Self {
            client,
            budget,
            tags,
            index: Index::new(observables),
            observables: observables.iter().map(state).collect(),
            seen: HashSet::new(),
            found: FoundAttributes::default(),
            largest_page: *PAGE_SIZES.end(),
            divisions_left: page::MAX_DIVISIONS,
            has_succeeded: false,
        }
    }

    /// Returns the newest attributes of each observable, and of bad events all that may decide its
    /// verdict.
    pub(super) async fn run(mut self) -> FoundAttributes {
        let all = self.numbers(|_| true);
        if all.is_empty() {
            return self.found;
        }
        let size = page_size(self.client.call.limit, all.len());
        self.page(&all, &[], size).await;
        self.decide(BAD).await;
        self.decide(HIGH).await;
        self.find_rare(size).await;
        self.find_low().await;
        self.found.errors.extend(self.cut_warning());
        self.found
    }

    /// Asks for the events that decide the verdict of what was cut.
    async fn decide(&mut self, levels: &[&str]) {
        let undecided = self.numbers(|one| one.is_undecided());
        if !undecided.is_empty() && self.budget.has_left(1) {
            self.page(&undecided, levels, *PAGE_SIZES.end()).await;
        }
    }

    /// Asks once more for the observables whose places on the page others took.
    async fn find_rare(&mut self, size: usize) {
        let share = size.min(self.largest_page) / self.observables.len();
        let rare = self.numbers(|one| one.is_cut && one.attributes < share);
        let is_a_part = !rare.is_empty() && rare.len() < self.numbers(|_| true).len();
        if is_a_part && self.budget.has_left(2) {
            self.page(&rare, &[], *PAGE_SIZES.end()).await;
        }
    }

    /// Asks for events of a low threat, where neither a worse one nor such a one was on the page.
    async fn find_low(&mut self) {
        let unknown = self.numbers(|one| one.is_cut && one.worst_level > 3);
        if !unknown.is_empty() && self.budget.has_left(2) {
            self.page(&unknown, LOW, page_size(1, unknown.len())).await;
        }
    }

    /// Returns the numbers of the observables that can be searched and fulfil a condition.
    fn numbers(&self, is_wanted: impl Fn(&State<'_>) -> bool) -> Vec<usize> {
        let all = self.observables.iter().enumerate();
        let wanted = all.filter(|(_, one)| !one.texts.is_empty() && is_wanted(one));
        wanted.map(|(number, _)| number).collect()
    }

    /// Keeps the attributes of a page that name an observable, each once.
    fn keep(&mut self, attributes: Vec<Attribute>) {
        self.seen.reserve(attributes.len());
        for attribute in attributes.into_iter().map(Arc::new) {
            let is_new = self.seen.insert(Identity(attribute.clone()));
            let named = self.index.named(&attribute);
            if !is_new || named.is_empty() {
                continue;
            }
            let level = attribute.event.as_ref().and_then(|event| *event.threat_level_id);
            for (number, _) in &named {
                let one = &mut self.observables[*number];
                one.attributes += 1;
                one.worst_level = one.worst_level.min(level.filter(|it| *it >= 1).unwrap_or(5));
            }
            self.found.attributes.push(FoundAttribute { attribute, named });
        }
    }

    /// Notes what a page says about the observables that it was asked for.
    fn note_completeness(&mut self, numbers: &[usize], levels: &[&str], is_full: bool) {
        for number in numbers {
            let one = &mut self.observables[*number];
            match levels {
                [] => one.is_cut = is_full,
                BAD => one.is_decided = !is_full,
                // Events of a medium threat may be missing still.
                HIGH => one.is_decided = !is_full && one.worst_level <= 2,
                _ => {}
            }
        }
    }

    fn cut_warning(&self) -> Option<Error> {
        let cut: Vec<_> = self.observables.iter().filter(|one| one.is_cut).collect();
        let what = if cut.iter().any(|one| one.is_undecided()) {
            "older ones, also of events with a high threat level, may be missing"
        } else {
            "the newest and those of events with a high or medium threat level are in the answer, older ones may be missing"
        };
        let values = named(cut.iter().map(|one| one.observable));
        (!cut.is_empty()).then(|| {
            let message =
                format!("MISP holds more attributes with {values} than are read; {what}.");
            Error::new(ErrorKind::TooLarge, message).as_warning()
        })
    }
}

/// Returns the first values, and how many more there are.
fn named<'a>(observables: impl Iterator<Item = &'a Observable>) -> String {
    let values: Vec<_> = observables.map(|one| relay_core::one_line(&one.value)).collect();
    let first = values.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match values.len().saturating_sub(MAX_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
