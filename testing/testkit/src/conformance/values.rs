//! Values of observables, in every spelling.

use std::time::Duration;

use relay_core::{MAX_OBSERVABLES, Relay, Route};
use serde_json::{Value, json};

use super::{Conformance, policies};
use crate::{Observables, ctim::Observable};

/// How long a caller waits whose answer is judged by what it costs, not by when it comes.
const UNHURRIED: Duration = Duration::from_secs(120);

/// Values that no product knows, although a careless query would find everything with them.
const MALFORMED: &[&str] = &[
    " ",
    "\t\n",
    "0",
    "%",
    "%%",
    "*",
    "?",
    "_",
    ".",
    "..",
    "-",
    "'",
    "\"",
    "\\",
    "`",
    "a'b\"c\\d",
    "' or 1 eq 1 or 'a' eq 'a",
    "\" OR \"a\":\"a",
    "x' | union * //",
    "{{x}}",
    "a\r\nb",
    "\u{0}",
    "\u{202e}elpmaxe.dab",
    "../../x",
    "x?y=z&a#b",
    "😀",
    "null",
    "true",
];

impl<R: Relay> Conformance<R> {
    /// Blanks, wildcards, operators and the like find nothing in any type, and break nothing.
    pub(super) async fn i12_malformed_values_find_nothing(&self) {
        let relay = self.warm().await;
        let long = "x".repeat(64 * 1024);
        let values = || MALFORMED.iter().copied().chain([long.as_str()]);
        let kinds = R::ABOUT.observables.iter().map(|(kind, _)| kind.as_str());
        let observables: Observables =
            kinds.flat_map(|kind| values().map(move |value| (kind, value))).collect();
        for route in policies::with_observables::<R>() {
            let answer = relay.send(relay.request(route).about(&observables)).await;
            assert_eq!(answer.all_docs().count(), 0, "{}", answer.text);
            assert!(
                answer.errors().iter().all(|(weight, _)| *weight == "warning"),
                "{}",
                answer.text
            );
        }
    }

    /// A malformed value beside a known one does not affect it.
    pub(super) async fn i12_malformed_values_do_not_affect_others(&self) {
        let relay = self.warm().await;
        let alone = relay.observe(self.first()).await;
        let kind = self.fixture.known[0].0;
        let malformed: Observables = MALFORMED.iter().map(|value| (kind, *value)).collect();
        relay.observe(malformed.and(self.first())).await.assert_includes(&alone);
    }

    /// The answer names the value as it was sent, and finds it in any spelling.
    pub(super) async fn values_are_returned_as_sent(&self) {
        let relay = self.warm().await;
        for (kind, value) in self.fixture.known {
            for (spelled_kind, spelled) in spellings(kind, value) {
                let answer = relay.observe((spelled_kind, spelled.clone())).await;
                answer.assert_no_errors();
                let expected = json!({"type": kind, "value": spelled}).to_string();
                assert!(answer.text.contains(&expected), "{expected} {}", answer.text);
            }
        }
    }

    /// What is sent twice, in whatever spelling, is answered once, in its first spelling.
    pub(super) async fn l05_duplicates_are_answered_once(&self) {
        let relay = self.warm().await;
        let once = relay.observe(self.known()).await;
        let known = self.fixture.known.iter();
        let duplicates: Observables =
            known.flat_map(|(kind, value)| spellings(kind, value)).collect();
        assert_eq!(relay.observe(self.known().and(duplicates)).await, once);
    }

    /// The order of the request is the order of the answer, and changes no id.
    pub(super) async fn order_is_kept_and_changes_no_id(&self) {
        let relay = self.warm().await;
        let forward = relay.observe(self.known()).await;
        let backward = relay.observe(self.known().reversed()).await;
        assert_eq!(forward.ids(), backward.ids());
        for (answer, observables) in [(forward, self.known()), (backward, self.known().reversed())]
        {
            let position = |doc: &Value| {
                let first = Observable::of(&doc["observables"][0])?;
                observables.iter().position(|one| *one == first)
            };
            let order: Vec<_> = answer.docs("sightings").iter().filter_map(position).collect();
            assert!(order.is_sorted() && !order.is_empty(), "{order:?}");
        }
    }

    /// Equal requests get equal answers, in another process too.
    pub(super) async fn equal_requests_get_equal_answers(&self) {
        let relay = self.start().await;
        let first = relay.observe(self.known()).await;
        assert_eq!(relay.observe(self.known()).await, first);
        assert_eq!(self.another(&relay).await.observe(self.known()).await, first);
    }

    /// Ten thousand observables are truncated with a warning and cost a bounded number of
    /// requests, few at a time.
    pub(super) async fn l05_ten_thousand_observables_are_truncated(&self) {
        let relay = self.warm().await.within(UNHURRIED);
        let answer = relay.observe(self.first().and(self.ten_thousand())).await;
        assert!(answer.all_docs().count() > 0);
        assert!(answer.errors().iter().any(|(weight, _)| *weight == "warning"), "{}", answer.text);
        relay.assert_max_calls(MAX_OBSERVABLES * self.mode.warm_requests);
        assert!(relay.sandbox.peak_concurrency() <= 16);
    }

    /// Links and actions of many observables are truncated too.
    pub(super) async fn l05_many_links_and_actions_are_truncated(&self) {
        let relay = self.warm().await;
        for route in policies::with_observables::<R>().filter(|route| *route != Route::Observe) {
            let answer = relay.send(relay.request(route).about(self.ten_thousand())).await;
            let mut errors = answer.errors().into_iter();
            assert!(errors.any(|(weight, _)| weight == "warning"), "{}", answer.text);
        }
    }

    fn ten_thousand(&self) -> Observables {
        Observables::unknown(self.fixture.known[0].0, 10_000)
    }
}

/// Other ways to write the same observable.
fn spellings(kind: &str, value: &str) -> Vec<(String, String)> {
    let upper = value.to_uppercase();
    let values = match kind {
        "md5" | "sha1" | "sha256" | "ipv6" => vec![upper],
        "domain" | "hostname" => vec![upper, format!("{value}.")],
        _ => Vec::new(),
    };
    let values = values.into_iter().map(|value| (kind.to_owned(), value));
    [(kind.to_uppercase(), value.to_owned())].into_iter().chain(values).collect()
}
