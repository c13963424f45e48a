//! What is asked: observables by type and value, as a module would send them.

use serde_json::{Value, json};

use super::Subject;
use crate::ctim::{Asked, Observable};

/// A list of observables, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Question(Vec<Observable>);

impl Question {
    /// One observable.
    pub(crate) fn one(kind: &str, value: &str) -> Self {
        Self(vec![Observable { kind: kind.to_owned(), value: value.to_owned() }])
    }

    /// These observables.
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        pairs.iter().map(|(kind, value)| Self::one(kind, value)).collect()
    }

    /// Everything that the product is known to know.
    pub(crate) fn known<S: Subject>() -> Self {
        Self::of(S::KNOWN)
    }

    /// The first known observable alone.
    pub(crate) fn first<S: Subject>() -> Self {
        Self::of(&S::KNOWN[..1])
    }

    /// The last known observable alone.
    pub(crate) fn last<S: Subject>() -> Self {
        Self::of(&S::KNOWN[S::KNOWN.len() - 1..])
    }

    /// The first and the last known observable, so far apart that no call asks about both.
    pub(crate) fn apart<S: Subject>() -> Self {
        let between = Self::unknown(S::KNOWN[0].0, S::IN_ONE_CALL);
        [Self::first::<S>(), between, Self::last::<S>()].into_iter().flatten().collect()
    }

    /// So many sound values of this type that no product knows.
    pub(crate) fn unknown(kind: &str, count: usize) -> Self {
        (0..count).map(|number| Self::one(kind, &stranger(kind, number))).collect()
    }

    pub(crate) fn reversed(&self) -> Self {
        Self(self.0.iter().rev().cloned().collect())
    }

    /// The same observables, each with other values or types.
    pub(crate) fn spelled(&self, spell: impl Fn(&Observable) -> Observable) -> Self {
        Self(self.0.iter().map(spell).collect())
    }

    pub(crate) fn observables(&self) -> &[Observable] {
        &self.0
    }

    pub(crate) fn json(&self) -> Value {
        let pair = |one: &Observable| json!({"type": one.kind, "value": one.value});
        self.0.iter().map(pair).collect()
    }

    /// What the checker has to know of it: types are answered in CTIM's own spelling.
    pub(crate) fn asked(&self) -> Asked {
        Asked::about(
            &self.spelled(|one| Observable { kind: one.kind.to_lowercase(), ..one.clone() }).json(),
        )
    }
}

impl FromIterator<Self> for Question {
    fn from_iter<I: IntoIterator<Item = Self>>(parts: I) -> Self {
        Self(parts.into_iter().flat_map(|part| part.0).collect())
    }
}

impl FromIterator<Observable> for Question {
    fn from_iter<I: IntoIterator<Item = Observable>>(observables: I) -> Self {
        Self(observables.into_iter().collect())
    }
}

impl IntoIterator for Question {
    type Item = Observable;
    type IntoIter = std::vec::IntoIter<Observable>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn stranger(kind: &str, number: usize) -> String {
    match kind {
        "ip" => format!("198.18.{}.{}", number / 256 % 256, number % 256),
        "ipv6" => format!("2001:db8:ffff::{number:x}"),
        "md5" => format!("{number:032x}"),
        "sha1" => format!("{number:040x}"),
        "sha256" => format!("{number:064x}"),
        "url" => format!("https://stranger-{number}.example/"),
        "email" => format!("somebody@stranger-{number}.example"),
        _ => format!("stranger-{number}.example"),
    }
}
