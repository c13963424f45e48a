//! The smallest function, with which the start of a relay is compared.
//!
//! It links the libraries of a relay (HTTP client, TLS, tokens, AWS SDK), so that it is loaded as a
//! relay is, and uses none of them before a request does: no settings, no client, no log.

use std::sync::Arc;

use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use lambda_http::{Error, Request, RequestExt, Response, run, service_fn};
use relay_core::{Environment, Http, SecretsManager, SystemResolver};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: Request) -> Result<Response<String>, Error> {
    let text = match event.raw_http_path() {
        "/libraries" => use_libraries(&String::from_utf8_lossy(event.body())).await?,
        _ => String::new(),
    };
    Ok(Response::new(text))
}

/// Calls every library, so that the linker keeps them.
async fn use_libraries(token: &str) -> Result<String, Error> {
    let environment = Environment::of_process();
    let http = Http::new(&environment, "empty", Arc::new(SystemResolver))?;
    let secrets = SecretsManager::new(&environment, "secret", &http)?.read().await?;
    let key = DecodingKey::from_secret(secrets.concat().as_bytes());
    let rules = Validation::new(decode_header(token)?.alg);
    Ok(decode::<Value>(token, &key, &rules)?.claims.to_string())
}
