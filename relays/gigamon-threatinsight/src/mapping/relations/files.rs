//! Relations of files in the traffic: who has them from whom.

use relay_core::{
    Observable,
    ObservableType::{FileName, Md5, Sha1, Sha256},
    ctim::RelationName::{DownloadedFrom, DownloadedTo, RelatedTo, UploadedFrom, UploadedTo},
    lenient::Text,
};

use super::Traffic;
use crate::client::{Event, File};

/// Which way files go.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    /// To the end that the traffic came from.
    ToSource,
    FromSource,
    Unknown,
}

/// Returns the direction of an FTP command (RFC 959): a client retrieves files or stores them.
pub(super) fn direction_of_command(event: &Event) -> Direction {
    match event.command.as_deref().unwrap_or_default().to_ascii_uppercase().as_str() {
        "RETR" => Direction::ToSource,
        "STOR" | "STOU" | "APPE" => Direction::FromSource,
        _ => Direction::Unknown,
    }
}

/// Returns the direction of Zeek's action of SMB: a client reads files or writes them.
pub(super) fn direction_of_action(event: &Event) -> Direction {
    let action = event.action.as_deref().unwrap_or_default().to_ascii_uppercase();
    match action.rsplit("::").next() {
        Some("FILE_READ" | "PIPE_READ" | "PRINT_READ") => Direction::ToSource,
        Some("FILE_WRITE" | "PIPE_WRITE" | "PRINT_WRITE") => Direction::FromSource,
        _ => Direction::Unknown,
    }
}

impl Traffic {
    /// Adds the hashes of an HTTP request's files; without a method nothing is known of them.
    pub(super) fn add_requested_files(&mut self, event: &Event) {
        let Some(method) = event.method.as_deref() else { return };
        let is_get = method.eq_ignore_ascii_case("GET");
        let direction = if is_get { Direction::ToSource } else { Direction::FromSource };
        let hashes = event.files.iter().flatten().flat_map(hashes).collect();
        self.add_transfer(direction, hashes);
    }

    /// Adds the files of a transfer: their hashes, or the name of a file without one.
    pub(super) fn add_files(&mut self, direction: Direction, event: &Event) {
        let observables = |file| {
            let hashes: Vec<_> = hashes(file).collect();
            let name = || Observable::present(FileName, file.name.as_deref());
            if hashes.is_empty() { name().into_iter().collect() } else { hashes }
        };
        let files = event.files.iter().flatten().chain(event.file.iter());
        self.add_transfer(direction, files.flat_map(observables).collect());
    }

    pub(super) fn add_transfer(&mut self, direction: Direction, observables: Vec<Observable>) {
        let (at_source, at_destination) = match direction {
            Direction::ToSource => (DownloadedTo, DownloadedFrom),
            Direction::FromSource => (UploadedFrom, UploadedTo),
            Direction::Unknown => (RelatedTo, RelatedTo),
        };
        observables.iter().for_each(|one| self.at_source(Some(one.clone()), at_source));
        observables.into_iter().for_each(|one| self.at_destination(Some(one), at_destination));
    }
}

fn hashes(file: &File) -> impl Iterator<Item = Observable> + use<> {
    let hash = |kind, value: &Text| Observable::present(kind, value.as_deref());
    [hash(Md5, &file.md5), hash(Sha1, &file.sha1), hash(Sha256, &file.sha256)].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{UP, address, check, event};

    const MD5: &str = "5d41c2b3a4958677f0e1d2c3b4a59687";
    const SHA1: &str = "36b3a1d0e5f4c2b7a8d9e0f1a2b3c4d5e6f7a8b9";
    const SHA256: &str = "9f0b3a7ce1d24586b7f0c1de5a2934876d10fb82ce4490a35617d8e2b3c4f5a6";

    #[test]
    fn http_files_go_where_the_method_says() {
        let files = json!([{"md5": MD5, "sha1": SHA1}, {"sha256": SHA256, "md5": "no hash"}]);
        let with = |method: Value| event("http", json!({"method": method, "files": files}));
        let down = [
            UP,
            (MD5, "Downloaded_To", "10.20.30.47"),
            (SHA1, "Downloaded_To", "10.20.30.47"),
            (SHA256, "Downloaded_To", "10.20.30.47"),
            (MD5, "Downloaded_From", "203.0.113.77"),
            (SHA1, "Downloaded_From", "203.0.113.77"),
            (SHA256, "Downloaded_From", "203.0.113.77"),
        ];
        let up = [
            UP,
            (MD5, "Uploaded_From", "10.20.30.47"),
            (SHA1, "Uploaded_From", "10.20.30.47"),
            (SHA256, "Uploaded_From", "10.20.30.47"),
            (MD5, "Uploaded_To", "203.0.113.77"),
            (SHA1, "Uploaded_To", "203.0.113.77"),
            (SHA256, "Uploaded_To", "203.0.113.77"),
        ];
        check(address(), with(json!("get")), &down);
        check(address(), with(json!("PUT")), &up);
        check(address(), with(json!(null)), &[UP]);
    }

    fn check_transfer(kind: &str, more: Value, [at_source, at_destination]: [&str; 2]) {
        let mut more = more;
        more["files"] = json!([{"name": "a.exe", "sha256": SHA256}, {"name": "b.exe"}, {}]);
        check(
            address(),
            event(kind, more),
            &[
                UP,
                (SHA256, at_source, "10.20.30.47"),
                ("b.exe", at_source, "10.20.30.47"),
                (SHA256, at_destination, "203.0.113.77"),
                ("b.exe", at_destination, "203.0.113.77"),
            ],
        );
    }

    #[test]
    fn transferred_files_go_where_the_protocol_says() {
        let down = ["Downloaded_To", "Downloaded_From"];
        let up = ["Uploaded_From", "Uploaded_To"];
        let unknown = ["Related_To"; 2];
        for (command, words) in [
            (json!("RETR"), down),
            (json!("retr"), down),
            (json!("STOR"), up),
            (json!("STOU"), up),
            (json!("APPE"), up),
            (json!("PASV"), unknown),
            (json!(null), unknown),
        ] {
            check_transfer("ftp", json!({"command": command}), words);
        }
        for (action, words) in [
            (json!("SMB::FILE_READ"), down),
            (json!("SMB::FILE_WRITE"), up),
            (json!("file_write"), up),
            (json!("SMB::FILE_OPEN"), unknown),
            (json!(null), unknown),
        ] {
            check_transfer("smb_file", json!({"action": action}), words);
        }
        check_transfer("SMTP", json!({"from": "a@bad.example"}), up);
        check_transfer("tftp", json!({"command": "RETR"}), unknown);
    }

    #[test]
    fn the_direction_of_a_program_is_not_known() {
        let program = json!({"file": {"md5": MD5, "sha1": "no hash", "sha256": SHA256}});
        check(
            address(),
            event("pe", program),
            &[
                UP,
                (MD5, "Related_To", "10.20.30.47"),
                (SHA256, "Related_To", "10.20.30.47"),
                (MD5, "Related_To", "203.0.113.77"),
                (SHA256, "Related_To", "203.0.113.77"),
            ],
        );
    }
}
