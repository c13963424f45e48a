//! The evidence of an alert: devices, files, processes, addresses, messages, accounts, and what
//! became of them.
//!
//! Source: Microsoft's page "alertEvidence resource type" and those of the derived types.

mod account;
mod device;
mod file;
mod message;
mod network;
mod typed;

use std::{net::IpAddr, str::FromStr};

use relay_core::lenient::{List, Object, Parsed, Text};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, value::MapAccessDeserializer},
};

pub(super) use account::{Mailbox, UserAccount};
pub(super) use device::{Device, IotDevice};
pub(super) use file::{File, FileHash, Process};
pub(super) use message::Message;
pub(super) use network::{Address, Connection, Dns};

use account::UserEvidence;
use device::LogonSession;
use file::{FileEvidence, Malware};
use message::{AnalyzedMessage, SubmittedMail, TeamsMessage};
use network::UrlEvidence;
use typed::EvidenceVisitor;

use crate::spelling::SpelledAddress;

/// One piece of evidence.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) verdict: Parsed<Word>,
    pub(super) remediation: Parsed<Word>,
    /// Of files and processes only.
    pub(super) detection: Parsed<Word>,
    pub(super) details: EvidenceDetails,
}

/// What the service thinks of the thing, or did about it. Other words, such as `unknown`, `none` and
/// `detected`, say nothing that a sighting has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Malicious,
    Suspicious,
    NoThreatsFound,
    /// `blocked` or `prevented`.
    Blocked,
    Remediated,
}

impl FromStr for Word {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "malicious" => Ok(Self::Malicious),
            "suspicious" => Ok(Self::Suspicious),
            "noThreatsFound" => Ok(Self::NoThreatsFound),
            "blocked" | "prevented" => Ok(Self::Blocked),
            "remediated" => Ok(Self::Remediated),
            _ => Err(()),
        }
    }
}

/// The thing that the evidence describes.
#[derive(Debug)]
pub(super) enum EvidenceDetails {
    Connection(Connection),
    Device(Device),
    Dns(Dns),
    File(Object<File>),
    FileHash(FileHash),
    IotDevice(IotDevice),
    Ip(Address),
    LogonSession(LogonSession),
    Mailbox(Mailbox),
    Malware(Malware),
    Message(Message),
    Process(Process),
    Url(Text),
    User(Object<UserAccount>),
    /// A type that says nothing about an observable.
    Other,
}

use EvidenceDetails as Details;

