//! `relayctl module add`.

use clap::Args;
use relay_core::Environment;
use serde_json::json;

use super::{
    RegionArgument,
    api::ThreatResponse,
    settings::{ModuleArguments, without_secrets},
};
use crate::{
    failure::{Failure, Outcome},
    terminal::{Screen, pretty},
};

/// Connects a relay: creates its module in Cisco XDR (Threat Response).
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl module add --relay misp --token-file token.txt --url https://abc.execute-api.eu-west-1.amazonaws.com
  relayctl module add --relay misp --url URL --token-file token.txt --region eu --dry-run
  relayctl module add --settings relay_settings.json")]
pub(crate) struct Add {
    #[command(flatten)]
    module: ModuleArguments,
    #[command(flatten)]
    region: RegionArgument,
    /// Say what would be created and stop
    #[arg(long)]
    dry_run: bool,
}

impl Add {
    pub(super) async fn run(&self, screen: &Screen, environment: &Environment) -> Outcome {
        let new = self.module.new_instance(environment)?;
        let api = ThreatResponse::login(self.region.chosen(environment)?, environment).await?;
        if api.find(&new.name, &new.module_type_id).await?.is_some() {
            let text = format!(
                "there is a module \"{}\" already; change it with relayctl module edit, or give another --name.",
                new.name
            );
            return Err(Failure::Refused(text));
        }
        if self.dry_run {
            let settings = without_secrets(&new.settings);
            let text = format!("Would create the module \"{}\":\n{}", new.name, pretty(&settings));
            let json = json!({"would_create": {
                "name": new.name,
                "module_type_id": new.module_type_id,
                "visibility": new.visibility,
                "settings": settings,
            }});
            return screen.show(&json, text);
        }
        let created = api.create(&new).await?;
        let text = format!("The module \"{}\" is there, its id is {}.", created.name, created.id);
        screen.show(&json!({"created": created}), text)
    }
}
