//! Files, the processes that run them, and malware that consists of both.

use relay_core::lenient::{List, Object, Text};
use serde::Deserialize;

use super::account::UserAccount;
use crate::path;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct FileEvidence {
    #[serde(rename = "fileDetails")]
    pub(super) details: Object<File>,
}

/// A file: its hashes, name and folder.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct File {
    pub(in crate::alerts) sha256: Text,
    pub(in crate::alerts) sha1: Text,
    pub(in crate::alerts) md5: Text,
    #[serde(rename = "fileName")]
    pub(in crate::alerts) name: Text,
    /// The folder, and sometimes the whole path.
    #[serde(rename = "filePath")]
    pub(in crate::alerts) folder: Text,
}

impl File {
    /// Returns folder and name joined; the folder alone where it ends with the name or there is none.
    pub(in crate::alerts) fn path(&self) -> Option<String> {
        Some(path::joined(self.folder.as_deref()?, self.name.as_deref()))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct Process {
    #[serde(rename = "imageFile")]
    pub(in crate::alerts) image: Object<File>,
    #[serde(rename = "parentProcessImageFile")]
    pub(in crate::alerts) parent: Object<File>,
    /// Whom it ran for.
    #[serde(rename = "userAccount")]
    pub(super) account: Object<UserAccount>,
}

impl Process {
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        [&self.image, &self.parent].into_iter().filter_map(|file| file.as_ref())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct FileHash {
    /// `md5`, `sha1`, `sha256`, `sha256ac`, `unknown`.
    pub(in crate::alerts) algorithm: Text,
    pub(in crate::alerts) value: Text,
}

/// The files and processes of one malware.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::alerts) struct Malware {
    files: List<FileEvidence>,
    processes: List<Process>,
}

impl Malware {
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        let files = self.files.iter().filter_map(|file| file.details.as_ref());
        files.chain(self.processes.iter().flat_map(Process::files))
    }
}
