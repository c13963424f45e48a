//! The questions, as somebody at a terminal meets them.

use std::{
    io::{Read, Write},
    process::Command,
    thread::yield_now,
};

use ptyprocess::{PtyProcess, WaitStatus};

const KEY: &str = "misp-key-that-nobody-may-see";

/// The tool in a terminal that echoes what is typed, as terminals do.
struct Terminal {
    process: PtyProcess,
    stream: ptyprocess::stream::Stream,
    seen: String,
}

impl Terminal {
    fn open(arguments: &str) -> Self {
        let mut command = Command::new("sh");
        let tool = env!("CARGO_BIN_EXE_relayctl");
        command.env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
        command.args(["-c", &format!("stty echo; exec '{tool}' {arguments}")]);
        let process = PtyProcess::spawn(command).unwrap();
        let stream = process.get_pty_stream().unwrap();
        Self { process, stream, seen: String::new() }
    }

    /// Reads on until this stands at the end.
    fn reads(&mut self, text: &str) {
        let mut byte = [0];
        while !self.seen.ends_with(text) {
            self.stream.read_exact(&mut byte).unwrap_or_else(|_| panic!("{}", self.seen));
            self.seen.push(char::from(byte[0]));
        }
    }

    /// Types once the terminal echoes, or once it does not.
    fn types(&mut self, text: &str, with_echo: bool) {
        while self.process.get_echo().unwrap() != with_echo {
            assert!(self.process.is_alive().unwrap(), "{}", self.seen);
            yield_now();
        }
        writeln!(self.stream, "{text}").unwrap();
    }

    /// What was on the screen when the tool had ended, and its exit code.
    fn ends(mut self) -> (String, i32) {
        let mut byte = [0];
        // A closed terminal is an error to its reader.
        while self.stream.read_exact(&mut byte).is_ok() {
            self.seen.push(char::from(byte[0]));
        }
        match self.process.wait().unwrap() {
            WaitStatus::Exited(_, code) => (self.seen, code),
            other => panic!("{other:?}: {}", self.seen),
        }
    }
}

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

#[test]
fn a_terminal_gets_colours_and_no_color_takes_them_away() {
    let screen = |prefix: &str| {
        let terminal = Terminal::open("demo --relay misp");
        drop(terminal);
        let tool = env!("CARGO_BIN_EXE_relayctl");
        let mut command = Command::new("sh");
        command.env_clear().env("TERM", "xterm").env("PATH", "/usr/bin:/bin");
        command.args(["-c", &format!("{prefix} exec '{tool}' demo --relay misp")]);
        let process = PtyProcess::spawn(command).unwrap();
        let stream = process.get_pty_stream().unwrap();
        Terminal { process, stream, seen: String::new() }.ends().0
    };
    let red = "\u{1b}[38;5;9m";
    assert!(screen("").contains(red), "{}", screen(""));
    assert!(!screen("NO_COLOR=1").contains('\u{1b}'), "{}", screen("NO_COLOR=1"));
}
