//! Indicators: values that the product blocks, allows or watches.
//!
//! Source: spec §8; pages "Indicator resource type", "List Indicators API", "Submit or Update
//! Indicator API", "Delete Indicator API".

use relay_core::{Error, Partial, Request, lenient};
use serde::{Deserialize, Serialize};

use super::{Api, Failure, Group, rows::Lookup};
use crate::{actions::NewIndicator, subject::Subject};

/// What the indicator list shows about indicators of ours.
const TITLE: &str = "From SecureX Threat Response";
const DESCRIPTION: &str = "Created by a SecureX Threat Response action";

/// An indicator.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Indicator {
    /// Digits.
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) indicator_value: Option<String>,
    /// `FileSha1`, `IpAddress`, …
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) indicator_type: Option<String>,
    /// `Block`, `Audit`, …
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) action: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(crate) title: Option<String>,
}

impl Indicator {
    /// Whether it is for this observable, in either of its spellings and in any case.
    pub(crate) fn is_for(&self, subject: &Subject<'_>, kind: &str) -> bool {
        let is = |known: &Option<String>, wanted: &str| {
            known.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(wanted))
        };
        is(&self.indicator_type, kind)
            && subject.spellings().any(|value| is(&self.indicator_value, value))
    }
}

/// A new indicator; one of the same value and type is updated.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Submission<'a> {
    indicator_value: &'a str,
    indicator_type: &'static str,
    action: &'static str,
    generate_alert: bool,
    title: &'static str,
    description: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
}

impl<'a> Submission<'a> {
    /// An indicator of this type for a value.
    pub(crate) fn of(new: &NewIndicator, subject: &'a Subject<'_>, kind: &'static str) -> Self {
        let is_file = subject.kind().hash_digits().is_some();
        Self {
            indicator_value: &subject.value,
            indicator_type: kind,
            action: if is_file { new.action_on_files } else { new.action },
            generate_alert: new.generates_alert,
            title: TITLE,
            description: DESCRIPTION,
            severity: new.severity,
        }
    }
}

const INDICATORS: Lookup = Lookup {
    group: Group::Indicators,
    list: "indicators",
    property: "indicatorValue",
    option: None,
    none_is_404: false,
};

impl Api<'_> {
    /// The indicators for these values, of any type; one call for each [`MOST_VALUES`](super::MOST_VALUES).
    pub(crate) async fn indicators(&self, values: &[&str]) -> Partial<Vec<Indicator>> {
        self.look_up(INDICATORS, values).await
    }

    /// Adds an indicator. `Ok` when the product answered with it.
    pub(crate) async fn submit(&self, submission: &Submission<'_>) -> Result<(), Failure> {
        let request = Request::post(self.address(&["indicators"])?).json(submission)?;
        let response = self.send(Group::Indicators, request).await?;
        let indicator: Indicator = response.json().map_err(Error::outcome_unknown)?;
        match indicator.id.zip(indicator.indicator_value) {
            Some(_) => Ok(()),
            None => Err(response.malformed().outcome_unknown().into()),
        }
    }

    /// Removes an indicator by its number. `Ok` when the product said that it is gone.
    pub(crate) async fn remove(&self, id: &str) -> Result<(), Failure> {
        let request = Request::delete(self.address(&["indicators", id])?);
        let response = self.send(Group::Indicators, request).await?;
        match response.status() {
            200 | 204 => Ok(()),
            _ => Err(response.malformed().outcome_unknown().into()),
        }
    }
}
