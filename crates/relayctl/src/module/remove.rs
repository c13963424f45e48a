//! `relayctl module remove`.

use clap::Args;
use relay_core::Environment;
use serde_json::json;

use super::{Place, api::ThreatResponse, settings::Which};
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
    which: Which,
    #[command(flatten)]
    place: Place,
    /// Do not ask whether this is really meant
    #[arg(long)]
    yes: bool,
    /// Say what would be removed and stop
    #[arg(long)]
    dry_run: bool,
}

impl Remove {
    pub(super) async fn run(&self, screen: &Screen, environment: &Environment) -> Outcome {
        let api = ThreatResponse::login(self.place.region, environment).await?;
        let known = api.demand(&self.which.name()?, self.which.module_type()).await?;
        if self.dry_run {
            let text = format!("Would remove the module \"{}\" ({}).", known.name, known.id);
            return screen.show(&json!({"would_remove": known}), text);
        }
        self.agree(&known.name)?;
        api.remove(&known.id).await?;
        screen
            .show(&json!({"removed": known}), format!("The module \"{}\" is removed.", known.name))
    }

    fn agree(&self, name: &str) -> Outcome {
        if self.yes {
            return Ok(());
        }
        if !prompt::can_ask() {
            return Err(Failure::Usage("say --yes to remove the module.".to_owned()));
        }
        if prompt::agrees(&format!("Remove the module \"{name}\"?"))? {
            return Ok(());
        }
        Err(Failure::Refused("nothing was removed.".to_owned()))
    }
}
