//! What runs the function: a simulation of Lambda, or AWS' emulator of it.

use std::{collections::BTreeMap, path::PathBuf};

use sandbox::{Fixture, Sandbox};
use serde_json::Value;

use super::SECRET_KEY;
use crate::{
    Observables,
    emulator::Emulator,
    environment::variable,
    event::{Event, Gateway},
    runtime_api::{Function, Launch, Line, Outcome, Reply, Signal, Stream},
    token::Token,
};

/// Where a relay's binary runs.
#[derive(Clone, Debug)]
pub enum Host {
    /// This program, under the simulated Runtime API.
    Built(PathBuf),
    /// The relay's program in the folder `RELAY_BINARIES`, under the simulated Runtime API.
    Deployed,
    /// The relay's program in the folder `RELAY_BINARIES`, under AWS' emulator.
    Emulator,
}

/// A running relay and its product.
pub(super) struct Deployed {
    pub(super) sandbox: Sandbox,
    function: Running,
}

enum Running {
    UnderRuntimeApi(Function),
    UnderEmulator(Box<Emulator>),
}

impl Host {
    /// Runs the relay in front of a simulator, with further settings that win over the usual ones.
    pub(super) async fn deploy(
        &self,
        fixture: &Fixture,
        sandbox: Sandbox,
        settings: &[(&str, &str)],
    ) -> Deployed {
        let mut environment = BTreeMap::from([("SECRET_KEY", SECRET_KEY.to_owned())]);
        environment.extend(fixture.settings(sandbox.url()));
        environment.extend(fixture.modes[0].settings());
        environment.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let function = self.run(fixture.product.slug(), &environment).await;
        Deployed { sandbox, function }
    }

    async fn run(&self, slug: &str, environment: &BTreeMap<&str, String>) -> Running {
        let program = match self {
            Self::Built(program) => program.clone(),
            Self::Deployed | Self::Emulator => {
                let folder = variable("RELAY_BINARIES").expect("RELAY_BINARIES names a folder");
                PathBuf::from(folder).join(slug)
            }
        };
        if let Self::Emulator = self {
            let emulator = Emulator::start(&program, environment).await;
            return Running::UnderEmulator(Box::new(emulator));
        }
        let launch = Launch::new(program);
        let launch =
            environment.iter().fold(launch, |launch, (name, value)| launch.env(name, value));
        let started = launch.start().await;
        Running::UnderRuntimeApi(started.unwrap_or_else(|failure| panic!("{failure}")))
    }
}

impl Deployed {
    /// The process, to be measured and kept busy.
    pub(super) fn function(&self) -> &Function {
        match &self.function {
            Running::UnderRuntimeApi(function) => function,
            Running::UnderEmulator(_) => panic!("the emulator shows no process and has no queue"),
        }
    }

    /// The outcome of an event.
    pub(super) async fn outcome(&self, event: &Value) -> Outcome {
        match &self.function {
            Running::UnderRuntimeApi(function) => function.invoke(event).await,
            Running::UnderEmulator(emulator) => emulator.invoke(event).await,
        }
    }

    /// The gateway's answer to an event.
    pub(super) async fn invoke(&self, event: &Value) -> Reply {
        self.outcome(event).await.reply()
    }

    /// The gateway's answer to a request.
    pub(super) async fn ask(&self, request: &Event) -> Reply {
        self.invoke(&request.to_json()).await
    }

    /// The answer to a caller about these observables.
    pub(super) async fn observe(&self, claims: Value, about: impl Into<Observables>) -> Reply {
        self.ask(&observe(claims, about)).await
    }

    /// What a relay that has been told to end has printed.
    ///
    /// # Panics
    ///
    /// When it runs under the emulator.
    pub(super) async fn ended(self) -> Vec<Line> {
        match self.function {
            Running::UnderRuntimeApi(function) => function.ended().await.lines,
            Running::UnderEmulator(_) => panic!("the emulator ends its process by itself"),
        }
    }

    /// Ends the relay as Lambda does; returns what it printed.
    ///
    /// # Panics
    ///
    /// When it panicked on the way.
    pub(super) async fn end(self) -> Vec<Line> {
        let lines = match self.function {
            Running::UnderRuntimeApi(function) => {
                function.signal(Signal::Terminate).await.expect("it runs until it is told to end");
                function.ended().await.lines
            }
            Running::UnderEmulator(emulator) => without_emulator(emulator.stop().await),
        };
        let panicked = lines.iter().find(|line| line.text.contains("panicked"));
        assert_eq!(panicked, None);
        lines
    }
}

/// The lines that the emulator has not printed itself.
fn without_emulator(mut lines: Vec<Line>) -> Vec<Line> {
    let is_emulator = |line: &Line| match line.stream {
        Stream::Out => {
            let marks = ["START RequestId", "END RequestId", "REPORT RequestId"];
            marks.iter().any(|mark| line.text.starts_with(mark))
        }
        Stream::Err => line.text.contains("(rapid)"),
    };
    lines.retain(|line| !is_emulator(line));
    lines
}

/// A request of a caller about these observables.
pub(super) fn observe(claims: Value, about: impl Into<Observables>) -> Event {
    let request = Gateway::HttpApi.post("/observe/observables").bearer(&token(claims));
    request.json(&about.into().json())
}

/// A token with these claims, as an administrator's generator makes it.
pub(super) fn token(claims: Value) -> String {
    Token::new().claims(claims).hs256(SECRET_KEY.as_bytes())
}
