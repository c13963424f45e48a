//! Speaks urlscan.io: submits a URL for a scan (spec §3.6, §6.1).

use std::time::Duration;

use http::HeaderName;
use relay_core::{
    BadSetting, BaseUrl, Call, Environment, Error, ErrorKind, Relay, Request, Response, Result,
    Secret,
    http::{one_line, try_again},
};
use serde::{Deserialize, Serialize};

use crate::{Misp, client::unless_refused, config::Credentials};

const PUBLIC_API: &str = "https://urlscan.io/api/v1";
const LONGEST: Duration = Duration::from_secs(10);

/// Where to submit, with whose key, and who may see the scan.
pub(crate) struct Urlscan {
    base: BaseUrl,
    key: Option<Secret>,
    visibility: &'static str,
}

#[derive(Serialize)]
struct Submission<'a> {
    url: &'a str,
    visibility: &'a str,
    tags: [&'static str; 1],
}

#[derive(Deserialize)]
struct Submitted {
    /// The scan's id.
    #[serde(rename = "uuid")]
    _id: String,
}

#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
    description: Option<String>,
}

impl Urlscan {
    /// `URLSCAN_API_URL`, `URLSCAN_API_KEY`, and `URLSCAN_VISIBILITY`: public, private, or
    /// unlisted, which is also what any other word means, since the value leaves the house.
    pub(crate) fn read(environment: &Environment) -> Result<Self, BadSetting> {
        let base = environment.url("URLSCAN_API_URL")?.or_else(|| BaseUrl::well_known(PUBLIC_API));
        Ok(Self {
            base: base.ok_or_else(|| BadSetting::new("URLSCAN_API_URL", "must be an https URL"))?,
            key: environment.text("URLSCAN_API_KEY").and_then(Secret::new),
            visibility: match environment.text("URLSCAN_VISIBILITY") {
                Some("public") => "public",
                Some("private") => "private",
                _ => "unlisted",
            },
        })
    }

    /// The caller's own key, else the operator's.
    pub(crate) fn key<'a>(&'a self, credentials: &'a Credentials) -> Option<&'a Secret> {
        credentials.urlscan_key.as_ref().or(self.key.as_ref())
    }

    /// `POST /scan/`. Good only when urlscan.io answers with the scan that it took.
    pub(crate) async fn scan(&self, call: &Call<'_, Credentials>, url: &str) -> Result<()> {
        let key = self.key(call.credentials).ok_or_else(no_key)?;
        call.keep_secret(key.clone());
        let submission = Submission { url, visibility: self.visibility, tags: ["securex"] };
        let request = Request::post(self.base.path("/scan/"))
            .header(HeaderName::from_static("api-key"), key.header("")?)
            .json(&submission)?
            .within(LONGEST);
        let response = call.send(request).await.map_err(naming_urlscan)?;
        if response.status() != 200 {
            return Err(unless_refused(refusal(&response)));
        }
        match response.json::<Submitted>() {
            Ok(_) => Ok(()),
            Err(unreadable) => Err(naming_urlscan(unreadable).outcome_unknown()),
        }
    }
}

fn no_key() -> Error {
    let text = "urlscan.io wants a valid API key; set URLSCAN_API_KEY in the token or the relay's settings.";
    Error::new(ErrorKind::Forbidden, text)
}

/// The core names the relay's product; here the other one was asked.
fn naming_urlscan(error: Error) -> Error {
    let text = error.message().replace(Misp::ABOUT.name, "urlscan.io");
    let error = error.with_message(text);
    match error.kind() {
        ErrorKind::Unreachable => error.with_code("service unavailable"),
        _ => error,
    }
}

fn refusal(response: &Response) -> Error {
    let body: Option<Refusal> = response.json().ok();
    let said = body.map(|body| {
        [body.message, body.description].into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let said = said
        .filter(|text| !text.is_empty())
        .map_or_else(|| response.quote(), |text| one_line(&text));
    let error =
        |kind, text: String| Error::new(kind, text).with("product.status", response.status());
    match response.status() {
        400 => error(ErrorKind::InvalidInput, format!("urlscan.io did not take the scan: {said}"))
            .with_code("bad request"),
        401 => no_key(),
        403 => {
            error(ErrorKind::Forbidden, format!("urlscan.io refuses this to the API key: {said}"))
        }
        404 => error(
            ErrorKind::NotFound,
            "urlscan.io does not know the address; check URLSCAN_API_URL.".to_owned(),
        ),
        429 => quota_used_up(response),
        500 => error(ErrorKind::Internal, "urlscan.io failed; try again later.".to_owned()),
        502..=504 => error(
            ErrorKind::Unavailable,
            "urlscan.io is out of order for now; try again later.".to_owned(),
        ),
        _ => {
            error(ErrorKind::Malformed, format!("urlscan.io answered something unexpected: {said}"))
        }
    }
}

fn quota_used_up(response: &Response) -> Error {
    let after = response.retry_after();
    let text = format!("The quota of urlscan.io is used up; {}.", try_again(after));
    Error::new(ErrorKind::RateLimited { after }, text)
}
