//! The process's client as the AWS SDK's, so that there is one TLS stack, one set of roots, one pool.

use std::{fmt, io, time::Duration};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;

use super::{Client, Http, NoResponse};

/// The longest that one request to AWS takes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends the SDK's requests with the process's client.
#[derive(Clone)]
pub struct SdkHttpClient(Client);

impl SdkHttpClient {
    /// Returns the client that `http` sends with where no product is called.
    #[must_use]
    pub fn new(http: &Http) -> Self {
        Self(http.others.plain.clone())
    }
}

impl fmt::Debug for SdkHttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SdkHttpClient")
    }
}

impl HttpClient for SdkHttpClient {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SdkHttpClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = outgoing(request).map_err(|error| ConnectorError::user(error.into()))?;
            let response = client.execute(request).await.map_err(no_response)?;
            incoming(response).await.map_err(connector_error)
        })
    }
}

fn outgoing(request: HttpRequest) -> io::Result<reqwest::Request> {
    let request = request.try_into_http1x().map_err(io::Error::other)?;
    let in_memory = request.body().bytes().map(<[u8]>::to_vec);
    let body = in_memory.ok_or_else(|| io::Error::other("the body is a stream"))?;
    let request = request.map(|_| body);
    let mut request = reqwest::Request::try_from(request).map_err(io::Error::other)?;
    *request.timeout_mut() = Some(REQUEST_TIMEOUT);
    Ok(request)
}

async fn incoming(received: reqwest::Response) -> reqwest::Result<HttpResponse> {
    // Every status that reqwest yields is one that the SDK's type holds.
    let status = StatusCode::try_from(received.status().as_u16())
        .unwrap_or_else(|_| http::StatusCode::BAD_GATEWAY.into());
    let headers = received.headers().clone();
    let mut response = HttpResponse::new(status, SdkBody::from(received.bytes().await?));
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}

fn no_response(none: NoResponse) -> ConnectorError {
    match none {
        NoResponse::NotConnected(failure) if failure.is_timeout() => {
            ConnectorError::timeout(failure.into())
        }
        NoResponse::NotConnected(failure) => ConnectorError::io(failure.into()),
        NoResponse::Interrupted(error) => connector_error(error),
    }
}

fn connector_error(error: reqwest::Error) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
