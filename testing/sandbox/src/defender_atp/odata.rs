//! What a list call asks for: `$filter`, `$top`, `$skip`, `$expand`; and the page that answers it.
//!
//! Pages "OData queries with Microsoft Defender for Endpoint" and the limits of each list's page.

mod filter;

use http::Uri;
use serde::Serialize;
use serde_json::{Map, Value, json};

use self::filter::Filter;
use super::problem::Problem;

/// One entity as it goes over the wire.
pub(super) type Entity = Map<String, Value>;

/// The most that one page or one `$top` may hold.
pub(super) const LARGEST_PAGE: usize = 10_000;

/// What the documentation says about one list.
pub(super) struct List {
    /// The last part of `@odata.context`, such as `Alerts`.
    pub(super) context: &'static str,
    /// Properties that `$filter` knows.
    pub(super) filters: &'static [&'static str],
    /// Properties that `$expand` knows.
    pub(super) expands: &'static [&'static str],
}

/// The OData options of one call.
#[derive(Debug, Default)]
pub(super) struct Options {
    filter: Option<Filter>,
    top: Option<usize>,
    skip: usize,
    /// Whether `$expand` was given.
    pub(super) expand: bool,
    /// All options except `$top` and `$skip`, for the link to the next page.
    kept: Vec<(String, String)>,
}

impl Options {
    /// Reads the query of a list call; what is not documented for this list is refused.
    pub(super) fn read(uri: &Uri, list: &List) -> Result<Self, Problem> {
        let query = uri.query().unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .try_fold(Self::default(), |options, (name, value)| options.with(list, name, value))
    }

    fn with(mut self, list: &List, name: String, value: String) -> Result<Self, Problem> {
        match name.as_str() {
            "$top" => {
                self.top = Some(whole_number(&name, &value)?);
                return Ok(self);
            }
            "$skip" => {
                self.skip = whole_number(&name, &value)?;
                return Ok(self);
            }
            "$filter" => self.filter = Some(Filter::parse(&value, list.filters)?),
            "$expand" if list.expands.contains(&value.as_str()) => self.expand = true,
            "$expand" => return Err(Problem::odata(format!("'{value}' cannot be expanded here."))),
            other if other.starts_with('$') => {
                return Err(Problem::odata(format!(
                    "The query option '{other}' is not known here."
                )));
            }
            _ => {}
        }
        self.kept.push((name, value));
        Ok(self)
    }

    pub(super) fn accepts(&self, entity: &Entity) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.accepts(entity))
    }

    /// One page of what passed the filter, with a link when there is more.
    pub(super) fn page(&self, list: &List, all: Vec<Entity>, size: usize, address: &str) -> Value {
        let wanted = self.top.unwrap_or(usize::MAX).min(all.len().saturating_sub(self.skip));
        let rows: Vec<_> = all.into_iter().skip(self.skip).take(wanted.min(size)).collect();
        let left = wanted - rows.len();
        let mut answer = json!({ "@odata.context": context(list.context) });
        if left > 0 {
            let skip = self.skip + rows.len();
            answer["@odata.nextLink"] = self.next_link(address, skip, left).into();
        }
        answer["value"] = rows.into();
        answer
    }

    fn next_link(&self, address: &str, skip: usize, left: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.kept);
        if self.top.is_some() {
            query.append_pair("$top", &left.to_string());
        }
        query.append_pair("$skip", &skip.to_string());
        format!("{address}?{}", query.finish())
    }
}

/// A typed resource as the entity it is on the wire.
pub(super) fn entity<T: Serialize>(resource: &T) -> Entity {
    match serde_json::to_value(resource) {
        Ok(Value::Object(entity)) => entity,
        _ => Entity::new(),
    }
}

/// One entity with its context, such as `Files/$entity`.
pub(super) fn single(context_of: &str, mut entity: Entity) -> Value {
    entity.insert("@odata.context".into(), context(context_of).into());
    entity.into()
}

fn context(of: &str) -> String {
    format!("https://api.security.microsoft.com/api/$metadata#{of}")
}

fn whole_number(option: &str, value: &str) -> Result<usize, Problem> {
    value.parse().ok().filter(|number| *number <= LARGEST_PAGE || option == "$skip").ok_or_else(
        || Problem::odata(format!("{option} must be a whole number up to {LARGEST_PAGE}.")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: List = List { context: "Things", filters: &["n"], expands: &["parts"] };

    fn options(query: &str) -> Result<Options, Problem> {
        let uri = format!("/api/things?{query}").parse().expect("a path with a query");
        Options::read(&uri, &LIST)
    }

    fn page(query: &str, size: usize) -> Value {
        let things: Vec<Entity> =
            (0..5).map(|n| Entity::from_iter([("n".to_owned(), Value::from(n))])).collect();
        let options = options(query).expect("known options");
        let fitting = things.into_iter().filter(|thing| options.accepts(thing)).collect();
        options.page(&LIST, fitting, size, "http://127.0.0.1/api/things")
    }

    fn numbers(page: &Value) -> Vec<i64> {
        let rows = page["value"].as_array().expect("a list");
        rows.iter().filter_map(|row| row["n"].as_i64()).collect()
    }

    #[test]
    fn undocumented_options_are_refused() {
        for query in ["$orderby=n", "$select=n", "$top=-1", "$top=10001", "$skip=x", "$expand=all"]
        {
            assert!(options(query).is_err(), "{query}");
        }
        assert!(options("$top=10000&$skip=20000&$expand=parts&other=1").is_ok());
    }

    #[test]
    fn links_lead_through_everything_once() {
        let first = page("$filter=n+ge+1&$expand=parts", 3);
        assert_eq!(numbers(&first), [1, 2, 3]);
        let link = first["@odata.nextLink"].as_str().expect("a link");
        let (_, query) = link.split_once('?').expect("a query");
        let second = page(query, 3);
        assert_eq!(numbers(&second), [4]);
        assert_eq!(second.get("@odata.nextLink"), None);
    }

    #[test]
    fn top_counts_over_pages() {
        let first = page("$top=3", 2);
        let link = first["@odata.nextLink"].as_str().expect("a link").to_owned();
        assert_eq!(link, "http://127.0.0.1/api/things?%24top=1&%24skip=2");
        assert_eq!(numbers(&page("%24top=1&%24skip=2", 2)), [2]);
        assert_eq!(page("%24top=1&%24skip=2", 2).get("@odata.nextLink"), None);
    }
}
