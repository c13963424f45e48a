//! Lists of Microsoft Graph, read page by page in batches until enough records match.
//!
//! Source: docs/relays/graph-security.md#filtered-lists.

use relay_core::{
    Error, ErrorKind, Response, Result,
    lenient::{List, Text},
    one_line,
};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use crate::{BatchRequest, BatchResponse, GraphClient, Permission, error_from, odata};

/// Records that one page is asked for, and that are kept of it, also where a service sends more.
/// Microsoft documents no maximum; its samples use 100.
pub const PAGE_SIZE: usize = 100;
/// Pages of one list: three times what the highest entity limit needs.
const MAX_PAGES: usize = 30;

/// How a record of a list relates to the list's filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordMatch {
    /// It matches, and counts for the limit.
    Match,
    /// It does not match, but the filter may have let it pass.
    NoMatch,
    /// It does not match, and no reading of the filter explains why it came.
    Unexplained,
}

/// Why no further page of a list was read.
#[derive(Debug)]
pub enum StopReason {
    /// There is none, or enough records match.
    Complete,
    /// The service ignores the filter: most records are unexplained.
    FilterIgnored,
    /// The service refused with this status.
    Refused(u16, Error),
    /// A page did not come, or could not be read.
    Failed(Error),
}

/// The part of a list that was read.
#[derive(Debug)]
pub struct RecordList<T> {
    /// The records that match, in the service's order, no more than the limit.
    pub records: Vec<T>,
    /// Why no further page was read.
    pub stop_reason: StopReason,
    next: Option<String>,
    pages: usize,
    /// Records that were read.
    read: usize,
    unexplained: usize,
}

impl<C: Sync> GraphClient<'_, C> {
    /// Reads lists side by side, each until `limit` of its records match.
    ///
    /// `urls` are those of [`odata::list_url`](crate::odata::list_url). `compare` gets the index of
    /// a list and one of its records. 404 is an empty list; 206 is success, and its warning is
    /// logged. Each list holds its own error.
    pub async fn lists<T: DeserializeOwned>(
        &self,
        urls: Vec<String>,
        limit: usize,
        permission: Permission,
        compare: impl Fn(usize, &T) -> RecordMatch,
    ) -> Vec<RecordList<T>> {
        let mut lists: Vec<_> = urls.into_iter().map(RecordList::starting_at).collect();
        loop {
            let open: Vec<_> = (0..lists.len())
                .filter_map(|index| Some((index, lists[index].next.take()?)))
                .collect();
            if open.is_empty() {
                return lists;
            }
            let requests: Vec<_> =
                open.iter().map(|(_, url)| BatchRequest::get(url.clone())).collect();
            let read = |_, response| Ok(page(response, permission));
            let pages = self.batch(&requests, limit.max(PAGE_SIZE), read).await;
            for ((index, url), page) in open.iter().zip(pages) {
                let page = page.unwrap_or_else(|error| Err(StopReason::Failed(error)));
                lists[*index].push_page(url, page, limit, |record| compare(*index, record));
            }
        }
    }
}

impl<T> RecordList<T> {
    fn starting_at(url: String) -> Self {
        let stop_reason = StopReason::Complete;
        Self {
            records: Vec::new(),
            stop_reason,
            next: Some(url),
            pages: 0,
            read: 0,
            unexplained: 0,
        }
    }

    /// Adds the matching records of the page at `url`, and notes the URL of the next page.
    fn push_page(
        &mut self,
        url: &str,
        page: Result<Page<T>, StopReason>,
        limit: usize,
        compare: impl Fn(&T) -> RecordMatch,
    ) {
        let page = match page {
            Ok(page) => page,
            Err(StopReason::Failed(error)) if error.kind() == ErrorKind::TooLarge => {
                self.next = odata::with_fewer_records(url);
                if self.next.is_none() {
                    self.stop_reason = StopReason::Failed(error);
                }
                return;
            }
            Err(reason) => {
                self.stop_reason = reason;
                return;
            }
        };
        self.pages += 1;
        let mut records = page.value.into_inner();
        self.read += records.len();
        records.retain(|record| {
            let is = compare(record);
            self.unexplained += usize::from(is == RecordMatch::Unexplained);
            is == RecordMatch::Match
        });
        records.truncate(limit.saturating_sub(self.records.len()));
        self.records.extend(records);
        // One record may have been changed since, or be of a kind that is not read.
        if self.unexplained * 2 > self.read {
            self.stop_reason = StopReason::FilterIgnored;
        }
        let Some(link) = page.next.into_inner() else { return };
        if !matches!(self.stop_reason, StopReason::Complete) || self.records.len() >= limit {
            return;
        }
        self.next = next_page(url, &link).filter(|_| self.pages < MAX_PAGES);
        if self.next.is_none() {
            self.stop_reason = StopReason::Failed(incomplete(self.read));
        }
    }
}

/// There are more pages than a relay reads, or the link leads to another list.
fn incomplete(read: usize) -> Error {
    let text = format!(
        "Microsoft Graph has more alerts for an observable than a relay looks through; the first {read} were looked at, ask about a narrower value."
    );
    Error::new(ErrorKind::Malformed, text).as_warning()
}

