//! `relayctl rotate`, and tokens made with a secret out of Secrets Manager.

mod moto;

use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use axum::{Router, http::StatusCode, routing::any};
use relay_core::{
    Clock, Environment, Gateway, Incoming, SECRET_REFRESH_SECONDS, SecretsManager, Service,
};
use serde_json::json;
use testkit::TestResolver;

use crate::tool::{Run, Server, relayctl, run};
use moto::Moto;

const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:relay-misp-AbCdEf";
const FIRST: &str = "first-secret-0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEF";

fn environment(url: &str) -> [(&str, &str); 4] {
    [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
    ]
}

fn tool(url: &str, arguments: &[&str]) -> Run {
    run(relayctl(arguments).envs(environment(url)).env("CLAIM_AUTHKEY", "key"))
}

/// A relay as it is deployed, with a clock that the test moves.
struct Deployed {
    service: Service<misp::Misp>,
    clock: Clock,
}

impl Deployed {
    async fn start(url: &str, arn: &str) -> Self {
        let clock = Clock::fixed("2026-03-01T12:00:00Z".parse().unwrap());
        let settings = Environment::of(environment(url)).with("SECRET_ARN", arn);
        let lookup = std::sync::Arc::new(TestResolver::unknown());
        let service = Service::with(&settings, clock.clone(), lookup).await.unwrap();
        Self { service, clock }
    }

    async fn accepts(&self, token: &str) -> bool {
        let bearer = format!("Bearer {token}").parse().unwrap();
        let request = Incoming {
            method: http::Method::POST,
            path: "/health".to_owned(),
            headers: [(http::header::AUTHORIZATION, bearer)].into_iter().collect(),
            body: Default::default(),
            gateway: Gateway::default(),
            request_id: "test".to_owned(),
            deadline: tokio::time::Instant::now() + Duration::from_secs(20),
            trace: None,
        };
        self.service.check(&request).await.is_ok()
    }

    /// So long that the secret has been read again.
    fn waits(&self) {
        self.clock.advance(Duration::from_secs(SECRET_REFRESH_SECONDS.unsigned_abs() + 1));
    }
}

fn token(url: &str, arn: &str) -> String {
    let made = tool(url, &["token", "make", "--relay", "misp", "--secret-arn", arn, "--json"]);
    let made = made.done().json();
    assert!(made.get("secret").is_none(), "nobody asked for the secret");
    made["token"].as_str().unwrap().to_owned()
}

async fn created(url: &str, value: &str) -> (Client, String) {
    let environment = Environment::of(environment(url));
    let http =
        relay_core::Http::new(&environment, "test", std::sync::Arc::new(TestResolver::unknown()));
    let place = SecretsManager::new(&environment, ARN, &http.unwrap()).unwrap();
    let client = place.client().clone();
    let made = client.create_secret().name("relay-misp").secret_string(value).send().await.unwrap();
    (client, made.arn().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto_server"]
async fn moto_a_rotation_breaks_no_token_until_the_old_secret_is_ended() {
    let moto = Moto::start();
    let (_, arn) = created(&moto.url, FIRST).await;
    let rotate = |more: &[&str]| {
        tool(&moto.url, &[&["rotate", "--secret-arn", &arn, "--json"], more].concat())
    };
    let relay = Deployed::start(&moto.url, &arn).await;
    let old = token(&moto.url, &arn);
    assert!(relay.accepts(&old).await);

    assert_eq!(rotate(&["--dry-run"]).done().json()["done"], false);
    assert_eq!(token(&moto.url, &arn), old, "a dry run changes nothing");
    let rotated = rotate(&[]).done().json();
    assert_ne!(rotated["current"], rotated["previous"]);
    let new = token(&moto.url, &arn);
    assert_ne!(new, old);
    relay.waits();
    assert!(relay.accepts(&old).await && relay.accepts(&new).await);

    rotate(&[]).failed(1, "has a previous version already");
    relay.waits();
    assert!(relay.accepts(&old).await, "a refused rotation ends nothing");

    let ended = rotate(&["--end-previous"]).done().json();
    assert_eq!(ended["ended"], rotated["previous"]);
    relay.waits();
    assert!(!relay.accepts(&old).await && relay.accepts(&new).await);
    rotate(&["--end-previous"]).failed(1, "the secret has no previous version");
    rotate(&[]).done();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto_server"]
async fn moto_a_secret_in_json_keeps_its_other_members() {
    let moto = Moto::start();
    let value = json!({"SECRET_KEY": FIRST, "owner": "soc"}).to_string();
    let (client, arn) = created(&moto.url, &value).await;
    tool(&moto.url, &["rotate", "--secret-arn", &arn]).done();
    let now = client.get_secret_value().secret_id(&arn).send().await.unwrap();
    let now: serde_json::Value = serde_json::from_str(now.secret_string().unwrap()).unwrap();
    assert_eq!(now["owner"], "soc");
    assert_eq!(now["SECRET_KEY"].as_str().unwrap().len(), 64);
    let relay = Deployed::start(&moto.url, &arn).await;
    assert!(relay.accepts(&token(&moto.url, &arn)).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto_server"]
async fn moto_verify_knows_the_current_and_the_previous_secret() {
    let moto = Moto::start();
    let (_, arn) = created(&moto.url, FIRST).await;
    let verify = |token: &str| {
        let arguments = ["token", "verify", "--relay", "misp", "--secret-arn", &arn];
        run(relayctl(&arguments).envs(environment(&moto.url)).env("RELAY_TOKEN", token)).code
    };
    let old = token(&moto.url, &arn);
    tool(&moto.url, &["rotate", "--secret-arn", &arn]).done();
    let new = token(&moto.url, &arn);
    assert_eq!((verify(&old), verify(&new)), (0, 0));
    tool(&moto.url, &["rotate", "--secret-arn", &arn, "--end-previous"]).done();
    assert_eq!((verify(&old), verify(&new)), (1, 0));
}

#[test]
#[ignore = "needs moto_server"]
fn moto_an_unknown_secret_is_named_as_such() {
    let moto = Moto::start();
    tool(&moto.url, &["rotate", "--secret-arn", ARN]).failed(1, "there is no such secret");
    tool(&moto.url, &["token", "make", "--relay", "misp", "--secret-arn", ARN])
        .failed(2, "SECRET_ARN names no secret in its region");
}

/// Secrets Manager refuses everything with this error code.
fn refusing(code: &'static str) -> Server {
    Server::start(Router::new().fallback(any(move || async move {
        (StatusCode::BAD_REQUEST, json!({"__type": code, "Message": "no"}).to_string())
    })))
}

#[test]
fn what_aws_refuses_is_said_with_what_to_change() {
    let check = |code: &'static str, says: &str| {
        let server = refusing(code);
        tool(&server.url, &["rotate", "--secret-arn", ARN]).failed(1, says);
    };
    check("AccessDeniedException", "allow secretsmanager:GetSecretValue");
    check("UnrecognizedClientException", "does not accept the credentials");
    check("ResourceNotFoundException", "there is no such secret");
    check("InvalidRequestException", "InvalidRequestException");
    let mut nobody = relayctl(&["rotate", "--secret-arn", ARN]);
    run(nobody.env("AWS_EC2_METADATA_DISABLED", "true")).failed(2, "there are no AWS credentials");
}
