//! An answer as a rule reads it, after it was found to be a valid one.

use std::collections::BTreeSet;

use relay_core::service::Outgoing;
use serde_json::Value;

/// A valid answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// As it goes out.
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn read(outgoing: Outgoing) -> Self {
        let Outgoing { status, body: text, .. } = outgoing;
        let json = serde_json::from_str(&text).expect("every answer is JSON");
        Self { status, text, json }
    }

    /// The documents of a collection.
    pub(crate) fn docs(&self, collection: &str) -> &[Value] {
        self.json["data"][collection]["docs"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The documents of all collections.
    pub(crate) fn all_docs(&self) -> impl Iterator<Item = &Value> {
        let collections = self.json["data"].as_object().into_iter().flatten();
        collections.filter_map(|(_, collection)| collection["docs"].as_array()).flatten()
    }

    /// Links or actions.
    pub(crate) fn items(&self) -> &[Value] {
        self.json["data"].as_array().map_or(&[], Vec::as_slice)
    }

    /// What names every document: its id, or, for a verdict, all of it.
    pub(crate) fn identities(&self) -> BTreeSet<String> {
        let identity = |doc: &Value| doc["id"].as_str().map_or(doc.to_string(), str::to_owned);
        self.all_docs().map(identity).collect()
    }

    pub(crate) fn errors(&self) -> &[Value] {
        self.json["errors"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The codes of the errors.
    pub(crate) fn codes(&self) -> Vec<&str> {
        self.errors().iter().filter_map(|error| error["code"].as_str()).collect()
    }

    /// The sentences of the errors.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &str> {
        self.errors().iter().filter_map(|error| error["message"].as_str())
    }

    /// Whether it is nothing but the refusal of a token.
    pub(crate) fn is_refusal(&self) -> bool {
        self.codes() == ["authorization error"] && self.json.get("data").is_none()
    }

    /// Fails unless it is an answer without errors.
    #[track_caller]
    pub(crate) fn assert_good(&self) {
        assert!(self.errors().is_empty(), "{}", self.text);
    }

    /// Fails unless it is nothing but the refusal of a token.
    #[track_caller]
    pub(crate) fn assert_refusal(&self) {
        assert!(self.is_refusal(), "{}", self.text);
    }

    /// Fails unless it speaks of a failure, in plain sentences.
    #[track_caller]
    pub(crate) fn assert_failure(&self) {
        assert!(!self.errors().is_empty(), "{}", self.text);
        for message in self.messages() {
            let has_markup =
                message.contains("</") || message.contains("<!") || message.contains("<html");
            assert!(!has_markup && !message.chars().any(char::is_control), "{message:?}");
        }
    }

    /// Fails unless everything of another answer is in this one too.
    #[track_caller]
    pub(crate) fn assert_holds(&self, part: &Self) {
        let (all, part) = (self.identities(), part.identities());
        let lost: Vec<_> = part.difference(&all).collect();
        assert!(lost.is_empty(), "lost {lost:?} in {}", self.text);
    }
}
