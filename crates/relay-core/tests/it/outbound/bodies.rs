//! Answers that are too large, packed, broken or no JSON: catalogue rows N06, N07, N08 and N16.

use serde_json::json;

use super::{BOTH, MAX_BODY_BYTES, answering_badly, assert_partial, one_hit};
use crate::{
    fixture::{Fixture, hs256},
    test_call::observe,
    wire::{ScriptedResponse, gzip},
};

/// One hit, with so many blanks behind it.
fn padded(bytes: usize) -> Vec<u8> {
    let mut body = one_hit().to_string().into_bytes();
    body.resize(bytes, b' ');
    body
}

/// A fixture that answers well about `good.test`, and like this about `bad.test`.
async fn fixture(reply: ScriptedResponse) -> Fixture {
    let fixture = Fixture::new().await;
    answering_badly(&fixture, reply);
    fixture
}

#[tokio::test]
async fn n06_an_answer_is_read_up_to_eight_mebibytes() {
    for reply in [
        ScriptedResponse::body(200, padded(MAX_BODY_BYTES)),
        ScriptedResponse::gzip(&padded(MAX_BODY_BYTES)),
    ] {
        let answer = fixture(reply).await;
        let answer = answer.answer(observe(&hs256(), &BOTH)).await;
        assert!(answer.is_ok() && answer.docs("sightings").len() == 2, "{:?}", answer.codes());
    }
    let endless = ScriptedResponse::body(200, r#"{"hits":[]"#).endless([b' '; 64 * 1024]);
    let hundred_megabytes =
        ScriptedResponse::body(200, padded(MAX_BODY_BYTES + 1)).of_length(100 << 20).stalling();
    for reply in [
        ScriptedResponse::body(200, padded(MAX_BODY_BYTES + 1)).stalling(),
        hundred_megabytes,
        endless,
    ] {
        let fixture = fixture(reply).await;
        let answer = fixture.answer(observe(&hs256(), &BOTH)).await;
        assert_partial(&answer, "unknown");
        assert!(answer.message().contains("8388608 bytes"), "{answer:?}");
        fixture.product.given_up(1).await;
        // What the network holds on its way is not ours to bound, but it is bounded.
        assert!(fixture.product.sent() < 4 * MAX_BODY_BYTES, "{}", fixture.product.sent());
        assert_eq!(fixture.product.calls("/search"), 2, "too large is not asked again");
    }
}

#[tokio::test]
async fn n06_a_login_is_read_up_to_sixty_four_kibibytes() {
    let login = |bytes| {
        let mut body = json!({"access_token": "token", "expires_in": 3600}).to_string();
        body.push_str(&" ".repeat(bytes - body.len()));
        body
    };
    for (bytes, read) in [(64 * 1024, true), (64 * 1024 + 1, false)] {
        let fixture = Fixture::new().await;
        fixture.product.always("/login", ScriptedResponse::body(200, login(bytes)));
        assert_eq!(fixture.answer(observe(&hs256(), &["a.test"])).await.is_ok(), read);
    }
}

#[tokio::test]
async fn n07_decompression_bombs_are_cut_off() {
    let bomb = padded(100 << 20);
    let answer =
        fixture(ScriptedResponse::gzip(&bomb)).await.answer(observe(&hs256(), &BOTH)).await;
    assert_partial(&answer, "unknown");
    let twice = ScriptedResponse::body(200, gzip(&gzip(&padded(1000))))
        .with("content-encoding", "gzip, gzip");
    let unpacked = ScriptedResponse::body(200, padded(1000)).with("content-encoding", "gzip");
    let cut = gzip(&padded(1000));
    let cut = ScriptedResponse::body(200, &cut[..cut.len() / 2]).with("content-encoding", "gzip");
    for (reply, code) in
        [(twice, "unknown"), (unpacked, "connection error"), (cut, "connection error")]
    {
        assert_partial(&fixture(reply).await.answer(observe(&hs256(), &BOTH)).await, code);
    }
}

#[tokio::test]
async fn n07_wrong_content_lengths_are_detected() {
    let body = one_hit().to_string();
    let chunked = |chunks: &str| {
        ScriptedResponse::raw(format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}"
        ))
    };
    let head = |head: &str| {
        ScriptedResponse::raw(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}")).closing()
    };
    let cases = [
        (
            "longer",
            ScriptedResponse::body(200, body.clone()).of_length(1000).closing(),
            Some("connection error"),
        ),
        ("shorter", ScriptedResponse::body(200, body.clone()).of_length(10), Some("unknown")),
        ("no length", ScriptedResponse::body(200, body.clone()).of_no_length().closing(), None),
        ("two lengths", head("content-length: 10\r\ncontent-length: 20"), Some("connection error")),
        ("negative", head("content-length: -1"), Some("connection error")),
        ("huge", head("content-length: 99999999999999999999999"), Some("connection error")),
        (
            "large head",
            head(&format!("x-filling: {}", "x".repeat(1 << 20))),
            Some("connection error"),
        ),
        (
            "junk behind",
            chunked(&format!("{:x}\r\n{body}\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\njunk", body.len())),
            None,
        ),
        ("bad size", chunked("zz\r\n{}\r\n0\r\n\r\n"), Some("connection error")),
        (
            "no end",
            chunked(&format!("{:x}\r\n{body}\r\n", body.len())).closing(),
            Some("connection error"),
        ),
    ];
    for (name, reply, code) in cases {
        let fixture = fixture(reply).await;
        let answer = fixture.answer(observe(&hs256(), &BOTH)).await;
        match code {
            Some(code) => assert_partial(&answer, code),
            None => assert!(answer.docs("sightings").len() == 2 && answer.is_ok(), "{name}"),
        }
        // Nothing of it is taken for the answer to the next question.
        let next = fixture.answer(observe(&hs256(), &["good.test"])).await;
        assert!(next.is_ok() && next.docs("sightings").len() == 1, "{name}: {next:?}");
    }
}

