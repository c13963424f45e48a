//! What a process holds of the system. Source: "proc(5)".

use std::{fs, io};

use super::Memory;

/// Memory, open files and threads of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory.
    pub memory: Memory,
    /// Open descriptors: files, pipes, sockets.
    pub descriptors: usize,
    /// Threads.
    pub threads: usize,
}

impl Usage {
    pub(super) fn of(pid: u32) -> io::Result<Self> {
        let entries =
            |name| Ok::<_, io::Error>(fs::read_dir(format!("/proc/{pid}/{name}"))?.count());
        Ok(Self {
            memory: Memory::of(pid)?,
            descriptors: entries("fd")?,
            threads: entries("task")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Usage;

    #[test]
    fn a_process_has_at_least_its_three_streams_and_one_thread() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.descriptors >= 3 && usage.threads >= 1, "{usage:?}");
        assert!(Usage::of(u32::MAX).is_err());
    }
}
