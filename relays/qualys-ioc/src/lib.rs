//! Qualys IOC (today Endpoint Detection and Response) behind the relay protocol.
//!
//! `api` speaks Qualys, `qql` writes what it searches for, `map` speaks CTIM. This file joins
//! them: two searches for each observable, side by side, and what became of each.

mod client;
mod config;
mod links;
mod mapping;
pub mod qql;

use relay_core::{
    About, BadSetting, BaseUrl, Bundle, Call, Claim, Documentation, Environment, Error, ErrorKind,
    Findings, Link, Observable, ObservableType, Partial, Relay, Result, RoutePolicies, RoutePolicy,
    join_bounded, oauth::TokenCache,
};

use client::{Event, Pass, Qualys};
pub use config::Credentials;
use mapping::{CleanJudgements, View};

/// Where events are searched, unless `QUALYS_EVENTS_PATH` names a versioned twin.
const EVENTS_PATH: &str = "/ioc/events";

/// The relay: settings, and the access tokens of its callers.
pub struct QualysIoc {
    api_url: Option<BaseUrl>,
    platform_url: Option<BaseUrl>,
    events_path: Vec<String>,
    calls_at_once: usize,
    clean_judgements: CleanJudgements,
    tokens: TokenCache,
}

impl Relay for QualysIoc {
    type Credentials = Credentials;

    const ABOUT: About = About {
        name: "Qualys IOC",
        slug: "qualys-ioc",
        version: env!("CARGO_PKG_VERSION"),
        observables: &[
            (ObservableType::Md5, "MD5"),
            (ObservableType::Sha256, "SHA256"),
            (ObservableType::FileName, "file name"),
            (ObservableType::FilePath, "file path"),
            (ObservableType::Ip, "IP"),
            (ObservableType::Ipv6, "IPv6"),
            (ObservableType::Domain, "domain"),
            (ObservableType::Mutex, "mutex"),
        ],
        policies: RoutePolicies {
            refer: RoutePolicy::BodyFirst,
            ..RoutePolicies::observe_only(RoutePolicy::BodyFirst)
        },
        invalid_body_code: "invalid argument",
        documentation: Documentation {
            title: "Qualys EDR API",
            url: "https://docs.qualys.com/en/edr/api/",
        },
        module_types: Some([
            "f0f6ecac-4861-40bc-bcef-753fd783aaed",
            "fe3d9bed-5741-44ed-99a6-8e2d27b377b0",
            "c1f02cc6-4821-4875-93e4-3c5d8b6b888e",
        ]),
    };

    const CLAIMS: &'static [Claim] = &config::CLAIMS;

    fn new(environment: &Environment) -> Result<Self, BadSetting> {
        let words = [("all", CleanJudgements::All), ("matching", CleanJudgements::Matching)];
        Ok(Self {
            api_url: environment.url("API_URL")?,
            platform_url: environment.url("PLATFORM_URL")?,
            events_path: events_path(environment)?,
            calls_at_once: environment.number("QUALYS_CONCURRENCY", 1..=8, 2)?,
            clean_judgements: environment.word(
                "QUALYS_CLEAN_JUDGEMENTS",
                &words,
                CleanJudgements::All,
            )?,
            tokens: TokenCache::default(),
        })
    }

    async fn health(&self, call: &Call<'_, Credentials>) -> Result<()> {
        self.qualys(call)?.probe().await
    }

    async fn observe(&self, call: &Call<'_, Credentials>, wanted: &[Observable]) -> Findings {
        let qualys = match self.qualys(call) {
            Ok(qualys) => qualys,
            Err(error) => return error.into(),
        };
        let Partial { data: questions, mut errors } = questions(wanted);
        let searches: Vec<_> = questions
            .iter()
            .flat_map(|question| Pass::BOTH.map(|pass| qualys.search(&question.filter, pass)))
            .collect();
        let mut answers = join_bounded(searches, self.calls_at_once).await.into_iter();
        let mut bundle = Bundle::default();
        for question in &questions {
            let [active, historical] = Pass::BOTH.map(|_| kept(answers.next(), &mut errors));
            let seen = mapping::merged(active, historical);
            errors.extend(seen.lost_some.then(undated));
            bundle.append(mapping::entities(
                question.asked,
                &seen.events,
                &self.view(call, question),
            ));
        }
        Findings { data: bundle, errors }
    }

