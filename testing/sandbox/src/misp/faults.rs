//! Responses of MISP in maintenance and with an error of its own, and those of MISP and urlscan.io when a
//! quota is used up.

use serde_json::json;

use crate::Fault;

/// MISP's 429 for a role whose searches of this quarter of an hour are used up.
#[must_use]
pub fn role_quota_used_up(reset_seconds: u32) -> Fault {
    let message = "Rate limit exceeded.";
    limited(
        &[("limit", "100"), ("remaining", "0"), ("reset", &reset_seconds.to_string())],
        &json!({"name": message, "message": message, "url": "/attributes/restSearch"}),
    )
}

/// MISP in maintenance, for all but site administrators: to the login page of the server at this URL.
#[must_use]
pub fn maintenance(url: &str) -> Fault {
    let location = ("location".to_owned(), format!("{url}/users/login"));
    let media = ("content-type".to_owned(), "text/html; charset=UTF-8".to_owned());
    Fault::Status { code: 302, headers: vec![location, media], body: String::new() }
}

/// MISP's 500 for a search that makes its code or its database fail.
#[must_use]
pub fn internal_error() -> Fault {
    let message = "An Internal Error Has Occurred.";
    Fault::json(500, &json!({"name": message, "message": message, "url": "/attributes/restSearch"}))
}

/// urlscan.io's 429 for unlisted scans: the quota of this minute is used up.
#[must_use]
pub fn urlscan_quota_used_up(reset_after_seconds: u32) -> Fault {
    let message = "Rate limit for 'unlisted' exceeded, limit is 60 per minute.";
    limited(
        &[
            ("scope", "user"),
            ("action", "unlisted"),
            ("window", "minute"),
            ("limit", "60"),
            ("remaining", "0"),
            ("reset", "2026-03-03T10:01:00.000Z"),
            ("reset-after", &reset_after_seconds.to_string()),
        ],
        &json!({"message": message, "status": 429}),
    )
}

fn limited(quota: &[(&str, &str)], body: &serde_json::Value) -> Fault {
    let quota =
        quota.iter().map(|(name, value)| (format!("x-rate-limit-{name}"), (*value).to_owned()));
    let media = ("content-type".to_owned(), "application/json".to_owned());
    Fault::Status { code: 429, headers: quota.chain([media]).collect(), body: body.to_string() }
}
