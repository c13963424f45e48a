//! The shared secret out of Secrets Manager, read by the real SDK from a simulator.

mod rotation;
mod simulator;
mod start;

use relay_core::Environment;

use crate::fixture::without_secret;
use simulator::{SecretStore, Versions};

/// Three secrets in the order of their making.
const FIRST: &str = "first-secret-0000000000000000000000000000000000000000000000000000";
const SECOND: &str = "second-secret-1111111111111111111111111111111111111111111111111111";
const THIRD: &str = "third-secret-22222222222222222222222222222222222222222222222222222";
const ARN: &str = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:relay-AbCdEf";

/// The settings of a function whose secret is in this store.
fn reading(store: &SecretStore) -> impl FnOnce(Environment) -> Environment {
    let endpoint = store.url();
    move |environment| {
        without_secret(&environment)
            .with("SECRET_ARN", ARN)
            .with("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint)
            .with("AWS_REGION", "us-east-1")
            .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .with("AWS_SECRET_ACCESS_KEY", "not-a-secret-access-key")
            .with("AWS_SESSION_TOKEN", "session-token")
    }
}
