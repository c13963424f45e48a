//! The versions of one secret in Secrets Manager, by the stages that relays read.

use aws_sdk_secretsmanager::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::SecretVersionsListEntry,
};
use serde_json::Value;

use crate::failure::{Failure, Outcome};

/// Where the secret stands in a value that is JSON.
const MEMBER: &str = "SECRET_KEY";

/// The labels of the versions that a relay reads.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    Current,
    Previous,
}

impl Stage {
    fn label(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Previous => "AWSPREVIOUS",
        }
    }
}

/// One version.
pub(super) struct Version {
    pub(super) id: String,
    /// RFC 3339, or that it is not known.
    pub(super) made_at: String,
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

    /// The version at this stage, if there is one.
    pub(super) async fn at(&self, stage: Stage) -> Outcome<Option<Version>> {
        let listed = self.client.list_secret_version_ids().secret_id(self.arn).send().await;
        let listed = listed.map_err(|error| explained("ListSecretVersionIds", &error))?;
        let stands_there = |version: &&SecretVersionsListEntry| {
            version.version_stages().iter().any(|label| label == stage.label())
        };
        Ok(listed.versions().iter().find(stands_there).and_then(Version::of))
    }

    /// The version at this stage, which has to be there.
    pub(super) async fn demand(&self, stage: Stage) -> Outcome<Version> {
        let text = || format!("the secret has no version {}.", stage.label());
        self.at(stage).await?.ok_or_else(|| Failure::Refused(text()))
    }

    /// Puts `secret` in place of the current one, in the same form, and returns the version's id.
    pub(super) async fn renew(&self, secret: &str) -> Outcome<String> {
        let known = self.client.get_secret_value().secret_id(self.arn).send().await;
        let known = known.map_err(|error| explained("GetSecretValue", &error))?;
        let binary = || Failure::Refused("the secret is binary; relays read text only.".to_owned());
        let text = replaced(known.secret_string().ok_or_else(binary)?, secret);
        let put = self.client.put_secret_value().secret_id(self.arn).secret_string(text);
        let put = put.send().await.map_err(|error| explained("PutSecretValue", &error))?;
        Ok(put.version_id().unwrap_or_default().to_owned())
    }

    /// Takes the label off the previous version, so that no relay reads it any more.
    pub(super) async fn forget_previous(&self, id: &str) -> Outcome {
        let update = self.client.update_secret_version_stage().secret_id(self.arn);
        let update = update.version_stage(Stage::Previous.label()).remove_from_version_id(id);
        let sent = update.send().await;
        sent.map(|_| ()).map_err(|error| explained("UpdateSecretVersionStage", &error))
    }
}

impl Version {
    fn of(entry: &SecretVersionsListEntry) -> Option<Self> {
        let seconds = entry.created_date().map(|date| date.secs());
        let made_at = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        Some(Self {
            id: entry.version_id()?.to_owned(),
            made_at: made_at.map_or_else(|| "at an unknown time".to_owned(), |at| at.to_string()),
        })
    }
}

/// The value with another secret in it: plain text is the secret itself, in JSON it is a member.
fn replaced(value: &str, secret: &str) -> String {
    match serde_json::from_str(value) {
        Ok(Value::Object(mut members)) if members.get(MEMBER).is_some_and(Value::is_string) => {
            members.insert(MEMBER.to_owned(), secret.into());
            Value::Object(members).to_string()
        }
        _ => secret.to_owned(),
    }
}

/// Says what to change, without the service's own text.
fn explained<E: ProvideErrorMetadata>(operation: &str, error: &SdkError<E>) -> Failure {
    let Some(code) = error.as_service_error().and_then(ProvideErrorMetadata::code) else {
        let text =
            format!("Secrets Manager gave no answer to {operation}; check network and region.");
        return Failure::Unreachable(text);
    };
    Failure::Refused(match code {
        "AccessDeniedException" => {
            format!(
                "these AWS credentials may not do this: allow secretsmanager:{operation} on the secret."
            )
        }
        "ResourceNotFoundException" => {
            "there is no such secret in this region: check --secret-arn.".to_owned()
        }
        "UnrecognizedClientException" | "InvalidSignatureException" | "ExpiredTokenException" => {
            "AWS does not accept the credentials in the environment; get new ones.".to_owned()
        }
        other => format!("Secrets Manager refused {operation}: {other}."),
    })
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
