//! `relayctl module list`.

use clap::Args;
use relay_core::Environment;

use super::{Place, api::ThreatResponse};
use crate::{
    failure::Outcome,
    table,
    terminal::{Screen, harmless},
};

/// Lists the modules of your Threat Response, without their settings.
#[derive(Args)]
#[command(after_help = "Example:
  relayctl module list --region eu --json")]
pub(crate) struct List {
    #[command(flatten)]
    place: Place,
}

impl List {
    pub(super) async fn run(&self, screen: &Screen, environment: &Environment) -> Outcome {
        let api = ThreatResponse::login(self.place.region, environment).await?;
        let known = api.instances(None).await?;
        let mut table = table::plain();
        table.set_header(["Name", "Enabled", "Type", "Id"]);
        for one in &known {
            let enabled = if one.enabled { "yes" } else { "no" };
            let [name, kind, id] =
                [&one.name, &one.module_type_id, &one.id].map(|text| harmless(text));
            table.add_row([name, enabled.to_owned(), kind, id]);
        }
        screen.show(&known, table)
    }
}
