//! A relay's binary in front of its product's simulator, as Lambda runs it.

use std::path::{Path, PathBuf};

use sandbox::{Fixture, Product, Sandbox};
use serde_json::{Value, json};
use testkit::{
    event::{Event, Gateway},
    runtime_api::{Function, Launch, Outcome as End, Reply},
    token::Token,
};

use crate::Outcome;

/// The signing secret of the measured processes.
const SECRET: &str = "a-secret-for-measurements-only-which-signs-what-nobody-else-asks";

const OBSERVE_PATH: &str = "/observe/observables";

/// A relay and its binary.
pub(super) struct DeployedRelay {
    pub(super) fixture: &'static Fixture,
    pub(super) binary: PathBuf,
}

/// A relay's settings for a running simulator; any number of processes can be started with them.
pub(super) struct Setup {
    pub(super) sandbox: Sandbox,
    launch: Launch,
    token: String,
}

impl DeployedRelay {
    pub(super) fn new(product: Product, folder: &Path) -> Outcome<Self> {
        let binary = existing(&folder.join(product.slug()), ".ci/deploy builds the relays")?;
        Ok(Self { fixture: product.fixture(), binary })
    }

    pub(super) fn slug(&self) -> &'static str {
        self.fixture.product.slug()
    }

    /// Starts the simulator.
    pub(super) async fn set_up(&self) -> Outcome<Setup> {
        let sandbox = Sandbox::start(self.fixture.product).await?;
        let launch =
            self.fixture.settings(sandbox.url()).into_iter().fold(
                Launch::new(&self.binary).env("SECRET_KEY", SECRET),
                |launch, (name, value)| launch.env(name, value),
            );
        let token = Token::new().claims(self.fixture.claims()).hs256(SECRET.as_bytes());
        Ok(Setup { sandbox, launch, token })
    }

    /// The first `count` observables of the relay's sample event; unknown domains where it has
    /// fewer.
    pub(super) fn observables(&self, count: usize) -> Vec<Value> {
        let mut observables = self.fixture.sample_observables();
        observables.truncate(count);
        let unknown = |n: usize| json!({"type": "domain", "value": format!("host-{n}.example")});
        observables.extend((observables.len()..count).map(unknown));
        observables
    }
}

impl Setup {
    /// How a process is started.
    pub(super) fn launch(&self) -> Launch {
        self.launch.clone()
    }

    /// Starts a process.
    pub(super) async fn start(&self) -> Outcome<Function> {
        start(self.launch()).await
    }

    /// Starts a process under a profiler, with one more setting.
    pub(super) async fn start_under(
        &self,
        profiler: &[&str],
        name: &str,
        value: &str,
    ) -> Outcome<Function> {
        start(self.launch().under(profiler).env(name, value)).await
    }

    /// The event of a call of `observe`.
    pub(super) fn observe(&self, observables: &[Value]) -> Event {
        Gateway::HttpApi.post(OBSERVE_PATH).bearer(&self.token).json(&json!(observables))
    }
}

/// Starts a function and waits until it asks for its first event.
pub(super) async fn start(launch: Launch) -> Outcome<Function> {
    Ok(launch.start().await.map_err(|failure| failure.to_string())?)
}

/// Sends an event and returns the answer.
pub(super) async fn answer(function: &Function, event: &Event) -> Outcome<Reply> {
    match function.invoke(event).await {
        End::Answered(reply) if reply.status == 200 => Ok(reply),
        other => Err(format!("the relay gave no answer: {other:?}").into()),
    }
}

/// Returns how many sightings an answer has.
pub(super) fn sightings(answer: &Reply) -> usize {
    answer.json()["data"]["sightings"]["docs"].as_array().map_or(0, Vec::len)
}

/// Returns the path if there is such a file.
pub(super) fn existing(path: &Path, how: &str) -> Outcome<PathBuf> {
    let missing = || format!("there is no {}; {how}", path.display());
    Ok(path.is_file().then(|| path.to_owned()).ok_or_else(missing)?)
}
