//! Rate and concurrency limits.

use futures::future::join_all;
use sandbox::qualys_ioc::{ACCOUNT, ONE_CALL_A_SECOND, SPENT_QUOTA, TWO_CALLS_AT_A_TIME};

use super::{search, start, token};

#[tokio::test]
async fn every_response_carries_the_rate_limits() {
    let sandbox = start().await;
    let token = token(&sandbox, ACCOUNT).await;
    for (parameters, remaining) in
        [(&[][..], "99999"), (&[("state", "true")], "99998"), (&[("pageSize", "x")], "99997")]
    {
        let response = search(&sandbox, &token, parameters).await;
        assert_eq!(response.header("x-ratelimit-limit"), Some("100000"));
        assert_eq!(response.header("x-ratelimit-window-sec"), Some("3600"));
        assert_eq!(response.header("x-ratelimit-remaining"), Some(remaining));
        assert_eq!(response.header("x-ratelimit-towait-sec"), Some("0"));
        assert_eq!(response.header("x-concurrencylimit-limit"), None);
    }
}

#[tokio::test]
async fn a_spent_quota_answers_429() {
    let sandbox = start().await;
    let token = token(&sandbox, SPENT_QUOTA).await;
    let response = search(&sandbox, &token, &[]).await;
    assert_eq!(response.status, 429);
    assert_eq!(response.header("x-ratelimit-towait-sec"), Some("3600"));
    assert_eq!(response.json()["message"], "The rate limit is reached");
}

#[tokio::test]
async fn a_second_call_within_a_second_answers_429() {
    let sandbox = start().await;
    let token = token(&sandbox, ONE_CALL_A_SECOND).await;
    let answers = join_all((0..8).map(|_| search(&sandbox, &token, &[]))).await;
    let refused: Vec<_> = answers.iter().filter(|response| response.status == 429).collect();
    assert!(!refused.is_empty());
    assert!(refused.iter().all(|one| one.header("x-ratelimit-towait-sec") == Some("1")));
}

#[tokio::test]
async fn a_third_call_at_once_answers_409() {
    let sandbox = start().await;
    let token = token(&sandbox, TWO_CALLS_AT_A_TIME).await;
    let answers = join_all((0..8).map(|_| search(&sandbox, &token, &[]))).await;
    let refused: Vec<_> = answers.iter().filter(|response| response.status == 409).collect();
    assert!(!refused.is_empty());
    assert!(refused.iter().all(|one| one.header("x-concurrencylimit-limit") == Some("2")));
    assert!(answers.iter().any(|response| response.status == 200));
    assert_eq!(search(&sandbox, &token, &[]).await.status, 200);
}

#[tokio::test]
async fn the_usual_account_may_call_in_parallel() {
    let sandbox = start().await;
    let token = token(&sandbox, ACCOUNT).await;
    let answers = join_all((0..8).map(|_| search(&sandbox, &token, &[]))).await;
    assert!(answers.iter().all(|response| response.status == 200));
}
