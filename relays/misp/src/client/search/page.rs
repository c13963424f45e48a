//! One page of a search. What is too large, or makes the server fail, is asked for in smaller parts.

use std::collections::{HashSet, VecDeque};

use relay_core::{Error, ErrorKind, Result};

use super::{BatchSearch, named};
use crate::client::query::Search;

/// How often a search is divided before its parts are given up.
pub(super) const MAX_DIVISIONS: usize = 12;
/// Failures without any success, after which a search is not divided further: of the whole and its halves.
const MAX_FIRST_FAILURES: usize = 3;
/// How much smaller the next page is when one was too large.
const SHRINKING: usize = 8;
/// A page is not made smaller than this.
const SMALLEST_PAGE: usize = 10;

impl BatchSearch<'_> {
    /// Searches for these observables. A failure costs them only.
    pub(super) async fn page(&mut self, numbers: &[usize], levels: &[&str], limit: usize) {
        let mut parts = VecDeque::from([numbers.to_vec()]);
        let mut failures = Vec::new();
        while let Some(numbers) = parts.pop_front() {
            match self.request(&numbers, levels, limit).await {
                None => {}
                Some(Ok(())) => self.has_succeeded = true,
                Some(Err(error)) if self.can_shrink(&error, limit) => {
                    self.largest_page = limit.min(self.largest_page) / SHRINKING;
                    parts.push_front(numbers);
                }
                Some(Err(error)) if self.can_divide(&error, &numbers, failures.len()) => {
                    self.divisions_left -= 1;
                    let (first, second) = numbers.split_at(numbers.len() / 2);
                    parts.extend([first.to_vec(), second.to_vec()]);
                    failures.push((error, Vec::new()));
                }
                Some(Err(error)) => failures.push((error, numbers)),
            }
        }
        self.report(failures);
    }

    async fn request(
        &mut self,
        numbers: &[usize],
        levels: &[&str],
        limit: usize,
    ) -> Option<Result<()>> {
        let limit = limit.min(self.largest_page);
        let mut values: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        for text in numbers.iter().flat_map(|number| &self.observables[*number].texts) {
            if seen.insert(text) {
                values.push(text.clone());
            }
        }
        self.budget.spend();
        let search = Search::by_values(&values, levels, limit, self.tags);
        let outcome = self.client.search(&search).await?;
        Some(outcome.map(|page| {
            self.keep(page.attributes);
            self.note_completeness(numbers, levels, page.is_full);
        }))
    }

    fn can_shrink(&self, error: &Error, limit: usize) -> bool {
        let next = limit.min(self.largest_page) / SHRINKING;
        error.kind() == ErrorKind::TooLarge && next >= SMALLEST_PAGE
    }

    /// One value may make the server fail, or its attributes may be too large. Where every part failed
    /// so far, it is the server.
    fn can_divide(&self, error: &Error, numbers: &[usize], failures: usize) -> bool {
        let may_help = matches!(error.kind(), ErrorKind::TooLarge | ErrorKind::Internal);
        let is_one_value = self.has_succeeded || failures < MAX_FIRST_FAILURES;
        may_help && is_one_value && numbers.len() > 1 && self.divisions_left > 0
    }

    /// Names the observables that failed, or the failure alone if nothing succeeded.
    fn report(&mut self, failures: Vec<(Error, Vec<usize>)>) {
        if !self.has_succeeded {
            self.found.errors.extend(failures.into_iter().map(|(error, _)| error).next());
            return;
        }
        for (error, numbers) in failures.into_iter().filter(|(_, numbers)| !numbers.is_empty()) {
            let lost = numbers.iter().map(|number| self.observables[*number].observable);
            let preface = format!("Attributes with {} are missing from the answer.", named(lost));
            self.found.errors.push(error.with_preface(preface).as_warning());
        }
    }
}
