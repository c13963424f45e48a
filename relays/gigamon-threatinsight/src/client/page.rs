//! Pages of records about one observable: large enough that others' records do not take the places
//! of those that count, and no larger than a response may be.
//! Specification: docs/relays/gigamon-threatinsight.md#pages.

use relay_core::{Call, Error, ErrorKind, Partial, Request, Response, Result, fewer_after};

use super::{Client, Family, query::SearchTerm, types};
use crate::Credentials;

/// The fewest records that are requested where some may be left out.
const MIN_RECORDS: usize = 200;

/// The records of one response that count.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) kept: Vec<T>,
    /// How many records the response has, those that are left out included.
    pub(super) received: usize,
}

/// Which records a request is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slice {
    pub(super) limit: usize,
    pub(super) offset: usize,
}

impl Slice {
    /// Adds the slice to a query string.
    pub(super) fn in_query(self, request: Request) -> Request {
        let request = request.query("limit", &self.limit.to_string());
        match self.offset {
            0 => request,
            offset => request.query("offset", &offset.to_string()),
        }
    }

    /// Returns whether there may be more records than these and those before them: the page is full,
    /// and the response does not say that it is the last one.
    pub(super) fn may_continue(self, received: usize, response: &Response) -> bool {
        let is_last = |total| total == self.offset + received;
        received >= self.limit && !types::total(response).is_some_and(is_last)
    }
}

/// How records are requested and read.
pub(super) trait Listing {
    type Record;
    /// The most records that the product sends at once.
    const MAX_RECORDS: usize;

    fn request(&self, slice: Slice) -> Result<Request>;

    /// Reads no more than `limit` records.
    fn read(&self, response: &Response, limit: usize) -> Result<Page<Self::Record>>;
}

/// A page, and for which records it was requested.
struct Requested<T> {
    page: Page<T>,
    slice: Slice,
    /// Whether there may be more.
    may_continue: bool,
}

impl<T> Requested<T> {
    /// Returns whether records that were left out took the places of some that count.
    fn is_crowded(&self, limit: usize) -> bool {
        let Page { kept, received } = &self.page;
        self.may_continue && kept.len() < limit && kept.len() < *received
    }
}

impl Client<'_> {
    /// Returns how many records of an observable are requested at once.
    pub(super) fn page_size(&self) -> usize {
        let limit = self.call.limit;
        if self.allow_test_accounts { limit } else { MIN_RECORDS.max(2 * limit) }
    }

    /// Returns the records about an observable that count; no data if they failed. Where others took
    /// their places, one more page is requested.
    pub(super) async fn records<L: Listing>(
        &self,
        family: &Family,
        term: &SearchTerm<'_>,
        listing: &L,
    ) -> Partial<Option<Vec<L::Record>>> {
        let slice = Slice { limit: self.page_size().min(L::MAX_RECORDS), offset: 0 };
        let Partial { data, mut errors } = self.page(family, term, listing, slice).await;
        let Some(first) = data else { return Partial { data: None, errors } };
        let limit = self.call.limit;
        if !first.is_crowded(limit) || first.slice.limit < limit {
            return Partial { data: Some(first.page.kept), errors };
        }
        let slice = Slice { offset: first.slice.limit, ..first.slice };
        let second = self.page(family, term, listing, slice).await;
        errors.extend(second.errors.into_iter().map(Error::as_warning));
        let mut kept = first.page.kept;
        if let Some(Requested { page, may_continue, .. }) = second.data {
            kept.extend(page.kept);
            errors.extend((may_continue && kept.len() < limit).then(|| crowded(self.call, term)));
        }
        Partial { data: Some(kept), errors }
    }

    /// Requests a page, and a smaller one where the response is too large.
    async fn page<L: Listing>(
        &self,
        family: &Family,
        term: &SearchTerm<'_>,
        listing: &L,
        mut slice: Slice,
    ) -> Partial<Option<Requested<L::Record>>> {
        let limit = self.call.limit;
        loop {
            let outcome = match listing.request(slice) {
                Ok(request) => self.send(family, request.about(1)).await,
                Err(error) => Some(Err(error)),
            };
            let outcome = outcome.unwrap_or_else(|| Err(self.call.not_asked(term.observable)));
            if let Some(fewer) = fewer_after(&outcome, slice.limit) {
                slice.limit = if slice.limit > limit { limit } else { fewer };
                continue;
            }
            let is_less = slice.limit < limit;
            let warning = is_less.then(|| self.call.fewer_records(term.observable, slice.limit));
            let requested = outcome.and_then(|response| {
                let page = listing.read(&response, slice.limit)?;
                let may_continue = slice.may_continue(page.received, &response);
                Ok(Requested { page, slice, may_continue })
            });
            return match requested {
                Ok(requested) => {
                    Partial { data: Some(requested), errors: warning.into_iter().collect() }
                }
                Err(error) => error.into(),
            };
        }
    }
}

fn crowded(call: &Call<'_, Credentials>, term: &SearchTerm<'_>) -> Error {
    let text = format!(
        "{} sent mostly records that are left out, such as those of test accounts, so that some of your own may be missing; look for them in the portal.",
        call.product()
    );
    Error::new(ErrorKind::TooLarge, text).as_warning().about([&term.observable.value])
}
