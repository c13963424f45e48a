//! The tool as somebody at a terminal meets it.

use std::{
    io::{Read, Write},
    process::Command,
    thread::yield_now,
};

use ptyprocess::{PtyProcess, WaitStatus, stream::Stream};

/// A screen that is as high as any answer.
const HEIGHT: u16 = 400;

/// The tool in a terminal that echoes what is typed, as terminals do.
pub(crate) struct Terminal {
    process: PtyProcess,
    stream: Stream,
    seen: Vec<u8>,
}

impl Terminal {
    pub(crate) fn open(arguments: &str) -> Self {
        Self::run(&format!("stty echo; exec \"$TOOL\" {arguments}"))
    }

    /// A terminal of this width; what the tool says beside its results is not shown.
    pub(crate) fn wide(columns: u16, settings: &str, arguments: &str) -> Self {
        // A new terminal gets a usual size at some moment after its start, and then this one.
        let waiting = format!("until [ \"$(stty size)\" = '{HEIGHT} {columns}' ]; do :; done");
        let mut terminal =
            Self::run(&format!("{waiting}; {settings} exec \"$TOOL\" {arguments} 2>/dev/null"));
        terminal.process.set_window_size(columns, HEIGHT).unwrap();
        terminal
    }

    fn run(script: &str) -> Self {
        let mut command = Command::new("sh");
        command.env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
        command.env("TOOL", env!("CARGO_BIN_EXE_relayctl")).args(["-c", script]);
        let process = PtyProcess::spawn(command).unwrap();
        let stream = process.get_pty_stream().unwrap();
        Self { process, stream, seen: Vec::new() }
    }

    /// Reads on until this stands at the end.
    pub(crate) fn reads(&mut self, text: &str) {
        let mut byte = [0];
        while !self.seen.ends_with(text.as_bytes()) {
            self.stream.read_exact(&mut byte).unwrap_or_else(|_| panic!("{}", self.screen()));
            self.seen.push(byte[0]);
        }
    }

    /// Types once the terminal echoes, or once it does not.
    pub(crate) fn types(&mut self, text: &str, with_echo: bool) {
        while self.process.get_echo().unwrap() != with_echo {
            assert!(self.process.is_alive().unwrap(), "{}", self.screen());
            yield_now();
        }
        writeln!(self.stream, "{text}").unwrap();
    }

    /// What was on the screen when the tool had ended, and its exit code.
    pub(crate) fn ends(mut self) -> (String, i32) {
        let mut byte = [0];
        // A closed terminal is an error to its reader.
        while self.stream.read_exact(&mut byte).is_ok() {
            self.seen.push(byte[0]);
        }
        match self.process.wait().unwrap() {
            WaitStatus::Exited(_, code) => (self.screen(), code),
            other => panic!("{other:?}: {}", self.screen()),
        }
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }
}
