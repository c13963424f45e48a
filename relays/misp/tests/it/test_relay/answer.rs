//! An answer, and the questions that tests put to it.

use sandbox::Sandbox;
use serde_json::{Value, json};

/// Where the MISP of the written examples stands.
pub(crate) const PUBLIC_HOST: &str = "https://misp.corp.example";

/// What a relay answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer(pub(crate) Value);

impl Answer {
    pub(crate) fn read(body: &str) -> Self {
        Self(serde_json::from_str(body).unwrap())
    }

    /// The same answer as a caller gets it whose MISP stands at [`PUBLIC_HOST`]. The imitation
    /// stands on a loopback port, which differs on every run.
    pub(crate) fn at_public_host(&self, sandbox: &Sandbox) -> Value {
        let text = self.0.to_string().replace(sandbox.url(), PUBLIC_HOST);
        serde_json::from_str(&text).unwrap()
    }

    /// The documents of a collection; none when it is left out.
    pub(crate) fn docs(&self, collection: &str) -> &[Value] {
        self.0["data"][collection]["docs"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The one document of a collection.
    #[track_caller]
    pub(crate) fn only(&self, collection: &str) -> &Value {
        let docs = self.docs(collection);
        assert_eq!(docs.len(), 1, "{collection} of {:#}", self.0);
        &docs[0]
    }

    /// One member of every document of a collection.
    pub(crate) fn every(&self, collection: &str, pointer: &str) -> Vec<&Value> {
        self.docs(collection)
            .iter()
            .map(|doc| doc.pointer(pointer).unwrap_or(&Value::Null))
            .collect()
    }

    /// The values of the observables that have a verdict.
    pub(crate) fn found(&self) -> Vec<&str> {
        let values = self.every("verdicts", "/observable/value").into_iter();
        values.map(|value| value.as_str().unwrap()).collect()
    }

    /// The product's ids of the events in an answer, in the order of the sightings.
    pub(crate) fn events(&self) -> Vec<&str> {
        let ids = self.every("sightings", "/external_ids/0").into_iter();
        ids.map(|id| id.as_str().unwrap()).collect()
    }

    /// The links or actions of an answer.
    pub(crate) fn items(&self) -> &[Value] {
        self.0["data"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Type and code of every error.
    pub(crate) fn errors(&self) -> Vec<(&str, &str)> {
        let errors = self.entries().iter();
        errors.map(|one| (one["type"].as_str().unwrap(), one["code"].as_str().unwrap())).collect()
    }

    /// The sentences of all errors.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &str> {
        self.entries().iter().map(|one| one["message"].as_str().unwrap())
    }

    /// The sentence of the one error there is.
    #[track_caller]
    pub(crate) fn message(&self) -> &str {
        assert_eq!(self.entries().len(), 1, "{:#}", self.0);
        self.messages().next().unwrap()
    }

    /// Fails unless there is nothing but one fatal error of this code.
    #[track_caller]
    pub(crate) fn assert_refused(&self, code: &str) {
        assert_eq!(self.errors(), [("fatal", code)], "{:#}", self.0);
        assert_eq!(self.0.get("data"), None, "{:#}", self.0);
    }

    /// Fails unless the answer says that nothing was found, and nothing more.
    #[track_caller]
    pub(crate) fn assert_nothing_found(&self) {
        assert_eq!(self.0, json!({"data": {}}));
    }

    fn entries(&self) -> &[Value] {
        self.0["errors"].as_array().map_or(&[], Vec::as_slice)
    }
}
