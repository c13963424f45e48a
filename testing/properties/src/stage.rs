//! A relay before its imitated product, kept from one input to the next, and how it is judged.

use std::{
    cell::RefCell,
    collections::HashMap,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use defender_atp::Defender;
use gigamon_threatinsight::GigamonThreatInsight;
use graph_security::GraphSecurity;
use http::HeaderValue;
use misp::Misp;
use qualys_ioc::QualysIoc;
use relay_core::{
    Clock, Relay,
    route::Route,
    service::{Incoming, Outgoing},
};
use sandbox::{Product, Sandbox, identity::NOW};
use serde_json::Value;
use testkit::{
    ctim::{self, Asked, Severity},
    test_relay::{TestRelay, bearer, settings},
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    caller::{REQUEST_ID, request},
    subject::Subject,
};

/// So many inputs meet the same relay; then caches, quotas and changed devices begin anew.
const INPUTS: u32 = 1000;
/// What passes on the relay's clock from one input to the next, so that no quota of a minute ends.
const BETWEEN: Duration = Duration::from_secs(3);
/// How long a caller waits: less than any pause before a repetition that is asked for in seconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// No answer is longer, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// A relay of whatever kind, with its product.
trait Set {
    fn sandbox(&self) -> &Sandbox;
    fn clock(&self) -> &Clock;
    fn answer(&self, incoming: Incoming) -> Pin<Box<dyn Future<Output = Outgoing> + '_>>;
}

impl<R: Relay> Set for TestRelay<R> {
    fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn answer(&self, incoming: Incoming) -> Pin<Box<dyn Future<Output = Outgoing> + '_>> {
        Box::pin(self.service.answer(incoming))
    }
}

/// Where a relay is asked, one input after the other.
pub(crate) struct Stage {
    subject: Subject,
    // Before the runtime, so that it ends before it.
    set: Box<dyn Set>,
    runtime: Runtime,
    inputs: u32,
}

impl Stage {
    /// Shows an input to this thread's stage of the subject; a stage on which one failed is left.
    pub(crate) fn with<T>(subject: Subject, show: impl FnOnce(&Self) -> T) -> T {
        thread_local!(static STAGES: RefCell<HashMap<Subject, Stage>> = RefCell::default());
        let kept = STAGES.with_borrow_mut(|stages| stages.remove(&subject));
        let kept = kept.filter(|stage| stage.inputs < INPUTS);
        let mut stage = kept.unwrap_or_else(|| Self::open(subject));
        stage.begin();
        let shown = show(&stage);
        STAGES.with_borrow_mut(|stages| stages.insert(subject, stage));
        shown
    }

    fn open(subject: Subject) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let set = runtime.block_on(set(subject));
        Self { subject, set, runtime, inputs: 0 }
    }

    fn begin(&mut self) {
        self.inputs += 1;
        self.set.clock().advance(BETWEEN);
        self.sandbox().clear_faults();
        self.sandbox().forget_calls();
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.set.sandbox()
    }

    /// What the usual caller is answered.
    pub(crate) fn ask(&self, route: Route, body: impl Into<Bytes>) -> String {
        self.ask_as(&self.subject.claims(), route, body)
    }

    /// What somebody is answered whom neither relay nor product has met.
    pub(crate) fn ask_as_stranger(&self, route: Route, body: impl Into<Bytes>) -> String {
        static STRANGERS: AtomicU64 = AtomicU64::new(0);
        let number = STRANGERS.fetch_add(1, Ordering::Relaxed);
        let mut claims = self.subject.claims();
        claims[self.subject.secret()] = format!("the secret of stranger {number}").into();
        self.ask_as(&claims, route, body)
    }

    pub(crate) fn ask_as(&self, claims: &Value, route: Route, body: impl Into<Bytes>) -> String {
        let authorization = HeaderValue::try_from(bearer(claims.clone())).expect("a token");
        self.runtime.block_on(async {
            let incoming = request(route, authorization, body.into(), PATIENCE);
            let outgoing = self.set.answer(incoming).await;
            assert_eq!(outgoing.status, 200);
            outgoing.body
        })
    }
}

async fn set(subject: Subject) -> Box<dyn Set> {
    match subject.product {
        Product::GraphSecurity => Box::new(relay::<GraphSecurity>(subject).await),
        Product::DefenderAtp => Box::new(relay::<Defender>(subject).await),
        Product::QualysIoc => Box::new(relay::<QualysIoc>(subject).await),
        Product::Misp => Box::new(relay::<Misp>(subject).await),
        Product::GigamonThreatinsight => Box::new(relay::<GigamonThreatInsight>(subject).await),
    }
}

async fn relay<R: Relay>(subject: Subject) -> TestRelay<R> {
    let sandbox = Sandbox::start_at(subject.product, NOW).await.expect("a free port");
    let settings = settings(subject.settings(sandbox.url()), &[]);
    TestRelay::open(sandbox, settings, NOW, subject.claims()).await
}

/// Fails unless the answer is CTIM about what was asked, within limit and size, and no failure of
/// the relay itself. Relationships follow from the rest and have no limit of their own.
pub(crate) fn assert_sound(route: Route, asked: &Asked, answer: &str) {
    assert!(answer.len() <= LARGEST, "{} bytes", answer.len());
    assert!(!answer.contains(REQUEST_ID), "the relay panicked: {answer}");
    let Ok(route) = route.name().parse() else { return };
    let mut findings = ctim::check_text(route, answer, asked);
    findings.retain(|finding| {
        let is_free = finding.rule == "limit" && finding.path.ends_with("relationships");
        finding.severity != Severity::Accepted && !is_free
    });
    assert_eq!(findings, [], "{answer}");
}
