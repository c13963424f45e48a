//! An answer as tests read it.

use std::{collections::BTreeSet, fmt, ops::Deref};

use relay_core::Outgoing;
use serde_json::{Value, json};

/// The answer to one request. Dereferences to its JSON: `answer["data"]`.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body as it goes out.
    pub text: String,
    json: Value,
}

impl Answer {
    /// Reads what a relay's service returned.
    ///
    /// # Panics
    ///
    /// When the body is no JSON.
    pub(crate) fn read(outgoing: &Outgoing) -> Self {
        let text = outgoing.json();
        let json = serde_json::from_str(&text).expect("every answer is JSON");
        Self { status: outgoing.status, text, json }
    }

    /// The documents of a collection, such as `sightings`; none where it is missing.
    pub fn docs(&self, collection: &str) -> &[Value] {
        list(&self["data"][collection]["docs"])
    }

    /// The only document of a collection.
    ///
    /// # Panics
    ///
    /// When there is none, or another one.
    #[track_caller]
    pub fn only(&self, collection: &str) -> &Value {
        let [only] = self.docs(collection) else { panic!("{collection} of {}", self.text) };
        only
    }

    /// One member of every document of a collection, by its JSON pointer; null where it is missing.
    pub fn every(&self, collection: &str, pointer: &str) -> Vec<&Value> {
        let docs = self.docs(collection).iter();
        docs.map(|doc| doc.pointer(pointer).unwrap_or(&Value::Null)).collect()
    }

    /// The documents of all collections.
    pub fn all_docs(&self) -> impl Iterator<Item = &Value> {
        let collections = self["data"].as_object().into_iter().flatten();
        collections.flat_map(|(_, collection)| list(&collection["docs"]))
    }

    /// The id of every document; a verdict, which has none, as it is.
    pub fn ids(&self) -> BTreeSet<String> {
        self.all_docs().map(id).collect()
    }

    /// The links or actions.
    pub fn items(&self) -> &[Value] {
        list(&self["data"])
    }

    /// The error entries.
    pub fn error_entries(&self) -> &[Value] {
        self.get("errors").map_or(&[], list)
    }

    /// Type and code of each error.
    pub fn errors(&self) -> Vec<(&str, &str)> {
        let entries = self.error_entries().iter();
        entries.map(|error| (text(error, "type"), text(error, "code"))).collect()
    }

    /// The code of each error.
    pub fn codes(&self) -> Vec<&str> {
        self.errors().into_iter().map(|(_, code)| code).collect()
    }

    /// The message of each error.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.error_entries().iter().map(|error| text(error, "message"))
    }

    /// The message of the only error.
    ///
    /// # Panics
    ///
    /// When there is none, or another one.
    #[track_caller]
    pub fn message(&self) -> &str {
        let [only] = self.error_entries() else { panic!("{}", self.text) };
        text(only, "message")
    }

    /// Fails unless it is an answer without errors.
    ///
    /// # Panics
    ///
    /// When there is an error.
    #[track_caller]
    pub fn assert_no_errors(&self) {
        assert!(self.error_entries().is_empty(), "{}", self.text);
    }

    /// Fails unless it says that the product is well; it may tell of quotas, too.
    ///
    /// # Panics
    ///
    /// When there is an error, or another status.
    #[track_caller]
    pub fn assert_healthy(&self) {
        assert_eq!(self.without_quotas(), json!({"data": {"status": "ok"}}));
    }

    /// The whole answer but for quotas, of which every request takes one more.
    pub fn without_quotas(&self) -> Value {
        let mut json = self.json.clone();
        if let Some(Value::Object(data)) = json.get_mut("data") {
            data.remove("quotas");
        }
        json
    }

    /// Fails unless it is nothing but one fatal error of this code.
    ///
    /// # Panics
    ///
    /// When there is another error, or data.
    #[track_caller]
    pub fn assert_fatal(&self, code: &str) {
        assert_eq!(
            (self.errors(), self.get("data")),
            (vec![("fatal", code)], None),
            "{}",
            self.text
        );
    }

    /// Fails unless it is nothing but the rejection of a token.
    ///
    /// # Panics
    ///
    /// As [`assert_fatal`](Self::assert_fatal).
    #[track_caller]
    pub fn assert_unauthorized(&self) {
        self.assert_fatal("authorization error");
    }

    /// Fails unless it names at least one error, in plain sentences.
    ///
    /// # Panics
    ///
    /// When there is no error, or a message with markup or control characters.
    #[track_caller]
    pub fn assert_failure(&self) {
        assert!(!self.error_entries().is_empty(), "{}", self.text);
        for message in self.messages() {
            let has_markup = ["</", "<!", "<html"].iter().any(|markup| message.contains(markup));
            assert!(!has_markup && !message.chars().any(char::is_control), "{message:?}");
        }
    }

    /// Fails unless it has every document of another answer.
    ///
    /// # Panics
    ///
    /// When a document is missing.
    #[track_caller]
    pub fn assert_includes(&self, part: &Self) {
        let (all, part) = (self.ids(), part.ids());
        let missing: Vec<_> = part.difference(&all).collect();
        assert!(missing.is_empty(), "{missing:?} are missing in {}", self.text);
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Deref for Answer {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.json
    }
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl PartialEq<Value> for Answer {
    fn eq(&self, other: &Value) -> bool {
        self.json == *other
    }
}

/// The id of a document; a verdict, which has none, as it is.
pub(crate) fn id(doc: &Value) -> String {
    doc["id"].as_str().map_or_else(|| doc.to_string(), str::to_owned)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[track_caller]
fn text<'a>(error: &'a Value, name: &str) -> &'a str {
    error[name].as_str().expect("every error has type, code and message")
}
