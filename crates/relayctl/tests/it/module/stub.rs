//! Threat Response's integration API as its documentation describes it: a token for an API client,
//! module types that can be created and changed, and module instances that can be listed, created,
//! changed and removed.
//!
//! Source: the IROH INT API 1.0.107, schemas NewModuleTypeParams, PatchModuleTypeParams,
//! NewModuleInstanceParams, PatchModuleInstanceParams and ModuleInstanceResponse; none of them lets
//! further members through.

use std::{collections::HashMap, sync::MutexGuard};

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::tool::{Server, Shared};

pub(crate) const CLIENT: &str = "client-4711";
pub(crate) const PASSWORD: &str = "password-that-nobody-may-see";
const GRANTED: &str = "granted-for-ten-minutes";

fn of(known: &Shared<Known>) -> MutexGuard<'_, Known> {
    known.lock().expect("no test panicked in here")
}

/// A running stub.
pub(crate) struct ThreatResponse {
    pub(crate) server: Server,
    known: Shared<Known>,
}

#[derive(Default)]
struct Known {
    instances: Vec<Value>,
    types: Vec<Value>,
    /// Method and path of each request.
    log: Vec<String>,
}

impl ThreatResponse {
    pub(crate) fn start() -> Self {
        let known = Shared::<Known>::default();
        let instances = Router::new()
            .route("/iroh/iroh-int/module-instance", get(list).post(create))
            .route("/iroh/iroh-int/module-instance/{id}", patch(change).delete(remove))
            .route("/iroh/iroh-int/module-type", post(create_type))
            .route("/iroh/iroh-int/module-type/{id}", get(show_type).patch(change_type))
            .layer(from_fn_with_state(known.clone(), guard));
        let router = Router::new()
            .route("/iroh/oauth2/token", post(token))
            .merge(instances)
            .with_state(known.clone());
        Self { server: Server::start(router), known }
    }

    /// Puts a module there, as somebody else has made it.
    pub(crate) fn has(&self, id: &str, name: &str, module_type: &str, settings: Value) {
        let new = json!({
            "name": name, "module_type_id": module_type, "visibility": "org", "settings": settings,
        });
        of(&self.known).instances.push(response(id, new));
    }

    pub(crate) fn instances(&self) -> Vec<Value> {
        of(&self.known).instances.clone()
    }

    pub(crate) fn types(&self) -> Vec<Value> {
        of(&self.known).types.clone()
    }

    /// How often something was changed.
    pub(crate) fn writes(&self) -> usize {
        let known = of(&self.known);
        known.log.iter().filter(|line| !line.starts_with("GET ")).count()
    }

    pub(crate) fn reads(&self) -> usize {
        let known = of(&self.known);
        known.log.iter().filter(|line| line.starts_with("GET ")).count()
    }
}

async fn token(headers: HeaderMap, body: String) -> Response {
    let expected = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{PASSWORD}")));
    let form = "application/x-www-form-urlencoded";
    if headers[header::AUTHORIZATION] != expected {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"})))
            .into_response();
    }
    if headers[header::CONTENT_TYPE] != form || body != "grant_type=client_credentials" {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_request"})))
            .into_response();
    }
    let scope = "integration/module-instance:read integration/module-instance:write";
    Json(json!({
        "access_token": GRANTED, "token_type": "bearer", "expires_in": 600, "scope": scope,
    }))
    .into_response()
}

async fn guard(State(known): State<Shared<Known>>, request: Request, next: Next) -> Response {
    let bearer = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes());
    if bearer != Some(format!("Bearer {GRANTED}").as_bytes()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    of(&known).log.push(format!("{} {}", request.method(), request.uri()));
    next.run(request).await
}

