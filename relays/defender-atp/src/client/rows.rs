//! Lists: pages one after the other, and many values in one filter.

use futures::future::join_all;
use microsoft::odata;
use relay_core::{Partial, Request, Response, Result, lenient};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Api, Failure, Group};

/// How many values one filter names (spec §3.1).
pub(crate) const MOST_VALUES: usize = 20;

/// One page of a list.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Page<T> {
    #[serde(deserialize_with = "lenient::objects")]
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink", default, deserialize_with = "lenient::text")]
    next: Option<String>,
}

/// A filter over one property, and what else the list call says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lookup {
    pub(super) group: Group,
    pub(super) list: &'static str,
    pub(super) property: &'static str,
    pub(super) option: Option<(&'static str, &'static str)>,
    /// Whether the list answers 404 when no row fits.
    pub(super) none_is_404: bool,
}

/// The rows of an answer that is one page.
pub(super) fn page<T: DeserializeOwned>(response: &Response) -> Result<Vec<T>> {
    response.json::<Page<T>>().map(|page| page.value)
}

impl Api<'_> {
    /// Reads pages until `most` rows are there; links that lead elsewhere are not followed. What
    /// the first pages brought stays when a later one fails.
    pub(super) async fn rows<T: DeserializeOwned>(
        &self,
        group: Group,
        first: Request,
        most: usize,
    ) -> Result<Partial<Vec<T>>, Failure> {
        let mut page: Page<T> = self.send(group, first).await?.json()?;
        let mut rows = page.value;
        let mut errors = Vec::new();
        while let Some(link) = page.next.take().filter(|_| rows.len() < most) {
            let Some(address) = self.base.same_origin(&link) else { break };
            page = match self.next_page(group, Request::get(address)).await {
                Ok(page) if page.value.is_empty() => break,
                Ok(page) => page,
                Err(failure) => {
                    errors.push(failure.error);
                    break;
                }
            };
            rows.append(&mut page.value);
        }
        Ok(Partial { data: rows, errors })
    }

    async fn next_page<T: DeserializeOwned>(
        &self,
        group: Group,
        request: Request,
    ) -> Result<Page<T>, Failure> {
        Ok(self.send(group, request).await?.json()?)
    }

    /// The rows whose property has one of these values: one call for each twenty, side by side.
    /// What the list does not have is no failure.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        lookup: Lookup,
        values: &[&str],
    ) -> Partial<Vec<T>> {
        let chunks = values.chunks(MOST_VALUES).map(|values| self.chunk(lookup, values));
        merged(join_all(chunks).await)
    }

    /// A chain of terms that the product does not understand is asked term by term.
    async fn chunk<T: DeserializeOwned>(&self, lookup: Lookup, values: &[&str]) -> Partial<Vec<T>> {
        match self.filtered(lookup, values).await {
            Err(failure) if failure.is_about_filter() && values.len() > 1 => {
                let terms = values.chunks(1).map(|value| self.filtered(lookup, value));
                merged(join_all(terms).await.into_iter().map(|outcome| lookup.known(outcome)))
            }
            outcome => lookup.known(outcome),
        }
    }

    async fn filtered<T: DeserializeOwned>(
        &self,
        lookup: Lookup,
        values: &[&str],
    ) -> Result<Partial<Vec<T>>, Failure> {
        let Lookup { group, list, property, option, .. } = lookup;
        let request =
            Request::get(self.address(&[list])?).query("$filter", &any_of(property, values));
        let request = match option {
            Some((name, value)) => request.query(name, value),
            None => request,
        };
        self.rows(group, request, usize::MAX).await
    }
}

/// `id eq 'a' or id eq 'b'`.
fn any_of(property: &str, values: &[&str]) -> String {
    let terms = values.iter().map(|value| format!("{property} eq {}", odata::literal(value)));
    terms.collect::<Vec<_>>().join(" or ")
}

impl Lookup {
    fn known<T>(self, outcome: Result<Partial<Vec<T>>, Failure>) -> Partial<Vec<T>> {
        match outcome {
            Ok(rows) => rows,
            Err(failure) if failure.is_not_found() && self.none_is_404 => Partial::default(),
            Err(failure) => failure.error.into(),
        }
    }
}

fn merged<T>(parts: impl IntoIterator<Item = Partial<Vec<T>>>) -> Partial<Vec<T>> {
    let mut whole: Partial<Vec<T>> = Partial::default();
    for part in parts {
        whole.data.extend(part.data);
        whole.errors.extend(part.errors);
    }
    whole
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;
    use relay_core::BaseUrl;

    use super::*;

    /// The literals of a chain of terms, read without the writer's help; none when it is no chain.
    fn literals(filter: &str) -> Option<Vec<String>> {
        let mut values = Vec::new();
        let mut rest = filter;
        loop {
            rest = rest.strip_prefix("id eq '")?;
            let mut value = String::new();
            loop {
                let quote = rest.find('\'')?;
                value.push_str(&rest[..quote]);
                rest = &rest[quote + 1..];
                match rest.strip_prefix('\'') {
                    Some(after) => rest = after,
                    None => break,
                }
                value.push('\'');
            }
            values.push(value);
            if rest.is_empty() {
                return Some(values);
            }
            rest = rest.strip_prefix(" or ")?;
        }
    }

    proptest! {
        #[test]
        fn i01_any_value_is_one_literal(values in prop::collection::vec(any::<String>(), 1..5)) {
            let borrowed: Vec<_> = values.iter().map(String::as_str).collect();
            prop_assert_eq!(literals(&any_of("id", &borrowed)), Some(values));
        }

        #[test]
        fn i05_any_value_is_one_segment(value in any::<String>()) {
            let base = BaseUrl::from_environment("https://api.example/api").unwrap();
            match base.segments(&["ips", &value, "alerts"]) {
                Err(_) => prop_assert!(["", ".", ".."].contains(&value.as_str())),
                Ok(address) => {
                    prop_assert_eq!((address.url().query(), address.url().fragment()), (None, None));
                    let segments: Vec<_> = address.url().path().split('/').collect();
                    prop_assert_eq!(segments.len(), 5);
                    let found = percent_decode_str(segments[3]).decode_utf8().unwrap();
                    prop_assert_eq!(found, value);
                }
            }
        }
    }
}
