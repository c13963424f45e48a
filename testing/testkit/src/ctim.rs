//! Validity of answers: the CTIM schemas, and the rules that no schema can express.
//!
//! Errors break CTIM or the relays' own rules; warnings are legal but suspicious, for example a
//! relation name outside the suggested vocabulary. The schemas are in `schemas/` of this crate.
//!
//! ```
//! use serde_json::json;
//! use testkit::ctim::{Expectation, Route, check};
//!
//! let answer = json!({"data": {"verdicts": {"count": 2, "docs": []}}});
//! let findings = check(Route::Deliberate, &answer, &Expectation::default());
//! assert!(findings.iter().any(|finding| finding.rule == "count"));
//! ```

use std::{collections::BTreeSet, fmt::Write as _, str::FromStr};

use serde_json::Value;

mod bundle;
mod entity;
mod finding;
mod limit;
mod listing;
mod parse;
mod place;
mod references;
mod schema;
mod time;
mod uri;
mod values;
mod vocabulary;

pub use finding::{Finding, Severity};

use finding::Findings;
use place::Place;

/// The route whose answer is checked. Paths as in the relay protocol, `/observe/observables` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Either enrichment route; as wide as `Observe`.
    Enrich,
    /// `/observe/observables`
    Observe,
    /// `/deliberate/observables`: verdicts only.
    Deliberate,
    /// `/refer/observables`
    Refer,
    /// `/respond/observables`
    Respond,
    /// `/respond/trigger`
    Trigger,
    /// `/health`
    Health,
    /// `/version`: not enveloped.
    Version,
}

impl Route {
    /// Every route, in the order of the protocol's description.
    pub const ALL: [Self; 8] = [
        Self::Enrich,
        Self::Observe,
        Self::Deliberate,
        Self::Refer,
        Self::Respond,
        Self::Trigger,
        Self::Health,
        Self::Version,
    ];

    /// The route's name in the schemas and in the names of the fixtures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enrich => "enrich",
            Self::Observe => "observe",
            Self::Deliberate => "deliberate",
            Self::Refer => "refer",
            Self::Respond => "respond",
            Self::Trigger => "trigger",
            Self::Health => "health",
            Self::Version => "version",
        }
    }
}

impl FromStr for Route {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|route| route.name() == name);
        found.ok_or_else(|| format!("no route is called {name}"))
    }
}

/// The five kinds of CTIM entity that relays send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entity {
    /// An observation on a target.
    Sighting,
    /// A pattern, rule or list entry behind sightings and judgements.
    Indicator,
    /// A source's assessment of an observable.
    Judgement,
    /// The assessment that decides; has no id.
    Verdict,
    /// An edge between two of the others.
    Relationship,
}

impl Entity {
    /// Every kind, in the order in which answers list them.
    pub const ALL: [Self; 5] =
        [Self::Sighting, Self::Indicator, Self::Judgement, Self::Verdict, Self::Relationship];

    /// The `type` of the entity.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sighting => "sighting",
            Self::Indicator => "indicator",
            Self::Judgement => "judgement",
            Self::Verdict => "verdict",
            Self::Relationship => "relationship",
        }
    }

    /// The key of the entity's collection in an answer.
    pub fn collection(self) -> &'static str {
        match self {
            Self::Sighting => "sightings",
            Self::Indicator => "indicators",
            Self::Judgement => "judgements",
            Self::Verdict => "verdicts",
            Self::Relationship => "relationships",
        }
    }
}

/// Type and value of an observable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observable {
    /// CTIM observable type, for example `sha256`.
    pub kind: String,
    /// The value as it was sent.
    pub value: String,
}

impl Observable {
    /// Reads `{"type": …, "value": …}`; `None` when either is missing or no text.
    pub fn of(value: &Value) -> Option<Self> {
        let text = |key| value.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self { kind: text("type")?, value: text("value")? })
    }
}

/// What an answer is expected to be about. The default expects nothing in particular.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// The observables of the request; an answer must be about no others.
    pub observables: Option<BTreeSet<Observable>>,
    /// `CTR_ENTITIES_LIMIT`: at most this many entities of each type per observable.
    pub limit: Option<usize>,
}

impl Expectation {
    /// Takes the body of the request: a list of observables. What is no observable is left out.
    pub fn about(body: &Value) -> Self {
        let observables = body.as_array().into_iter().flatten().filter_map(Observable::of);
        Self { observables: Some(observables.collect()), limit: None }
    }

    /// Expects no more entities than these of each type per observable.
    pub fn at_most(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

/// Checks the answer of a route; a valid one has no findings.
pub fn check(route: Route, answer: &Value, expected: &Expectation) -> Vec<Finding> {
    let mut findings = Findings::default();
    schema::check_answer(route, answer, &mut findings);
    values::check(answer, &Place::root(), &mut findings);
    let data = answer.get("data");
    match route {
        Route::Enrich | Route::Observe | Route::Deliberate => {
            bundle::check(data, expected, &mut findings);
        }
        Route::Refer | Route::Respond => listing::check(route, data, &mut findings),
        Route::Trigger => listing::check_status(answer, &mut findings),
        Route::Health | Route::Version => {}
    }
    findings.into_vec()
}

/// Checks the text of an answer; also finds malformed JSON and duplicate keys.
pub fn check_text(route: Route, answer: &str, expected: &Expectation) -> Vec<Finding> {
    match parse::strict(answer) {
        Ok(answer) => check(route, &answer, expected),
        Err(reason) => {
            let mut findings = Findings::default();
            findings.error("json", &Place::root(), reason.to_string());
            findings.into_vec()
        }
    }
}

/// Checks an entity outside an answer, where ids of stored entities are legal.
pub fn check_entity(kind: Entity, entity: &Value) -> Vec<Finding> {
    let mut findings = Findings::default();
    schema::check_entity(kind, entity, &mut findings);
    values::check(entity, &Place::root(), &mut findings);
    entity::check(kind, entity, &Place::root(), &mut findings);
    findings.into_vec()
}

/// Fails a test unless the answer is valid and free of warnings.
///
/// # Panics
///
/// With one line for each finding of severity `Error` or `Warning`.
#[track_caller]
pub fn assert_valid(route: Route, answer: &Value, expected: &Expectation) {
    let mut findings = check(route, answer, expected);
    findings.retain(|finding| finding.severity != Severity::Accepted);
    let lines = findings.iter().fold(String::new(), |mut lines, finding| {
        let _ = write!(lines, "\n  {finding}");
        lines
    });
    assert!(findings.is_empty(), "the answer of {} is not valid CTIM:{lines}", route.name());
}
