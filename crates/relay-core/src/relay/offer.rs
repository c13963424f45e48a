//! What a relay offers beside findings: links, actions, and the action that was chosen.

use serde::Serialize;

use crate::{
    ctim::{Observable, ObservableType, ShortText, Uri},
    error::{Error, ErrorKind},
};

/// A link into the product's console.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    /// `ref-…`, the same for the same observable.
    pub id: String,
    /// What the menu shows.
    pub title: String,
    /// What the reader finds there.
    pub description: String,
    /// Where it leads.
    pub url: Uri,
    /// The groups it is listed under.
    pub categories: Vec<&'static str>,
}

/// Something that can be done about an observable.
#[derive(Debug, Clone, Serialize)]
pub struct Action {
    /// Comes back as `action-id`.
    pub id: String,
    /// What the menu shows.
    pub title: ShortText,
    /// What it will do.
    pub description: ShortText,
    /// The groups it is listed under.
    pub categories: Vec<&'static str>,
    /// Comes back with the trigger.
    #[serde(rename = "query-params")]
    pub query_params: QueryParams,
}

/// What an action remembers until it is triggered.
#[derive(Debug, Clone, Serialize)]
pub struct QueryParams {
    /// The observable's type.
    pub observable_type: ObservableType,
    /// The observable's value, as asked.
    pub observable_value: String,
    /// The product's id of an indicator, where the action is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indicator_id: Option<String>,
}

impl From<&Observable> for QueryParams {
    fn from(observable: &Observable) -> Self {
        Self {
            observable_type: observable.kind,
            observable_value: observable.value.clone(),
            indicator_id: None,
        }
    }
}

/// An action the analyst chose.
#[derive(Debug, Clone)]
pub struct Trigger {
    /// The action's id, as it was offered.
    pub action_id: String,
    /// The observable's type as sent; a type outside CTIM's list stays text.
    pub observable_type: String,
    /// The observable's value.
    pub observable_value: String,
    /// The product's id of an indicator, where the action is about one.
    pub indicator_id: Option<String>,
}

impl Trigger {
    /// The observable, if its type is one of CTIM's.
    #[must_use]
    pub fn observable(&self) -> Option<Observable> {
        let kind = self.observable_type.parse().ok()?;
        Some(Observable::new(kind, self.observable_value.clone()))
    }

    /// Returns what makes it another action than others; the observable's spelling does not.
    pub(crate) fn parts(&self) -> [String; 4] {
        let value = self.observable().and_then(|observable| observable.normal_form());
        [
            self.action_id.clone(),
            self.observable_type.clone(),
            value.unwrap_or_else(|| self.observable_value.clone()),
            self.indicator_id.clone().unwrap_or_default(),
        ]
    }

    /// The failure for an action that the relay does not offer.
    pub fn unsupported() -> Error {
        Error::new(
            ErrorKind::Unsupported,
            "Unsupported action: this relay does not offer it for this observable.",
        )
    }
}
