//! Moto, a simulator of AWS, started for one test.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use relay_core::Environment;

/// A running `moto_server`, found by the variable `MOTO_SERVER`.
pub(crate) struct Moto {
    pub(crate) url: String,
    child: Child,
}

impl Moto {
    pub(crate) fn start() -> Self {
        let environment = Environment::of_process();
        let program = environment.text("MOTO_SERVER").expect("MOTO_SERVER names moto_server");
        let mut child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto_server can be started");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let running = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, url) = line.split_once("Running on ")?;
            url.split_whitespace().next().map(str::to_owned)
        });
        // Nobody else reads what it logs, and a full pipe would stop it.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { url: running.expect("moto_server says where it runs"), child }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
