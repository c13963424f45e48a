//! Lists of entities: `$filter`, `$top`, `$skip`, `$expand`, and the page that answers them.
//!
//! Source: page "OData queries with Microsoft Defender for Endpoint", and the limits of each list's page.

use serde_json::{Value, json};

use super::{
    access::{Caller, Gate},
    error::DefenderError,
};
use crate::odata::{Filter, Options, Schema};

/// Entities of one page, and the largest `$top`.
pub(super) const MAX_PAGE_SIZE: usize = 10_000;

/// One list as it is documented.
pub(super) struct List {
    /// The last part of `@odata.context`, such as `Alerts`.
    pub(super) context: &'static str,
    /// Properties that `$filter` knows, with blanks between them.
    pub(super) filters: &'static str,
    /// Properties that `$expand` knows.
    pub(super) expands: &'static [&'static str],
}

/// The query of one request for a list.
pub(super) struct ListQuery {
    list: &'static List,
    options: Options,
    filter: Option<Filter>,
    address: String,
}

impl ListQuery {
    /// Reads the query of a request; what is not documented for this list is refused.
    pub(super) fn read(gate: &Gate, list: &'static List) -> Result<Self, DefenderError> {
        let (address, query) = gate.address();
        Self::new(list, address, query)
    }

    fn new(list: &'static List, address: String, query: &str) -> Result<Self, DefenderError> {
        let options = Options::read(query, &["$filter", "$expand", "$top", "$skip"]);
        let options = options.map_err(DefenderError::odata)?;
        if options.top.is_some_and(|top| top > MAX_PAGE_SIZE) {
            let message = format!("$top must be a whole number up to {MAX_PAGE_SIZE}.");
            return Err(DefenderError::odata(message));
        }
        if let Some(name) = options.expand.as_deref().filter(|name| !list.expands.contains(name)) {
            return Err(DefenderError::odata(format!("'{name}' cannot be expanded here.")));
        }
        let filter = options.filter.as_deref();
        let filter = filter.map(|text| Filter::parse(text, Schema::Names(list.filters)));
        let filter = filter.transpose().map_err(DefenderError::odata)?;
        Ok(Self { list, options, filter, address })
    }

    /// Whether `$expand` was given.
    pub(super) fn expands(&self) -> bool {
        self.options.expand.is_some()
    }

    pub(super) fn accepts(&self, entity: &Value) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(entity))
    }

    /// One page of the entities that the filter accepts, with a link when there is more.
    pub(super) fn page(
        &self,
        caller: &Caller<'_>,
        entities: impl IntoIterator<Item = Value>,
    ) -> Value {
        self.page_of(caller.tenant.behaviour.page_size, entities)
    }

    /// `$top` counts over all pages.
    fn page_of(&self, size: usize, entities: impl IntoIterator<Item = Value>) -> Value {
        let entities = entities.into_iter().filter(|entity| self.accepts(entity));
        let mut page: Vec<Value> = entities.skip(self.options.skip).collect();
        page.truncate(self.options.top.unwrap_or(usize::MAX));
        let left = page.len().saturating_sub(size);
        page.truncate(size);
        let mut body = json!({ "@odata.context": context(self.list.context) });
        if left > 0 {
            let skip = self.options.skip + page.len();
            let rest = Options { top: self.options.top.map(|_| left), ..self.options.clone() };
            let query = rest.next_page(("$skip", skip.to_string()));
            body["@odata.nextLink"] = format!("{}?{query}", self.address).into();
        }
        body["value"] = page.into();
        body
    }
}

/// One entity with its context, such as `Files/$entity`.
pub(super) fn single(context_of: &str, mut entity: Value) -> Value {
    entity["@odata.context"] = context(context_of).into();
    entity
}

pub(super) fn context(of: &str) -> String {
    format!("https://api.security.microsoft.com/api/$metadata#{of}")
}

#[cfg(test)]
mod tests {
    use super::*;

    static LIST: List = List { context: "Things", filters: "n", expands: &["parts"] };

    fn read(query: &str) -> Result<ListQuery, DefenderError> {
        ListQuery::new(&LIST, "http://127.0.0.1/api/things".to_owned(), query)
    }

    /// The numbers on a page of five things, and the query of the next page.
    fn page(query: &str, size: usize) -> (Vec<i64>, Option<String>) {
        let body = read(query).expect(query).page_of(size, (0..5).map(|n| json!({"n": n})));
        let numbers = body["value"].as_array().expect("a list").iter();
        let next = body["@odata.nextLink"].as_str().and_then(|link| link.split_once('?'));
        let next = next.map(|(_, query)| query.to_owned());
        (numbers.filter_map(|thing| thing["n"].as_i64()).collect(), next)
    }

    #[test]
    fn undocumented_options_are_refused() {
        for query in ["$orderby=n", "$select=n", "$top=-1", "$top=10001", "$skip=x", "$expand=all"]
        {
            assert!(read(query).is_err(), "{query}");
        }
        assert!(read("$top=10000&$skip=20000&$expand=parts&other=1").is_ok());
    }

    #[test]
    fn links_lead_through_everything_once() {
        let (numbers, next) = page("$filter=n+ge+1&$expand=parts", 3);
        assert_eq!(numbers, [1, 2, 3]);
        assert_eq!(page(&next.expect("a link"), 3), (vec![4], None));
    }

    #[test]
    fn top_counts_over_pages() {
        let (_, next) = page("$top=3", 2);
        assert_eq!(next.as_deref(), Some("$top=1&$skip=2"));
        assert_eq!(page("%24top=1&%24skip=2", 2), (vec![2], None));
    }
}
