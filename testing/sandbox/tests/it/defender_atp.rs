//! Microsoft Defender for Endpoint.

mod access;
mod alerts;
mod hunting;
mod indicators;
mod machines;
mod respond;

use sandbox::identity::{app, tenant};

use crate::{
    client::Response,
    session::{Session, texts},
};

/// An application with all permissions in the tenant that behaves as documented.
async fn start() -> Session {
    Session::defender(&tenant::CONTOSO, &app::DEFENDER).await
}

/// The ids of a list's entries.
async fn ids(session: &Session, path: &str) -> Vec<String> {
    let list = session.list(path, &[]).await;
    texts(&list, "id").into_iter().map(str::to_owned).collect()
}

/// Status and code of an error, which must have the documented form.
fn error(response: &Response) -> (u16, String) {
    let body = response.json();
    let error = body["error"].as_object().expect("an error object");
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error:?}");
    assert_eq!(error["target"].as_str().map(str::len), Some(36), "{error:?}");
    (response.status.as_u16(), error["code"].as_str().expect("a code").to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
