//! `relayctl token make`: a token for a relay, and what is needed to use it.

use std::path::PathBuf;

use catalog::CatalogEntry;
use clap::Args;
use relay_core::{Clock, Environment};
use serde::Serialize;
use serde_json::{Map, Value};

use super::claims;
use crate::{
    aws::AwsArguments,
    failure::{Failure, Outcome},
    local_relay::{signed, token_check},
    private_file,
    region::{CUSTOM_RELAY, Region},
    relays,
    secret::{self, SigningSecret},
    shell::quoted,
    terminal::Screen,
};

/// The length of a token's random id.
const ID_CHARS: usize = 22;
const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// Makes a token that carries the product's credentials to a relay.
///
/// The credentials come from a JSON file, from variables such as CLAIM_CLIENT_SECRET, or are asked
/// for. The secret is the one of --secret-arn, of the variable SECRET_KEY or SECRET_ARN, or a new
/// one. The relay itself checks the token before it is shown.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl token make --relay misp
  relayctl token make --relay misp --file credentials.json --secret-arn ARN --out token.txt
  relayctl token make --relay misp --file - --json < credentials.json")]
pub(crate) struct Make {
    /// The relay
    #[arg(long, value_name = "NAME", value_parser = relays::names())]
    relay: String,
    /// A JSON object with the credentials, - for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The relay's secret in AWS Secrets Manager
    #[arg(long, value_name = "ARN")]
    secret_arn: Option<String>,
    #[command(flatten)]
    aws: AwsArguments,
    /// Show the secret even if it is not new
    #[arg(long)]
    show_secret: bool,
    /// Write the token into this new file, for its owner alone, instead of showing it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Let the token expire after so many days; it never does otherwise
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires_days: Option<u32>,
    /// The relay's URL, if the token is to be good for that one alone
    #[arg(long, value_name = "URL")]
    audience: Option<String>,
    /// Write when the token was made (iat) and an id of its own (jti), which the relay logs
    #[arg(long)]
    id: bool,
    /// Leave the relay's name out of the token, so that other relays with the same secret take it too
    #[arg(long)]
    any_relay: bool,
    /// The Lambda function's name, for the link to its settings; in a stack it is STACK-RELAY, such as
    /// threat-relays-dev-misp
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
}

/// The output of the command.
#[derive(Serialize)]
struct NewToken {
    relay: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_settings: Option<String>,
    new_module: Vec<ModulePage>,
}

/// The page on which a module is created in one region.
#[derive(Serialize)]
struct ModulePage {
    region: Region,
    url: String,
}

