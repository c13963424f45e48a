//! How much is said and in which colours, for the whole process.

use std::sync::OnceLock;

use clap::Args;

/// How much is said, and in which colours.
#[derive(Args, Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Say more: requests and what came of them, log lines of relays in this process, lists whole
    #[arg(short, long, global = true, conflicts_with = "quiet", display_order = 900)]
    pub(crate) verbose: bool,
    /// Say results and errors only: no remarks, no progress
    #[arg(short, long, global = true, display_order = 900)]
    pub(crate) quiet: bool,
    /// Print no colours; NO_COLOR in the environment does the same
    #[arg(long, global = true, display_order = 900)]
    pub(crate) no_color: bool,
}

static CHOSEN: OnceLock<Options> = OnceLock::new();

impl Options {
    /// Makes these the options of the process. The first ones stay.
    pub(crate) fn choose(self) {
        let chosen = CHOSEN.get_or_init(|| self);
        if chosen.verbose {
            // Only a second subscriber could be refused.
            let _ = tracing_subscriber::fmt()
                .with_writer(std::io::stderr)
                .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
                .with_ansi(false)
                .compact()
                .try_init();
        }
    }

    /// Returns the options of the process.
    pub(crate) fn chosen() -> Self {
        CHOSEN.get().copied().unwrap_or_default()
    }
}
