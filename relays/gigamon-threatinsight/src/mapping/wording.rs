//! What happened in an event, in words: titles and descriptions.
//! Specification: docs/relays/gigamon-threatinsight.md#texts.

use relay_core::{
    ctim::{LongText, MediumText, ShortText},
    lenient::Text,
};

use super::{DatedEvent, Mapper, vocabulary};
use crate::client::{Event, Lease, Rule, Side};

impl Mapper<'_> {
    /// Returns the name of the rule, of the signature or of the observation, or else what happened.
    pub(super) fn title(&self, event: &DatedEvent) -> ShortText {
        named(event).map_or_else(|| self.happened(event).into(), ShortText::from)
    }

    /// Returns the facts of an event as a list in Markdown, each as code; what happened comes first
    /// where the title does not say it.
    pub(super) fn description(&self, event: &DatedEvent) -> Option<LongText> {
        let signature = event.event.signature();
        let title = named(event);
        let happened = title.as_ref().map(|_| self.happened(event));
        let is_new = |text: &&str| title.as_deref() != Some(text.trim());
        let lines = [
            line("Happened", happened.as_deref()),
            line("Detection", event.is_detection().then_some(event.uuid.as_str())),
            line("Event", event_type(&event.event).as_deref()),
            line("Signature", signature.name.filter(is_new)),
            line("Category", signature.category),
            line("Observation", event.event.title.as_deref().filter(is_new)),
            line("Description", event.event.description.as_deref()),
            line("User agent", event.event.user_agent.as_deref()),
            line("Sensor", event.event.sensor()),
        ];
        LongText::present(Some(lines.into_iter().flatten().collect::<Vec<_>>().join("\n")))
    }

    /// Returns what the sensor saw in one line, such as
    /// `DNS query for c2.bad.example by fin-lt-07 (10.20.30.47)`.
    fn happened(&self, dated: &DatedEvent) -> String {
        let event = &dated.event;
        let source = self.end(&event.source(), dated);
        let destination = self.end(&event.destination(), dated);
        if dated.is_detection() {
            return joined("Detection", [("on", source)]);
        }
        let to = |what: &str| joined(what, [("to", destination.clone()), ("by", source.clone())]);
        let between =
            |what: &str| joined(what, [("from", source.clone()), ("to", destination.clone())]);
        let file = file_name(event);
        let kind = event.event_type.as_deref().unwrap_or_default().to_ascii_lowercase();
        match kind.as_str() {
            "dns" => joined("DNS query", [("for", queried(event)), ("by", source)]),
            "http" => joined(
                &words(&["HTTP", text(&event.method).as_deref().unwrap_or_default(), "request"]),
                [("to", requested(event).or(destination)), ("by", source)],
            ),
            "ssl" => match event.server_name.as_deref().and_then(shown) {
                Some(name) => joined(
                    "TLS connection",
                    [("to", Some(with_address(&name, event))), ("by", source)],
                ),
                None => to("TLS connection"),
            },
            "x509" => {
                let names = event.san_dns.iter().flatten().find_map(|name| shown(name));
                joined("Certificate", [("of", names), ("on", destination), ("sent to", source)])
            }
            "ssh" => between("SSH connection"),
            "flow" => {
                let protocol = text(&event.service).or_else(|| text(&event.proto));
                between(&words(&["Connection", &in_brackets(protocol)]))
            }
            "ftp" => between(&words(&[
                "FTP",
                text(&event.command).as_deref().unwrap_or("transfer"),
                &of(file),
            ])),
            "smb_file" => between(&words(&["SMB", &smb_action(event), &of(file)])),
            "smtp" => between(&words(&["Mail", &with(file)])),
            "suricata" => between("Alert about traffic"),
            "observation" => joined("Observation", [("on", source)]),
            "pe" => between(&words(&["Program file", file.as_deref().unwrap_or_default()])),
            "" => between("Event"),
            other => between(&words(&[&other.to_uppercase(), "event", &with(file)])),
        }
    }

    /// Returns one end of the traffic, an internal one with the name of its device.
    fn end(&self, side: &Side, event: &DatedEvent) -> Option<String> {
        let address = text(&side.ip)?;
        let lease = self.lease(side, event.event.customer_id.as_deref());
        let name = lease.and_then(|lease| Lease::names(lease).find_map(shown));
        Some(name.map_or_else(|| address.clone(), |name| format!("{name} ({address})")))
    }
}

