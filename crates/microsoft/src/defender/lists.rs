//! Lists: read page by page, and filtered by many values at once.
//! docs/relays/defender-atp.md#escaping-and-lists

use relay_core::{
    ErrorKind, Partial, Request, Response, Result,
    lenient::{List, Text},
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{DefenderClient, RequestError, quota::RequestGroup};
use crate::{halves::in_halves, odata::Filter};

/// Values that one filter names; more go into further requests.
pub const MAX_FILTER_VALUES: usize = 20;

/// One page of a list.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Page<T> {
    value: List<T>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Text,
}

/// A list that is filtered by the values of one property.
#[derive(Debug, Clone, Copy)]
pub(super) struct FilteredList {
    pub(super) group: RequestGroup,
    pub(super) name: &'static str,
    pub(super) property: &'static str,
    /// A further query option.
    pub(super) option: Option<(&'static str, &'static str)>,
    /// Whether the list answers 404 when no record fits.
    pub(super) is_empty_on_404: bool,
}

impl FilteredList {
    fn tolerant<T>(self, outcome: Result<Partial<Vec<T>>, RequestError>) -> Partial<Vec<T>> {
        match outcome {
            Ok(records) => records,
            Err(error) if error.is_not_found() && self.is_empty_on_404 => Partial::default(),
            Err(error) => relay_core::Error::from(error).into(),
        }
    }
}

/// Reads the records of a list that is one page.
pub(super) fn records<T: DeserializeOwned>(response: &Response) -> Result<Vec<T>> {
    response.json::<Page<T>>().map(|page| page.value.into_inner())
}

impl<C: Sync> DefenderClient<'_, C> {
    /// Reads pages until `limit` records are there. When a later page fails, the error stands beside
    /// the records of the pages before it.
    pub(super) async fn pages<T: DeserializeOwned>(
        &self,
        group: RequestGroup,
        first: Request,
        limit: usize,
    ) -> Result<Partial<Vec<T>>, RequestError> {
        let mut page: Page<T> = self.send(group, first).await?.json()?;
        let mut records = page.value.into_inner();
        let mut errors = Vec::new();
        while let Some(link) = page.next.take().filter(|_| records.len() < limit) {
            // A response could name any server; only the API's own is sent the access token.
            let Some(address) = self.linked_address(&link) else { break };
            page = match self.page(group, Request::get(address)).await {
                Ok(page) if page.value.is_empty() => break,
                Ok(page) => page,
                Err(error) => {
                    errors.push(error.into());
                    break;
                }
            };
            records.append(&mut page.value);
        }
        Ok(Partial { data: records, errors })
    }

    async fn page<T: DeserializeOwned>(
        &self,
        group: RequestGroup,
        request: Request,
    ) -> Result<Page<T>, RequestError> {
        Ok(self.send(group, request).await?.json()?)
    }

    /// Reads the records whose property has one of these values: one request for each
    /// [`MAX_FILTER_VALUES`], concurrently. Values that the list does not have are missing.
    ///
    /// A chain of terms that the API does not understand is sent in halves; the length that it
    /// understood is remembered for the caller.
    pub(super) async fn filtered_records<T: DeserializeOwned>(
        &self,
        list: FilteredList,
        values: &[&str],
    ) -> Partial<Vec<T>> {
        let size = self.cache.filter_size().unwrap_or(MAX_FILTER_VALUES);
        let chunks = values.chunks(size);
        let chunk_count = chunks.len();
        let outcomes =
            in_halves(chunks, |values| self.filtered(list, values), is_to_be_split).await;
        let answered = outcomes.iter().filter(|(_, outcome)| outcome.is_ok());
        let longest = answered.map(|(values, _)| values.len()).max();
        if let Some(longest) = longest.filter(|_| outcomes.len() > chunk_count) {
            self.cache.keep_filter_size(longest);
        }
        let mut records: Partial<Vec<T>> = Partial::default();
        outcomes.into_iter().for_each(|(_, part)| merge(&mut records, list.tolerant(part)));
        records
    }

    async fn filtered<T: DeserializeOwned>(
        &self,
        list: FilteredList,
        values: &[&str],
    ) -> Result<Partial<Vec<T>>, RequestError> {
        let FilteredList { group, name, property, option, .. } = list;
        let filter = any_of(property, values);
        let mut request = Request::get(self.address(&[name])?).query("$filter", filter.as_str());
        if let Some((name, value)) = option {
            request = request.query(name, value);
        }
        self.pages(group, request, usize::MAX).await
    }
}

fn is_to_be_split(error: &RequestError) -> bool {
    error.is_about_filter() || error.kind() == ErrorKind::TooLarge
}

/// `id eq 'a' or id eq 'b'`.
fn any_of(property: &str, values: &[&str]) -> Filter {
    Filter::any_of(values.iter().map(|value| Filter::equals(property, value)))
}

fn merge<T>(whole: &mut Partial<Vec<T>>, part: Partial<Vec<T>>) {
    whole.data.extend(part.data);
    whole.errors.extend(part.errors);
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;
    use relay_core::BaseUrl;

    use super::*;
    use crate::malicious;

    proptest! {
        #[test]
        fn i01_any_value_is_one_literal(values in prop::collection::vec(malicious::value(), 1..5)) {
            let borrowed: Vec<_> = values.iter().map(String::as_str).collect();
            let (skeleton, literals) = malicious::odata(any_of("id", &borrowed).as_str());
            prop_assert_eq!(skeleton, vec!["id eq ?"; values.len()].join(" or "));
            prop_assert_eq!(literals, values);
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
