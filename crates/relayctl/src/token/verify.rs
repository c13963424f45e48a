//! `relayctl token verify`: checks whether a relay accepts a token.

use catalog::CatalogEntry;
use clap::Args;
use relay_core::Environment;
use serde::Serialize;

use super::{
    TokenSource, claims,
    inspect::{algorithm_of, claims_of},
};
use crate::{
    aws::AwsArguments,
    failure::{Failure, Outcome},
    local_relay::token_check,
    relays,
    terminal::{Screen, progress::during},
};

/// Lets the relay's own code check a token, with the settings of the environment.
///
/// Tokens signed with the relay's secret need it: --secret-arn, SECRET_KEY or SECRET_ARN. The
/// configuration tokens of XDR (Threat Response) need --url, and the network for the region's keys.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl token verify --relay misp
  relayctl token verify --relay misp --token-file token.txt --secret-arn ARN
  relayctl token verify --relay misp --token-file token.txt --url https://abc.execute-api.eu-west-1.amazonaws.com")]
pub(crate) struct Verify {
    /// The relay
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: String,
    #[command(flatten)]
    token: TokenSource,
    /// The relay's secret in AWS Secrets Manager
    #[arg(long, value_name = "ARN")]
    secret_arn: Option<String>,
    #[command(flatten)]
    aws: AwsArguments,
    /// The relay's URL, which a token may have to name
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Verification {
    relay: &'static str,
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What the relay would write into its log.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
}

impl Verify {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let environment = self.settings();
        let entry = relays::named(&self.relay)?;
        let token = self.token.required(&environment)?;
        self.require_secret(&environment, token.expose())?;
        self.require_url(&environment, token.expose())?;
        let environment = match environment.text("SECRET_ARN") {
            Some(_) => self.aws.settings(environment).await?,
            None => environment,
        };
        let verification = self.verify(entry, environment, token.expose()).await?;
        screen.show(&verification, verification.text())?;
        if verification.accepted { Ok(()) } else { Err(Failure::Printed) }
    }

    /// Returns the process's settings, with the secret and the URL of the arguments.
    fn settings(&self) -> Environment {
        // The setting limits callers, not tokens.
        let mut settings = Environment::of_process().with("ALLOWED_SOURCES", "");
        if let Some(arn) = &self.secret_arn {
            settings = settings.with("SECRET_KEY", "").with("SECRET_ARN", arn);
        }
        match &self.url {
            Some(url) => settings.with("RELAY_BASE_URL", url),
            None => settings,
        }
    }

    fn require_secret(&self, environment: &Environment, token: &str) -> Outcome {
        let has_secret =
            environment.text("SECRET_KEY").or(environment.text("SECRET_ARN")).is_some();
        if has_secret || algorithm_of(token).as_deref() != Some("HS256") {
            return Ok(());
        }
        let text = "the token is signed with the relay's secret: give --secret-arn, or set SECRET_KEY or SECRET_ARN.";
        Err(Failure::Usage(text.to_owned()))
    }

    /// A relay compares a token's audience with its own URL, which only its gateway knows.
    fn require_url(&self, environment: &Environment, token: &str) -> Outcome {
        let has_url = self.url.is_some() || environment.text("RELAY_BASE_URL").is_some();
        if has_url || !claims_of(token).contains_key("aud") {
            return Ok(());
        }
        let text =
            "the token is for one relay's URL only (aud): give --url, or set RELAY_BASE_URL.";
        Err(Failure::Usage(text.to_owned()))
    }

    async fn verify(
        &self,
        entry: &CatalogEntry,
        settings: Environment,
        token: &str,
    ) -> Outcome<Verification> {
        let mut request = token_check(token);
        request.gateway.base_urls = self.url.iter().cloned().collect();
        let work = async { Ok(entry.start(settings).await?.check(&request).await) };
        let checked: Outcome<_> = during("Checking", work).await;
        let error = checked?.err();
        Ok(Verification {
            relay: entry.about.slug,
            accepted: error.is_none(),
            reason: error.as_ref().map(ToString::to_string),
            details: error
                .map(|error| details(entry, &error, token))
                .filter(|text| !text.is_empty()),
        })
    }
}

/// Returns what the relay would log, and the claims that are missing.
fn details(entry: &CatalogEntry, error: &relay_core::Error, token: &str) -> String {
    let missing = claims::missing(entry, &claims_of(token));
    let missing = (!missing.is_empty()).then(|| format!("missing={}", missing.join(",")));
    let logged = Some(error.details()).filter(|text| !text.is_empty());
    logged.into_iter().chain(missing).collect::<Vec<_>>().join(" ")
}

impl Verification {
    fn text(&self) -> String {
        let Some(reason) = &self.reason else {
            return format!("The {} relay accepts this token.", self.relay);
        };
        let details = self.details.as_ref().map(|text| format!("\nDetails: {text}"));
        format!(
            "The {} relay refuses this token. {reason}{}",
            self.relay,
            details.unwrap_or_default()
        )
    }
}
