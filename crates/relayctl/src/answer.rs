//! A relay's answer, as far as the tool shows it.

use serde::Deserialize;
use serde_json::Value;

use crate::observable::Asked;

/// The envelope.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) data: Value,
    #[serde(default)]
    pub(crate) errors: Vec<Entry>,
    /// What `/version` answers instead of the envelope.
    #[serde(default)]
    pub(crate) version: Value,
}

/// One error entry.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    #[serde(rename = "type")]
    pub(crate) weight: String,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Answer {
    /// Reads an answer; anything else than the envelope is none.
    pub(crate) fn read(body: &str) -> Option<Self> {
        serde_json::from_str(body).ok()
    }

    /// Whether something is wrong beyond a warning.
    pub(crate) fn is_refusal(&self) -> bool {
        self.errors.iter().any(|entry| entry.weight != "warning")
    }

    /// The documents of one collection.
    pub(crate) fn docs(&self, collection: &str) -> &[Value] {
        self.data[collection]["docs"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The worst word on an observable: its verdict, else the worst of its judgements.
    pub(crate) fn disposition(&self, asked: &Asked) -> Option<&str> {
        const WORST_FIRST: [&str; 5] = ["Malicious", "Suspicious", "Common", "Clean", "Unknown"];
        let words: Vec<&str> = self
            .docs("verdicts")
            .iter()
            .chain(self.docs("judgements"))
            .filter(|doc| is_about(&doc["observable"], asked))
            .filter_map(|doc| doc["disposition_name"].as_str())
            .collect();
        WORST_FIRST.into_iter().find(|word| words.contains(word))
    }

    /// The sightings of an observable.
    pub(crate) fn sightings(&self, asked: &Asked) -> Vec<&Value> {
        let sees = |doc: &&Value| {
            doc["observables"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| is_about(one, asked)))
        };
        self.docs("sightings").iter().filter(sees).collect()
    }

    /// How many indicators the sightings of an observable lead to.
    pub(crate) fn indicators(&self, asked: &Asked) -> usize {
        let seen: Vec<&Value> = self.sightings(asked).iter().map(|doc| &doc["id"]).collect();
        let leads = |doc: &&Value| {
            seen.contains(&&doc["source_ref"])
                && doc["target_ref"].as_str().is_some_and(|id| id.contains(":indicator-"))
        };
        let mut targets: Vec<_> = self
            .docs("relationships")
            .iter()
            .filter(leads)
            .map(|doc| doc["target_ref"].as_str())
            .collect();
        targets.sort_unstable();
        targets.dedup();
        targets.len()
    }

    /// When an observable was seen last, to the second.
    pub(crate) fn last_seen(&self, asked: &Asked) -> Option<&str> {
        let times = self.sightings(asked).into_iter().filter_map(|doc| {
            let time = &doc["observed_time"];
            time["end_time"].as_str().or(time["start_time"].as_str())
        });
        times.max().and_then(|time| time.get(..19))
    }

    /// How many links or actions of a list are about an observable.
    pub(crate) fn listed(&self, asked: &Asked) -> usize {
        let ends = |id: &str| {
            id.contains(&format!("-{}-", asked.kind))
                && id.ends_with(&relay_core::http::escaped(&asked.value))
        };
        let items = self.data.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().filter(|item| item["id"].as_str().is_some_and(ends)).count()
    }
}

fn is_about(observable: &Value, asked: &Asked) -> bool {
    observable["type"] == *asked.kind && observable["value"] == *asked.value
}
