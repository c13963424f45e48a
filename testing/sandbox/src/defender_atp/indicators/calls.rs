//! The calls of `/indicators`. Pages "List Indicators API", "Submit or Update Indicator API",
//! "Delete Indicator API".

use axum::{Json, extract::Path};
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use super::{
    super::{
        access::{Api, Caller, Gate},
        limits::Quota,
        odata::{self, Entity, List, Options, entity},
        problem::Problem,
    },
    Author,
    submission::Submission,
};

const ALL: &str = "Ti.ReadWrite.All";
const INDICATORS: Api = Api { quota: Quota::Indicators, roles: &["Ti.ReadWrite", ALL] };

const LIST: List = List {
    context: "Indicators",
    filters: &[
        "application",
        "createdByDisplayName",
        "expirationTime",
        "generateAlert",
        "title",
        "rbacGroupNames",
        "rbacGroupIds",
        "indicatorValue",
        "indicatorType",
        "creationTimeDateTimeUtc",
        "createdBy",
        "action",
        "severity",
    ],
    expands: &[],
};

pub(crate) async fn list(gate: Gate) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&INDICATORS)?;
    let options = Options::read(gate.uri(), &LIST)?;
    let indicators = caller.tenant.indicators();
    let seen = indicators.seen_by(&author(&caller), caller.now);
    let fitting: Vec<Entity> =
        seen.into_iter().map(entity).filter(|it| options.accepts(it)).collect();
    Ok(Json(gate.page(&caller, &options, &LIST, fitting)))
}

pub(crate) async fn submit(gate: Gate, body: Bytes) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&INDICATORS)?;
    let submission = Submission::read(gate.json(&body)?)?;
    let indicator = caller.tenant.indicators().submit(submission, &author(&caller), caller.now)?;
    Ok(Json(odata::single("Indicators/$entity", entity(&indicator))))
}

pub(crate) async fn remove(gate: Gate, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let caller = gate.admit(&INDICATORS)?;
    caller.tenant.indicators().remove(&id, &author(&caller))?;
    Ok(StatusCode::NO_CONTENT)
}

fn author(caller: &Caller<'_>) -> Author<'static> {
    Author { id: caller.app_id(), name: caller.app_name(), sees_all: caller.has(ALL) }
}
