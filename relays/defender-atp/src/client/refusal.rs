//! What the product means when it says no: the one function from status and body to a failure.
//!
//! Source: spec §9; page "Common REST API error codes".

use relay_core::{Error, ErrorKind, Response, http::one_line, lenient};
use serde::Deserialize;

/// A call that brought no data, and what the product said about it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// None when no whole answer came.
    status: Option<u16>,
    /// The product's code: `ResourceNotFound`.
    code: String,
    /// Whether the product's words speak of retirement.
    speaks_of_retirement: bool,
    /// What the caller is told.
    pub(crate) error: Error,
}

impl Failure {
    /// The product does not know what was asked about, or finds it invalid: no data.
    pub(crate) fn is_no_data(&self) -> bool {
        matches!(self.status, Some(400 | 404))
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.status == Some(404)
    }

    /// The product looked for the thing and does not have it.
    pub(crate) fn is_unknown_thing(&self) -> bool {
        self.status == Some(404) && self.code == "ResourceNotFound"
    }

    /// The product does not understand the filter.
    pub(crate) fn is_about_filter(&self) -> bool {
        self.status == Some(400) && self.code == "ODataError"
    }

    /// The API as a whole is there no more.
    pub(crate) fn is_gone(&self) -> bool {
        let code = self.code.to_ascii_lowercase();
        self.status == Some(410)
            || ["gone", "retired", "deprecated"].iter().any(|it| code.contains(it))
    }

    /// The API may be there no more: the thing is not missing, its address is. The words alone
    /// prove nothing, because they may repeat what was asked.
    pub(crate) fn may_be_gone(&self) -> bool {
        let is_address_unknown = self.status == Some(404) && self.code != "ResourceNotFound";
        is_address_unknown || self.speaks_of_retirement
    }

    /// Whether no whole answer came.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.status.is_none()
    }

    /// Whether the product said that it did not do what it was asked.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self.status, Some(300..=499))
    }

    /// Whether the product refused what it was asked for; not the login, and not a quota.
    pub(crate) fn is_about_request(&self) -> bool {
        matches!(self.status, Some(400..=499)) && !matches!(self.status, Some(401 | 429))
    }

    /// The same failure with the sentence for an API that is retired.
    pub(crate) fn into_gone(self) -> Self {
        let text = "Microsoft has retired this API for the tenant; set DEFENDER_BACKEND to graph and grant the application SecurityAlert.Read.All.";
        let error = Error::new(ErrorKind::NotFound, text);
        Self { code: "Gone".to_owned(), error, ..self }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { status: None, code: String::new(), speaks_of_retirement: false, error }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// What an answer other than success means, for a call that needs these permissions.
pub(super) fn of(response: &Response, permissions: &str) -> Failure {
    let Reason { code, message } = reason(response);
    let message = message.map(|message| one_line(&message));
    let speaks_of_retirement = message.as_ref().is_some_and(|text| text.contains("retire"));
    let failure = Failure {
        status: Some(response.status()),
        code: code.unwrap_or_default(),
        speaks_of_retirement: speaks_of_retirement && response.status() < 500,
        error: error(response, message.as_deref(), permissions),
    };
    if failure.is_gone() { failure.into_gone() } else { failure }
}

fn error(response: &Response, message: Option<&str>, permissions: &str) -> Error {
    let error = response.refusal(message);
    match response.status() {
        403 => error.with_advice(format!(
            "grant the application {permissions} in Microsoft Entra, with admin consent"
        )),
        // The other ways to say that a question cannot be accepted.
        402 | 405..=409 | 411..=428 | 430..=499 => error.with_kind(ErrorKind::InvalidInput),
        429 => {
            let said = message.map(|said| format!(" The product says: {said}"));
            let text = format!("{}{}", error.message(), said.unwrap_or_default());
            error.with_message(text)
        }
        500.. => error.with_code("internal error"),
        _ => error,
    }
}

fn reason(response: &Response) -> Reason {
    response.json::<Body>().ok().and_then(|body| body.error).unwrap_or_default()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(deserialize_with = "lenient::object")]
    error: Option<Reason>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reason {
    #[serde(deserialize_with = "lenient::text")]
    code: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    message: Option<String>,
}
