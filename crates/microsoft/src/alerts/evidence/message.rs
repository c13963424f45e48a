//! Messages: mails, mails that users reported, and messages of Teams.

use relay_core::lenient::{List, Object, Parsed, Text, Texts};
use serde::Deserialize;

use super::{
    file::{File, FileEvidence},
    network::UrlEvidence,
};
use crate::spelling::SpelledAddress;

/// A message, whatever carried it.
#[derive(Debug, Default)]
pub(in crate::alerts) struct Message {
    /// Mail addresses: the one that the reader sees comes first.
    pub(in crate::alerts) senders: Vec<String>,
    /// The senders' domains where the record names them apart.
    domains: Vec<String>,
    /// The server that handed the message over.
    pub(in crate::alerts) sender_ip: Parsed<SpelledAddress>,
    /// Mail addresses.
    pub(in crate::alerts) recipients: Vec<String>,
    pub(in crate::alerts) urls: Vec<String>,
    pub(super) files: Vec<File>,
    /// Whether it is a mail, not a message of Teams.
    pub(in crate::alerts) is_mail: bool,
}

impl Message {
    pub(super) fn emails(&self) -> impl Iterator<Item = &str> {
        self.senders.iter().chain(&self.recipients).map(String::as_str)
    }

    pub(super) fn sender_domains(&self) -> impl Iterator<Item = &str> {
        let of_addresses =
            self.senders.iter().filter_map(|sender| Some(sender.rsplit_once('@')?.1));
        of_addresses.chain(self.domains.iter().map(String::as_str))
    }
}

/// A mail that the service analysed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::alerts) struct AnalyzedMessage {
    /// The sender of the envelope, which the reader does not see.
    p1_sender: Object<EmailSender>,
    /// The sender that the reader sees.
    p2_sender: Object<EmailSender>,
    recipient_email_address: Text,
    sender_ip: Parsed<SpelledAddress>,
    urls: Texts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::alerts) struct EmailSender {
    email_address: Text,
    domain_name: Text,
}

impl From<AnalyzedMessage> for Message {
    fn from(mail: AnalyzedMessage) -> Self {
        let senders = [mail.p2_sender, mail.p1_sender].into_iter().filter_map(Object::into_inner);
        let (addresses, domains): (Vec<_>, Vec<_>) =
            senders.map(|it| (it.email_address.into_inner(), it.domain_name.into_inner())).unzip();
        Self {
            senders: addresses.into_iter().flatten().collect(),
            domains: domains.into_iter().flatten().collect(),
            sender_ip: mail.sender_ip,
            recipients: mail.recipient_email_address.into_inner().into_iter().collect(),
            urls: mail.urls.into_inner(),
            files: Vec::new(),
            is_mail: true,
        }
    }
}

/// A mail that a user reported.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::alerts) struct SubmittedMail {
    sender: Text,
    recipient: Text,
    sender_ip: Parsed<SpelledAddress>,
}

impl From<SubmittedMail> for Message {
    fn from(mail: SubmittedMail) -> Self {
        Self {
            senders: mail.sender.into_inner().into_iter().collect(),
            recipients: mail.recipient.into_inner().into_iter().collect(),
            sender_ip: mail.sender_ip,
            is_mail: true,
            ..Self::default()
        }
    }
}

/// A message of Teams.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::alerts) struct TeamsMessage {
    sender_from_address: Text,
    #[serde(rename = "senderIP")]
    sender_ip: Parsed<SpelledAddress>,
    recipients: Texts,
    urls: List<UrlEvidence>,
    files: List<FileEvidence>,
}

impl From<TeamsMessage> for Message {
    fn from(message: TeamsMessage) -> Self {
        let urls = message.urls.into_iter().filter_map(|it| it.url.into_inner());
        let files = message.files.into_iter().filter_map(|it| it.details.into_inner());
        Self {
            senders: message.sender_from_address.into_inner().into_iter().collect(),
            recipients: message.recipients.into_inner(),
            sender_ip: message.sender_ip,
            urls: urls.collect(),
            files: files.collect(),
            ..Self::default()
        }
    }
}
