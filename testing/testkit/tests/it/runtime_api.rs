//! The simulated Runtime API, with the real runtime library as its client.

use std::{path::PathBuf, time::Duration};

use serde_json::{Value, json};
use testkit::{
    event::Gateway,
    runtime_api::{Function, Invocation, Launch, Outcome, Signal, Stream},
};

/// The example of this crate that cargo builds beside the tests.
fn launch() -> Launch {
    let tests = std::env::current_exe().unwrap();
    let built: PathBuf = tests.ancestors().nth(2).unwrap().join("examples/scripted_function");
    assert!(built.exists(), "cargo builds {} with all targets of the crate", built.display());
    Launch::new(built)
}

async fn started() -> Function {
    launch().start().await.unwrap()
}

fn answer(answer: Value) -> Value {
    json!({"do": "answer", "answer": answer})
}

#[tokio::test]
async fn an_event_comes_back_as_an_http_answer() {
    let function = started().await;
    let wire = json!({
        "statusCode": 418, "headers": {"x-a": "b"}, "body": "e30=", "isBase64Encoded": true,
    });
    let reply = function.invoke(&answer(wire)).await.reply();
    assert_eq!((reply.status, reply.json()), (418, json!({})));
    assert_eq!(reply.headers["x-a"], "b");
}

#[tokio::test]
async fn the_function_sees_the_request_and_only_the_given_environment() {
    let launch = launch().env("SECRET_KEY", "s").env("AWS_REGION", "us-east-1").memory_mb(128);
    let function = launch.start().await.unwrap();
    let invocation =
        Invocation::of(&json!({"do": "describe"})).request_id("r-1").trace_id("Root=t");
    let body = function.invoke(invocation).await.reply().json();
    assert_eq!(body["request"]["id"], "r-1");
    assert_eq!(body["request"]["trace"], "Root=t");
    assert!(body["request"]["arn"].as_str().unwrap().starts_with("arn:aws:lambda:"));
    let left =
        body["request"]["deadline"].as_i64().unwrap() / 1000 - testkit::token::seconds_from_now(0);
    assert!((20..=29).contains(&left), "{left} s");
    let environment = &body["environment"];
    assert_eq!(environment["SECRET_KEY"], "s");
    assert_eq!(environment["AWS_REGION"], "us-east-1");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "scripted_function");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "128");
    assert_eq!(environment["HOME"], Value::Null);
    let foreign = |name: &&String| {
        !name.starts_with("AWS_") && *name != "LAMBDA_TASK_ROOT" && *name != "SECRET_KEY"
    };
    let foreign: Vec<_> = environment.as_object().unwrap().keys().filter(foreign).collect();
    // The last one is the runtime library's own work.
    assert_eq!(foreign, ["PATH", "TZ", "_HANDLER", "_X_AMZN_TRACE_ID"]);
}

#[tokio::test]
async fn a_thousand_events_are_answered_in_one_process() {
    let function = started().await;
    let pid = function.pid();
    let sent: Vec<_> = (0..1000)
        .map(|number| {
            function.send(&answer(json!({"statusCode": 200, "body": number.to_string()})))
        })
        .collect();
    for (number, outcome) in sent.into_iter().enumerate() {
        assert_eq!(outcome.await.reply().text(), number.to_string());
    }
    assert_eq!(function.pid(), pid);
    let memory = function.memory().unwrap();
    assert!((100_000..1_000_000_000).contains(&memory.resident), "{memory:?}");
}

#[tokio::test]
async fn gateway_events_are_events() {
    let function = started().await;
    let outcome = function.invoke(&Gateway::HttpApi.post("/health")).await;
    let Outcome::Failed(failure) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.message, "unknown step None");
    let Outcome::Failed(_) = function.invoke(Invocation::raw("{")).await else {
        panic!("broken events are errors")
    };
}

