//! What happened, in words: an event's title and description.
//! docs/relays/defender-atp.md#event-to-sighting

use microsoft::defender::DeviceEvent;
use relay_core::{
    ctim::{LongText, ShortText},
    lenient::Text,
    url::host_of,
};

/// What most descriptions take at most.
const USUAL_BYTES: usize = 512;

/// An event in words.
pub(super) struct EventText<'a> {
    event: &'a DeviceEvent,
    /// Who did it: the process, else the device.
    subject: &'a str,
    /// What was done, and to what.
    deed: String,
}

impl<'a> EventText<'a> {
    /// `is_network`: whether the event was found by the other end of a connection, not by a file.
    pub(super) fn new(event: &'a DeviceEvent, is_network: bool) -> Self {
        let object = if is_network { peer(event) } else { file(event) };
        let process = event.initiating_process_file_name.as_deref();
        let subject = process.or(event.device_name.as_deref()).unwrap_or("A process");
        let deed = deed(event, object.as_deref());
        Self { event, subject, deed }
    }

    /// `powershell.exe connected to 203.0.113.77:443`.
    pub(super) fn title(&self) -> ShortText {
        [self.subject, " ", &self.deed].concat().into()
    }

    /// The same with device, account, parent and command lines; none where nothing is to be added.
    pub(super) fn description(&self) -> Option<LongText> {
        let Self { event, subject, deed } = self;
        let mut text = String::with_capacity(USUAL_BYTES);
        if let Some(device) = event.device_name.as_deref().filter(|device| device != subject) {
            text.extend(["On ", device, ", "]);
        }
        text.push_str(subject);
        self.add_around(&mut text);
        text.extend([" ", deed]);
        if let Some(protocol) = event.protocol.as_deref() {
            text.extend([" over ", protocol]);
        }
        text.push('.');
        let file = event.file_name.as_deref().unwrap_or("the started process");
        let full_url = event.remote_url.as_deref().filter(|url| url.contains('/'));
        for (name, of, value) in [
            ("URL", "", full_url),
            ("Path", "", event.folder_path.as_deref()),
            ("Command line of ", subject, event.initiating_process_command_line.as_deref()),
            ("Command line of ", file, event.process_command_line.as_deref()),
        ] {
            if let Some(value) = value {
                text.extend(["\n\n", name, of, ": ", value]);
            }
        }
        let adds = text.len() > subject.len() + deed.len() + " .".len();
        adds.then(|| text.into())
    }

    /// For whom the process ran, and what had started it.
    fn add_around(&self, text: &mut String) {
        let event = self.event;
        let account = event.initiating_process_account_name.as_deref();
        let parent = event.initiating_process_parent_file_name.as_deref();
        match (account, parent) {
            (Some(account), Some(parent)) => {
                text.extend([" (account ", account, ", started by ", parent, ")"]);
            }
            (Some(account), None) => text.extend([" (account ", account, ")"]),
            (None, Some(parent)) => text.extend([" (started by ", parent, ")"]),
            (None, None) => {}
        }
    }
}

/// What the subject did, by the event's `ActionType`. A word that is not known stands as it is.
fn deed(event: &DeviceEvent, object: Option<&str>) -> String {
    let action = event.action_type.as_deref().unwrap_or("Event");
    // An aggregated report tells of several equal events.
    let action = action.strip_suffix("AggregatedReport").unwrap_or(action);
    if let Some(name) = event.queried_name.as_deref() {
        return format!("looked up {name} in DNS");
    }
    let verb = match action {
        "ConnectionSuccess" | "SslConnectionInspected" | "HttpConnectionInspected" => {
            "connected to"
        }
        "ConnectionRequest" | "ConnectionAttempt" => "tried to connect to",
        "ConnectionFailed" => "failed to connect to",
        "ConnectionFound" | "ConnectionAcknowledged" => "was connected to",
        "InboundConnectionAccepted" => "accepted a connection from",
        "InboundInternetScanInspected" => "was scanned from the internet by",
        "ListeningConnectionCreated" => "began to listen for connections of",
        "NetworkSignatureInspected" => "exchanged data with",
        "ExploitGuardNetworkProtectionBlocked" => "was kept from connecting to",
        "FileCreated" => "created",
        "FileModified" => "changed",
        "FileDeleted" => "deleted",
        "FileRenamed" => return renamed(&event.previous_file_name, object),
        "ProcessCreated" => "started",
        "AntivirusDetection" => return detected(&event.threat_name, object),
        other => return other_deed(other, object),
    };
    [verb, " ", object.unwrap_or("something that the event does not name")].concat()
}

fn renamed(previous: &Text, object: Option<&str>) -> String {
    match (previous.as_deref(), object) {
        (Some(previous), Some(file)) => format!("renamed {previous} to {file}"),
        (Some(file), None) | (None, Some(file)) => format!("renamed {file}"),
        (None, None) => "renamed a file".to_owned(),
    }
}

fn detected(threat: &Text, object: Option<&str>) -> String {
    let (threat, file) = (threat.as_deref().unwrap_or("a threat"), object.unwrap_or("a file"));
    format!("had {threat} detected in {file} by antivirus")
}

fn other_deed(action: &str, object: Option<&str>) -> String {
    object.map_or_else(|| action.to_owned(), |object| format!("{action}: {object}"))
}

