//! `relayctl rotate`: a new secret for a relay, while the tokens in use stay valid.
//!
//! A relay verifies with the secret's current and its previous version. A new version makes the
//! current one the previous one and drops the one before it, so there is one old secret at most,
//! which has to be ended before the next rotation.

mod versions;

use clap::Args;
use relay_core::{Clock, Environment, SECRET_MAX_AGE_SECONDS, SECRET_REFRESH_SECONDS};
use serde::Serialize;

use crate::{
    aws::AwsArguments,
    failure::{Failure, Outcome},
    secret,
    shell::quoted,
    terminal::{Screen, progress::during},
};
use versions::Versions;

/// Gives a relay a new secret in AWS Secrets Manager; tokens made with the old one go on working.
///
/// Relays verify with both. Make new tokens with relayctl token make, put them into the modules, and
/// then end the old secret with --end-previous. AWS credentials are found as the AWS CLI finds them:
/// environment, profile, SSO, roles. They need secretsmanager:GetSecretValue and PutSecretValue, and
/// UpdateSecretVersionStage for --end-previous.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl rotate --secret-arn ARN
  relayctl rotate --secret-arn ARN --profile soc-prod --dry-run
  relayctl token make --relay misp --secret-arn ARN --out new-token.txt
  relayctl module edit --relay misp --token-file new-token.txt
  relayctl rotate --secret-arn ARN --end-previous")]
pub(crate) struct Rotate {
    /// The secret in AWS Secrets Manager
    #[arg(long, value_name = "ARN")]
    secret_arn: String,
    /// Make no new secret, but end the old one: its tokens stop working
    #[arg(long)]
    end_previous: bool,
    #[command(flatten)]
    aws: AwsArguments,
    /// Say what would happen and stop
    #[arg(long)]
    dry_run: bool,
}

/// The result of a rotation, or of its dry run.
#[derive(Serialize)]
struct Rotation {
    done: bool,
    current: Option<String>,
    /// The version whose tokens go on working.
    previous: Option<String>,
    /// The version whose tokens stop working.
    ended: Option<String>,
    /// By then every running relay has read the secret again.
    effective_at: String,
    #[serde(skip)]
    text: String,
}

impl Rotate {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let settings = self.aws.settings(Environment::of_process()).await?;
        let manager = secret::manager(&self.secret_arn, &settings)?;
        let versions = Versions::of(manager.client(), &self.secret_arn);
        let work = async {
            if self.end_previous { self.end(&versions).await } else { self.renew(&versions).await }
        };
        let rotated = during("Waiting for Secrets Manager", work).await?;
        screen.show(&rotated, &rotated.text)
    }

    async fn renew(&self, versions: &Versions<'_>) -> Outcome<Rotation> {
        let current = versions.current().await?;
        if let Some(previous) = versions.previous().await? {
            let text = format!(
                "the secret has a previous version already, {}, made {}. Tokens made with it would stop working. Make new ones, then end it.",
                previous.id, previous.made_at
            );
            let arn = quoted(&self.secret_arn);
            let hint = format!("relayctl rotate --secret-arn {arn} --end-previous");
            return Err(Failure::Refused(text).with_hint(hint));
        }
        let at = effective_at();
        let (made, text) = if self.dry_run {
            (
                None,
                format!(
                    "Would put a new version in place of {}, whose tokens go on working.",
                    current.id
                ),
            )
        } else {
            let made = versions.renew(&current, &secret::generate()?).await?;
            let text = renewed(&made, &current.id, &at, &self.secret_arn);
            (Some(made), text)
        };
        Ok(Rotation {
            done: !self.dry_run,
            current: made,
            previous: Some(current.id),
            ended: None,
            effective_at: at,
            text,
        })
    }

    async fn end(&self, versions: &Versions<'_>) -> Outcome<Rotation> {
        let current = versions.current().await?;
        let missing = || Failure::Refused("the secret has no previous version.".to_owned());
        let previous = versions.previous().await?.ok_or_else(missing)?;
        let at = effective_at();
        if !self.dry_run {
            versions.forget_previous(&previous.id).await?;
        }
        let verb = if self.dry_run { "Would end" } else { "Ended" };
        let text = format!(
            "{verb} version {}: relays refuse its tokens from {at} at the latest; one that cannot read the secret any more, {} minutes after it last could.",
            previous.id,
            SECRET_MAX_AGE_SECONDS / 60
        );
        Ok(Rotation {
            done: !self.dry_run,
            current: Some(current.id),
            previous: None,
            ended: Some(previous.id),
            effective_at: at,
            text,
        })
    }
}

/// Returns the time by which every running relay has read the secret again.
fn effective_at() -> String {
    let now = Clock::system().now().as_second();
    let at = jiff::Timestamp::from_second(now + SECRET_REFRESH_SECONDS);
    at.map(|at| at.to_string()).unwrap_or_default()
}

fn renewed(made: &str, previous: &str, at: &str, arn: &str) -> String {
    let arn = quoted(arn);
    format!(
        "The secret has a new current version, {made}.

Tokens made with version {previous} go on working; that one ends when you say so, not before.
Relays know the new version from {at} at the latest.

Next:
  relayctl token make --relay NAME --secret-arn {arn}     new tokens, for the modules
  relayctl rotate --secret-arn {arn} --end-previous       ends the old secret"
    )
}