impl Evidence {
    /// Returns every file that the evidence names: images of processes and of their parents too.
    pub(super) fn files(&self) -> Vec<&File> {
        match &self.details {
            Details::File(file) => file.as_ref().into_iter().collect(),
            Details::Process(process) => process.files().collect(),
            Details::Malware(malware) => malware.files().collect(),
            Details::Message(message) => message.files.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the evidence names this address.
    pub(super) fn has_address(&self, ip: IpAddr) -> bool {
        let is_it = |found: IpAddr| found == ip;
        match &self.details {
            Details::Ip(address) => address.ip().is_some_and(is_it),
            Details::Connection(connection) => connection.addresses().any(is_it),
            Details::Dns(dns) => dns.all_addresses().any(is_it),
            Details::Message(message) => *message.sender_ip == Some(SpelledAddress(ip)),
            Details::IotDevice(device) => device.addresses().any(is_it),
            _ => self.device().is_some_and(|device| device.addresses().any(is_it)),
        }
    }

    /// Returns every URL that the evidence names.
    pub(super) fn urls(&self) -> &[String] {
        match &self.details {
            Details::Url(url) => url.as_slice(),
            Details::Message(message) => &message.urls,
            _ => &[],
        }
    }

    /// Returns the domains that the evidence names beside those of URLs.
    pub(super) fn domains(&self) -> Vec<&str> {
        match &self.details {
            Details::Dns(dns) => dns.domain.as_deref().into_iter().collect(),
            Details::Message(message) => message.sender_domains().collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the mail addresses that the evidence names: of senders, recipients and accounts.
    pub(super) fn emails(&self) -> Vec<&str> {
        match &self.details {
            Details::Message(message) => message.emails().collect(),
            Details::Mailbox(mailbox) => mailbox.emails().collect(),
            _ => self
                .account()
                .and_then(|it| it.user_principal_name.as_deref())
                .into_iter()
                .collect(),
        }
    }

    /// Returns the device that the evidence is, or that a session was on.
    pub(super) fn device(&self) -> Option<&Device> {
        match &self.details {
            Details::Device(device) => Some(device),
            Details::LogonSession(session) => session.host.as_ref(),
            _ => None,
        }
    }

    /// Returns the names of the device.
    pub(super) fn host_names(&self) -> Vec<&str> {
        match &self.details {
            Details::IotDevice(device) => device.name.as_deref().into_iter().collect(),
            _ => self.device().map(|device| device.names().collect()).unwrap_or_default(),
        }
    }

    /// Returns the account that the evidence is, that ran the process or that signed in.
    pub(super) fn account(&self) -> Option<&UserAccount> {
        match &self.details {
            Details::User(account) => account.as_ref(),
            Details::Process(process) => process.account.as_ref(),
            Details::LogonSession(session) => session.account.as_ref()?.account.as_ref(),
            _ => None,
        }
    }

    pub(super) fn is_file_or_process(&self) -> bool {
        matches!(self.details, Details::File(_) | Details::Process(_))
    }
}

impl<'de> Deserialize<'de> for Evidence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EvidenceVisitor)
    }
}

fn details<'de, A: MapAccess<'de>>(kind: &str, members: A) -> Result<EvidenceDetails, A::Error> {
    Ok(match kind {
        "analyzedMessageEvidence" => Details::Message(read::<AnalyzedMessage, _>(members)?.into()),
        "cloudLogonSessionEvidence" | "hostLogonSessionEvidence" => {
            Details::LogonSession(read(members)?)
        }
        "deviceEvidence" => Details::Device(read(members)?),
        "dnsEvidence" => Details::Dns(read(members)?),
        "fileEvidence" => Details::File(read::<FileEvidence, _>(members)?.details),
        "fileHashEvidence" => Details::FileHash(read(members)?),
        "ioTDeviceEvidence" | "iotDeviceEvidence" => Details::IotDevice(read(members)?),
        "ipEvidence" => Details::Ip(read(members)?),
        "mailboxEvidence" => Details::Mailbox(read(members)?),
        "malwareEvidence" => Details::Malware(read(members)?),
        "networkConnectionEvidence" => Details::Connection(read(members)?),
        "processEvidence" => Details::Process(read(members)?),
        "submissionMailEvidence" => Details::Message(read::<SubmittedMail, _>(members)?.into()),
        "teamsMessageEvidence" => Details::Message(read::<TeamsMessage, _>(members)?.into()),
        "urlEvidence" => Details::Url(read::<UrlEvidence, _>(members)?.url),
        "userEvidence" => Details::User(read::<UserEvidence, _>(members)?.account),
        _ => read::<IgnoredAny, _>(members).map(|_| Details::Other)?,
    })
}

fn read<'de, T: Deserialize<'de>, A: MapAccess<'de>>(members: A) -> Result<T, A::Error> {
    T::deserialize(MapAccessDeserializer::new(members))
}

/// Returns the texts of a list's items that have one.
fn present<'a, T>(
    list: &'a List<T>,
    text: impl Fn(&'a T) -> Option<&'a str>,
) -> impl Iterator<Item = &'a str> {
    list.iter().filter_map(text)
}

/// The records that are read, by the names of Microsoft's types, and the members of each.
#[cfg(test)]
pub(crate) fn records() -> Vec<(&'static str, &'static [&'static str])> {
    use crate::members::of;
    vec![
        ("alertEvidence", &["verdict", "remediationStatus"]),
        ("analyzedMessageEvidence", of::<AnalyzedMessage>()),
        ("cloudLogonSessionEvidence", &["account"]),
        ("deviceEvidence", of::<Device>()),
        ("dnsEvidence", of::<Dns>()),
        ("emailSender", of::<message::EmailSender>()),
        ("fileDetails", of::<File>()),
        ("fileEvidence", of::<FileEvidence>()),
        ("fileEvidence", &["detectionStatus"]),
        ("fileHashEvidence", of::<FileHash>()),
        ("hostLogonSessionEvidence", of::<LogonSession>()),
        ("ioTDeviceEvidence", of::<IotDevice>()),
        ("ipEvidence", of::<Address>()),
        ("loggedOnUser", of::<device::LoggedOnUser>()),
        ("mailboxEvidence", of::<Mailbox>()),
        ("malwareEvidence", of::<Malware>()),
        ("networkConnectionEvidence", of::<Connection>()),
        ("nicEvidence", of::<device::Nic>()),
        ("processEvidence", of::<Process>()),
        ("submissionMailEvidence", of::<SubmittedMail>()),
        ("teamsMessageEvidence", of::<TeamsMessage>()),
        ("urlEvidence", of::<UrlEvidence>()),
        ("userAccount", of::<UserAccount>()),
        ("userEvidence", of::<UserEvidence>()),
    ]
}
