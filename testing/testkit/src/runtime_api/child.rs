//! The process of a function, watched until it ends.

use std::{process::ExitStatus, sync::Arc};

use tokio::{
    process::{self, Command},
    sync::{oneshot, watch},
    task::AbortHandle,
};

use super::{
    hub::Hub,
    output::{Output, Stream},
};

#[derive(Debug)]
pub(super) struct Child {
    pid: u32,
    kill: Option<oneshot::Sender<()>>,
    status: watch::Receiver<Option<ExitStatus>>,
    watcher: AbortHandle,
}

impl Child {
    /// Runs the command; its lines go to the output, its end is told to the hub.
    pub(super) fn spawn(command: &mut Command, output: &Output, hub: Arc<Hub>) -> Self {
        let mut process = command.spawn().expect("the program can be run");
        let pid = process.id().expect("a process that nobody waited for has a number");
        output.follow(Stream::Out, process.stdout.take().expect("a pipe"));
        output.follow(Stream::Err, process.stderr.take().expect("a pipe"));
        let (kill, killed) = oneshot::channel();
        let (report, status) = watch::channel(None);
        let watcher = tokio::spawn(async move {
            let status = watch(process, killed).await;
            hub.end(status);
            report.send_replace(Some(status));
        });
        Self { pid, kill: Some(kill), status, watcher: watcher.abort_handle() }
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn kill(&mut self) {
        if let Some(kill) = self.kill.take() {
            // Nobody listens when the process has ended already.
            let _ = kill.send(());
        }
    }

    pub(super) async fn ended(&mut self) -> ExitStatus {
        let ended = self.status.wait_for(Option::is_some).await;
        ended.ok().and_then(|status| *status).expect("the watcher reports before it goes")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // With the watcher goes its hold on the process, which is killed on drop.
        self.watcher.abort();
    }
}

async fn watch(mut process: process::Child, killed: oneshot::Receiver<()>) -> ExitStatus {
    tokio::select! {
        status = process.wait() => return status.expect("a child can be waited for"),
        Ok(()) = killed => process.start_kill().expect("a child can be killed"),
    }
    process.wait().await.expect("a child can be waited for")
}
