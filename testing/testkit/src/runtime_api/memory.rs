//! What a process holds in memory. Source: "proc_pid_status(5)".

use std::{fs, io};

/// Resident memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Now.
    pub resident: u64,
    /// At most since the process began.
    pub peak: u64,
}

impl Memory {
    pub(super) fn of(pid: u32) -> io::Result<Self> {
        Self::read(&fs::read_to_string(format!("/proc/{pid}/status"))?)
    }

    fn read(status: &str) -> io::Result<Self> {
        let field = |name| kibibytes(status, name).ok_or_else(|| missing(name));
        Ok(Self { resident: field("VmRSS:")? * 1024, peak: field("VmHWM:")? * 1024 })
    }
}

/// A process that has ended and was not yet waited for has no such fields.
fn missing(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("the process has no {name}"))
}

fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn both_figures_come_in_bytes() {
        let status = "Name:\tmisp\nVmPeak:\t  900 kB\nVmHWM:\t    12 kB\nVmRSS:\t     8 kB\n";
        assert_eq!(Memory::read(status).unwrap(), Memory { resident: 8192, peak: 12288 });
        assert!(Memory::read("Name:\tmisp\nState:\tZ (zombie)\n").is_err());
    }

    #[test]
    fn this_process_has_memory() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.resident > 100_000 && memory.peak >= memory.resident, "{memory:?}");
    }
}
