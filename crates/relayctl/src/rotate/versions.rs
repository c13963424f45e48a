//! The versions of one secret in Secrets Manager, by the labels that relays read.

use aws_sdk_secretsmanager::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_secret_value::GetSecretValueError,
};
use serde_json::Value;

use crate::failure::{Failure, Outcome};

/// The member that holds the secret in a value that is JSON.
const SECRET_MEMBER: &str = "SECRET_KEY";

/// The labels of the versions that a relay reads.
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";
/// The error code for an unknown secret or version.
const NOT_FOUND: &str = "ResourceNotFoundException";

/// One version.
pub(super) struct Version {
    pub(super) id: String,
    /// RFC 3339, or that it is not known.
    pub(super) made_at: String,
    /// The value; none where it is binary.
    text: Option<String>,
}

/// The versions of one secret.
pub(super) struct Versions<'a> {
    client: &'a Client,
    arn: &'a str,
}

impl<'a> Versions<'a> {
    pub(super) fn of(client: &'a Client, arn: &'a str) -> Self {
        Self { client, arn }
    }

    /// Returns the version that signs new tokens.
    pub(super) async fn current(&self) -> Outcome<Version> {
        self.labelled(CURRENT).await.map_err(|error| explained("GetSecretValue", &error))
    }

    /// Returns the version before it, if there is one.
    pub(super) async fn previous(&self) -> Outcome<Option<Version>> {
        match self.labelled(PREVIOUS).await {
            Ok(version) => Ok(Some(version)),
            Err(error) if code(&error) == Some(NOT_FOUND) => Ok(None),
            Err(error) => Err(explained("GetSecretValue", &error)),
        }
    }

    /// Puts `secret` in place of the current one, in the same form, and returns the version's id.
    pub(super) async fn renew(&self, current: &Version, secret: &str) -> Outcome<String> {
        let binary = || Failure::Refused("the secret is binary; relays read text only.".to_owned());
        let text = replaced(current.text.as_deref().ok_or_else(binary)?, secret);
        let put = self.client.put_secret_value().secret_id(self.arn).secret_string(text);
        let put = put.send().await.map_err(|error| explained("PutSecretValue", &error))?;
        Ok(put.version_id().unwrap_or_default().to_owned())
    }

    /// Removes the label of the previous version, so that no relay reads it any more.
    pub(super) async fn forget_previous(&self, id: &str) -> Outcome {
        let update = self.client.update_secret_version_stage().secret_id(self.arn);
        let update = update.version_stage(PREVIOUS).remove_from_version_id(id);
        let sent = update.send().await;
        sent.map(|_| ()).map_err(|error| explained("UpdateSecretVersionStage", &error))
    }

    async fn labelled(&self, label: &str) -> Result<Version, SdkError<GetSecretValueError>> {
        let request = self.client.get_secret_value().secret_id(self.arn).version_stage(label);
        let value = request.send().await?;
        let seconds = value.created_date().map(|date| date.secs());
        let made_at = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        Ok(Version {
            id: value.version_id().unwrap_or_default().to_owned(),
            made_at: made_at.map_or_else(|| "at an unknown time".to_owned(), |at| at.to_string()),
            text: value.secret_string().map(str::to_owned),
        })
    }
}

/// Returns the value with another secret: plain text is the secret itself, in JSON it is a member.
fn replaced(value: &str, secret: &str) -> String {
    match serde_json::from_str(value) {
        Ok(Value::Object(mut members))
            if members.get(SECRET_MEMBER).is_some_and(Value::is_string) =>
        {
            members.insert(SECRET_MEMBER.to_owned(), secret.into());
            Value::Object(members).to_string()
        }
        _ => secret.to_owned(),
    }
}

fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// Returns what to change, without the service's own text.
fn explained<E: ProvideErrorMetadata>(operation: &str, error: &SdkError<E>) -> Failure {
    let text = match code(error) {
        None => {
            let text = "gave no answer; check network and region.";
            return Failure::Unreachable(format!("Secrets Manager {text}"));
        }
        Some("AccessDeniedException") => {
            format!(
                "these AWS credentials may not do this: allow secretsmanager:{operation} on the secret."
            )
        }
        Some(NOT_FOUND) => {
            "there is no such secret in this region, or it has no value: check --secret-arn."
                .to_owned()
        }
        Some(
            "UnrecognizedClientException" | "InvalidSignatureException" | "ExpiredTokenException",
        ) => "AWS does not accept the credentials: get new ones, such as with aws sso login."
            .to_owned(),
        Some(other) => format!("Secrets Manager refused {operation}: {other}."),
    };
    Failure::Refused(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_secret_has_the_form_of_the_old_one() {
        assert_eq!(replaced("old", "new"), "new");
        assert_eq!(
            replaced(r#"{"SECRET_KEY":"old","note":1}"#, "new"),
            r#"{"SECRET_KEY":"new","note":1}"#
        );
        assert_eq!(replaced(r#"{"other":"old"}"#, "new"), "new");
        assert_eq!(replaced(r#"{"SECRET_KEY":7}"#, "new"), "new");
    }
}
