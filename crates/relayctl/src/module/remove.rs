//! `relayctl module remove`.

use clap::Args;
use relay_core::Environment;
use serde_json::json;

use super::{RegionArgument, api::ThreatResponse, find::Meant, settings::ModuleSelector};
use crate::{
    failure::{Failure, Outcome},
    terminal::{Screen, prompt},
};

/// Disconnects a relay: removes its module from Cisco XDR (Threat Response).
///
/// The module is found by its name, among the modules of custom relays and of the product's own types,
/// or by its id.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl module remove --relay misp
  relayctl module remove --name \"MISP, Vienna\" --region eu --yes")]
pub(crate) struct Remove {
    #[command(flatten)]
    module: ModuleSelector,
    /// The module's id, where several have its name
    #[arg(long, value_name = "ID")]
    id: Option<String>,
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
        let name = self.module.name_if_given()?;
        let meant = Meant {
            id: self.id.as_deref(),
            name: name.as_deref(),
            module_type: self.module.module_type(),
            relay: self.module.relay(),
        };
        let meant = meant.checked()?;
        let api = ThreatResponse::login(self.region.chosen(environment)?, environment).await?;
        let known = api.require(&meant).await?;
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
