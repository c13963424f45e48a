//! What moves while the tool waits: on a terminal, and nowhere else.

use std::sync::Arc;

use axum::{Router, routing::any};
use tokio::sync::Semaphore;

use crate::{
    terminal::Terminal,
    tool::{Server, relayctl, run},
};

#[test]
fn a_terminal_shows_what_is_waited_for_until_it_is_there() {
    let answers = Arc::new(Semaphore::new(0));
    let waiting = answers.clone();
    let answer = move || {
        let waiting = waiting.clone();
        async move {
            waiting.acquire().await.unwrap().forget();
            r#"{"data":{"status":"ok"}}"#
        }
    };
    let server = Server::start(Router::new().fallback(any(answer)));
    let mut terminal = Terminal::open(&format!("call {} health", server.url));
    // The relay answers only after this stands on the screen.
    terminal.reads("Waiting for the relay");
    answers.add_permits(2);
    let (screen, code) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("\u{1b}[2K"), "the line is cleared: {screen:?}");
    assert!(screen.contains("Status: ok"), "{screen}");
    let piped = run(&mut relayctl(&["call", &server.url, "health"])).done();
    assert_eq!(piped.err, "");
    assert!(!piped.out.contains('\u{1b}') && !piped.out.contains("Waiting"), "{piped:?}");
}
