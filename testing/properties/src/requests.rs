//! F7, requests: a value as it is sent, parsed by hand.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, header::CONTENT_TYPE};
use percent_encoding::percent_decode;
use relay_core::{BaseUrl, Environment, Http, Request, SystemResolver};
use sandbox::{Call, Product, Sandbox};
use tokio::runtime::{Builder, Runtime};

/// Longer values are not sent, because no server accepts them in a path.
const MAX_VALUE_BYTES: usize = 8 * 1024;
/// How long a response may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The bytes are one segment of a path and one parameter of a query.
///
/// # Panics
///
/// When the server is not called with exactly that.
pub fn f07_path(data: &[u8]) {
    let value = String::from_utf8_lossy(data);
    if value.len() > MAX_VALUE_BYTES {
        return;
    }
    let is_no_segment = matches!(&*value, "" | "." | "..");
    Wire::with(|wire| match wire.base.segments(&["ips", &value, "alerts"]) {
        Err(_) => assert!(is_no_segment, "{value:?} is rejected"),
        Ok(address) => {
            assert!(!is_no_segment, "{value:?} is accepted");
            let call = wire.call(Request::get(address).query("$filter", &value).query("b", "c"));
            let segments: Vec<_> = call.path.split('/').map(decoded).collect();
            assert_eq!(segments, ["", "ips", &value, "alerts"], "{}", call.path);
            assert_eq!(pairs(&call.query), [("$filter", &*value), ("b", "c")].map(owned));
        }
    });
}

/// The bytes are a user's name and, behind the first line end, a password.
///
/// # Panics
///
/// When the server is not sent exactly that.
pub fn f07_form(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (user, password) = text.split_once('\n').unwrap_or((&text, ""));
    let fields = [("username", user), ("password", password), ("token", "true")];
    Wire::with(|wire| {
        let call = wire.call(Request::post(wire.base.path("/auth")).form(&fields));
        let body = std::str::from_utf8(&call.body).expect("a form is ASCII");
        assert_eq!(pairs(&body.replace('+', "%20")), fields.map(owned), "{body}");
        assert_eq!(media(&call.headers), Some("application/x-www-form-urlencoded"));
    });
}

fn media(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

/// Names and values of a query or a form: parameters between `&`, each with one `=` at least.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |one: &str| {
        let (name, value) = one.split_once('=').expect("a name and a value");
        (decoded(name), decoded(value))
    };
    text.split('&').map(pair).collect()
}

fn decoded(text: &str) -> String {
    percent_decode(text.as_bytes()).decode_utf8().expect("UTF-8").into_owned()
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The relays' HTTP client and a server that records its requests.
struct Wire {
    // Before the runtime, so that it ends before it.
    sandbox: Sandbox,
    http: Http,
    base: BaseUrl,
    runtime: Runtime,
}

impl Wire {
    fn with(show: impl FnOnce(&Self)) {
        thread_local!(static WIRE: Wire = Wire::open());
        WIRE.with(show);
    }

    fn open() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let sandbox = runtime.block_on(Sandbox::start(Product::Misp)).expect("a free port");
        let environment = Environment::default();
        let http = Http::new(&environment, "property", Arc::new(SystemResolver)).expect("a client");
        let base = BaseUrl::from_environment(sandbox.url()).expect("a loopback URL");
        Self { sandbox, http, base, runtime }
    }

    /// Sends the request and returns what arrived.
    fn call(&self, request: Request) -> Call {
        self.sandbox.forget_calls();
        let answer = self.runtime.block_on(self.http.ask(request, "The server", TEST_TIMEOUT));
        answer.expect("a response of any kind");
        let [call] = &self.sandbox.calls()[..] else { panic!("one request") };
        call.clone()
    }
}