/// Returns what the vendor calls an event: the rule, the signature of an alert, the title of an
/// observation.
fn named(event: &DatedEvent) -> Option<String> {
    let own = || event.event.signature().name.or(event.event.title.as_deref()).and_then(shown);
    rule_name(event).and_then(shown).or_else(own)
}

/// Returns the name of a rule.
pub(super) fn rule_title(rule: &Rule) -> ShortText {
    rule.name
        .as_deref()
        .and_then(shown)
        .map_or_else(|| "Rule without a name".into(), ShortText::from)
}

/// Returns what a rule is worth, such as `Attack:Installation, severity high, confidence moderate`.
pub(super) fn rule_text(rule: &Rule) -> Option<MediumText> {
    let facts = [
        text(&rule.category),
        degree(&rule.severity).map(|severity| format!("severity {severity}")),
        degree(&rule.confidence).map(|confidence| format!("confidence {confidence}")),
    ];
    MediumText::present(Some(facts.into_iter().flatten().collect::<Vec<_>>().join(", ")))
}

/// Returns the word of a degree in lower case; none for one that says nothing.
fn degree(word: &Text) -> Option<String> {
    vocabulary::severity(word.as_deref())?;
    text(word).map(|word| word.to_lowercase())
}

fn rule_name(event: &DatedEvent) -> Option<&str> {
    event.rule()?.name.as_deref()
}

fn event_type(event: &Event) -> Option<String> {
    event.event_type.as_deref().map(str::to_uppercase)
}

/// Returns the name that was asked for, with the type of the question unless it is the usual one.
fn queried(event: &Event) -> Option<String> {
    let name = text(&event.query.as_ref()?.domain)?;
    let kind = text(&event.qtype_name).filter(|kind| !matches!(kind.as_str(), "A" | "AAAA"));
    Some(words(&[&name, &in_brackets(kind)]))
}

/// Returns host and path of a request.
fn requested(event: &Event) -> Option<String> {
    let uri = event.uri.as_ref().and_then(|uri| text(&uri.uri));
    let host = event.host.as_ref().and_then(|host| text(&host.domain).or_else(|| text(&host.ip)));
    match (host, uri) {
        (_, Some(uri)) if uri.contains("://") => Some(uri),
        (Some(host), Some(uri)) if uri.starts_with('/') => Some(format!("{host}{uri}")),
        (host, _) => host,
    }
}

fn with_address(name: &str, event: &Event) -> String {
    words(&[name, &in_brackets(text(&event.destination().ip))])
}

/// Returns the name of the first file, or else its hash.
fn file_name(event: &Event) -> Option<String> {
    let files = event.files.iter().flatten().chain(event.file.as_ref());
    let mut names = files.filter_map(|file| {
        [&file.name, &file.sha256, &file.sha1, &file.md5]
            .into_iter()
            .find_map(|it| shown(it.as_deref()?))
    });
    names.next()
}

/// Returns the action of a file event, `file read` for Zeek's `SMB::FILE_READ`.
fn smb_action(event: &Event) -> String {
    let action = text(&event.action).unwrap_or_default();
    let action = action.rsplit("::").next().unwrap_or_default().to_lowercase().replace('_', " ");
    if action.is_empty() { "file".to_owned() } else { action }
}

fn of(file: Option<String>) -> String {
    file.map(|file| format!("of {file}")).unwrap_or_default()
}

fn with(file: Option<String>) -> String {
    file.map(|file| format!("with {file}")).unwrap_or_default()
}

fn in_brackets(text: Option<String>) -> String {
    text.map(|text| format!("({text})")).unwrap_or_default()
}

fn text(text: &Text) -> Option<String> {
    text.as_deref().and_then(shown)
}

/// Returns a text as one line; none for a blank one.
fn shown(text: &str) -> Option<String> {
    let line = text.replace(char::is_control, " ");
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

fn words(words: &[&str]) -> String {
    let words = words.iter().filter(|word| !word.is_empty());
    words.copied().collect::<Vec<_>>().join(" ")
}

/// Joins a text and what follows prepositions, as far as it is known.
fn joined<const N: usize>(what: &str, parts: [(&str, Option<String>); N]) -> String {
    let parts = parts.into_iter().filter_map(|(word, part)| Some(format!(" {word} {}", part?)));
    parts.fold(what.to_owned(), |text, part| text + &part)
}

fn line(label: &str, text: Option<&str>) -> Option<String> {
    // A back-tick or a new line would end the Markdown code that holds the text.
    Some(format!("- {label}: `{}`", shown(&text?.replace('`', ""))?))
}
