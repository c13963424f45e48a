//! A relay before its imitated product; whatever it answers is judged at once.

use std::{marker::PhantomData, sync::Arc};

use relay_core::{
    Clock, Environment, Service,
    http::{Resolver, SystemResolver, escaped},
    route::Route,
};
use sandbox::{Fault, Sandbox, Times, When};
use url::form_urlencoded::byte_serialize;

use super::{Answer, Ask, NOW, Question, Subject};
use crate::{
    ctim::{self, Severity},
    token::SECRET,
};

/// So many letters of a secret tell it; a shorter one may stand in an answer by chance.
const BEGINNING: usize = 8;

/// Everything that a rule needs.
pub(crate) struct Stage<S: Subject> {
    pub(crate) sandbox: Arc<Sandbox>,
    service: Service<S::Relay>,
    subject: PhantomData<S>,
}

impl<S: Subject> Stage<S> {
    /// A relay with its usual settings.
    pub(crate) async fn set() -> Self {
        Self::with(&[]).await
    }

    /// A relay with further settings; they win over the usual ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::start_at(S::PRODUCT, NOW).await.expect("a free port");
        let service = service::<S>(sandbox.url(), settings).await;
        Self { sandbox: Arc::new(sandbox), service, subject: PhantomData }
    }

    /// A relay whose names are looked up here.
    pub(crate) async fn resolving(lookup: Arc<dyn Resolver>) -> Self {
        let stage = Self::set().await;
        let service = service_with::<S>(stage.sandbox.url(), &[], lookup).await;
        Self { service, ..stage }
    }

    /// A relay that has asked its product once, so that its tokens and connections are there.
    pub(crate) async fn warm() -> Self {
        let stage = Self::set().await;
        stage.observe(Question::first::<S>()).await.assert_good();
        stage.sandbox.forget_calls();
        stage
    }

    /// A relay that looks for its product at another place; the sandbox is there but not asked.
    pub(crate) async fn elsewhere(url: &str) -> Self {
        Self::set().await.led(url, &[]).await
    }

    /// A relay that looks for its product there, with further settings.
    pub(crate) async fn led(self, url: &str, settings: &[(&str, &str)]) -> Self {
        Self { service: service::<S>(url, settings).await, ..self }
    }

    /// Another process of the same relay before the same product.
    pub(crate) async fn fresh(&self) -> Self {
        Self {
            sandbox: Arc::clone(&self.sandbox),
            service: service::<S>(self.sandbox.url(), &[]).await,
            subject: PhantomData,
        }
    }

    /// Breaks the product's searches; the login works on.
    pub(crate) fn break_search(&self, fault: Fault) {
        self.sandbox.fault(S::SEARCH, fault, Times::Always);
    }

    /// Breaks the searches that are about the first known observable.
    pub(crate) fn break_first(&self, fault: Fault) {
        self.sandbox.fault(When::path(S::SEARCH).mentioning(S::KNOWN[0].1), fault, Times::Always);
    }

    /// What the usual caller is told about these observables.
    pub(crate) async fn observe(&self, question: Question) -> Answer {
        self.ask(Ask::sound::<S>(Route::Observe).about(question)).await
    }

    /// The answer to a request, after it was judged.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        let answer = Answer::read(self.service.answer(ask.incoming()).await);
        if answer.status == 200 {
            assert_valid(&ask, &answer);
        }
        self.assert_discreet(&ask, &answer);
        answer
    }

    /// An answer that is not judged, because it has to equal one that was.
    pub(crate) async fn text(&self, ask: Ask) -> String {
        self.service.answer(ask.incoming()).await.body
    }

    /// How many calls have reached the product.
    pub(crate) fn calls(&self) -> usize {
        self.sandbox.calls().len()
    }

    /// Nothing that the caller or the product keeps secret is in the answer, nor the beginning of it.
    fn assert_discreet(&self, ask: &Ask, answer: &Answer) {
        let mut secrets: Vec<_> = S::SECRETS
            .iter()
            .filter_map(|name| ask.claims[*name].as_str().map(str::to_owned))
            .collect();
        secrets.push(SECRET.to_owned());
        let calls = self.sandbox.calls();
        let sent = calls.iter().filter_map(|call| call.authorization()?.split(' ').next_back());
        secrets.extend(sent.map(str::to_owned));
        for secret in secrets.iter().filter(|secret| secret.len() >= BEGINNING) {
            let beginning: String = secret.chars().take(BEGINNING).collect();
            let as_form: String = byte_serialize(beginning.as_bytes()).collect();
            for form in [escaped(&beginning), as_form, beginning] {
                assert!(!answer.text.contains(&form), "{form} is a secret: {}", answer.text);
            }
        }
    }
}

async fn service<S: Subject>(url: &str, settings: &[(&str, &str)]) -> Service<S::Relay> {
    service_with::<S>(url, settings, Arc::new(SystemResolver)).await
}

async fn service_with<S: Subject>(
    url: &str,
    settings: &[(&str, &str)],
    lookup: Arc<dyn Resolver>,
) -> Service<S::Relay> {
    let usual = S::settings(url).into_iter().chain([("SECRET_KEY", SECRET.to_owned())]);
    let further = settings.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let environment = Environment::of(usual.chain(further));
    let clock = Clock::standing_at(NOW);
    let service = Service::with(&environment, clock, lookup).await;
    service.expect("the subject's settings can be used")
}

/// The answer is one that the platform takes; relation names that are kept on purpose are accepted.
#[track_caller]
fn assert_valid(ask: &Ask, answer: &Answer) {
    let Ok(route) = ask.route.name().parse() else {
        assert!(answer.json.get("data").is_some() != answer.json.get("errors").is_some());
        return;
    };
    let mut findings = ctim::check_text(route, &answer.text, &ask.question.asked());
    findings.retain(|finding| finding.severity != Severity::Accepted);
    assert_eq!(findings, [], "{} {}", ask.route.name(), answer.text);
}
