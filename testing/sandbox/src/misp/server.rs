//! The state of one simulated server, what it does with a call, and its version.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::response::Response;
use http::{HeaderValue, header, request::Parts};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    access::{MispError, User},
    adding,
    call::{self, Call, reply},
    content::{Attribute, Content, Event},
    index,
    installation::{Front, Installation, Numbers},
    row::{Detail, View},
    search::{self, Parameters},
    sighting, warninglist,
};
use crate::lock::locked;

/// The id of the first sighting that a caller adds.
const FIRST_SIGHTING: u64 = 402;
const CONTROLLERS: [&str; 5] = ["attributes", "events", "servers", "sightings", "warninglists"];

#[derive(Debug)]
pub(super) struct Server {
    pub(super) content: Mutex<Content>,
    pub(super) numbers: Numbers,
    /// How many searches were made with each key whose role has a quota.
    pub(super) searches: Mutex<HashMap<&'static str, usize>>,
    live: bool,
    front: Front,
    four_byte_connection: bool,
    /// The start of the server, which is its time.
    start: Timestamp,
    next_sighting: AtomicU64,
}

impl Server {
    pub(super) fn new(installation: Installation, start: Timestamp) -> Self {
        let Installation { content, live, front, numbers, four_byte_connection } = installation;
        Self {
            content: content.into(),
            numbers,
            searches: Mutex::default(),
            live,
            front,
            four_byte_connection,
            start,
            next_sighting: FIRST_SIGHTING.into(),
        }
    }

    /// Unix seconds.
    pub(super) fn now(&self) -> u64 {
        self.start.as_second().try_into().unwrap_or_default()
    }

    pub(super) fn next_sighting(&self) -> u64 {
        self.next_sighting.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn view<'a>(&self, content: &'a Content, user: User, detail: Detail) -> View<'a> {
        View { content, user, numbers: self.numbers, detail, now: self.now() }
    }

    /// Whether the database refuses the search, because a value has a character that its tables cannot
    /// hold.
    pub(super) fn chokes_on(&self, given: &Parameters) -> bool {
        let value = given.get("value").map(Value::to_string).unwrap_or_default();
        self.four_byte_connection && value.chars().any(|character| character.len_utf8() > 3)
    }

    /// Answers a call.
    pub(super) fn answer(&self, head: &Parts, body: &[u8]) -> Response {
        let Some(call) = Call::read(head, self.front) else {
            return call::not_handed_on();
        };
        self.act(head, &call, body).unwrap_or_else(|error| error.at(head.uri.path()))
    }

    fn act(&self, head: &Parts, call: &Call, body: &[u8]) -> Result<Response, MispError> {
        if !CONTROLLERS.contains(&call.controller.as_str()) {
            return Err(MispError::not_found());
        }
        if !call.wants_json {
            return Ok(call::to_login(&head.headers));
        }
        let user = User::of_request(&head.headers)?;
        if !self.live && !user.site_admin {
            return Ok(call::to_login(&head.headers));
        }
        let mut response =
            self.act_for(user, head, call, body).unwrap_or_else(|error| error.at(head.uri.path()));
        // `AppController::beforeFilter`.
        if let Some(end) = user.end {
            response.headers_mut().insert("x-auth-key-expiration", HeaderValue::from_static(end));
        }
        Ok(response)
    }

    fn act_for(
        &self,
        user: User,
        head: &Parts,
        call: &Call,
        body: &[u8],
    ) -> Result<Response, MispError> {
        match (call.controller.as_str(), call.action.as_str()) {
            ("servers", "getVersion") => Ok(version(user)),
            ("attributes", "restSearch") => {
                let mut given = call::data(&head.headers, body)?;
                given.extend(call.named.clone());
                search::search(self, user, &given, call.is_get)
            }
            ("attributes", "add") => {
                adding::add(self, user, call, &call::data(&head.headers, body)?)
            }
            ("events", "index") => {
                Ok(index::index(self, user, call, &call::data(&head.headers, body)?))
            }
            ("sightings", "add") => {
                sighting::add(self, user, call, &call::data(&head.headers, body)?)
            }
            ("sightings", "listSightings") => sighting::list(self, user, call),
            ("warninglists", "checkValue") => {
                let media = head.headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
                let values = call::json(media.unwrap_or_default(), body)?;
                let content = &locked(&self.content);
                Ok(reply(&warninglist::check_values(content, &values, self.numbers)))
            }
            _ => Err(user.unknown_action()),
        }
    }
}

impl View<'_> {
    pub(super) fn shows(&self, event: &Event, row: &Attribute) -> bool {
        self.user.site_admin || self.content.shows(event, row, self.user.organisation)
    }

    pub(super) fn shows_event(&self, event: &Event) -> bool {
        self.user.site_admin || self.content.shows_event(event, self.user.organisation)
    }
}

/// `/servers/getVersion`
fn version(user: User) -> Response {
    reply(&json!({
        "version": "2.5.1",
        "pymisp_recommended_version": "2.5.1",
        "perm_sync": user.site_admin,
        "perm_sighting": user.may_sight,
        "perm_galaxy_editor": user.may_sight,
        "perm_analyst_data": user.may_sight,
        "uuid": if user.site_admin { "5a1b2c3d-0000-4000-8000-000000000001" } else { "-" },
        "request_encoding": ["gzip"],
        "filter_sightings": true,
    }))
}
