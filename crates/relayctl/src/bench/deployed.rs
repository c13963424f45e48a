//! A relay's built binary in front of its product's imitation, as Lambda would run it.

use std::path::{Path, PathBuf};

use relay_core::route::Route;
use sandbox::Sandbox;
use testkit::{
    event::{Event, Gateway},
    runtime_api::{Function, Launch, Outcome as End, Reply},
};

use crate::{
    catalog::Entry,
    failure::{Failure, Outcome},
    local,
    observable::Asked,
};

/// Signs what is asked, and is known to nobody outside of this machine.
const SECRET: &str = "a-secret-for-measurements-only-which-signs-what-nobody-else-asks";

/// A relay and its binary.
pub(super) struct Built<'a> {
    pub(super) entry: &'a Entry,
    pub(super) binary: PathBuf,
}

/// A relay before its product, ready to be started any number of times.
pub(super) struct Stage {
    pub(super) sandbox: Sandbox,
    launch: Launch,
    token: String,
}

impl<'a> Built<'a> {
    pub(super) fn of(entry: &'a Entry, folder: &Path) -> Outcome<Self> {
        let binary = existing(&folder.join(entry.slug()), ".ci/deploy builds the relays")?;
        Ok(Self { entry, binary })
    }

    pub(super) fn relay(&self) -> String {
        self.entry.slug().to_owned()
    }

    /// Starts the product.
    pub(super) async fn stage(&self) -> Outcome<Stage> {
        let sandbox = self.entry.sandbox().await?;
        let launch =
            self.entry.settings(&sandbox).into_iter().fold(
                Launch::new(&self.binary).env("SECRET_KEY", SECRET),
                |launch, (name, value)| launch.env(name, value),
            );
        Ok(Stage { sandbox, launch, token: local::signed(&self.entry.sample_claims(), SECRET)? })
    }

    /// The relay's sample observables: the first `count`, with unknown domains behind the known.
    pub(super) fn asked(&self, count: usize) -> Vec<Asked> {
        let known = self.entry.observables();
        let unknown =
            |n: usize| Asked { kind: "domain".to_owned(), value: format!("host-{n}.example") };
        let more = (known.len()..count).map(unknown);
        known.iter().take(count).cloned().chain(more).collect()
    }
}

impl Stage {
    /// How a process of its own is started.
    pub(super) fn launch(&self) -> Launch {
        self.launch.clone()
    }

    /// A process of its own.
    pub(super) async fn start(&self) -> Outcome<Function> {
        start(self.launch.clone()).await
    }

    /// The same under a profiler, with a further setting.
    pub(super) async fn start_under(
        &self,
        tool: &[&str],
        name: &str,
        value: &str,
    ) -> Outcome<Function> {
        start(self.launch.clone().under(tool).env(name, value)).await
    }

    /// A caller's `observe`.
    pub(super) fn question(&self, asked: &[Asked]) -> Event {
        let (_, path) = local::address(Route::Observe);
        Gateway::HttpApi.post(path).bearer(&self.token).json(&serde_json::json!(asked))
    }
}

/// Starts a function and waits until it asks for its first event.
pub(super) async fn start(launch: Launch) -> Outcome<Function> {
    launch.start().await.map_err(|failure| Failure::Refused(failure.to_string()))
}

/// The answer to a question.
pub(super) async fn ask(function: &Function, question: &Event) -> Outcome<Reply> {
    match function.invoke(question).await {
        End::Answered(reply) if reply.status == 200 => Ok(reply),
        other => Err(Failure::Refused(format!("the relay gave no answer: {other:?}"))),
    }
}

/// The path, when there is a file.
pub(super) fn existing(path: &Path, how: &str) -> Outcome<PathBuf> {
    let missing = || Failure::Usage(format!("there is no {}; {how}.", path.display()));
    path.is_file().then(|| path.to_owned()).ok_or_else(missing)
}
