//! Runs a relay on Lambda. No other module names `lambda_http`.

mod response;

use std::{convert::Infallible, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use lambda_http::{
    Body, Context, LambdaEvent, Request, RequestExt,
    http::header::HOST,
    lambda_runtime::run_concurrent,
    request::{LambdaRequest, RequestContext},
    service_fn,
};
use tokio::{
    sync::{Mutex, OnceCell},
    time::Instant,
};

use crate::{
    auth::Gateway,
    clock::Clock,
    relay::Relay,
    service::{Incoming, Outgoing, Service},
    settings::{BadSetting, Environment},
    telemetry,
};
use response::{GatewayResponse, PayloadFormat};

/// The part of the invocation's time that is kept for mapping and writing the answer.
const RESPONSE_RESERVE: Duration = Duration::from_millis(1500);
/// The longest that requests to the product take: a gateway waits 29 seconds for the function.
const MAX_CALL_TIME: Duration = Duration::from_secs(27);

/// A start that failed is not tried again for this long.
const START_RETRY_DELAY: Duration = Duration::from_secs(5);

/// Serves a relay until Lambda ends the process, several calls side by side where Lambda says so
/// (`AWS_LAMBDA_MAX_CONCURRENCY`).
///
/// With settings that cannot be used the relay serves no caller: it logs what to change, says so in
/// every answer, and reads them again every few seconds, because a secret may be readable by then.
///
/// # Errors
///
/// The Lambda runtime cannot be reached.
pub async fn run<R: Relay>() -> Result<(), lambda_http::Error> {
    let environment = Environment::of_process();
    telemetry::start(&environment, R::ABOUT.slug);
    let host = Arc::new(Host::<R>::new(environment));
    match host.service().await {
        // Lambda gives a start its full processor, and a handshake is the dearest part of a call.
        Ok(service) => service.open_connections().await,
        Err(bad) => {
            tracing::error!(relay = R::ABOUT.slug, setting = %bad, "the relay cannot serve");
        }
    }
    run_concurrent(service_fn(move |event: LambdaEvent<LambdaRequest>| {
        let host = host.clone();
        async move { Ok::<_, Infallible>(host.answer(event).await) }
    }))
    .await
}

struct Host<R> {
    environment: Environment,
    service: OnceCell<Service<R>>,
    last_failure: Mutex<Option<(Instant, BadSetting)>>,
}

impl<R: Relay> Host<R> {
    fn new(environment: Environment) -> Self {
        Self { environment, service: OnceCell::new(), last_failure: Mutex::default() }
    }

    async fn service(&self) -> Result<&Service<R>, BadSetting> {
        self.service.get_or_try_init(|| self.start()).await
    }

    async fn start(&self) -> Result<Service<R>, BadSetting> {
        let mut last = self.last_failure.lock().await;
        if let Some((_, bad)) = last.as_ref().filter(|(at, _)| at.elapsed() < START_RETRY_DELAY) {
            return Err(bad.clone());
        }
        let started = Service::new(&self.environment).await;
        *last = started.as_ref().err().map(|bad| (Instant::now(), bad.clone()));
        started
    }

    async fn answer(&self, event: LambdaEvent<LambdaRequest>) -> GatewayResponse {
        let format = payload_format(&event.payload);
        let request = incoming(event.payload, event.context);
        let outgoing = match self.service().await {
            Ok(service) => service.answer(request).await,
            Err(bad) => self.misconfigured(&bad, &request),
        };
        if !outgoing.metrics.is_empty() {
            telemetry::print(&outgoing.metrics);
        }
        GatewayResponse::new(outgoing, format)
    }

    /// Answers a call that cannot be served, and logs it, so that its alarm lasts as long as the cause.
    fn misconfigured(&self, bad: &BadSetting, request: &Incoming) -> Outgoing {
        tracing::error!(
            relay = R::ABOUT.slug,
            request_id = request.request_id,
            gateway_request_id = request.gateway.request_id,
            source = request.gateway.source.map(tracing::field::display),
            setting = %bad,
            "not answered, because the relay cannot serve"
        );
        Outgoing::misconfigured(bad, request, &self.environment)
    }
}

fn payload_format(event: &LambdaRequest) -> PayloadFormat {
    match event {
        LambdaRequest::ApiGatewayV1(_) => PayloadFormat::V1,
        _ => PayloadFormat::V2,
    }
}

/// Reads a gateway's event.
#[must_use]
pub fn incoming(event: LambdaRequest, context: Context) -> Incoming {
    read(Request::from(without_unread_parts(event)).with_lambda_context(context))
}

/// Removes what the library panics over: what a caller may have written into the URL and no route
/// reads, such as a query with a quotation mark, and a wrong claim of being encoded.
fn without_unread_parts(mut event: LambdaRequest) -> LambdaRequest {
    let headers = match &mut event {
        LambdaRequest::ApiGatewayV1(event) => {
            event.query_string_parameters = Default::default();
            event.multi_value_query_string_parameters = Default::default();
            event.is_base64_encoded &= is_base64(event.body.as_deref());
            &mut event.headers
        }
        LambdaRequest::ApiGatewayV2(event) => {
            event.query_string_parameters = Default::default();
            event.raw_query_string = None;
            event.is_base64_encoded &= is_base64(event.body.as_deref());
            &mut event.headers
        }
        _ => return event,
    };
    headers.remove(HOST);
    headers.remove("x-forwarded-proto");
    event
}

fn is_base64(body: Option<&str>) -> bool {
    body.is_none_or(|body| STANDARD.decode(body).is_ok())
}

fn read(event: Request) -> Incoming {
    let context = event.lambda_context();
    let path = event.raw_http_path().to_owned();
    let gateway = gateway(event.request_context_ref(), &path);
    let (parts, body) = event.into_parts();
    let body = match body {
        Body::Text(text) => text.into(),
        Body::Binary(bytes) => bytes.into(),
        _ => bytes::Bytes::new(),
    };
    Incoming {
        method: parts.method,
        path,
        headers: parts.headers,
        body,
        gateway,
        request_id: context.request_id,
        deadline: deadline(context.deadline),
        trace: context.xray_trace_id,
    }
}

/// Returns the deadline of product requests; the invocation's is in milliseconds since 1970.
fn deadline(invocation_deadline: u64) -> Instant {
    let now = Clock::system().now().as_millisecond();
    let left = i64::try_from(invocation_deadline).unwrap_or(i64::MAX).saturating_sub(now);
    Instant::now() + call_time(left)
}

/// Returns how long product requests may take. A deadline that had passed before the event came is
/// ignored: `cargo lambda watch` sends such, and a clock that runs ahead sees such.
fn call_time(milliseconds_left: i64) -> Duration {
    match u64::try_from(milliseconds_left) {
        Ok(left) if left > 0 => {
            Duration::from_millis(left).saturating_sub(RESPONSE_RESERVE).min(MAX_CALL_TIME)
        }
        _ => MAX_CALL_TIME,
    }
}

/// Returns the relay's public address and the caller's: set by the gateway, not by the caller.
fn gateway(context: Option<&RequestContext>, raw_path: &str) -> Gateway {
    let (domain, stage, path, source, request_id) = match context {
        Some(RequestContext::ApiGatewayV1(context)) => (
            context.domain_name.as_deref(),
            context.stage.as_deref(),
            context.path.as_deref(),
            context.identity.source_ip.as_deref(),
            context.request_id.as_deref(),
        ),
        Some(RequestContext::ApiGatewayV2(context)) => (
            context.domain_name.as_deref(),
            context.stage.as_deref(),
            Some(raw_path),
            context.http.source_ip.as_deref(),
            context.request_id.as_deref(),
        ),
        _ => return Gateway::default(),
    };
    // A stage is part of the URL where the path shows it.
    let shown = |stage: &&str| path.is_some_and(|path| path.starts_with(&format!("/{stage}/")));
    let stage = stage.filter(shown).map(|stage| format!("/{stage}")).unwrap_or_default();
    Gateway {
        base_urls: domain.map(|domain| format!("https://{domain}{stage}")).into_iter().collect(),
        source: source.and_then(|address| address.parse().ok()),
        request_id: request_id.unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use testkit::event::{Event, Gateway as Front};

    use super::*;

    fn gateway_of(event: Event) -> Gateway {
        let request = lambda_http::request::from_str(&event.to_json().to_string()).unwrap();
        gateway(request.request_context_ref(), request.raw_http_path())
    }

    #[test]
    fn l15_only_the_gateway_states_the_relays_and_the_callers_address() {
        for front in Front::ALL {
            let event = front.post("/health").source_ip("198.51.100.7");
            let plain = gateway_of(event.clone());
            let forged = ["Host", "X-Forwarded-Host", "X-Forwarded-For", "Forwarded", "X-Real-IP"]
                .iter()
                .fold(event, |event, name| event.header(name, "203.0.113.66"));
            let forged = gateway_of(forged);
            assert_eq!(plain.source, Some([198, 51, 100, 7].into()), "{front:?}");
            assert_eq!(forged.source, plain.source, "{front:?}");
            assert_eq!(forged.base_urls, plain.base_urls, "{front:?}");
            assert_eq!(gateway_of(front.post("/health").source_ip("")).source, None, "{front:?}");
        }
    }

    #[test]
    fn l01_parts_of_a_url_that_no_route_reads_do_not_matter() {
        for front in Front::ALL {
            for query in ["a=\"b\"", "<x>", "a b", "%", "#", "&&=", "\u{e4}"] {
                for header in ["https", "", "a b", "[", "x:y"] {
                    let event = front.post("/health").query(query).text("{}");
                    let event = event.header("X-Forwarded-Proto", header).header("Host", header);
                    let event = serde_json::from_value(event.to_json()).unwrap();
                    let read = incoming(event, Context::default());
                    assert_eq!((read.path.as_str(), &read.body[..]), ("/health", &b"{}"[..]));
                }
            }
        }
    }

    #[test]
    fn l02_a_body_that_is_wrongly_marked_as_encoded_is_read_as_it_is() {
        for front in Front::ALL {
            for body in ["*", "{}", "e30", "e30==", "\u{e4}"] {
                let event = front.post("/health").broken_binary(body);
                let event = serde_json::from_value(event.to_json()).unwrap();
                assert_eq!(incoming(event, Context::default()).body, body, "{front:?}");
            }
        }
    }

    #[test]
    fn l04_product_requests_end_before_the_invocation_and_before_the_gateway() {
        for (left, expected) in
            [(29_000, 27_000), (20_000, 18_500), (900_000, 27_000), (1_000, 0), (1_500, 0)]
        {
            assert_eq!(call_time(left), Duration::from_millis(expected), "{left}");
        }
        for passed in [0, -1, i64::MIN] {
            assert_eq!(call_time(passed), MAX_CALL_TIME, "{passed}");
        }
    }

    #[test]
    fn the_callers_address_may_be_of_either_family() {
        let event = Front::HttpApi.post("/health").source_ip("2001:db8::7");
        assert_eq!(gateway_of(event).source, "2001:db8::7".parse().ok());
    }
}
