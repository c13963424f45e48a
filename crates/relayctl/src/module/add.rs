//! `relayctl module add`.

use clap::Args;
use relay_core::Environment;
use serde_json::json;

use super::{
    Place,
    api::ThreatResponse,
    settings::{Setup, without_secrets},
};
use crate::{
    failure::{Failure, Outcome},
    terminal::{Screen, pretty},
};

/// Connects a relay: creates its module in Threat Response.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl module add --relay misp --token-file token.txt --url https://abc.execute-api.eu-west-1.amazonaws.com
  relayctl module add --relay misp --url URL --token-file token.txt --region eu --dry-run
  relayctl module add --settings relay_settings.json")]
pub(crate) struct Add {
    #[command(flatten)]
    setup: Setup,
    #[command(flatten)]
    place: Place,
    /// Say what would be created and stop
    #[arg(long)]
    dry_run: bool,
}

impl Add {
    pub(super) async fn run(&self, screen: &Screen, environment: &Environment) -> Outcome {
        let wanted = self.setup.wanted(environment)?;
        let api = ThreatResponse::login(self.place.region, environment).await?;
        if api.find(&wanted.name, &wanted.module_type_id).await?.is_some() {
            let text = format!(
                "there is a module \"{}\" already; change it with relayctl module edit, or give another --name.",
                wanted.name
            );
            return Err(Failure::Refused(text));
        }
        if self.dry_run {
            let settings = without_secrets(&wanted.settings);
            let text =
                format!("Would create the module \"{}\":\n{}", wanted.name, pretty(&settings));
            let json = json!({"would_create": {
                "name": wanted.name,
                "module_type_id": wanted.module_type_id,
                "visibility": wanted.visibility,
                "settings": settings,
            }});
            return screen.show(&json, text);
        }
        let created = api.create(&wanted).await?;
        let text = format!("The module \"{}\" is there, its id is {}.", created.name, created.id);
        screen.show(&json!({"created": created}), text)
    }
}
