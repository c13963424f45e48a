//! `POST /auth`: user name and password in a form, the bare token in the response.

use std::sync::Arc;

use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;

use super::{Gateway, accounts::Subscription, error::QualysError};

/// The fields of the form; others, such as `permissions`, change nothing here.
#[derive(Deserialize)]
pub(super) struct Login {
    username: String,
    password: String,
    token: String,
}

type LoginForm = Result<Form<Login>, FormRejection>;

pub(super) async fn log_in(State(gateway): State<Arc<Gateway>>, form: LoginForm) -> Response {
    let now = gateway.clock.now();
    match form.map_err(|error| QualysError::bad_request(error.body_text())).and_then(check) {
        Ok(subscription) => {
            let token = gateway.tokens.issue(subscription, now);
            (StatusCode::CREATED, [(CONTENT_TYPE, "text/plain")], token).into_response()
        }
        Err(error) => error.response(now),
    }
}

fn check(Form(login): Form<Login>) -> Result<&'static Subscription, QualysError> {
    let subscription = Subscription::of(&login.username).ok_or_else(QualysError::unknown_user)?;
    if login.password != subscription.account.password {
        return Err(QualysError::wrong_password());
    }
    if login.token != "true" {
        return Err(QualysError::bad_request("The parameter token must be true"));
    }
    Ok(subscription)
}
