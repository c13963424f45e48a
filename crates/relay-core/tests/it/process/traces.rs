//! What a process sends to the X-Ray daemon.

use serde_json::{Value, json};
use testkit::runtime_api::Invocation;
use tokio::net::UdpSocket;

use super::{function_of, post};
use crate::{
    fixture::{Fixture, hs256},
    wire::ScriptedResponse,
};

const ROOT: &str = "1-6b0ec4a0-00000000000000000000000a";
const PARENT: &str = "53995c3f42cd8ad8";

async fn subsegment(daemon: &UdpSocket) -> Value {
    let mut datagram = [0; 2048];
    let length = daemon.recv(&mut datagram).await.unwrap();
    let text = std::str::from_utf8(&datagram[..length]).unwrap();
    serde_json::from_str(text.split_once('\n').unwrap().1).unwrap()
}

#[tokio::test]
async fn each_request_of_a_sampled_call_is_a_subsegment() {
    let fixture = Fixture::new().await;
    let daemon = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = daemon.local_addr().unwrap().to_string();
    let function =
        function_of(&fixture).env("AWS_XRAY_DAEMON_ADDRESS", address).start().await.unwrap();
    let call = |sampled: u8| {
        Invocation::from(&post("/health", &hs256()))
            .trace_id(&format!("Root={ROOT};Parent={PARENT};Sampled={sampled}"))
    };
    // Had the call without a sample sent anything, it would come first.
    function.invoke(call(0)).await;
    fixture.product.answers("/me", |_| ScriptedResponse::body(503, "secret words"));
    function.invoke(call(1)).await;
    let sent = subsegment(&daemon).await;
    let origin = fixture.product.url();
    let of = json!([sent["trace_id"], sent["parent_id"], sent["http"], sent["fault"]]);
    let http = json!({
        "request": {"method": "GET", "url": origin},
        "response": {"status": 503},
    });
    assert_eq!(of, json!([ROOT, PARENT, http, true]));
    assert!(!sent.to_string().contains("secret"), "{sent}");
    function.stop().await;
}
