//! `relayctl module remove`.

use clap::Args;
use relay_core::Environment;
use serde_json::json;

use super::{RegionArgument, api::ThreatResponse, settings::ModuleSelector};
use crate::{
    failure::{Failure, Outcome},
    terminal::{Screen, prompt},
};

/// Disconnects a relay: removes its module, found by name and type, from Threat Response.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl module remove --relay misp
  relayctl module remove --name \"MISP, Vienna\" --region eu --yes")]
pub(crate) struct Remove {
    #[command(flatten)]
    module: ModuleSelector,
    #[command(flatten)]
    region: RegionArgument,
    /// Do not ask whether this is really meant
    #[arg(long)]
    yes: bool,
    /// Say what would be removed and stop
    #[arg(long)]
    dry_run: bool,
}

impl Remove {
    pub(super) async fn run(&self, screen: &Screen, environment: &Environment) -> Outcome {
        let api = ThreatResponse::login(self.region.region, environment).await?;
        let known = api.require(&self.module.name()?, self.module.module_type()).await?;
        if self.dry_run {
            let text = format!("Would remove the module \"{}\" ({}).", known.name, known.id);
            return screen.show(&json!({"would_remove": known}), text);
        }
        self.confirm(&known.name)?;
        api.remove(&known.id).await?;
        screen
            .show(&json!({"removed": known}), format!("The module \"{}\" is removed.", known.name))
    }

    fn confirm(&self, name: &str) -> Outcome {
        if self.yes {
            return Ok(());
        }
        if !prompt::can_ask() {
            return Err(Failure::Usage("say --yes to remove the module.".to_owned()));
        }
        if prompt::confirms(&format!("Remove the module \"{name}\"?"))? {
            return Ok(());
        }
        Err(Failure::Refused("nothing was removed.".to_owned()))
    }
}
