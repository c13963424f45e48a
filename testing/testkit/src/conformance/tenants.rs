//! Two callers on one process: nothing of the one reaches the other.

use futures::future::join_all;
use relay_core::{Relay, route::Route};
use serde_json::{Value, json};

use super::{Answer, Ask, Question, Stage, Subject};

fn observe<S: Subject>(claims: Value) -> Ask {
    Ask::sound::<S>(Route::Observe).claims(claims).about(Question::known::<S>())
}

async fn observe_as<S: Subject>(stage: &Stage<S>, claims: Value) -> Answer {
    stage.ask(observe::<S>(claims)).await
}

/// What each of the two is told by a process of its own.
async fn apart<S: Subject>(stage: &Stage<S>) -> [Answer; 2] {
    let [one, other] = S::tireless_claims();
    let one = observe_as(&stage.fresh().await, one).await;
    let other = observe_as(&stage.fresh().await, other).await;
    assert_ne!(one.json, other.json, "the two must see different things");
    [one, other]
}

/// How often each of two callers asks in turn.
const TURNS: usize = 500;

/// In turn, each is told what it would be told by a process of its own, with the same token again
/// and again.
pub async fn s02_c12_callers_in_turn_do_not_meet<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let expected = apart(&stage).await;
    for _ in 0..TURNS {
        for (claims, expected) in S::tireless_claims().into_iter().zip(&expected) {
            assert_eq!(stage.text(observe::<S>(claims)).await, expected.text);
        }
        stage.sandbox.forget_calls();
    }
}

/// The same side by side.
pub async fn s02_callers_at_the_same_time_do_not_meet<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let expected = apart(&stage).await;
    let callers = S::tireless_claims().into_iter().cycle().take(8);
    let answers = join_all(callers.map(|claims| observe_as(&stage, claims))).await;
    for (answer, expected) in answers.iter().zip(expected.iter().cycle()) {
        assert_eq!(answer.json, expected.json);
    }
}

/// A request that nobody waits for any more, wherever it was, leaves the next one as it would be.
pub async fn s05_a_request_that_ends_in_the_middle_leaves_nothing<S: Subject>() {
    for stage in [Stage::<S>::set().await, Stage::<S>::warm().await] {
        stage.sandbox.hold();
        tokio::select! {
            _ = stage.observe(Question::known::<S>()) => panic!("the product has said nothing yet"),
            () = stage.sandbox.held(1) => {}
        }
        stage.sandbox.release();
        let expected = stage.fresh().await.observe(Question::known::<S>()).await;
        assert_eq!(stage.observe(Question::known::<S>()).await.json, expected.json);
    }
}

/// Printed for debugging, credentials show no secret.
pub async fn p03_printed_credentials_show_no_secret<S: Subject>() {
    for claims in [S::claims(), S::other_claims()] {
        let secrets: Vec<_> = S::SECRETS.iter().filter_map(|name| claims[*name].as_str()).collect();
        let read = serde_json::from_value::<<S::Relay as Relay>::Credentials>(claims.clone());
        let credentials = read.expect("a caller's claims are whole");
        for shown in [format!("{credentials:?}"), format!("{credentials:#?}")] {
            assert!(!secrets.iter().any(|secret| shown.contains(secret)), "{shown}");
        }
    }
}

/// Who knows everything but one credential gets nothing, however warm the relay is.
pub async fn s01_another_credential_opens_nothing<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    for name in S::CREDENTIALS {
        let mut claims = S::claims();
        let true_one = claims[*name].as_str().expect("credentials are texts").to_owned();
        for wrong in [format!("{true_one}x"), true_one.chars().rev().collect()] {
            claims[*name] = json!(wrong);
            let answer = observe_as(&stage, claims.clone()).await;
            answer.assert_failure();
            assert!(answer.json.get("data").is_none(), "{}", answer.text);
        }
        observe_as(&stage, S::claims()).await.assert_good();
    }
}

/// A credential that no header, form or path can carry is refused, and splits none of them.
pub async fn c10_a_strange_credential_is_refused<S: Subject>() {
    let stage = Stage::<S>::warm().await;
    for name in S::CREDENTIALS {
        let mut claims = S::claims();
        let true_one = claims[*name].as_str().expect("credentials are texts").to_owned();
        for strange in ["\r\nX-Injected: 1", "\n", "\u{0}", "ключ", " \u{7f}", "&a=b", "/../x?y#z"]
        {
            claims[*name] = json!(format!("{true_one}{strange}"));
            let answer = observe_as(&stage, claims.clone()).await;
            answer.assert_failure();
            assert!(answer.json.get("data").is_none(), "{}", answer.text);
            let vague = ["unknown", "internal error", "connection error"];
            assert!(!answer.codes().iter().any(|code| vague.contains(code)), "{}", answer.text);
        }
        claims[*name] = json!("x".repeat(64 * 1024));
        observe_as(&stage, claims).await.assert_refusal();
    }
    let injected = |call: &sandbox::Call| call.header("x-injected").is_some();
    assert!(!stage.sandbox.calls().iter().any(injected));
}
