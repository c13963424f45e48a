//! The questions, as somebody at a terminal meets them.

use crate::terminal::Terminal;

const KEY: &str = "misp-key-that-nobody-may-see";

#[test]
fn a_secret_is_asked_for_without_echo_and_again_when_it_is_empty() {
    let mut terminal = Terminal::open("token make --relay misp");
    terminal.reads("Auth key: ");
    terminal.types("", false);
    terminal.reads("This claim is required.\r\n");
    terminal.reads("Auth key: ");
    terminal.types(KEY, false);
    terminal.reads("MISP host, empty for none: ");
    terminal.types("https://misp.example", true);
    terminal.reads("urlscan.io API key, empty for none: ");
    terminal.types("", false);
    terminal.reads("Entities limit, empty for none: ");
    terminal.types("many", true);
    terminal.reads("Entities limit must be a whole number.\r\n");
    terminal.reads("Entities limit, empty for none: ");
    terminal.types("25", true);
    let (screen, code) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("The token for MISP:"), "{screen}");
    assert!(screen.contains("https://misp.example"), "what is no secret is echoed: {screen}");
    assert!(!screen.contains(KEY), "{screen}");
}

#[test]
fn a_token_is_asked_for_without_echo() {
    let mut terminal = Terminal::open("token inspect");
    terminal.reads("Token: ");
    terminal.types("eyJhbGciOiJIUzI1NiJ9.eyJrZXkiOiJnZWhlaW0ifQ.AAAA", false);
    let (screen, code) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("[hidden]") && !screen.contains("eyJ"), "{screen}");
}
