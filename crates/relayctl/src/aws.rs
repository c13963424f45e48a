//! Credentials and region of AWS, found as the AWS CLI finds them: environment, profiles, SSO, roles,
//! processes, instance metadata.
//!
//! A relay reads its credentials from the environment alone. What is found here is put into the
//! settings that its code gets, so that the tool reaches a secret as a relay does.

use aws_config::{
    BehaviorVersion, Region, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError},
};
use clap::Args;
use relay_core::{Environment, SdkHttpClient};

use crate::{
    failure::{Failure, Outcome},
    shell::quoted,
    terminal::progress::during,
    web::client,
};

/// Whose secret is meant, in terms of AWS.
#[derive(Args)]
pub(crate) struct AwsArguments {
    /// The profile of your AWS configuration; AWS_PROFILE or the default one otherwise
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The AWS region, where the secret's name is no ARN; AWS_REGION or the profile's otherwise
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

impl AwsArguments {
    /// Returns the settings with credentials and a region of AWS in them.
    pub(crate) async fn settings(&self, settings: Environment) -> Outcome<Environment> {
        let http = SdkHttpClient::new(&client(&settings)?);
        let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
        let loader = match &self.profile {
            Some(profile) => loader.profile_name(profile),
            None => loader,
        };
        let config = match self.region.clone() {
            Some(region) => loader.region(Region::new(region)),
            None => loader,
        };
        let config = during("Finding AWS credentials", config.load()).await;
        let region = config.region().cloned();
        let found = match (&self.profile, config.credentials_provider()) {
            // The usual order begins with the environment, but a profile that is named is meant.
            (Some(profile), _) => {
                let provider = ProviderConfig::without_region().with_http_client(http);
                let provider = provider.with_region(region.clone());
                let chosen = ProfileFileCredentialsProvider::builder().profile_name(profile);
                let chosen = chosen.configure(&provider).build();
                during("Finding AWS credentials", chosen.provide_credentials()).await
            }
            (None, Some(usual)) => {
                during("Finding AWS credentials", usual.provide_credentials()).await
            }
            (None, None) => Err(CredentialsError::not_loaded_no_source()),
        };
        let credentials = found.map_err(|error| self.explained(&error, &settings))?;
        Ok(with_credentials(settings, &credentials, region.as_ref()))
    }

    /// Returns what to do about missing credentials.
    fn explained(&self, error: &CredentialsError, settings: &Environment) -> Failure {
        let profile = self.profile.as_deref().or(settings.text("AWS_PROFILE"));
        let at = profile.map(|name| format!(" --profile {}", quoted(name))).unwrap_or_default();
        let reason = deepest(error);
        let text = match error {
            CredentialsError::CredentialsNotLoaded(_) => {
                "there are no AWS credentials: neither in the environment nor in a profile."
                    .to_owned()
            }
            _ => format!("AWS gives no credentials: {}.", reason.trim_end_matches('.')),
        };
        let hint = format!(
            "aws sso login{at}, where the profile signs in there; aws sts get-caller-identity{at} shows who you are"
        );
        Failure::Usage(text).with_hint(hint)
    }
}

/// Returns the reason behind the others.
fn deepest(error: &CredentialsError) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    relay_core::one_line(&reason.to_string())
}

fn with_credentials(
    settings: Environment,
    credentials: &Credentials,
    region: Option<&Region>,
) -> Environment {
    let settings = settings
        .with("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .with("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
        .with("AWS_SESSION_TOKEN", credentials.session_token().unwrap_or_default());
    match region {
        Some(region) => settings.with("AWS_REGION", region.as_ref()),
        None => settings,
    }
}
