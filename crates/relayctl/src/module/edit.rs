//! `relayctl module edit`.

use clap::Args;
use relay_core::Environment;
use serde_json::{Map, Value, json};

use super::{
    RegionArgument,
    api::{Change, Instance, ThreatResponse},
    find::Meant,
    settings::{ModuleArguments, WantedModule, without_secrets},
};
use crate::{
    failure::{Failure, Outcome},
    terminal::{Screen, pretty},
};

/// Changes a module: its URL, its token, its name. What is not given stays.
///
/// The module is found by its name, among the modules of custom relays and of the product's own types,
/// or by its id.
#[derive(Args)]
#[command(after_help = "Examples:
  relayctl module edit --relay misp --url URL
  relayctl module edit --relay misp --token-file new-token.txt --region eu
  relayctl module edit --settings relay_settings.json --new-name \"MISP, Vienna\" --dry-run")]
pub(crate) struct Edit {
    #[command(flatten)]
    module: ModuleArguments,
    /// The module's id, where several have its name
    #[arg(long, value_name = "ID")]
    id: Option<String>,
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
        let wanted = self.module.wanted(environment)?;
        if self.new_name.is_none() && wanted.settings.is_empty() {
            let text = "say what to change: --url, --token-file, --new-name or --settings.";
            return Err(Failure::Usage(text.to_owned()));
        }
        let meant = self.meant(&wanted)?;
        let api = ThreatResponse::login(self.region.chosen(environment)?, environment).await?;
        let known = api.require(&meant).await?;
        let change = self.change(&known, &wanted.settings);
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

    fn meant<'a>(&'a self, wanted: &'a WantedModule) -> Outcome<Meant<'a>> {
        let meant = Meant {
            id: self.id.as_deref(),
            name: wanted.name.as_deref(),
            module_type: wanted.module_type.as_deref(),
            relay: self.module.selector().relay(),
        };
        meant.checked()
    }

    /// What differs; settings that nobody mentioned stay.
    fn change(&self, known: &Instance, wanted: &Map<String, Value>) -> Change {
        let differs = |(name, value): &(&String, &Value)| known.settings.get(*name) != Some(*value);
        let settings = wanted.iter().filter(differs);
        let settings: Map<_, _> =
            settings.map(|(name, value)| (name.clone(), value.clone())).collect();
        let name = self.new_name.clone().filter(|name| *name != known.name);
        Change { name, settings }
    }
}
