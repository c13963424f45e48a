//! Lists of observables, as callers send them.

use sandbox::{Fixture, Mode, unknown_value};
use serde_json::{Value, json};

use crate::ctim::Observable;

/// A list of observables, in order.
///
/// ```
/// use testkit::Observables;
///
/// let observables = Observables::from([("ip", "203.0.113.7"), ("domain", "bad.example")]);
/// assert_eq!(observables.json()[1]["value"], "bad.example");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Observables(Vec<Observable>);

impl Observables {
    /// Everything that the fixture says is known.
    pub fn known(fixture: &Fixture) -> Self {
        fixture.known.into()
    }

    /// The first known observable.
    pub fn first(fixture: &Fixture) -> Self {
        fixture.known[0].into()
    }

    /// The last known observable.
    pub fn last(fixture: &Fixture) -> Self {
        fixture.known[fixture.known.len() - 1].into()
    }

    /// The first and the last known observable, so far apart that no request is about both.
    pub fn apart(fixture: &Fixture, mode: &Mode) -> Self {
        let between = Self::unknown(fixture.known[0].0, mode.batch_size);
        Self::first(fixture).and(between).and(Self::last(fixture))
    }

    /// So many well-formed values of this type that no product knows.
    pub fn unknown(kind: &str, count: usize) -> Self {
        (0..count).map(|number| (kind, unknown_value(kind, number))).collect()
    }

    /// These observables and then those.
    #[must_use]
    pub fn and(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// The first so many.
    #[must_use]
    pub fn take(mut self, count: usize) -> Self {
        self.0.truncate(count);
        self
    }

    /// The same observables in the opposite order.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    /// The observables, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Observable> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The body of a request about them.
    pub fn json(&self) -> Value {
        self.iter().map(|one| json!({"type": one.kind, "value": one.value})).collect()
    }
}

impl<'a> IntoIterator for &'a Observables {
    type Item = &'a Observable;
    type IntoIter = std::slice::Iter<'a, Observable>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Observables {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let observable =
            |(kind, value): (K, V)| Observable { kind: kind.into(), value: value.into() };
        Self(pairs.into_iter().map(observable).collect())
    }
}

impl<K: Into<String>, V: Into<String>> From<(K, V)> for Observables {
    fn from(pair: (K, V)) -> Self {
        [pair].into()
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for Observables {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl From<&[(&str, &str)]> for Observables {
    fn from(pairs: &[(&str, &str)]) -> Self {
        pairs.iter().copied().collect()
    }
}

impl<const N: usize> From<&[(&str, &str); N]> for Observables {
    fn from(pairs: &[(&str, &str); N]) -> Self {
        pairs.iter().copied().collect()
    }
}

impl From<&Self> for Observables {
    fn from(observables: &Self) -> Self {
        observables.clone()
    }
}
