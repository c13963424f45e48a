//! Two callers on one process: nothing of the one reaches the other.

use futures::future::join_all;
use relay_core::route::Route;
use serde_json::{Value, json};

use super::{Answer, Ask, Question, Stage, Subject};

async fn observe_as<S: Subject>(stage: &Stage<S>, claims: Value) -> Answer {
    let ask = Ask::sound::<S>(Route::Observe).claims(claims);
    stage.ask(ask.about(Question::known::<S>())).await
}

/// What each of the two is told by a process of its own.
async fn apart<S: Subject>(stage: &Stage<S>) -> [Answer; 2] {
    let one = observe_as(&stage.fresh().await, S::claims()).await;
    let other = observe_as(&stage.fresh().await, S::other_claims()).await;
    assert_ne!(one.json, other.json, "the two must see different things");
    [one, other]
}

/// In turn, each is told what it would be told by a process of its own.
pub async fn callers_in_turn_do_not_meet<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let [one, other] = apart(&stage).await;
    for _ in 0..3 {
        assert_eq!(observe_as(&stage, S::claims()).await.json, one.json);
        assert_eq!(observe_as(&stage, S::other_claims()).await.json, other.json);
    }
}

/// The same side by side.
pub async fn callers_at_the_same_time_do_not_meet<S: Subject>() {
    let stage = Stage::<S>::set().await;
    let expected = apart(&stage).await;
    let callers = [S::claims(), S::other_claims()].into_iter().cycle().take(8);
    let answers = join_all(callers.map(|claims| observe_as(&stage, claims))).await;
    for (answer, expected) in answers.iter().zip(expected.iter().cycle()) {
        assert_eq!(answer.json, expected.json);
    }
}

/// Who knows everything but one credential gets nothing, however warm the relay is.
pub async fn another_credential_opens_nothing<S: Subject>() {
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
pub async fn a_strange_credential_is_refused<S: Subject>() {
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
    let injected = |call: &relay_sandbox::Call| call.header("x-injected").is_some();
    assert!(!stage.sandbox.calls().iter().any(injected));
}
