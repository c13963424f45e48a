//! `CTR_ENTITIES_LIMIT`: how many entities of each type an observable may have.
//!
//! [`TestRelay`](crate::TestRelay) checks of every answer that no observable has more.

use std::collections::BTreeMap;

use relay_core::Relay;
use serde_json::json;

use super::Conformance;
use crate::Answer;

const LIMIT: &str = "CTR_ENTITIES_LIMIT";

fn sightings(answer: &Answer) -> usize {
    answer.docs("sightings").len()
}

impl<R: Relay> Conformance<R> {
    /// A limit in the token holds exactly, whether it is a number or digits.
    pub(super) async fn c11_token_sets_the_entity_limit(&self) {
        let relay = self.warm().await;
        for (limit, claim) in [(1, json!(1)), (3, json!("3")), (5, json!(5))] {
            let answer = relay.with_claim(LIMIT, claim).observe(self.mode.busy).await;
            assert_eq!(sightings(&answer), limit);
        }
    }

    /// A limit in the environment holds where the token has none.
    pub(super) async fn environment_sets_the_entity_limit(&self) {
        for (limit, setting) in [(1, "1"), (3, "3"), (5, " 5 ")] {
            let relay = self.start_with(&[(LIMIT, setting)]).await;
            assert_eq!(sightings(&relay.observe(self.mode.busy).await), limit);
            let claimed = relay.with_claim(LIMIT, 2).observe(self.mode.busy).await;
            assert_eq!(sightings(&claimed), 2);
        }
    }

    /// An invalid limit is ignored: the environment's holds instead of the token's, and the
    /// default instead of the environment's.
    pub(super) async fn c11_invalid_limits_are_ignored(&self) {
        let relay = self.start_with(&[(LIMIT, "2")]).await;
        for claim in
            [json!(0), json!(-1), json!(2.9), json!("abc"), json!("-1"), json!(""), json!(null)]
        {
            let answer = relay.with_claim(LIMIT, claim.clone()).observe(self.mode.busy).await;
            assert_eq!(sightings(&answer), 2, "{claim}");
        }
        let usual = self.start().await.observe(self.mode.busy).await;
        let relay = self.start_with(&[(LIMIT, "none")]).await;
        assert_eq!(sightings(&relay.observe(self.mode.busy).await), sightings(&usual));
    }

    /// The highest limit is 1,000, and it gives at least what the default gives.
    pub(super) async fn c11_entity_limit_has_a_maximum(&self) {
        let relay = self.warm().await;
        let usual = relay.observe(self.mode.busy).await;
        let endless = relay.with_claim(LIMIT, "99999999999999999999999999");
        let answer = endless.observe(self.mode.busy).await;
        assert!(sightings(&answer) >= sightings(&usual));
    }

    /// An observable with many entities takes none away from the others.
    pub(super) async fn entity_limit_counts_per_observable(&self) {
        let relay = self.warm().await.with_claim(LIMIT, 1);
        let answer = relay.observe(self.known().and(self.mode.busy)).await;
        let mut counts = BTreeMap::<String, usize>::new();
        for observables in answer.every("sightings", "/observables") {
            *counts.entry(observables.to_string()).or_default() += 1;
        }
        assert!(counts.values().all(|count| *count == 1), "{counts:?}");
        for known in self.fixture.known {
            answer.assert_includes(&relay.observe(*known).await);
        }
    }
}
