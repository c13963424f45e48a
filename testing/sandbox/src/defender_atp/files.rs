//! File profiles. Page "Get file information API".

use axum::{Json, extract::Path};
use serde_json::Value;

use super::{
    access::{Api, Gate},
    limits::Quota,
    odata,
    problem::Problem,
    subject::{invalid_hash, is_hash},
};

const PROFILE: Api = Api { quota: Quota::Files, roles: &["File.Read.All"] };

pub(super) async fn profile(gate: Gate, Path(hash): Path<String>) -> Result<Json<Value>, Problem> {
    let caller = gate.admit(&PROFILE)?;
    let kind = kind_of(&hash).ok_or_else(|| invalid_hash(&hash))?;
    let is_meant = |known: &Value| known.as_str().is_some_and(|it| it.eq_ignore_ascii_case(&hash));
    let mut files = caller.tenant.records.files.iter();
    let file = files
        .find(|file| file.get(kind).is_some_and(is_meant))
        .ok_or_else(|| Problem::not_found(format_args!("File {hash}")))?;
    Ok(Json(odata::single("Files/$entity", file.clone())))
}

/// The property that holds hashes of this length.
fn kind_of(hash: &str) -> Option<&'static str> {
    [(40, "sha1"), (64, "sha256"), (32, "md5")]
        .into_iter()
        .find(|(digits, _)| is_hash(hash, *digits))
        .map(|(_, property)| property)
}
