//! Where links to MISP lead: the list of events that contain a text.

use jiff::Timestamp;
use sandbox::{
    Sandbox,
    misp::{self, Front, Installation},
};

use super::headers;
use crate::client;

/// The titles of the events that a link lists.
async fn titles(sandbox: &Sandbox, text: &str) -> Vec<String> {
    let url = format!("{}/events/index/searchall:{text}", sandbox.url());
    let response = client::get(&url, &headers(misp::API_KEY)).await;
    assert_eq!(response.status, 200, "{text}");
    let events = response.json();
    let events = events.as_array().expect("a list of events").iter();
    events.map(|event| event["info"].as_str().expect("a title").to_owned()).collect()
}

#[tokio::test]
async fn a_link_lists_the_events_with_the_text_behind_both_web_servers() {
    for front in [Front::Nginx, Front::Apache] {
        let installation = Installation::built_in().unwrap().behind(front);
        let sandbox = Sandbox::start_misp(installation, Timestamp::UNIX_EPOCH).await.unwrap();
        for (text, event) in [
            ("nightglass.example", "Nightglass ransomware at a port operator"),
            ("https%3A__kit.mail-portal.example_", "Фишинг"),
            ("Global_NG-7f3a91", "Nightglass"),
            ("2001%3Adb8%3A%3Abad%3A1", "USB worm"),
            ("http%3A__ads.example_%3Fa%3D1%26%26b%3D2", "Weekly"),
            ("discount%20100%25", "Weekly"),
            ("discount+100", "Weekly"),
        ] {
            assert!(titles(&sandbox, text).await[0].starts_with(event), "{text} behind {front:?}");
        }
        assert!(
            titles(&sandbox, "Global%5CNG-7f3a91").await.is_empty(),
            "a backslash takes a meaning away"
        );
    }
}

#[tokio::test]
async fn an_encoded_slash_separates_segments_or_is_refused() {
    let text = "https%3A%2F%2Fkit.mail-portal.example%2F";
    let nginx = Installation::built_in().unwrap();
    let nginx = Sandbox::start_misp(nginx, Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(titles(&nginx, text).await.len() > 1, "every event with \"https:\"");

    let apache = Installation::built_in().unwrap().behind(Front::Apache);
    let apache = Sandbox::start_misp(apache, Timestamp::UNIX_EPOCH).await.unwrap();
    let url = format!("{}/events/index/searchall:{text}", apache.url());
    assert_eq!(client::get(&url, &headers(misp::API_KEY)).await.status, 404);
}

#[tokio::test]
async fn a_browser_is_sent_to_log_in() {
    let sandbox = super::start().await;
    let url = format!("{}/events/index/searchall:bad.example", sandbox.url());
    let response = client::get(&url, &[("accept", "text/html")]).await;
    assert_eq!(response.status, 302);
    assert_eq!(
        response.header("location"),
        Some(format!("{}/users/login", sandbox.url()).as_str())
    );
}
