//! Reads the shared secret from AWS Secrets Manager: its current and its previous version.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_secretsmanager::{
    Client, error::SdkError, operation::get_secret_value::GetSecretValueError,
};
use futures::{FutureExt, future::join};
use serde_json::{Map, Value};

use super::strength::Strength;
use crate::{
    outbound::{Http, SdkHttpClient},
    settings::{BadSetting, Environment},
};

/// One secret in Secrets Manager.
pub struct SecretsManager {
    client: Client,
    arn: String,
    strength: Strength,
}

impl SecretsManager {
    /// Creates a client with the credentials that Lambda puts into the environment and the secret's
    /// own region; `AWS_ENDPOINT_URL_SECRETS_MANAGER` or `AWS_ENDPOINT_URL` may name another endpoint.
    ///
    /// # Errors
    ///
    /// Names the setting that is missing or cannot be used.
    pub fn new(environment: &Environment, arn: &str, http: &Http) -> Result<Self, BadSetting> {
        let needed = |name: &str| {
            let missing = || BadSetting::new(name, "is missing; it is needed to read SECRET_ARN");
            environment.text(name).map(str::to_owned).ok_or_else(missing)
        };
        let region = match region_of(arn) {
            Some(region) => region.to_owned(),
            None => needed("AWS_REGION")?,
        };
        let credentials = Credentials::new(
            needed("AWS_ACCESS_KEY_ID")?,
            needed("AWS_SECRET_ACCESS_KEY")?,
            environment.text("AWS_SESSION_TOKEN").map(str::to_owned),
            None,
            "environment",
        );
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(SdkHttpClient::new(http));
        config.set_endpoint_url(endpoint(environment)?);
        Ok(Self {
            client: Client::new(&config.build()),
            arn: arn.to_owned(),
            strength: Strength::new(environment),
        })
    }

    /// Returns the SDK's own client, for a tool that does more than read.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the current version's secret, then the previous one's where there is one.
    ///
    /// # Errors
    ///
    /// Says what to change so that the secret can be read.
    pub async fn read(&self) -> Result<Vec<String>, BadSetting> {
        let (current, previous) =
            join(self.version("AWSCURRENT"), self.version("AWSPREVIOUS")).await;
        let current = current.map_err(|error| explained(&error))?;
        let current = self.strength.check("SECRET_ARN", current)?;
        let previous = match previous {
            Ok(secret) => self.strength.check("SECRET_ARN", secret).ok(),
            // Until the first rotation there is no previous version.
            Err(error) if is_missing(&error) => None,
            Err(error) => return Err(explained(&error)),
        };
        Ok([Some(current), previous].into_iter().flatten().collect())
    }

    async fn version(&self, stage: &str) -> Result<String, SdkError<GetSecretValueError>> {
        let request = self.client.get_secret_value().secret_id(&self.arn).version_stage(stage);
        // Boxed, because the SDK's future is too deep a type for what is wrapped around it.
        let value = request.send().boxed().await?;
        Ok(plain(value.secret_string().unwrap_or_default()))
    }
}

/// Reads a secret: plain text, or a JSON object with a member `SECRET_KEY`. An object without it
/// holds no secret for a relay.
fn plain(text: &str) -> String {
    match serde_json::from_str::<Map<String, Value>>(text) {
        Ok(members) => {
            members.get("SECRET_KEY").and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        Err(_) => text.trim().to_owned(),
    }
}

/// Returns the region of `arn:aws:secretsmanager:<region>:<account>:secret:<name>`; a bare name has
/// none.
fn region_of(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let is_arn = parts.next() == Some("arn");
    parts.nth(2).filter(|region| is_arn && !region.is_empty())
}

fn endpoint(environment: &Environment) -> Result<Option<String>, BadSetting> {
    for name in ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"] {
        if let Some(url) = environment.url(name)? {
            return Ok(Some(url.as_str().to_owned()));
        }
    }
    Ok(None)
}

fn is_missing(error: &SdkError<GetSecretValueError>) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
}

/// Returns what to change, without the service's own text.
fn explained(error: &SdkError<GetSecretValueError>) -> BadSetting {
    use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
    let code = error.as_service_error().and_then(|error| error.code());
    let reason = match code {
        Some("AccessDeniedException") => {
            "may not be read: allow the function's role secretsmanager:GetSecretValue on it"
        }
        Some("ResourceNotFoundException") => {
            "names no secret in its region: check name and region, and that it has a value"
        }
        Some("DecryptionFailure" | "DecryptionFailureException") => {
            "cannot be decrypted: allow the function's role kms:Decrypt on its key"
        }
        Some(
            "UnrecognizedClientException" | "InvalidSignatureException" | "ExpiredTokenException",
        ) => "cannot be read with the credentials in the environment",
        _ => "cannot be read just now: check the network path to Secrets Manager",
    };
    tracing::debug!(code, "Secrets Manager refused");
    BadSetting::new("SECRET_ARN", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_plain_text_or_json() {
        assert_eq!(plain("abc\n"), "abc");
        assert_eq!(plain(r#"{"SECRET_KEY":"abc","more":1}"#), "abc");
        assert_eq!(plain(r#"{"other":"abc"}"#), "");
    }

    #[test]
    fn an_arn_names_its_region() {
        let arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:relay-AbCdEf";
        assert_eq!(region_of(arn), Some("eu-central-1"));
        assert_eq!(region_of("relay"), None);
    }
}
