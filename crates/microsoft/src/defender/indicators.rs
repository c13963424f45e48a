//! Indicators: values that the product blocks, allows or watches.
//!
//! Source: docs/relays/defender-atp.md#actions-on-indicators; Microsoft's pages "Indicator resource
//! type", "List Indicators API", "Submit or Update Indicator API", "Delete Indicator API".

use relay_core::{
    Error,
    ObservableType::{self, Domain, Ip, Ipv6, Md5, Sha1, Sha256, Url},
    Partial, Request,
    lenient::Text,
};
use serde::{Deserialize, Serialize};

use super::{
    DefenderClient, NormalizedObservable, RequestError, lists::FilteredList, quota::RequestGroup,
};

/// An indicator.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Indicator {
    /// Digits.
    pub id: Text,
    /// A hash, an address, a domain or a URL.
    pub indicator_value: Text,
    /// One of the words of [`indicator_type`].
    pub indicator_type: Text,
    /// `Block`, `Audit`, …
    pub action: Text,
    /// One line.
    pub title: Text,
}

impl Indicator {
    /// Returns whether it is for this observable, in either of its spellings and in any case.
    #[must_use]
    pub fn is_for(&self, observable: &NormalizedObservable<'_>) -> bool {
        let is = |known: &Text, expected: &str| {
            known.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(expected))
        };
        indicator_type(observable.kind()).is_some_and(|kind| is(&self.indicator_type, kind))
            && observable.spellings().any(|value| is(&self.indicator_value, value))
    }
}

/// Returns the product's word for indicators of this type; `None` where there are none.
#[must_use]
pub fn indicator_type(kind: ObservableType) -> Option<&'static str> {
    Some(match kind {
        Sha1 => "FileSha1",
        Sha256 => "FileSha256",
        Md5 => "FileMd5",
        Ip | Ipv6 => "IpAddress",
        Domain => "DomainName",
        Url => "Url",
        _ => return None,
    })
}

/// A new indicator; one of the same value and type is replaced.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewIndicator<'a> {
    /// The value in normal form.
    pub indicator_value: &'a str,
    /// One of the words of [`indicator_type`].
    pub indicator_type: &'static str,
    /// `Audit`, `Block`, `BlockAndRemediate`, `Allowed`.
    pub action: &'static str,
    /// Required with `Audit`.
    pub generate_alert: bool,
    /// One line, shown in the console.
    pub title: &'a str,
    /// Shown in the console.
    pub description: &'a str,
    /// Of the alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<&'static str>,
}

const INDICATORS_BY_VALUE: FilteredList = FilteredList {
    group: RequestGroup::Indicators,
    name: "indicators",
    property: "indicatorValue",
    option: None,
    is_empty_on_404: false,
};

impl<C: Sync> DefenderClient<'_, C> {
    /// Returns the indicators for these values, of any type; one request for each
    /// [`MAX_FILTER_VALUES`](super::MAX_FILTER_VALUES).
    pub async fn indicators(&self, values: &[&str]) -> Partial<Vec<Indicator>> {
        self.filtered_records(INDICATORS_BY_VALUE, values).await
    }

    /// Adds an indicator. `Ok` means that the response holds it.
    ///
    /// # Errors
    ///
    /// Those of any request; the outcome is unknown when the response is not an indicator.
    pub async fn add_indicator(&self, indicator: &NewIndicator<'_>) -> Result<(), RequestError> {
        let request = Request::post(self.address(&["indicators"])?).json(indicator)?;
        let response = self.send(RequestGroup::Indicators, request).await?;
        let added: Indicator = response.json().map_err(Error::outcome_unknown)?;
        match (added.id.as_ref(), added.indicator_value.as_ref()) {
            (Some(_), Some(_)) => Ok(()),
            _ => Err(response.malformed().outcome_unknown().into()),
        }
    }

    /// Removes an indicator by its id. `Ok` means that the response confirms it.
    ///
    /// # Errors
    ///
    /// Those of any request; the outcome is unknown after any other status of success.
    pub async fn remove_indicator(&self, id: &str) -> Result<(), RequestError> {
        let request = Request::delete(self.address(&["indicators", id])?);
        let response = self.send(RequestGroup::Indicators, request).await?;
        match response.status() {
            200 | 204 => Ok(()),
            _ => Err(response.malformed().outcome_unknown().into()),
        }
    }
}
