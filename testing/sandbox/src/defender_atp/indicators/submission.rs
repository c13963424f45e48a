//! The body of `POST /indicators` and its checks. Page "Submit or Update Indicator API".

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{
    problem::{Problem, required},
    subject::{invalid_domain, invalid_hash, invalid_ip, invalid_url, is_domain, is_hash},
};

/// The documented types of an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum IndicatorType {
    FileSha1,
    FileSha256,
    FileMd5,
    CertificateThumbprint,
    IpAddress,
    DomainName,
    Url,
}

impl IndicatorType {
    /// Whether `value` can be an indicator of this type. CIDR notation is not supported, and only
    /// external addresses can be added.
    fn check(self, value: &str) -> Result<(), Problem> {
        let (is_valid, problem): (bool, fn(&str) -> Problem) = match self {
            Self::FileSha1 | Self::CertificateThumbprint => (is_hash(value, 40), invalid_hash),
            Self::FileSha256 => (is_hash(value, 64), invalid_hash),
            Self::FileMd5 => (is_hash(value, 32), invalid_hash),
            Self::IpAddress => (value.parse().is_ok_and(is_external), invalid_ip),
            Self::DomainName => (is_domain(value), invalid_domain),
            Self::Url => (url::Url::parse(value).is_ok_and(|url| url.has_host()), invalid_url),
        };
        if is_valid { Ok(()) } else { Err(problem(value)) }
    }

    /// Whether the type's page lists `action` ("Overview of indicators").
    fn supports(self, action: IndicatorAction) -> bool {
        use IndicatorAction::{Allowed, BlockAndRemediate};
        match self {
            Self::FileSha1 | Self::FileSha256 | Self::FileMd5 => true,
            Self::CertificateThumbprint => matches!(action, Allowed | BlockAndRemediate),
            Self::IpAddress | Self::DomainName | Self::Url => action != BlockAndRemediate,
        }
    }
}

fn is_external(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => !(ip.is_private() || ip.is_loopback() || ip.is_link_local()),
        IpAddr::V6(ip) => !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()),
    }
}

/// What happens when the indicator is met. `Alert` and `AlertAndBlock` are known from old
/// indicators; new ones may not have them since January 2022.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum IndicatorAction {
    Warn,
    Block,
    Audit,
    Alert,
    AlertAndBlock,
    BlockAndRemediate,
    Allowed,
}

/// The documented severities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Severity {
    Informational,
    Low,
    Medium,
    High,
}

/// A checked body.
#[derive(Debug)]
pub(super) struct Submission {
    pub(super) indicator_value: String,
    pub(super) indicator_type: IndicatorType,
    pub(super) action: IndicatorAction,
    pub(super) application: Option<String>,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) expiration_time: Option<String>,
    pub(super) severity: Option<Severity>,
    pub(super) recommended_actions: Option<String>,
    pub(super) rbac_group_names: Vec<String>,
    pub(super) generate_alert: bool,
}

/// The body's members by their documented names; names are case-sensitive.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Body {
    indicator_value: Option<String>,
    indicator_type: Option<IndicatorType>,
    action: Option<IndicatorAction>,
    application: Option<String>,
    title: Option<String>,
    description: Option<String>,
    expiration_time: Option<String>,
    severity: Option<Severity>,
    recommended_actions: Option<String>,
    rbac_group_names: Option<GroupNames>,
    #[expect(dead_code, reason = "accepted as documented, and not part of an answer")]
    educate_url: Option<String>,
    #[expect(dead_code, reason = "accepted as documented, and not part of an answer")]
    external_id: Option<String>,
    generate_alert: Option<Flag>,
}

/// The table of parameters shows one text with commas, the example a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum GroupNames {
    List(Vec<String>),
    Text(String),
}

/// `generateAlert` is documented as the words True and False; clients also send a Boolean.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Flag {
    Boolean(bool),
    Word(Word),
}

#[derive(Debug, Deserialize)]
enum Word {
    #[serde(alias = "TRUE", alias = "true")]
    True,
    #[serde(alias = "FALSE", alias = "false")]
    False,
}

impl Submission {
    /// Checks a body.
    pub(super) fn read(body: Body) -> Result<Self, Problem> {
        let submission = Self {
            indicator_value: required(body.indicator_value, "indicatorValue")?,
            indicator_type: body.indicator_type.ok_or_else(|| Problem::missing("indicatorType"))?,
            action: body.action.ok_or_else(|| Problem::missing("action"))?,
            application: body.application,
            title: required(body.title, "title")?,
            description: required(body.description, "description")?,
            expiration_time: body.expiration_time,
            severity: body.severity,
            recommended_actions: body.recommended_actions,
            rbac_group_names: body.rbac_group_names.map(GroupNames::list).unwrap_or_default(),
            generate_alert: body.generate_alert.is_some_and(|flag| flag.is_set()),
        };
        submission.check()?;
        Ok(submission)
    }

    fn check(&self) -> Result<(), Problem> {
        self.indicator_type.check(&self.indicator_value)?;
        let (kind, action) = (self.indicator_type, self.action);
        match action {
            IndicatorAction::Alert | IndicatorAction::AlertAndBlock => {
                Err(Problem::input(format!(
                    "Invalid input {action:?}: use Allowed, Audit, Block, BlockAndRemediate or Warn."
                )))
            }
            IndicatorAction::Audit if !self.generate_alert => {
                Err(Problem::input("The action Audit needs generateAlert to be true."))
            }
            _ if !kind.supports(action) => {
                Err(Problem::input(format!("The action {action:?} is not supported for {kind:?}.")))
            }
            _ => self.check_time(),
        }
    }

    fn check_time(&self) -> Result<(), Problem> {
        match &self.expiration_time {
            Some(time) if time.parse::<Timestamp>().is_err() => {
                Err(Problem::input(format!("Invalid input {time}: expirationTime is no time.")))
            }
            _ => Ok(()),
        }
    }
}

impl GroupNames {
    fn list(self) -> Vec<String> {
        match self {
            Self::List(names) => names,
            Self::Text(names) => names.split(',').map(|name| name.trim().to_owned()).collect(),
        }
    }
}

impl Flag {
    fn is_set(&self) -> bool {
        matches!(self, Self::Boolean(true) | Self::Word(Word::True))
    }
}
