//! `relayctl module`: the relays' modules in Threat Response.

mod add;
mod api;
mod edit;
mod find;
mod list;
mod logo;
mod module_type;
mod remove;
mod settings;
mod type_json;

use clap::{Args, Subcommand};
use relay_core::Environment;

use crate::{failure::Outcome, region::Region, terminal::Screen};

/// Describes relays to Cisco XDR (Threat Response), and connects, changes and disconnects them.
///
/// All but the printed type use an API client of XDR with the scope "integration":
/// TR_API_CLIENT_ID and TR_API_CLIENT_PASSWORD, asked for where they are not set. TR_API_URL
/// replaces the region's address.
#[derive(Subcommand)]
pub(crate) enum Module {
    Type(module_type::Type),
    Add(add::Add),
    Edit(edit::Edit),
    Remove(remove::Remove),
    List(list::List),
}

/// The region whose Threat Response is called.
#[derive(Args)]
struct RegionArgument {
    /// The region of your XDR; asked for otherwise
    #[arg(long, value_enum)]
    region: Option<Region>,
}

impl RegionArgument {
    /// Returns the region that was given or is asked for. Where TR_API_URL replaces its address, none
    /// is needed.
    fn chosen(&self, environment: &Environment) -> Outcome<Region> {
        match self.region {
            Some(region) => Ok(region),
            None if environment.text("TR_API_URL").is_some() => Ok(Region::Nam),
            None => Region::asked(),
        }
    }
}

impl Module {
    pub(crate) async fn run(&self, screen: &Screen) -> Outcome {
        let environment = Environment::of_process();
        match self {
            Self::Type(kind) => kind.run(screen, &environment).await,
            Self::Add(add) => add.run(screen, &environment).await,
            Self::Edit(edit) => edit.run(screen, &environment).await,
            Self::Remove(remove) => remove.run(screen, &environment).await,
            Self::List(list) => list.run(screen, &environment).await,
        }
    }
}