/// Returns the link to the next page as it stands inside a batch, without origin and version; none
/// when it leads to another list or back to the same page.
fn next_page(url: &str, link: &str) -> Option<String> {
    let (path, _) = url.split_once('?').unwrap_or((url, ""));
    let link = Url::parse(link).ok()?;
    let (_, next_path) = link.path().split_once("/v1.0")?;
    let next = format!("{path}?{}", link.query()?);
    (next_path == path && next != url).then_some(next)
}

/// One page of a list.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(crate) struct Page<T> {
    value: List<T>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Text,
}

fn page<T: DeserializeOwned>(
    response: BatchResponse<Page<T>>,
    permission: Permission,
) -> Result<Page<T>, StopReason> {
    match response.status() {
        404 => return Ok(Page { value: List::default(), next: Text::default() }),
        206 => log_warning(&response),
        _ if response.is_success() => {}
        status => return Err(StopReason::Refused(status, error_from(&response, permission))),
    }
    response.into_record().map_err(StopReason::Failed)
}

/// Logs that a federated provider failed; the alerts of the others are in the response.
fn log_warning(response: &Response) {
    let warning = response.header("warning").map(one_line).unwrap_or_default();
    tracing::warn!(
        product.status = 206,
        product.warning = warning,
        "some providers of alerts did not respond"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        pages: impl IntoIterator<Item = (Vec<u32>, Option<String>)>,
        limit: usize,
    ) -> RecordList<u32> {
        let mut list = RecordList::starting_at("/security/alerts_v2?$top=2".to_owned());
        for (value, next) in pages {
            let Some(url) = list.next.take() else { break };
            let compare = |record: &u32| match record {
                0 => RecordMatch::Unexplained,
                record if record % 2 == 0 => RecordMatch::NoMatch,
                _ => RecordMatch::Match,
            };
            list.push_page(
                &url,
                Ok(Page { value: value.into(), next: next.into() }),
                limit,
                compare,
            );
        }
        list
    }

    fn link(number: usize) -> Option<String> {
        Some(format!("https://graph.microsoft.com/v1.0/security/alerts_v2?$skip={number}"))
    }

    #[test]
    fn only_matching_records_count_for_the_limit() {
        let list = read([(vec![1, 2, 4], link(1)), (vec![3, 5, 7], link(2)), (vec![9], None)], 3);
        assert_eq!(list.records, [1, 3, 5]);
        assert!(matches!(list.stop_reason, StopReason::Complete));
        assert_eq!(list.pages, 2);
    }

    #[test]
    fn a_list_of_mostly_unexplained_records_is_not_filtered() {
        let list = read([(vec![1, 0, 0], link(1)), (vec![5], None)], 100);
        assert!(matches!(list.stop_reason, StopReason::FilterIgnored));
        assert_eq!((list.records, list.pages), (vec![1], 1));
    }

    #[test]
    fn one_unexplained_record_among_others_is_dropped() {
        let list = read([(vec![1, 0], link(1)), (vec![5, 2], None)], 100);
        assert!(matches!(list.stop_reason, StopReason::Complete));
        assert_eq!((list.records, list.pages), (vec![1, 5], 2));
    }

    #[test]
    fn n18_pages_without_end_are_cut() {
        let list = read((0..).map(|number| (vec![1], link(number))), 1000);
        assert_eq!((list.records.len(), list.pages), (MAX_PAGES, MAX_PAGES));
        let StopReason::Failed(error) = list.stop_reason else { panic!("the list has an end") };
        assert!(error.is_warning() && error.message().contains("the first 30 were looked at"));
    }

    #[test]
    fn l08_a_page_that_is_too_large_is_read_in_smaller_ones() {
        let too_large = || Err(StopReason::Failed(Error::new(ErrorKind::TooLarge, "")));
        let mut list: RecordList<u32> =
            RecordList::starting_at("/security/alerts_v2?$top=100".to_owned());
        let mut urls = Vec::new();
        while let Some(url) = list.next.take() {
            list.push_page(&url, too_large(), 100, |_| RecordMatch::Match);
            urls.push(url);
        }
        let expected = ["100", "12", "1"].map(|top| format!("/security/alerts_v2?$top={top}"));
        assert_eq!(urls, expected);
        assert!(matches!(list.stop_reason, StopReason::Failed(_)));
    }

    #[test]
    fn a_link_is_followed_within_its_list_only() {
        let list = "/security/alerts_v2?$top=2";
        let check = |link: &str, expected: Option<&str>| {
            assert_eq!(next_page(list, link).as_deref(), expected, "{link}");
        };
        check(
            "https://graph.microsoft.com/v1.0/security/alerts_v2?$filter=a%20eq%20%27b%27&$skip=2",
            Some("/security/alerts_v2?$filter=a%20eq%20%27b%27&$skip=2"),
        );
        check(
            "https://proxy.example/graph/v1.0/security/alerts_v2?$skip=2",
            Some("/security/alerts_v2?$skip=2"),
        );
        check("https://graph.microsoft.com/v1.0/security/alerts_v2?$top=2", None);
        check("https://graph.microsoft.com/v1.0/security/alerts_v2", None);
        check("https://graph.microsoft.com/v1.0/security/alerts_v2/x?$skip=2", None);
        check("https://graph.microsoft.com/v1.0/users?$skip=2", None);
        check("/security/alerts_v2?$skip=2", None);
    }
}
