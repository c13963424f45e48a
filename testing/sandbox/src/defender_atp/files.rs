//! File profiles. Page "Get file information API".

use axum::{Json, extract::Path};
use serde_json::Value;

use super::{
    access::{Api, Gate},
    entity::{invalid_hash, is_hash},
    error::DefenderError,
    limits, list,
};

const PROFILE: Api = Api { limit: &limits::FILES, roles: &["File.Read.All"] };

pub(super) async fn profile(
    gate: Gate,
    Path(hash): Path<String>,
) -> Result<Json<Value>, DefenderError> {
    let caller = gate.admit(&PROFILE)?;
    let kinds = [(40, "sha1"), (64, "sha256"), (32, "md5")];
    let kind = kinds.into_iter().find(|(digits, _)| is_hash(&hash, *digits));
    let (_, kind) = kind.ok_or_else(|| invalid_hash(&hash))?;
    let mut files = caller.tenant.records.files.iter();
    let file = files
        .find(|file| file[kind].as_str().is_some_and(|known| known.eq_ignore_ascii_case(&hash)))
        .ok_or_else(|| DefenderError::not_found(format_args!("File {hash}")))?;
    Ok(Json(list::single("Files/$entity", file.clone())))
}