    async fn refer(
        &self,
        call: &Call<'_, Credentials>,
        wanted: &[Observable],
    ) -> Partial<Vec<Link>> {
        let Some(platform) = call.credentials.platform_url(self.platform_url.as_ref()) else {
            return no_platform_url().into();
        };
        let links: Vec<_> =
            wanted.iter().filter_map(|asked| links::search(&platform, asked)).collect();
        links.into()
    }
}

impl QualysIoc {
    fn qualys<'a>(&'a self, call: &'a Call<'a, Credentials>) -> Result<Qualys<'a>> {
        let base = call.credentials.api_url(self.api_url.as_ref())?;
        Qualys::at(&base, &self.events_path, &self.tokens, call)
    }

    fn view(&self, call: &Call<'_, Credentials>, question: &Question<'_>) -> View {
        let platform = call.credentials.platform_url(self.platform_url.as_ref());
        View {
            source: Self::ABOUT.name,
            namespace: Self::ABOUT.namespace(),
            link: platform.and_then(|platform| links::hunting(&platform, &question.filter)),
            limit: call.limit,
            clean_judgements: self.clean_judgements,
        }
    }
}

/// An observable and how it is asked for.
struct Question<'a> {
    asked: &'a Observable,
    filter: String,
}

/// What can be asked; a value that cannot be of its type has no question, one that QQL cannot say
/// has a warning instead.
fn questions(wanted: &[Observable]) -> Partial<Vec<Question<'_>>> {
    let mut questions = Partial::<Vec<_>>::default();
    for asked in wanted {
        let Some(value) = asked.normal_form() else { continue };
        match qql::filter(asked.kind, &value) {
            Some(filter) => questions.data.push(Question { asked, filter }),
            None => questions.errors.push(unsearchable(asked.kind)),
        }
    }
    questions
}

/// The events of a search that was made and answered; its failure goes to the errors.
fn kept(answer: Option<Option<Result<Vec<Event>>>>, errors: &mut Vec<Error>) -> Option<Vec<Event>> {
    answer.flatten()?.map_err(|error| errors.push(error)).ok()
}

/// The parts of an absolute path.
fn events_path(environment: &Environment) -> Result<Vec<String>, BadSetting> {
    let name = "QUALYS_EVENTS_PATH";
    let path = environment.text(name).unwrap_or(EVENTS_PATH);
    let parts = path.strip_prefix('/').unwrap_or_default().split('/').map(str::to_owned);
    let is_plain = |part: &String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !matches!(part.as_str(), "" | "." | "..") && part.bytes().all(plain)
    };
    let parts: Vec<_> = parts.collect();
    let wanted = "must be a path such as /ioc/v1/events";
    if parts.iter().all(is_plain) { Ok(parts) } else { Err(BadSetting::new(name, wanted)) }
}

fn unsearchable(kind: ObservableType) -> Error {
    let name = QualysIoc::ABOUT.name_of(kind).unwrap_or(kind.as_str());
    let text = format!(
        "Qualys was not asked about a {name} that is too long or holds characters its query language cannot quote."
    );
    Error::new(ErrorKind::InvalidInput, text).as_warning()
}

fn undated() -> Error {
    let text = "Qualys IOC sent events without a readable time; they were left out.";
    Error::new(ErrorKind::Malformed, text).as_warning()
}

fn no_platform_url() -> Error {
    let text = "Links need PLATFORM_URL; set it to the https address of your Qualys console.";
    Error::new(ErrorKind::InvalidInput, text)
}