impl Make {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let environment = Environment::of_process();
        let entry = relays::named(&self.relay)?;
        let claims = self.claims(entry, &environment)?;
        let secret =
            SigningSecret::find(self.secret_arn.as_deref(), &self.aws, &environment).await?;
        let token = signed(&claims, &secret.text)?;
        self.check(entry, &claims, &token, &secret.text).await?;
        if let Some(file) = &self.out {
            private_file::write(file, &token)?;
        }
        let made = NewToken {
            relay: entry.about.slug,
            token: self.out.is_none().then_some(token),
            token_file: self.out.clone(),
            secret: (secret.is_new || self.show_secret).then_some(secret.text),
            function_settings: self.settings_page(&environment),
            new_module: pages(entry),
        };
        screen.show(&made, text(entry, &made, secret.is_new))
    }

    fn claims(
        &self,
        entry: &CatalogEntry,
        environment: &Environment,
    ) -> Outcome<Map<String, Value>> {
        let mut claims = claims::gathered(entry, self.file.as_deref(), environment)?;
        let now = Clock::system().now().as_second();
        if let Some(days) = self.expires_days {
            claims.insert("exp".to_owned(), (now + i64::from(days) * SECONDS_PER_DAY).into());
        }
        if let Some(url) = &self.audience {
            claims.insert("aud".to_owned(), url.trim_end_matches('/').into());
        }
        if self.id {
            claims.insert("iat".to_owned(), now.into());
            let random = secret::generate()?;
            claims
                .insert("jti".to_owned(), random.chars().take(ID_CHARS).collect::<String>().into());
        }
        if self.any_relay {
            claims.remove("relay");
        } else {
            claims.insert("relay".to_owned(), entry.about.slug.into());
        }
        Ok(claims)
    }

    /// Lets the relay itself check the token, with no setting but the secret, under the URL that the
    /// token is for.
    async fn check(
        &self,
        entry: &CatalogEntry,
        claims: &Map<String, Value>,
        token: &str,
        secret: &str,
    ) -> Outcome {
        let relay = entry.start(Environment::of([("SECRET_KEY", secret)])).await?;
        let mut request = token_check(token);
        request.gateway.base_urls = audiences(claims);
        relay.check(&request).await.map_err(|error| {
            let missing = claims::missing(entry, claims);
            let missing = match missing.as_slice() {
                [] => String::new(),
                names => format!(" Missing: {}.", names.join(", ")),
            };
            Failure::Usage(format!("the relay would not accept this token. {error}{missing}"))
        })
    }

    /// Returns the AWS console's page for the function's environment, where the region is known.
    fn settings_page(&self, environment: &Environment) -> Option<String> {
        let arn = self.secret_arn.as_deref().or(environment.text("SECRET_ARN"));
        let region = arn.and_then(|arn| arn.split(':').nth(3)).or(environment.text("AWS_REGION"))?;
        let host = console(region);
        let page = match self.function.as_deref().map(relay_core::url::escaped) {
            Some(name) => format!("/{name}/edit/environment-variables?tab=configuration"),
            None => String::new(),
        };
        Some(format!("https://{region}.{host}/lambda/home?region={region}#/functions{page}"))
    }
}

/// Returns the URLs that a token is for.
fn audiences(claims: &Map<String, Value>) -> Vec<String> {
    match claims.get("aud") {
        Some(Value::String(url)) => vec![url.clone()],
        Some(Value::Array(urls)) => {
            urls.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the host of the AWS console for a region.
fn console(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "console.amazonaws.cn",
        _ if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    }
}

fn pages(entry: &CatalogEntry) -> Vec<ModulePage> {
    let types = entry.about.module_types.unwrap_or([CUSTOM_RELAY; 3]);
    let pairs = Region::ALL.into_iter().zip(types);
    pairs.map(|(region, id)| ModulePage { region, url: region.new_module(id) }).collect()
}

/// Returns the output as text, in the order in which it is used.
fn text(entry: &CatalogEntry, made: &NewToken, is_new: bool) -> String {
    let mut text = match (&made.token, &made.token_file) {
        (Some(token), _) => format!("The token for {}:\n\n{token}\n", entry.about.name),
        (None, Some(file)) => {
            format!("The token for {} is in {}.\n", entry.about.name, file.display())
        }
        (None, None) => String::new(),
    };
    if let Some(secret) = &made.secret {
        let origin = if is_new { ", made just now and shown only once" } else { "" };
        text += &format!("\nThe secret{origin}:\n\n{secret}\n");
    }
    if is_new {
        text += &format!(
            "\nSet it as SECRET_KEY of the function, or as the value of the secret that SECRET_ARN names. In a stack the function\nis called STACK-{}, and --secret-arn uses the secret that is there.\n",
            entry.about.slug
        );
        if let Some(page) = &made.function_settings {
            text += &format!("  {page}\n");
        }
    }
    text += "\nCreate the module with the relay's URL and this token:\n";
    for page in &made.new_module {
        text += &format!("  {:<5}{}\n", page.region.name(), page.url);
    }
    let file = made.token_file.as_ref().map(|file| quoted(&file.to_string_lossy()));
    let file = file.unwrap_or_else(|| "FILE".to_owned());
    text + &format!(
        "or with: relayctl module add --relay {} --url URL --token-file {file} --region REGION",
        entry.about.slug
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_console() {
        assert_eq!(console("eu-west-1"), "console.aws.amazon.com");
        assert_eq!(console("cn-north-1"), "console.amazonaws.cn");
        assert_eq!(console("us-gov-west-1"), "console.amazonaws-us-gov.com");
    }
}
