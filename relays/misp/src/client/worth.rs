//! The search for what MISP knows about the worth of attributes, docs/relays/misp.md#search-for-worth.

use std::collections::HashMap;

use relay_core::{Error, lenient::Text};

use super::{Client, budget::Budget, query::Search, types::Attribute};

/// Attributes whose worth one search asks for, at the most.
const MAX_ATTRIBUTES: usize = 1000;

/// What MISP knows about the worth of an attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Worth {
    /// The first warning list that the value is on.
    pub(crate) warning_list: Option<String>,
    /// Users who saw it.
    pub(crate) seen: usize,
    /// Users who reported it as a false positive.
    pub(crate) false_positives: usize,
}

/// The worth of attributes, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Worths {
    pub(crate) by_id: HashMap<i64, Worth>,
    pub(crate) error: Option<Error>,
}

impl Client<'_> {
    /// Returns the worth of the attributes that hold one of `values` in events.
    pub(crate) async fn search_worth(
        &self,
        values: &[String],
        event_ids: &[String],
        budget: &Budget,
    ) -> Worths {
        if values.is_empty() || event_ids.is_empty() {
            return Worths::default();
        }
        budget.spend();
        let search = Search::of_worth(values, event_ids, MAX_ATTRIBUTES);
        match self.search(&search).await {
            None => Worths::default(),
            Some(Ok(page)) => Worths { by_id: worths(page.attributes), error: None },
            Some(Err(error)) => Worths { error: Some(unchecked(error)), ..Worths::default() },
        }
    }
}

fn worths(attributes: Vec<Attribute>) -> HashMap<i64, Worth> {
    attributes.into_iter().filter_map(|one| Some((one.id.into_inner()?, worth(&one)))).collect()
}

fn worth(attribute: &Attribute) -> Worth {
    let reports = |sighting_type| {
        let of_type =
            |one: &&super::types::ReportedSighting| *one.sighting_type == Some(sighting_type);
        attribute.sightings.iter().filter(of_type).count()
    };
    let name = |text: &Text| text.as_deref().unwrap_or("without a name").to_owned();
    Worth {
        warning_list: attribute.warnings.first().map(|hit| name(&hit.warninglist_name)),
        seen: reports(0),
        false_positives: reports(1),
    }
}

fn unchecked(error: Error) -> Error {
    let preface = "Whether MISP's warning lists hold the values, and false positives were reported, is not known.";
    error.with_preface(preface).as_warning()
}
