//! The processor of a function of some size: Lambda gives one of 1,769 MB a whole one, and others
//! their share, but for the start, which has a whole one too.
//!
//! Source: AWS Lambda developer guide, "Configure Lambda function memory". Needs Linux and the right
//! to make control groups.

use std::{
    fs, io,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::Outcome;

/// The memory that brings a whole processor.
const WHOLE_PROCESSOR_MB: u64 = 1769;
/// How often the share is given anew, in microseconds.
const PERIOD: u64 = 20_000;
/// How many groups were made. Each has a name of its own, because an earlier one may still hold a process
/// that is about to end.
static GROUPS: AtomicUsize = AtomicUsize::new(0);

/// Limits processes to the processor of a function of this size, until it is dropped.
pub(super) struct Quota(PathBuf);

impl Quota {
    pub(super) fn of(memory_mb: u64) -> Outcome<Self> {
        let make = || -> io::Result<PathBuf> {
            let share = (PERIOD * memory_mb / WHOLE_PROCESSOR_MB).to_string();
            let number = GROUPS.fetch_add(1, Ordering::Relaxed);
            let name = format!("threat-relays-bench-{}-{number}", std::process::id());
            let first_version = PathBuf::from("/sys/fs/cgroup/cpu");
            if first_version.is_dir() {
                let group = first_version.join(name);
                fs::create_dir(&group)?;
                fs::write(group.join("cpu.cfs_period_us"), PERIOD.to_string())?;
                fs::write(group.join("cpu.cfs_quota_us"), share)?;
                return Ok(group);
            }
            let group = PathBuf::from("/sys/fs/cgroup").join(name);
            fs::create_dir(&group)?;
            fs::write(group.join("cpu.max"), format!("{share} {PERIOD}"))?;
            Ok(group)
        };
        let group = make().map_err(|error| format!("no control group can be made: {error}"))?;
        Ok(Self(group))
    }

    pub(super) fn apply(&self, pid: u32) -> Outcome {
        Ok(fs::write(self.0.join("cgroup.procs"), pid.to_string())?)
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // A group with a process that is about to end stays; it limits nobody else.
        let _ = fs::remove_dir(&self.0);
    }
}