async fn list(
    State(known): State<Shared<Known>>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Vec<Value>> {
    let number = |name: &str, default| {
        query.get(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let fits =
        |one: &&Value| query.get("module_type_id").is_none_or(|id| one["module_type_id"] == *id);
    let known = of(&known);
    let page = known.instances.iter().filter(fits).skip(number("offset", 0));
    Json(page.take(number("limit", 100)).cloned().collect())
}

async fn create(State(known): State<Shared<Known>>, Json(new): Json<Value>) -> Response {
    let allowed = [
        "name",
        "module_type_id",
        "visibility",
        "parent_id",
        "settings",
        "external_references",
        "enabled",
    ];
    let required = ["name", "module_type_id", "visibility"];
    if !has_only(&new, &allowed) || required.iter().any(|name| !new[name].is_string()) {
        return bad(&Method::POST);
    }
    let mut known = of(&known);
    let created = response(&format!("instance-{}", known.instances.len() + 1), new);
    known.instances.push(created.clone());
    Json(created).into_response()
}

async fn change(
    State(known): State<Shared<Known>>,
    Path(id): Path<String>,
    Json(change): Json<Value>,
) -> Response {
    let allowed =
        ["name", "module_type_id", "parent_id", "external_references", "enabled", "settings"];
    if !has_only(&change, &allowed) {
        return bad(&Method::PATCH);
    }
    let mut known = of(&known);
    let Some(one) = known.instances.iter_mut().find(|one| one["id"] == *id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    for (name, value) in change.as_object().expect("an object") {
        if name == "settings" {
            // Settings change one by one.
            let settings = value.as_object().expect("an object").clone();
            one[name].as_object_mut().expect("an object").extend(settings);
        } else {
            one[name] = value.clone();
        }
    }
    Json(one.clone()).into_response()
}

async fn remove(State(known): State<Shared<Known>>, Path(id): Path<String>) -> StatusCode {
    let mut known = of(&known);
    let before = known.instances.len();
    known.instances.retain(|one| one["id"] != *id);
    if known.instances.len() < before { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// Whether a module type, or a part of one, has the documented form.
pub(crate) fn check_type(module_type: &Value, is_whole: bool) -> Result<(), String> {
    let mut schema: Value =
        serde_json::from_str(include_str!("../../schemas/module-type.json")).expect("a schema");
    if !is_whole {
        schema["required"] = json!([]);
    }
    jsonschema::validate(&schema, module_type).map_err(|error| error.to_string())
}

async fn create_type(State(known): State<Shared<Known>>, Json(new): Json<Value>) -> Response {
    if check_type(&new, true).is_err() {
        return bad(&Method::POST);
    }
    let mut known = of(&known);
    let mut created = response(&format!("type-{}", known.types.len() + 1), new);
    created["record"] = json!("module-type");
    created["visibility"] = json!("org");
    known.types.push(created.clone());
    Json(created).into_response()
}

async fn show_type(State(known): State<Shared<Known>>, Path(id): Path<String>) -> Response {
    let known = of(&known);
    let found = known.types.iter().find(|one| one["id"] == *id);
    found.map_or(StatusCode::NOT_FOUND.into_response(), |one| Json(one).into_response())
}

async fn change_type(
    State(known): State<Shared<Known>>,
    Path(id): Path<String>,
    Json(change): Json<Value>,
) -> Response {
    if check_type(&change, false).is_err() {
        return bad(&Method::PATCH);
    }
    let mut known = of(&known);
    let Some(one) = known.types.iter_mut().find(|one| one["id"] == *id) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    one.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    Json(one.clone()).into_response()
}

fn has_only(object: &Value, allowed: &[&str]) -> bool {
    object
        .as_object()
        .is_some_and(|members| members.keys().all(|name| allowed.contains(&name.as_str())))
}

fn bad(method: &Method) -> Response {
    let text = format!("{method}: disallowed-key or missing-required-key");
    (StatusCode::BAD_REQUEST, Json(json!({"error": text}))).into_response()
}

fn response(id: &str, mut new: Value) -> Value {
    let set = json!({
        "id": id, "org_id": "org-1", "user_id": "user-1", "enabled": true,
        "created_at": "2026-01-01T00:00:00.000Z",
    });
    new.as_object_mut().expect("an object").extend(set.as_object().expect("an object").clone());
    new
}
