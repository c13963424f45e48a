//! Lists of Graph's, read page by page in batches until enough is held.

use relay_core::{Error, ErrorKind, Response, Result, http::one_line, lenient};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use crate::{Part, Permission, Session, refusal};

/// The most pages of one list: at a hundred rows each, three times what the highest limit needs.
const MOST_PAGES: usize = 30;

/// What a row of a list is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// Wanted; counts for the limit.
    Kept,
    /// Not wanted.
    Dropped,
    /// The list's filter excludes it, so the service does not look at the filter.
    Foreign,
}

/// Why a list was read no further.
#[derive(Debug)]
pub enum End {
    /// There was no more, or enough is held.
    Reached,
    /// The service does not look at the filter.
    Unfiltered,
    /// The service refused with this status.
    Refused(u16, Error),
    /// A page did not come, or could not be read.
    Broken(Error),
}

/// What was read of one list.
#[derive(Debug)]
pub struct Listing<T> {
    /// The rows that were kept, in the service's order, no more than the limit.
    pub rows: Vec<T>,
    /// Why it was read no further.
    pub end: End,
    next: Option<String>,
    pages: usize,
}

impl<C: Sync> Session<'_, C> {
    /// Reads lists side by side, each until `most` of its rows are kept. `urls` are relative to the
    /// version, as [`odata::list`](crate::odata::list) makes them; `judge` gets a list's place among
    /// them and a row. 404 is an empty list; 206 is success, and its warning is logged.
    pub async fn lists<T: DeserializeOwned>(
        &self,
        urls: Vec<String>,
        most: usize,
        permission: Permission,
        judge: impl Fn(usize, &T) -> Row,
    ) -> Vec<Listing<T>> {
        let mut lists: Vec<_> = urls.into_iter().map(Listing::starting_at).collect();
        loop {
            let open: Vec<_> = (0..lists.len())
                .filter_map(|place| Some((place, lists[place].next.take()?)))
                .collect();
            if open.is_empty() {
                return lists;
            }
            let parts: Vec<_> = open.iter().map(|(_, url)| Part::get(url.clone())).collect();
            for ((place, url), answer) in open.iter().zip(self.batch(&parts).await) {
                let page = answer.map_err(End::Broken).and_then(|answer| page(&answer, permission));
                lists[*place].turn(url, page, most, |row| judge(*place, row));
            }
        }
    }
}

impl<T> Listing<T> {
    fn starting_at(url: String) -> Self {
        Self { rows: Vec::new(), end: End::Reached, next: Some(url), pages: 0 }
    }

    /// Takes what is wanted from the page that came from `url`, and notes which one comes next.
    fn turn(
        &mut self,
        url: &str,
        page: Result<Page<T>, End>,
        most: usize,
        judge: impl Fn(&T) -> Row,
    ) {
        let page = match page {
            Ok(page) => page,
            Err(end) => {
                self.end = end;
                return;
            }
        };
        self.pages += 1;
        for row in page.value {
            match judge(&row) {
                Row::Kept if self.rows.len() < most => self.rows.push(row),
                Row::Kept | Row::Dropped => {}
                Row::Foreign => self.end = End::Unfiltered,
            }
        }
        let Some(link) = page.next else { return };
        if !matches!(self.end, End::Reached) || self.rows.len() >= most {
            return;
        }
        self.next = next_page(url, &link).filter(|_| self.pages < MOST_PAGES);
        if self.next.is_none() {
            self.end = End::Broken(endless());
        }
    }
}

fn endless() -> Error {
    let text =
        "Microsoft Graph sent pages of alerts without end; what it sent first is in the answer.";
    Error::new(ErrorKind::Malformed, text)
}

/// The link to the next page as it stands inside a batch, without origin and version. None when
/// it leads to another list or back to the same page.
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
    #[serde(deserialize_with = "lenient::objects")]
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink", default, deserialize_with = "lenient::text")]
    next: Option<String>,
}

fn page<T: DeserializeOwned>(answer: &Response, permission: Permission) -> Result<Page<T>, End> {
    match answer.status() {
        404 => return Ok(Page { value: Vec::new(), next: None }),
        206 => log_warning(answer),
        _ if answer.is_success() => {}
        status => return Err(End::Refused(status, refusal(answer, permission))),
    }
    answer.json().map_err(End::Broken)
}

/// A federated provider failed; the others' alerts are there.
fn log_warning(answer: &Response) {
    let warning = answer.header("warning").map(one_line).unwrap_or_default();
    tracing::warn!(
        product.status = 206,
        product.warning = warning,
        "some providers did not answer"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        pages: impl IntoIterator<Item = (Vec<u32>, Option<String>)>,
        most: usize,
    ) -> Listing<u32> {
        let mut list = Listing::starting_at("/security/alerts_v2?$top=2".to_owned());
        for (value, next) in pages {
            let Some(url) = list.next.take() else { break };
            let judge = |row: &u32| match row {
                0 => Row::Foreign,
                row if row % 2 == 0 => Row::Dropped,
                _ => Row::Kept,
            };
            list.turn(&url, Ok(Page { value, next }), most, judge);
        }
        list
    }

    fn link(number: usize) -> Option<String> {
        Some(format!("https://graph.microsoft.com/v1.0/security/alerts_v2?$skip={number}"))
    }

    #[test]
    fn only_kept_rows_count_for_the_limit() {
        let list = read([(vec![1, 2, 4], link(1)), (vec![3, 5, 7], link(2)), (vec![9], None)], 3);
        assert_eq!(list.rows, [1, 3, 5]);
        assert!(matches!(list.end, End::Reached));
        assert_eq!(list.pages, 2);
    }

    #[test]
    fn one_foreign_row_ends_the_list() {
        let list = read([(vec![1, 0, 3], link(1)), (vec![5], None)], 100);
        assert!(matches!(list.end, End::Unfiltered));
        assert_eq!((list.rows, list.pages), (vec![1, 3], 1));
    }

    #[test]
    fn n18_pages_without_end_are_left() {
        let list = read((0..).map(|number| (vec![1], link(number))), 1000);
        assert_eq!((list.rows.len(), list.pages), (MOST_PAGES, MOST_PAGES));
        assert!(matches!(list.end, End::Broken(_)));
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
