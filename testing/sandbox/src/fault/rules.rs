//! The calls that meet a fault, and how often.

use http::Method;

use super::Fault;
use crate::Call;

/// Which calls a fault meets: all conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct When {
    method: Option<Method>,
    path: String,
    text: String,
}

impl When {
    /// Every call.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Calls whose path begins with this text.
    pub fn path(prefix: impl Into<String>) -> Self {
        Self { path: prefix.into(), ..Self::default() }
    }

    /// Only calls with this method.
    #[must_use]
    pub fn method(self, method: Method) -> Self {
        Self { method: Some(method), ..self }
    }

    /// Only calls with this text in the path, the query (both decoded) or the body.
    pub fn mentioning(self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self }
    }

    fn fits(&self, call: &Call) -> bool {
        self.method.as_ref().is_none_or(|method| *method == call.method)
            && call.path.starts_with(&self.path)
            && call.mentions(&self.text)
    }
}

impl From<&str> for When {
    fn from(prefix: &str) -> Self {
        Self::path(prefix)
    }
}

/// How many of the fitting calls a fault meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// All of them.
    Always,
    /// The next so many; later ones work.
    Next(usize),
    /// Only this one, counted from 1.
    Nth(usize),
}

impl Times {
    fn includes(self, call: usize) -> bool {
        match self {
            Self::Always => true,
            Self::Next(count) => call <= count,
            Self::Nth(number) => call == number,
        }
    }
}

/// The faults in force, in the order in which they were set.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    when: When,
    fault: Fault,
    times: Times,
    met: usize,
}

impl Rule {
    fn meets(&mut self, call: &Call) -> bool {
        let fits = self.when.fits(call);
        self.met += usize::from(fits);
        fits && self.times.includes(self.met)
    }
}

impl Faults {
    pub(crate) fn add(&mut self, when: When, fault: Fault, times: Times) {
        self.0.push(Rule { when, fault, times, met: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first fault that meets this call; the ones behind it do not count the call.
    pub(crate) fn for_call(&mut self, call: &Call) -> Option<Fault> {
        self.0.iter_mut().find_map(|rule| rule.meets(call).then(|| rule.fault.clone()))
    }
}
