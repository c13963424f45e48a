//! Speaks Qualys: the event search of the API gateway.
//! Source: EDR API guide, "Fetch Events Using SearchAfter"; spec §3.

mod event;
mod login;

use relay_core::{
    BaseUrl, Call, CircuitBreaker, Error, Request, Response, Result,
    http::{Address, one_line},
    lenient,
    oauth::TokenCache,
};
use serde::Deserialize;

pub(crate) use event::{Asset, Event, Score, Verdict};
use login::Login;

use crate::Credentials;

/// Which events a search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Those of objects that exist now.
    Active,
    /// All that ever happened; may repeat the active ones.
    Historical,
}

impl Pass {
    pub(crate) const BOTH: [Self; 2] = [Self::Active, Self::Historical];
}

/// The gateway of one caller, for the time of one request.
pub(crate) struct Qualys<'a> {
    call: &'a Call<'a, Credentials>,
    tokens: &'a TokenCache,
    auth: Address,
    events: Address,
    halt: CircuitBreaker,
}

impl<'a> Qualys<'a> {
    /// The gateway at `base`, which serves events under `events_path`.
    ///
    /// Errors: `InvalidInput` for a path that is none.
    pub(crate) fn at(
        base: &BaseUrl,
        events_path: &[String],
        tokens: &'a TokenCache,
        call: &'a Call<'a, Credentials>,
    ) -> Result<Self> {
        let events: Vec<_> = events_path.iter().map(String::as_str).collect();
        let (auth, events) = (base.path("/auth"), base.segments(&events)?);
        Ok(Self { call, tokens, auth, events, halt: CircuitBreaker::default() })
    }

    /// The events of one pass that the filter selects, in the gateway's order; nothing when an
    /// earlier failure makes the search useless.
    pub(crate) async fn search(&self, filter: &str, pass: Pass) -> Option<Result<Vec<Event>>> {
        let request = self.events(self.call.limit, pass).query("filter", filter);
        self.halt.guard(self.ask(request)).await
    }

    /// Whether the gateway answers a search of this caller.
    pub(crate) async fn probe(&self) -> Result<()> {
        self.ask(self.events(1, Pass::Active)).await.map(drop)
    }

    fn events(&self, page_size: usize, pass: Pass) -> Request {
        let request = Request::get(self.events.clone())
            .throttled_by(409)
            .query("pageSize", &page_size.to_string());
        match pass {
            Pass::Active => request.query("state", "true"),
            Pass::Historical => request,
        }
    }

    async fn ask(&self, request: Request) -> Result<Vec<Event>> {
        let credentials = self.call.credentials;
        let login = Login { endpoint: &self.auth, credentials, halt: &self.halt };
        let response = self.tokens.send(self.call, &login, request).await?;
        if !response.is_success() {
            return Err(refused_search(&response));
        }
        event::list(&response).ok_or_else(|| response.malformed())
    }
}

/// A filter that the gateway does not take costs its own observable only.
fn refused_search(response: &Response) -> Error {
    let error = refusal(response);
    if response.status() == 400 { error.as_warning() } else { error }
}

/// What a status of the gateway means, with its own words. Source: spec §3.5.
fn refusal(response: &Response) -> Error {
    let words = response.json::<Words>().ok().and_then(Words::joined);
    let error = response.refusal(words.as_deref());
    match response.status() {
        400 | 401 | 403 | 404 | 429 | 502..=504 => error,
        // Too many calls at the same time.
        409 => response.rate_limited(),
        _ => error.with_code("unknown"),
    }
}

/// How the gateway words a refusal: a message, or a list of what went wrong at the login.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Words {
    #[serde(deserialize_with = "lenient::text")]
    message: Option<String>,
    #[serde(deserialize_with = "lenient::texts")]
    authentication_exceptions: Vec<String>,
}

impl Words {
    fn joined(self) -> Option<String> {
        let exceptions = self.authentication_exceptions;
        let joined = (!exceptions.is_empty()).then(|| exceptions.join(", "));
        self.message.or(joined).map(|words| one_line(&words))
    }
}
