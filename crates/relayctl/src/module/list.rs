//! `relayctl module list`.

use clap::Args;
use relay_core::Environment;

use super::{RegionArgument, api::ThreatResponse};
use crate::{
    failure::Outcome,
    table,
    terminal::{Screen, printable},
};

/// Lists the modules of your Cisco XDR (Threat Response), without their settings.
#[derive(Args)]
#[command(after_help = "Example:
  relayctl module list --region eu --json")]
pub(crate) struct List {
    #[command(flatten)]
    region: RegionArgument,
}

impl List {
    pub(super) async fn run(&self, screen: &Screen, environment: &Environment) -> Outcome {
        let api = ThreatResponse::login(self.region.chosen(environment)?, environment).await?;
        let known = api.instances(None).await?;
        let mut table = table::plain();
        table.set_header(["Name", "Enabled", "Type", "Id"]);
        for one in &known {
            let enabled = if one.enabled { "yes" } else { "no" };
            let [name, kind, id] =
                [&one.name, &one.module_type_id, &one.id].map(|text| printable(text));
            table.add_row([name, enabled.to_owned(), kind, id]);
        }
        screen.show(&known, table)
    }
}
