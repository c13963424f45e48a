//! The body of `POST /indicators` and its checks. Page "Submit or Update Indicator API".

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::super::{
    entity::{invalid_domain, invalid_hash, invalid_ip, invalid_url, is_domain, is_hash},
    error::{DefenderError, missing, required},
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
    /// Checks that `value` can be an indicator of this type. CIDR notation is not supported, and only
    /// external addresses can be added.
    fn check(self, value: &str) -> Result<(), DefenderError> {
        let (is_valid, error): (bool, fn(&str) -> DefenderError) = match self {
            Self::FileSha1 | Self::CertificateThumbprint => (is_hash(value, 40), invalid_hash),
            Self::FileSha256 => (is_hash(value, 64), invalid_hash),
            Self::FileMd5 => (is_hash(value, 32), invalid_hash),
            Self::IpAddress => (value.parse().is_ok_and(is_external), invalid_ip),
            Self::DomainName => (is_domain(value), invalid_domain),
            Self::Url => (url::Url::parse(value).is_ok_and(|url| url.has_host()), invalid_url),
        };
        if is_valid { Ok(()) } else { Err(error(value)) }
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
enum IndicatorAction {
    Warn,
    Block,
    Audit,
    Alert,
    AlertAndBlock,
    BlockAndRemediate,
    Allowed,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
enum Severity {
    Informational,
    Low,
    Medium,
    High,
}

/// The body's members by their documented names; names are case-sensitive.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Submission {
    pub(super) indicator_value: Option<String>,
    pub(super) indicator_type: Option<IndicatorType>,
    action: Option<IndicatorAction>,
    pub(super) application: Option<String>,
    title: Option<String>,
    description: Option<String>,
    expiration_time: Option<String>,
    severity: Option<Severity>,
    recommended_actions: Option<String>,
    #[serde(default, deserialize_with = "group_names")]
    rbac_group_names: Vec<String>,
    #[expect(dead_code, reason = "accepted as documented, and not part of a response")]
    educate_url: Option<String>,
    #[expect(dead_code, reason = "accepted as documented, and not part of a response")]
    external_id: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    generate_alert: bool,
}

/// The table of parameters shows one text with commas, the example a list.
fn group_names<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::String(names) => Ok(names.split(',').map(|name| name.trim().to_owned()).collect()),
        list => serde_json::from_value(list).map_err(serde::de::Error::custom),
    }
}

/// `generateAlert` is documented as the words True and False; clients also send a Boolean.
fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    match Value::deserialize(from)? {
        Value::Bool(flag) => Ok(flag),
        Value::Null => Ok(false),
        word => {
            let word = word.as_str().unwrap_or_default().to_ascii_lowercase();
            word.parse().map_err(serde::de::Error::custom)
        }
    }
}

impl Submission {
    pub(super) fn check(&self) -> Result<(), DefenderError> {
        let value = required(&self.indicator_value, "indicatorValue")?;
        let kind = self.indicator_type.ok_or_else(|| missing("indicatorType"))?;
        let action = self.action.ok_or_else(|| missing("action"))?;
        required(&self.title, "title")?;
        required(&self.description, "description")?;
        kind.check(value)?;
        let problem = match action {
            IndicatorAction::Alert | IndicatorAction::AlertAndBlock => format!(
                "Invalid input {action:?}: use Allowed, Audit, Block, BlockAndRemediate or Warn."
            ),
            IndicatorAction::Audit if !self.generate_alert => {
                "The action Audit needs generateAlert to be true.".to_owned()
            }
            _ if !kind.supports(action) => {
                format!("The action {action:?} is not supported for {kind:?}.")
            }
            _ => match &self.expiration_time {
                Some(time) if time.parse::<Timestamp>().is_err() => {
                    format!("Invalid input {time}: expirationTime is no time.")
                }
                _ => return Ok(()),
            },
        };
        Err(DefenderError::input(problem))
    }

    /// Whether the indicator has the same value and type.
    pub(super) fn is_for(&self, indicator: &Value) -> bool {
        let value = indicator["indicatorValue"].as_str().unwrap_or_default();
        indicator["indicatorType"] == json!(self.indicator_type)
            && self.indicator_value.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(value))
    }

    /// Sets what an update may change; `application` is only read when the indicator is new.
    pub(super) fn update(&self, indicator: &mut Value) {
        indicator["action"] = json!(self.action);
        indicator["title"] = json!(self.title);
        indicator["description"] = json!(self.description);
        indicator["expirationTime"] = json!(self.expiration_time);
        indicator["severity"] = json!(self.severity);
        indicator["recommendedActions"] = json!(self.recommended_actions);
        indicator["generateAlert"] = json!(self.generate_alert);
        indicator["rbacGroupNames"] = json!(self.rbac_group_names);
    }
}
