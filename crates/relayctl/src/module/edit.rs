//! `relayctl module edit`.

use clap::Args;
use relay_core::Environment;
use serde_json::{Map, Value, json};

use super::{
    RegionArgument,
    api::{Change, Instance, NewInstance, ThreatResponse},
    settings::{ModuleArguments, without_secrets},
};
use crate::{
    failure::Outcome,
    terminal::{Screen, pretty},
};

/// Changes a module, found by name and type: its URL, its token, its name.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl module edit --relay misp --url URL --token-file new-token.txt
  relayctl module edit --settings relay_settings.json --new-name \"MISP, Vienna\" --dry-run")]
pub(crate) struct Edit {
    #[command(flatten)]
    module: ModuleArguments,
    /// The module's name from now on
    #[arg(long, value_name = "NAME")]
    new_name: Option<String>,
    #[command(flatten)]
    region: RegionArgument,
    /// Say what would change and stop
    #[arg(long)]
    dry_run: bool,
}

impl Edit {
    pub(super) async fn run(&self, screen: &Screen, environment: &Environment) -> Outcome {
        let new = self.module.new_instance(environment)?;
        let api = ThreatResponse::login(self.region.region, environment).await?;
        let known = api.require(&new.name, &new.module_type_id).await?;
        let change = self.change(&known, &new);
        let shown = json!({
            "id": known.id,
            "name": change.name,
            "settings": without_secrets(&change.settings),
        });
        if change.name.is_none() && change.settings.is_empty() {
            let text = format!("The module \"{}\" is as it should be.", known.name);
            return screen.show(&json!({"unchanged": known}), text);
        }
        if self.dry_run {
            let text = format!("Would change the module \"{}\":\n{}", known.name, pretty(&shown));
            return screen.show(&json!({"would_change": shown}), text);
        }
        let changed = api.change(&known.id, &change).await?;
        screen.show(
            &json!({"changed": changed}),
            format!("The module \"{}\" is changed.", changed.name),
        )
    }

    /// What differs; settings that nobody mentioned stay.
    fn change(&self, known: &Instance, new: &NewInstance) -> Change {
        let differs = |(name, value): &(&String, &Value)| known.settings.get(*name) != Some(*value);
        let settings = new.settings.iter().filter(differs);
        let settings: Map<_, _> =
            settings.map(|(name, value)| (name.clone(), value.clone())).collect();
        let name = self.new_name.clone().filter(|name| *name != known.name);
        Change { name, settings }
    }
}
