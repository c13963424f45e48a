//! Questions about many values at once, asked in halves where an answer is too much.

use futures::{StreamExt, stream};
use relay_core::Error;

use crate::error::not_sent;

/// Questions under way at the same time.
const MAX_CONCURRENT: usize = 16;
/// Questions in all, so that a service whose every answer is too much does not use up a quota.
const MAX_QUESTIONS: usize = 40;

/// Asks about each list, side by side. Where the error `is_too_much`, the list is asked about in
/// halves, down to one value. Returns every list that was answered, or failed, with its outcome: that
/// it was not sent where there were too many questions before.
pub(crate) async fn in_halves<'v, T: 'v, A, E, F>(
    lists: impl IntoIterator<Item = &'v [T]>,
    ask: impl Fn(&'v [T]) -> F,
    is_too_much: impl Fn(&E) -> bool,
) -> Vec<(&'v [T], Result<A, E>)>
where
    F: Future<Output = Result<A, E>>,
    E: From<Error>,
{
    let mut open: Vec<_> = lists.into_iter().collect();
    let mut done = Vec::new();
    let mut left = MAX_QUESTIONS.max(open.len());
    while !open.is_empty() {
        let beyond = open.split_off(open.len().min(left));
        done.extend(beyond.into_iter().map(|list| (list, Err(not_sent().into()))));
        left -= open.len();
        let questions: Vec<_> = open.iter().map(|list| ask(list)).collect();
        let outcomes: Vec<_> = stream::iter(questions).buffered(MAX_CONCURRENT).collect().await;
        let mut halves = Vec::new();
        for (list, outcome) in open.into_iter().zip(outcomes) {
            match outcome {
                Err(error) if list.len() > 1 && is_too_much(&error) => {
                    halves.extend(<[_; 2]>::from(list.split_at(list.len().div_ceil(2))));
                }
                outcome => done.push((list, outcome)),
            }
        }
        open = halves;
    }
    done
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, future::ready};

    use futures::FutureExt;

    use super::*;

    use relay_core::ErrorKind;

    fn is_too_large(error: &Error) -> bool {
        error.kind() == ErrorKind::TooLarge
    }

    /// Returns the lists that were asked about, and those that failed for good.
    fn asked(values: &[u32], is_good: impl Fn(&[u32]) -> bool) -> (Vec<Vec<u32>>, Vec<Vec<u32>>) {
        let asked = RefCell::new(Vec::new());
        let ask = |list: &[u32]| {
            asked.borrow_mut().push(list.to_vec());
            let error = || Error::new(ErrorKind::TooLarge, "");
            ready(if is_good(list) { Ok(()) } else { Err(error()) })
        };
        let outcomes = in_halves([values], ask, is_too_large).now_or_never().unwrap();
        let failed = outcomes.into_iter().filter(|(_, outcome)| outcome.is_err());
        let failed = failed.map(|(list, _)| list.to_vec()).collect();
        (asked.into_inner(), failed)
    }

    #[test]
    fn a_list_is_halved_until_its_parts_are_answered() {
        let (asked, failed) = asked(&[1, 2, 3, 4, 5], |list| list.len() < 3);
        let expected =
            [&[1, 2, 3, 4, 5][..], &[1, 2, 3], &[4, 5], &[1, 2], &[3]].map(<[u32]>::to_vec);
        assert_eq!((asked, failed), (expected.to_vec(), vec![]));
    }

    #[test]
    fn one_value_alone_is_given_up() {
        let (asked, failed) = asked(&[1, 2, 3, 4], |list| !list.contains(&3));
        assert_eq!(failed, [[3]]);
        assert_eq!(asked.len(), 5);
    }

    #[test]
    fn a_service_whose_every_answer_is_too_much_is_asked_forty_times() {
        let values: Vec<_> = (0..100).collect();
        let (asked, failed) = asked(&values, |_| false);
        assert_eq!((asked.len(), failed.concat().len()), (MAX_QUESTIONS, 100));
    }

    #[test]
    fn other_errors_are_final() {
        let refused = || ready(Err::<(), _>(Error::new(ErrorKind::Forbidden, "")));
        let outcomes = in_halves([&[1, 2][..]], |_| refused(), is_too_large).now_or_never();
        assert_eq!(outcomes.unwrap().len(), 1);
    }
}
