//! What happened in an event, in words: titles, descriptions and tags.
//! Specification: docs/relays/qualys-ioc.md#texts.

use relay_core::ctim::{LongText, MediumText, ShortText};

use super::vocabulary::{self, Kind};
use crate::client::{Event, Network, Process, Score, Verdict};

/// What most descriptions take at most.
const USUAL_DESCRIPTION_BYTES: usize = 1000;

/// Returns the text unless it is blank.
fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// Whether a text is printable ASCII without back-ticks. Looks at every byte, because that takes many at
/// once where stopping at the first would take one.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) & (byte != b'`');
    text.bytes().fold(true, |all, byte| all & is_plain(byte))
}

/// What the sighting and the indicator of an event both say.
pub(super) struct Words<'a> {
    pub(super) title: ShortText,
    pub(super) description: Option<LongText>,
    threat: Option<&'a str>,
}

impl<'a> Words<'a> {
    pub(super) fn of(event: &'a Event) -> Self {
        let [threat, family] = threat(event);
        let description = description(event, threat, family);
        Self { title: title(event, threat), description, threat }
    }

    /// Returns the title and the short description of the event's indicator: the name of the threat and
    /// what happened, or what happened alone.
    pub(super) fn of_indicator(&self) -> (ShortText, Option<MediumText>) {
        match self.threat {
            Some(threat) => (threat.into(), Some(self.title.as_str().into())),
            None => (self.title.clone(), None),
        }
    }
}

/// Returns what happened in one line, such as `Malicious file drop.exe created (Win32.Trojan.Dridex)`.
fn title(event: &Event, threat: Option<&str>) -> ShortText {
    let action = present(event.action.as_deref()).map(vocabulary::verb);
    let threat = threat.map(|threat| ["(", threat, ")"].concat());
    let mut words = Vec::with_capacity(8);
    words.extend(event.score.and_then(vocabulary::band));
    add_subject(&mut words, event);
    words.extend(action.as_deref());
    words.extend(threat.as_deref());
    capitalised(words.join(" ")).into()
}

/// Adds what the event is about, such as `file drop.exe`.
fn add_subject<'a>(words: &mut Vec<&'a str>, event: &'a Event) {
    let process = event.process.as_ref().and_then(process_name);
    let (noun, name) = match vocabulary::kind(event) {
        Kind::File => ("file", file_name(event)),
        Kind::Process => ("process", process),
        Kind::Network => return add_connection(words, event),
        Kind::Mutex => ("mutex", event.handle.as_ref().and_then(|mutex| mutex.name.as_deref())),
        Kind::Registry => {
            ("registry key", event.registry.as_ref().and_then(|registry| registry.key.as_deref()))
        }
        Kind::Other(kind) => {
            words.extend([kind, "event"]);
            return add_with(words, "about", present(file_name(event)).or(process));
        }
        Kind::Unknown => return words.push("Qualys IOC event"),
    };
    words.push(noun);
    words.extend(present(name));
}

fn add_connection<'a>(words: &mut Vec<&'a str>, event: &'a Event) {
    let network = event.network.as_ref();
    let process = event.process.as_ref().and_then(process_name);
    let local = || network.and_then(|network| present(network.local_ip.as_deref()));
    words.push("connection");
    add_with(words, "from", process.or_else(local));
    add_with(words, "to", network.and_then(peer));
}

/// Adds a name and the word before it, if there is one.
fn add_with<'a>(words: &mut Vec<&'a str>, before: &'a str, name: Option<&'a str>) {
    words.extend(name.into_iter().flat_map(|name| [before, name]));
}

fn file_name(event: &Event) -> Option<&str> {
    let file = event.file.as_ref()?;
    present(file.file_name.as_deref()).or(file.full_path.as_deref())
}

fn process_name(process: &Process) -> Option<&str> {
    present(process.process_name.as_deref()).or(present(process.full_path.as_deref()))
}

/// Returns the other end: its name, or else its address.
fn peer(network: &Network) -> Option<&str> {
    present(network.remote_dns.as_deref()).or(present(network.remote_ip.as_deref()))
}

