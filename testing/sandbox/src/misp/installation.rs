//! How a simulated server is set up.

use axum::Router;
use jiff::Timestamp;
use serde_json::Value;

use super::{content::Content, routes, server::Server};

/// A MISP server before its start: what it holds and how its administrator has set it up.
///
/// By default it is in service behind nginx and writes numbers as text.
#[derive(Debug)]
pub struct Installation {
    pub(super) content: Content,
    pub(super) live: bool,
    pub(super) front: Front,
    pub(super) numbers: Numbers,
    pub(super) four_byte_connection: bool,
}

impl Installation {
    /// A server with the built-in events.
    ///
    /// # Errors
    ///
    /// The damage in the file of events.
    pub fn built_in() -> Result<Self, String> {
        Ok(Self::with(Content::built_in()?))
    }

    /// A server that holds these events, written as in the file of the built-in ones.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn holding(json: &str) -> Result<Self, String> {
        Ok(Self::with(serde_json::from_str(json).map_err(|error| error.to_string())?))
    }

    fn with(content: Content) -> Self {
        let (live, front, numbers) = (true, Front::Nginx, Numbers::Text);
        Self { content, live, front, numbers, four_byte_connection: false }
    }

    /// In maintenance: the setting `MISP.live` is off, and only site administrators are served.
    #[must_use]
    pub fn in_maintenance(self) -> Self {
        Self { live: false, ..self }
    }

    /// Behind this web server.
    #[must_use]
    pub fn behind(self, front: Front) -> Self {
        Self { front, ..self }
    }

    /// With a database driver that hands on numbers as numbers.
    #[must_use]
    pub fn with_plain_numbers(self) -> Self {
        Self { numbers: Numbers::Plain, ..self }
    }

    /// With the encoding `utf8mb4` for the connection to tables in `utf8`: a search for a character of
    /// four bytes fails.
    #[must_use]
    pub fn with_four_byte_connection(self) -> Self {
        Self { four_byte_connection: true, ..self }
    }

    /// The product's routes; `now` is the time of the server.
    pub(crate) fn router(self, now: Timestamp) -> Router {
        routes(Server::new(self, now))
    }
}

/// The web server before MISP, each with its stock settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// Hands on the decoded path, so that `%2F` separates segments.
    Nginx,
    /// Answers 404 to a path with `%2F`.
    Apache,
}

/// How the server writes numbers: it depends on its database driver.
#[derive(Clone, Copy, Debug)]
pub(super) enum Numbers {
    Text,
    Plain,
}

impl Numbers {
    pub(super) fn number(self, number: u64) -> Value {
        match self {
            Self::Text => number.to_string().into(),
            Self::Plain => number.into(),
        }
    }
}
