//! Indicators: what the tenant blocks, allows or watches. Pages "Indicator resource type", "List Indicators
//! API", "Submit or Update Indicator API", "Delete Indicator API".

mod submission;

use axum::{Json, extract::Path};
use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use self::submission::Submission;
use super::{
    access::{Api, Caller, Gate},
    error::DefenderError,
    limits,
    list::{self, List, ListQuery},
};

const READ_WRITE_ALL: &str = "Ti.ReadWrite.All";
const INDICATORS: Api =
    Api { limit: &limits::INDICATORS, roles: &["Ti.ReadWrite", READ_WRITE_ALL] };

static LIST: List = List {
    context: "Indicators",
    filters: "application createdByDisplayName expirationTime generateAlert title \
              rbacGroupNames rbacGroupIds indicatorValue indicatorType \
              creationTimeDateTimeUtc createdBy action severity",
    expands: &[],
};

/// The active ones that the caller may see.
pub(super) async fn list(gate: Gate) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&INDICATORS)?;
    let query = ListQuery::read(&gate, &LIST)?;
    let indicators = caller.tenant.indicators();
    let shown = indicators.all.iter().filter(|it| sees(&caller, it) && !is_expired(it, caller.now));
    Ok(Json(query.page(&caller, shown.cloned())))
}

pub(super) async fn submit(gate: Gate, body: Bytes) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&INDICATORS)?;
    let submission: Submission = gate.json(&body)?;
    submission.check()?;
    let indicator = caller.tenant.indicators().submit(&submission, &caller)?;
    Ok(Json(list::single("Indicators/$entity", indicator)))
}

pub(super) async fn remove(
    gate: Gate,
    Path(id): Path<String>,
) -> Result<StatusCode, DefenderError> {
    let caller = gate.admit(&INDICATORS)?;
    let indicators = &mut caller.tenant.indicators().all;
    let place = indicators.iter().position(|known| known["id"] == id && sees(&caller, known));
    let place = place.ok_or_else(|| DefenderError::not_found(format_args!("Indicator {id}")))?;
    indicators.remove(place);
    Ok(StatusCode::NO_CONTENT)
}

/// Indicators of other apps need the permission for all.
fn sees(caller: &Caller<'_>, indicator: &Value) -> bool {
    caller.has(READ_WRITE_ALL) || indicator["createdBy"] == caller.app_id()
}

fn is_expired(indicator: &Value, now: Timestamp) -> bool {
    let end = indicator["expirationTime"].as_str().and_then(|time| time.parse().ok());
    end.is_some_and(|end: Timestamp| end <= now)
}

/// All indicators of a tenant.
#[derive(Debug)]
pub(super) struct Indicators {
    all: Vec<Value>,
    next_id: u64,
}

impl Indicators {
    pub(super) fn new(all: Vec<Value>) -> Self {
        let ids = all.iter().filter_map(|indicator| indicator["id"].as_str()?.parse().ok());
        let next_id = ids.max().unwrap_or(0) + 1;
        Self { all, next_id }
    }

    /// Creates an indicator, or updates the one with the same value and type.
    fn submit(
        &mut self,
        submission: &Submission,
        caller: &Caller<'_>,
    ) -> Result<Value, DefenderError> {
        let known = self.all.iter_mut().find(|known| submission.is_for(known));
        match known {
            Some(known) if !sees(caller, known) => {
                let value = &known["indicatorValue"];
                let message = format!(
                    "The indicator for {value} belongs to somebody else; {READ_WRITE_ALL} may change it."
                );
                Err(DefenderError::new(StatusCode::FORBIDDEN, "DisallowedOperation", message))
            }
            Some(known) => {
                submission.update(known);
                known["lastUpdateTime"] = caller.now.to_string().into();
                known["lastUpdatedBy"] = caller.app_name().into();
                Ok(known.clone())
            }
            None => Ok(self.create(submission, caller)),
        }
    }

    fn create(&mut self, submission: &Submission, caller: &Caller<'_>) -> Value {
        let mut indicator = json!({
            "id": self.next_id.to_string(),
            "indicatorValue": submission.indicator_value,
            "indicatorType": submission.indicator_type,
            "application": submission.application,
            "source": caller.app_name(),
            "sourceType": "AadApp",
            "creationTimeDateTimeUtc": caller.now.to_string(),
            "createdBy": caller.app_id(),
            "createdByDisplayName": caller.app_name(),
            "createdBySource": "PublicApi",
            "lastUpdateTime": caller.now.to_string(),
            "lastUpdatedBy": null,
            "rbacGroupIds": [],
        });
        submission.update(&mut indicator);
        self.next_id += 1;
        self.all.push(indicator.clone());
        indicator
    }
}