/// Returns the name and the family of the threat that the worst verdict names.
fn threat(event: &Event) -> [Option<&str>; 2] {
    let verdicts = event.verdicts.iter().flatten();
    let named = verdicts.filter(|verdict| present(verdict.threat_name.as_deref()).is_some());
    let worst = named.min_by_key(|verdict| vocabulary::rank(verdict.verdict.as_deref()));
    let text =
        |of: fn(&Verdict) -> Option<&str>| worst.and_then(of).and_then(|it| present(Some(it)));
    [text(|verdict| verdict.threat_name.as_deref()), text(|verdict| verdict.family_name.as_deref())]
}

/// Returns the facts of an event as a list in Markdown, each as code.
fn description(event: &Event, threat: Option<&str>, family: Option<&str>) -> Option<LongText> {
    let verdicts = event.verdicts.iter().flatten();
    let verdicts: Vec<_> =
        verdicts.filter_map(|verdict| present(verdict.verdict.as_deref())).collect();
    let file = event.file.as_ref();
    let process = event.process.as_ref();
    let registry = event.registry.as_ref();
    let actor = event.actor.as_ref();
    let mut facts = Facts(String::with_capacity(USUAL_DESCRIPTION_BYTES));
    facts.add("Threat", threat);
    facts.add("Family", family);
    facts.add("Verdict", Some(&verdicts.join(", ")));
    facts.add("Score", score(event.score).as_deref());
    facts.add("Event", event.kind.as_deref());
    facts.add("Action", event.action.as_deref());
    facts.add("File", file.and_then(|it| it.full_path.as_deref().or(it.file_name.as_deref())));
    facts.add("Process", process.and_then(|it| it.full_path.as_deref().or(process_name(it))));
    facts.add("Arguments", process.and_then(|process| process.arguments.as_deref()));
    facts.add("User", process.and_then(|process| process.user_name.as_deref()));
    facts.add("Connection", event.network.as_ref().and_then(ends).as_deref());
    facts.add("Mutex", event.handle.as_ref().and_then(|mutex| mutex.name.as_deref()));
    facts.add("Registry key", registry.and_then(|registry| registry.key.as_deref()));
    facts.add("Registry data", registry.and_then(|registry| registry.data.as_deref()));
    let by = actor.and_then(|it| it.image_full_path.as_deref().or(it.process_name.as_deref()));
    facts.add("Done by", by);
    LongText::present(Some(facts.0))
}

/// A list in Markdown.
struct Facts(String);

impl Facts {
    /// Adds a fact unless it is blank.
    fn add(&mut self, label: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        // A back-tick or a new line would end the Markdown code that holds the text.
        let ends_code = |letter: char| letter == '`' || letter.is_control();
        if text.chars().all(|letter| ends_code(letter) || letter.is_whitespace()) {
            return;
        }
        let begin = if self.0.is_empty() { "- " } else { "\n- " };
        [begin, label, ": `"].iter().for_each(|part| self.0.push_str(part));
        if is_plain(text) {
            self.0.push_str(text);
        } else {
            let letters = text.chars().filter(|letter| *letter != '`');
            self.0.extend(letters.map(|letter| if letter.is_control() { ' ' } else { letter }));
        }
        self.0.push('`');
    }
}

fn score(score: Option<Score>) -> Option<String> {
    match score? {
        Score::Known(score) => Some(format!("{score} of 10")),
        Score::Other => None,
    }
}