/// The other end of a connection: `203.0.113.77:443 (bad.example)`, or the name alone.
fn peer(event: &DeviceEvent) -> Option<String> {
    let url = event.remote_url.as_deref().or(event.server_name.as_deref());
    let name = url.and_then(host_of);
    let Some(address) = event.remote_ip.as_deref() else {
        return name.map(|name| with_port(name, &event.remote_port));
    };
    let ends = with_port(address, &event.remote_port);
    Some(match name.filter(|name| *name != address) {
        Some(name) => [&ends, " (", name, ")"].concat(),
        None => ends,
    })
}

/// `203.0.113.77:443`; behind the colons of IPv6 a port needs a word.
fn with_port(host: &str, port: &Text) -> String {
    match port.as_deref() {
        Some(port) if host.contains(':') => [host, " port ", port].concat(),
        Some(port) => [host, ":", port].concat(),
        None => host.to_owned(),
    }
}

/// The file's name, else its path, else a hash of it.
fn file(event: &DeviceEvent) -> Option<String> {
    let names = [&event.file_name, &event.folder_path, &event.sha256, &event.sha1, &event.md5];
    names.into_iter().find_map(|name| name.as_deref().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(is_network: bool, members: Value, title: &str, description: &str) {
        let event: DeviceEvent = serde_json::from_str(&members.to_string()).unwrap();
        let text = EventText::new(&event, is_network);
        assert_eq!(text.title().as_str(), title);
        assert_eq!(text.description().unwrap().as_str(), description);
    }

    fn title(is_network: bool, members: Value) -> String {
        let event: DeviceEvent = serde_json::from_str(&members.to_string()).unwrap();
        EventText::new(&event, is_network).title().as_str().to_owned()
    }

    #[test]
    fn a_connection_names_both_ends_and_the_command_line() {
        check(
            true,
            json!({
                "ActionType": "ConnectionSuccess",
                "DeviceName": "ws-204.contoso.example",
                "RemoteIP": "203.0.113.77",
                "RemotePort": 443,
                "RemoteUrl": "https://bad.example/stage2",
                "Protocol": "Tcp",
                "InitiatingProcessFileName": "powershell.exe",
                "InitiatingProcessAccountName": "mara",
                "InitiatingProcessParentFileName": "winword.exe",
                "InitiatingProcessCommandLine": "powershell -enc SQBFAFgA",
            }),
            "powershell.exe connected to 203.0.113.77:443 (bad.example)",
            "On ws-204.contoso.example, powershell.exe (account mara, started by winword.exe) connected to 203.0.113.77:443 (bad.example) over Tcp.\n\nURL: https://bad.example/stage2\n\nCommand line of powershell.exe: powershell -enc SQBFAFgA",
        );
    }

    #[test]
    fn a_process_shows_both_command_lines() {
        check(
            false,
            json!({
                "ActionType": "ProcessCreated",
                "DeviceName": "ws-204",
                "FileName": "updater.exe",
                "ProcessCommandLine": "updater.exe /q",
                "InitiatingProcessFileName": "explorer.exe",
                "InitiatingProcessCommandLine": "explorer.exe",
            }),
            "explorer.exe started updater.exe",
            "On ws-204, explorer.exe started updater.exe.\n\nCommand line of explorer.exe: explorer.exe\n\nCommand line of updater.exe: updater.exe /q",
        );
    }

    #[test]
    fn peers_are_addresses_with_ports_or_names() {
        let check = |members: Value, expected: &str| {
            let mut event = json!({"ActionType": "ConnectionFailed"});
            event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            assert_eq!(title(true, event), format!("A process failed to connect to {expected}"));
        };
        check(json!({"RemoteIP": "203.0.113.77", "RemotePort": 443}), "203.0.113.77:443");
        check(json!({"RemoteIP": "2001:db8::1", "RemotePort": 443}), "2001:db8::1 port 443");
        check(json!({"RemoteIP": "2001:db8::1"}), "2001:db8::1");
        check(json!({"RemoteUrl": "bad.example", "RemotePort": 80}), "bad.example:80");
        check(json!({"ServerName": "bad.example"}), "bad.example");
        check(json!({"RemoteIP": "203.0.113.77", "RemoteUrl": "203.0.113.77"}), "203.0.113.77");
        check(json!({}), "something that the event does not name");
    }

    #[test]
    fn what_happened_to_a_file_is_said() {
        let check = |members: Value, expected: &str| assert_eq!(title(false, members), expected);
        check(
            json!({"ActionType": "FileRenamed", "PreviousFileName": "a.tmp", "FileName": "a.exe"}),
            "A process renamed a.tmp to a.exe",
        );
        check(
            json!({"ActionType": "AntivirusDetection", "DeviceName": "ws-204", "FileName": "a.exe",
                "ThreatName": "Trojan:Win32/Sample"}),
            "ws-204 had Trojan:Win32/Sample detected in a.exe by antivirus",
        );
        check(
            json!({"ActionType": "FileCreatedAggregatedReport", "SHA1": "36b3"}),
            "A process created 36b3",
        );
        check(
            json!({"ActionType": "AsrOfficeChildProcessBlocked", "FileName": "cmd.exe",
                "InitiatingProcessFileName": "winword.exe"}),
            "winword.exe AsrOfficeChildProcessBlocked: cmd.exe",
        );
        check(json!({}), "A process Event");
        let bare = serde_json::from_str(r#"{"ActionType": "FileCreated", "FileName": "a.exe"}"#);
        assert_eq!(EventText::new(&bare.unwrap(), false).description(), None);
    }
}