#[tokio::test]
async fn n08_undocumented_json_is_an_error_beside_the_other_observables() {
    let hit = |id: &str| format!(r#"{{"hits":[{{"id":{id}}}]}}"#);
    let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
    let utf16: Vec<u8> = "{\"hits\":[]}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bodies: [Vec<u8>; 19] = [
        b"".to_vec(),
        b" ".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        b"7".to_vec(),
        br#"{"hits":null}"#.to_vec(),
        br#"{"hits":{}}"#.to_vec(),
        br#"{"hits":[7]}"#.to_vec(),
        br#"{"hits":[],"hits":[]}"#.to_vec(),
        hit("NaN").into_bytes(),
        hit("1e999").into_bytes(),
        hit(&deep).into_bytes(),
        hit(r#""\ud800""#).into_bytes(),
        b"{\"hits\":\xff[]}".to_vec(),
        utf16,
        br#"{"hits":[{"id":"1"}"#.to_vec(),
        br#"{"hits":[]} trailing"#.to_vec(),
        br#"{'hits':[]}"#.to_vec(),
    ];
    for body in bodies {
        let name = String::from_utf8_lossy(&body).into_owned();
        let fixture = fixture(ScriptedResponse::body(200, body)).await;
        let answer = fixture.answer(observe(&hs256(), &BOTH)).await;
        assert_partial(&answer, "unknown");
        assert!(
            answer.message().starts_with("Probe sent an unexpected response"),
            "{name}: {answer:?}"
        );
        assert!(!answer.message().contains(char::is_control), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn n08_byte_order_marks_and_single_bytes_cost_only_themselves() {
    let mut large = padded(MAX_BODY_BYTES - 16);
    large.splice(1..1, *b"\"x\":\"caf\xe9\",");
    for body in [
        [b"\xef\xbb\xbf".as_slice(), one_hit().to_string().as_bytes()].concat(),
        b"{\"name\":\"caf\xe9\",\"hits\":[{\"id\":\"1\"}]}".to_vec(),
        b"\xef\xbb\xbf{\"hits\":[{\"id\":\"\xff\xfe\xc3\"}]}".to_vec(),
        large,
    ] {
        let fixture = fixture(ScriptedResponse::body(200, body)).await;
        let answer = fixture.answer(observe(&hs256(), &BOTH)).await;
        assert!(answer.is_ok() && answer.docs("sightings").len() == 2, "{:?}", answer.codes());
    }
    let binary = ScriptedResponse::body(200, vec![0xff; MAX_BODY_BYTES]);
    assert_partial(&fixture(binary).await.answer(observe(&hs256(), &BOTH)).await, "unknown");
}

#[tokio::test]
async fn n08_unknown_members_are_skipped() {
    let members: String = (0..300_000).map(|number| format!(r#""k{number}":0,"#)).collect();
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let strange = [
        format!(r#"{{{members}"hits":[{{"id":"1"}}]}}"#),
        format!(r#"{{"more":{deep},"hits":[{{"id":"1"}}]}}"#),
        r#"{"more":1e999,"hits":[{"id":"1"}]}"#.to_owned(),
        r#"{"more":1,"more":2,"hits":[{"id":"1","\u0000":"\u0007"}]}"#.to_owned(),
    ];
    for body in strange {
        let fixture = fixture(ScriptedResponse::body(200, body.clone())).await;
        let answer = fixture.answer(observe(&hs256(), &BOTH)).await;
        assert_eq!(answer.docs("sightings").len(), 2, "{}", &body[..40]);
    }
}

#[tokio::test]
async fn n16_a_web_page_is_not_quoted() {
    let page = "\n <!DOCTYPE html><html><title>Sign in</title><body>marked page</body></html>";
    for status in [200, 400, 401, 403, 404, 500, 502] {
        let fixture =
            fixture(ScriptedResponse::body(status, page).with("content-type", "text/html")).await;
        let answer = fixture.answer(observe(&hs256(), &BOTH)).await;
        assert_eq!(answer.codes().len(), 1, "{status}");
        assert!(!answer.text.contains("marked") && !answer.text.contains('<'), "{answer:?}");
    }
}
