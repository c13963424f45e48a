//! The parts of a relay's answer that the tool shows.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::observable::ObservableArgument;

/// An answer.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) data: Value,
    #[serde(default)]
    pub(crate) errors: Vec<ErrorEntry>,
    /// The only member of the answer to `/version`.
    #[serde(default)]
    pub(crate) version: Value,
}

/// One error entry.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ErrorEntry {
    #[serde(rename = "type")]
    pub(crate) severity: String,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Answer {
    /// Reads an answer; `None` for any other text, also for JSON that no relay sends.
    pub(crate) fn read(body: &str) -> Option<Self> {
        let members: serde_json::Map<String, Value> = serde_json::from_str(body).ok()?;
        let is_answer =
            ["data", "errors", "version"].iter().any(|name| members.contains_key(*name));
        is_answer.then(|| serde_json::from_value(members.into()).ok()).flatten()
    }

    /// Whether an error is more than a warning.
    pub(crate) fn has_failed(&self) -> bool {
        self.errors.iter().any(|entry| entry.severity != "warning")
    }

    /// Whether the relay has no link or no action.
    pub(crate) fn is_empty_list(&self) -> bool {
        self.data.as_array().is_some_and(Vec::is_empty)
    }

    /// Returns the name of the product that the entities come from.
    pub(crate) fn source(&self) -> Option<&str> {
        ["sightings", "judgements"]
            .iter()
            .find_map(|docs| self.docs(docs).first()?["source"].as_str())
    }

    /// Returns the documents of one collection.
    pub(crate) fn docs(&self, collection: &str) -> &[Value] {
        self.data[collection]["docs"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The dispositions, the worst first.
    pub(crate) const DISPOSITIONS: [&str; 5] =
        ["Malicious", "Suspicious", "Common", "Clean", "Unknown"];

    /// Returns the worst disposition of an observable's verdicts and judgements.
    pub(crate) fn disposition(&self, observable: &ObservableArgument) -> Option<&str> {
        let dispositions: Vec<&str> = self
            .docs("verdicts")
            .iter()
            .chain(self.docs("judgements"))
            .filter(|doc| observable.is(&doc["observable"]))
            .filter_map(|doc| doc["disposition_name"].as_str())
            .collect();
        Self::DISPOSITIONS.into_iter().find(|disposition| dispositions.contains(disposition))
    }

    /// Returns the sightings of an observable.
    pub(crate) fn sightings(&self, observable: &ObservableArgument) -> Vec<&Value> {
        let is_sighting = |doc: &&Value| {
            doc["observables"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| observable.is(one)))
        };
        self.docs("sightings").iter().filter(is_sighting).collect()
    }

    /// Whether anything was found about an observable.
    pub(crate) fn knows(&self, observable: &ObservableArgument) -> bool {
        self.disposition(observable).is_some() || !self.sightings(observable).is_empty()
    }

    /// Returns all sightings, the newest first.
    pub(crate) fn newest_sightings(&self) -> Vec<&Value> {
        let mut all: Vec<&Value> = self.docs("sightings").iter().collect();
        all.sort_by(|one, other| {
            let start = |sighting: &Value| sighting["observed_time"]["start_time"].to_string();
            start(other).cmp(&start(one))
        });
        all
    }

    /// Counts the indicators that the sightings of an observable refer to.
    pub(crate) fn indicators(&self, observable: &ObservableArgument) -> usize {
        let sightings: Vec<&Value> =
            self.sightings(observable).iter().map(|doc| &doc["id"]).collect();
        let refers_to_indicator = |doc: &&Value| {
            sightings.contains(&&doc["source_ref"])
                && doc["target_ref"].as_str().is_some_and(|id| id.contains(":indicator-"))
        };
        let mut targets: Vec<_> = self
            .docs("relationships")
            .iter()
            .filter(refers_to_indicator)
            .map(|doc| doc["target_ref"].as_str())
            .collect();
        targets.sort_unstable();
        targets.dedup();
        targets.len()
    }

    /// Returns the time of an observable's last sighting, to the second.
    pub(crate) fn last_seen(&self, observable: &ObservableArgument) -> Option<&str> {
        let times = self.sightings(observable).into_iter().filter_map(|doc| {
            let time = &doc["observed_time"];
            time["end_time"].as_str().or(time["start_time"].as_str())
        });
        times.max().and_then(|time| time.get(..19))
    }

    /// Counts the links or actions for an observable.
    pub(crate) fn listed(&self, observable: &ObservableArgument) -> usize {
        let is_for_observable = |id: &str| {
            id.contains(&format!("-{}-", observable.kind))
                && id.ends_with(&relay_core::url::escaped(&observable.value))
        };
        let items = self.data.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().filter(|item| item["id"].as_str().is_some_and(is_for_observable)).count()
    }
}