#[tokio::test]
async fn whatever_else_becomes_of_an_event() {
    let function = started().await;
    let garbled = function.invoke(&answer(json!("text"))).await;
    assert!(matches!(&garbled, Outcome::Garbled(body) if body == "\"text\""), "{garbled:?}");
    let failed = function.invoke(&json!({"do": "fail"})).await;
    assert!(matches!(&failed, Outcome::Failed(f) if f.message == "scripted failure"), "{failed:?}");
    let large = function.invoke(&json!({"do": "grow", "bytes": 6_291_556})).await;
    assert!(matches!(large, Outcome::TooLarge(bytes) if bytes > 6_291_556), "{large:?}");
    let reply = function.invoke(&json!({"do": "grow", "bytes": 6_000_000})).await.reply();
    assert!(reply.body.len() == 6_000_000 && reply.handed_over > reply.body.len());
}

#[tokio::test]
async fn an_event_that_nobody_answers_times_out_and_the_rest_ends_with_the_process() {
    let function = started().await;
    let hang = Invocation::of(&json!({"do": "hang"})).time_left(Duration::from_millis(1));
    let outcome = function.invoke(hang).await;
    assert!(matches!(outcome, Outcome::TimedOut), "{outcome:?}");
    let waiting = function.send(&answer(json!(1)));
    function.signal(Signal::Terminate).await.unwrap();
    let outcome = waiting.await;
    assert!(matches!(outcome, Outcome::Ended(status) if !status.success()), "{outcome:?}");
    let late = function.invoke(&answer(json!(1))).await;
    assert!(matches!(late, Outcome::Ended(_)), "{late:?}");
}

#[tokio::test]
async fn a_frozen_function_goes_on_after_thawing() {
    let function = started().await;
    function.signal(Signal::Freeze).await.unwrap();
    let status = format!("/proc/{}/status", function.pid());
    while !std::fs::read_to_string(&status).unwrap().contains("T (stopped)") {
        tokio::task::yield_now().await;
    }
    let sent = function.send(&answer(json!({"statusCode": 200})));
    function.signal(Signal::Thaw).await.unwrap();
    assert_eq!(sent.await.reply().status, 200);
}

#[tokio::test]
async fn lines_are_collected_until_the_end() {
    let function = started().await;
    function.invoke(&json!({"do": "print"})).await.reply();
    let line = function.line(|line| line.stream == Stream::Err).await.unwrap();
    assert_eq!(line.text, "to standard error");
    let (ended, outcome) = tokio::join!(
        async { function.invoke(&json!({"do": "exit"})).await },
        function.line(|line| line.text == "never printed"),
    );
    assert!(matches!(ended, Outcome::Ended(status) if status.code() == Some(7)), "{ended:?}");
    assert_eq!(outcome, None);
    let ended = function.ended().await;
    assert_eq!(ended.status.code(), Some(7));
    let texts: Vec<_> = ended.lines.iter().map(|line| line.text.as_str()).collect();
    assert!(texts.contains(&"to standard output") && texts.contains(&"to standard error"));
}

#[tokio::test]
async fn a_stopped_or_dropped_function_is_gone() {
    let function = started().await;
    assert!(!function.stop().await.status.success());

    let function = started().await;
    let process = PathBuf::from(format!("/proc/{}/exe", function.pid()));
    assert!(process.exists());
    drop(function);
    while process.exists() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_start_that_fails_says_why() {
    let failure = launch().env("START", "fail").start().await.unwrap_err();
    assert_eq!((failure.status.code(), &failure.reported), (Some(1), &None));
    assert!(failure.to_string().contains("the start failed"), "{failure}");

    let failure = launch().env("START", "report").start().await.unwrap_err();
    let reported = failure.reported.as_ref().unwrap();
    assert_eq!((&*reported.kind, &*reported.message), ("NoKey", "SECRET_KEY is missing"));
    assert!(failure.to_string().contains("NoKey: SECRET_KEY is missing"), "{failure}");
}
