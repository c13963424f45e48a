//! What runs the function: an imitation of Lambda, or AWS' emulator of it.

use std::{collections::BTreeMap, path::PathBuf};

use relay_core::Relay;
use sandbox::Sandbox;
use serde_json::Value;

use super::SECRET_KEY;
use crate::{
    conformance::Subject,
    emulator::Emulator,
    environment::variable,
    event::Event,
    runtime_api::{Function, Launch, Line, Outcome, Reply, Signal, Stream},
    token::Token,
};

/// Where a relay's binary runs.
#[derive(Clone, Debug)]
pub enum Host {
    /// This program, under the imitated Runtime API.
    RuntimeApi(PathBuf),
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
    /// The relay's program in the folder `RELAY_BINARIES`, under the imitated Runtime API.
    pub fn released<S: Subject>() -> Self {
        Self::RuntimeApi(released::<S>())
    }

    /// Runs the relay with its usual settings.
    pub(super) async fn deploy<S: Subject>(&self) -> Deployed {
        self.deploy_with::<S>(&[]).await
    }

    /// Runs the relay with further settings; they win over the usual ones.
    pub(super) async fn deploy_with<S: Subject>(&self, settings: &[(&str, &str)]) -> Deployed {
        let sandbox = Sandbox::start(S::PRODUCT).await.expect("a free port");
        let mut environment = BTreeMap::from([("SECRET_KEY".to_owned(), SECRET_KEY.to_owned())]);
        let usual = S::settings(sandbox.url()).into_iter();
        environment.extend(usual.map(|(name, value)| (name.to_owned(), value)));
        let further = settings.iter();
        environment.extend(further.map(|(name, value)| ((*name).into(), (*value).into())));
        let function = self.run::<S>(environment.into_iter().collect()).await;
        Deployed { sandbox, function }
    }

    async fn run<S: Subject>(&self, environment: Vec<(String, String)>) -> Running {
        match self {
            Self::RuntimeApi(program) => {
                let launch = environment
                    .into_iter()
                    .fold(Launch::new(program), |launch, (name, value)| launch.env(&name, value));
                let started = launch.start().await;
                Running::UnderRuntimeApi(started.unwrap_or_else(|failure| panic!("{failure}")))
            }
            Self::Emulator => {
                let emulator = Emulator::start(&released::<S>(), &environment).await;
                Running::UnderEmulator(Box::new(emulator))
            }
        }
    }
}

fn released<S: Subject>() -> PathBuf {
    let folder = variable("RELAY_BINARIES").expect("RELAY_BINARIES names a folder");
    PathBuf::from(folder).join(S::Relay::ABOUT.slug)
}

impl Deployed {
    /// The process, to be measured and kept busy.
    pub(super) fn function(&self) -> &Function {
        match &self.function {
            Running::UnderRuntimeApi(function) => function,
            Running::UnderEmulator(_) => panic!("the emulator shows no process and has no queue"),
        }
    }

    /// What becomes of an event.
    pub(super) async fn hand_over(&self, event: &Value) -> Outcome {
        match &self.function {
            Running::UnderRuntimeApi(function) => function.invoke(event).await,
            Running::UnderEmulator(emulator) => emulator.invoke(event).await,
        }
    }

    /// The gateway's answer to an event.
    pub(super) async fn invoke(&self, event: &Value) -> Reply {
        self.hand_over(event).await.reply()
    }

    /// The gateway's answer to a request.
    pub(super) async fn ask(&self, request: &Event) -> Reply {
        self.invoke(&request.to_json()).await
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

    /// Ends the relay as Lambda does; returns what it printed for each invocation and besides.
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
            Running::UnderEmulator(emulator) => own(emulator.stop().await),
        };
        let panicked = lines.iter().find(|line| line.text.contains("panicked"));
        assert_eq!(panicked, None);
        lines
    }
}

/// The lines that are not the emulator's.
fn own(mut lines: Vec<Line>) -> Vec<Line> {
    let of_emulator = |line: &Line| match line.stream {
        Stream::Out => {
            let marks = ["START RequestId", "END RequestId", "REPORT RequestId"];
            marks.iter().any(|mark| line.text.starts_with(mark))
        }
        Stream::Err => line.text.contains("(rapid)"),
    };
    lines.retain(|line| !of_emulator(line));
    lines
}

/// A token with these claims, as an administrator's generator makes it.
pub(super) fn token(claims: Value) -> String {
    Token::new().claims(claims).hs256(SECRET_KEY.as_bytes())
}
