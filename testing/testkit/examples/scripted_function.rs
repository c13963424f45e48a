//! A Lambda function that does what its events say, to test the Runtime API stub.

use std::{
    env, future,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    process,
};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    match variable("START").as_deref() {
        Some("fail") => return Err("the start failed".into()),
        Some("report") => report_init_error()?,
        _ => {}
    }
    lambda_runtime::run(service_fn(run_script)).await
}

async fn run_script(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    match payload["do"].as_str() {
        Some("answer") => Ok(payload["answer"].clone()),
        Some("describe") => {
            let request = json!({
                "id": context.request_id,
                "deadline": context.deadline,
                "arn": context.invoked_function_arn,
                "trace": context.xray_trace_id,
            });
            let body = json!({"request": request, "environment": variables()});
            Ok(json!({"statusCode": 200, "body": body.to_string()}))
        }
        Some("grow") => {
            let bytes = payload["bytes"].as_u64().unwrap_or_default();
            Ok(json!({"statusCode": 200, "body": "x".repeat(usize::try_from(bytes)?)}))
        }
        Some("print") => {
            writeln!(io::stdout(), "to standard output")?;
            writeln!(io::stderr(), "to standard error")?;
            Ok(json!({"statusCode": 204}))
        }
        Some("fail") => Err("scripted failure".into()),
        Some("exit") => process::exit(7),
        Some("hang") => future::pending().await,
        step => Err(format!("unknown step {step:?}").into()),
    }
}

/// Reports an initialisation error, as a runtime with invalid settings does.
fn report_init_error() -> Result<(), Error> {
    let report = r#"{"errorType": "NoKey", "errorMessage": "SECRET_KEY is missing"}"#;
    let mut api = TcpStream::connect(variable("AWS_LAMBDA_RUNTIME_API").unwrap_or_default())?;
    write!(api, "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nhost: runtime\r\n")?;
    write!(api, "connection: close\r\ncontent-length: {}\r\n\r\n{report}", report.len())?;
    api.read_to_end(&mut Vec::new())?;
    process::exit(1)
}

fn variable(name: &str) -> Option<String> {
    variables()[name].as_str().map(str::to_owned)
}

#[expect(clippy::disallowed_methods, reason = "this program exists to show its environment")]
fn variables() -> Value {
    env::vars().map(|(name, value)| (name, Value::from(value))).collect()
}