/// Returns both ends of a connection, such as `TCP 10.20.30.47:51544 to c2.bad.example 203.0.113.77:443`.
fn ends(network: &Network) -> Option<String> {
    let end = |ip: Option<&str>, port: Option<i64>| {
        let ip = present(ip)?;
        Some(match port {
            Some(port) if ip.contains(':') => format!("{ip} port {port}"),
            Some(port) => format!("{ip}:{port}"),
            None => ip.to_owned(),
        })
    };
    let local = end(network.local_ip.as_deref(), *network.local_port);
    let remote = [
        present(network.remote_dns.as_deref()).map(str::to_owned),
        end(network.remote_ip.as_deref(), *network.remote_port),
    ];
    let remote = remote.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let to = (!remote.is_empty()).then(|| format!("to {remote}"));
    let protocol = present(network.protocol.as_deref()).map(str::to_owned);
    let words: Vec<_> = [protocol, local, to].into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Returns the threats and families that the verdicts name, each once.
pub(super) fn tags(event: &Event) -> Vec<ShortText> {
    let verdicts = event.verdicts.iter().flatten();
    let names = verdicts.flat_map(|it| [it.threat_name.as_deref(), it.family_name.as_deref()]);
    let mut tags = Vec::new();
    for tag in names.filter_map(present).map(ShortText::from) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

/// Returns the text as one line that begins with a capital letter.
fn capitalised(text: String) -> String {
    let mut line = if is_plain(&text) { text } else { text.replace(char::is_control, " ") };
    if let Some(first) = line.get_mut(..1) {
        first.make_ascii_uppercase();
        return line;
    }
    let mut letters = line.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.collect::<String>() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_title_says_what_happened() {
        let check = |json: &str, expected: &str| {
            assert_eq!(Words::of(&event(json)).title.as_str(), expected, "{json}");
        };
        check(
            r#"{"type":"FILE","action":"CREATED","score":8,"file":{"fileName":"drop.exe"},
                "indicator2":[{"verdict":"MALICIOUS","threatName":"Win32.Trojan.Dridex"}]}"#,
            "Malicious file drop.exe created (Win32.Trojan.Dridex)",
        );
        check(
            r#"{"type":"NETWORK","action":"ESTABLISHED","score":10,"process":{"processName":"a.exe"},
                "network":{"remoteIP":"203.0.113.77","remoteDns":"c2.bad.example"}}"#,
            "Malicious connection from a.exe to c2.bad.example established",
        );
        check(
            r#"{"type":"NETWORK","network":{"localIP":"10.0.0.1","remoteIP":"203.0.113.77"}}"#,
            "Connection from 10.0.0.1 to 203.0.113.77",
        );
        check(r#"{"type":"MUTEX","score":7,"handle":{"name":"x"}}"#, "Suspicious mutex x");
        check(
            r#"{"type":"REGISTRY","action":"WRITE","registry":{"key":"HKLM\\Run"}}"#,
            "Registry key HKLM\\Run written",
        );
        check(
            r#"{"type":"AMSI","score":2,"file":{"fileName":"a.ps1"}}"#,
            "Suspicious AMSI event about a.ps1",
        );
        check(r#"{"score":9,"process":{"fullPath":"/bin/a"}}"#, "Malicious process /bin/a");
        check(r#"{"score":0,"type":"file"}"#, "Known good file");
        check(r#"{"type":"FILE","file":{"fileName":" "},"action":" "}"#, "File");
        check("{}", "Qualys IOC event");
        check(r#"{"type":"\u00e4","action":"A_\tB"}"#, "\u{c4} event a  b");
    }

    #[test]
    fn the_worst_verdict_names_the_threat() {
        let event = event(
            r#"{"type":"FILE","indicator2":[null,{"verdict":"UNKNOWN","threatName":"a"},
                {"verdict":"suspicious","threatName":"b","familyName":"B"},
                {"verdict":"MALICIOUS","threatName":" "},
                {"verdict":"REMEDIATED","threatName":"c","familyName":"C"},
                {"verdict":"MALICIOUS","threatName":"d","familyName":"B"}]}"#,
        );
        assert_eq!(threat(&event), [Some("c"), Some("C")]);
        let words = Words::of(&event);
        assert_eq!(words.of_indicator(), ("c".into(), Some(words.title.as_str().into())));
        let tags: Vec<_> = tags(&event).iter().map(|tag| tag.as_str().to_owned()).collect();
        assert_eq!(tags, ["a", "b", "B", "c", "C", "d"]);
    }

    #[test]
    fn a_description_lists_the_facts() {
        let event = event(
            r#"{"type":"NETWORK","score":"10","process":{"processName":"a.exe","fullPath":" ",
                "arguments":"-q `x`\n-y"},"network":{"protocol":"TCP","localIP":"2001:db8::1",
                "localPort":1,"remoteIP":"203.0.113.77","remotePort":443,"remoteDns":"b.example"},
                "actor":{"processName":"winword.exe"}}"#,
        );
        let expected = "- Score: `10 of 10`\n- Event: `NETWORK`\n- Arguments: `-q x -y`\n\
            - Connection: `TCP 2001:db8::1 port 1 to b.example 203.0.113.77:443`\n\
            - Done by: `winword.exe`";
        assert_eq!(Words::of(&event).description.unwrap().as_str(), expected);
        assert_eq!(Words::of(&super::tests::event("{}")).description, None);
    }
}
