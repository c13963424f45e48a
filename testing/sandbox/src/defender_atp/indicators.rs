//! Indicators: what the tenant blocks, allows or watches. Page "Indicator resource type".

mod calls;
mod submission;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use self::calls::{list, remove, submit};
use self::submission::{IndicatorAction, IndicatorType, Severity, Submission};
use super::problem::Problem;

/// An indicator as it goes over the wire (spec §8.1).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Indicator {
    id: String,
    indicator_value: String,
    indicator_type: IndicatorType,
    action: IndicatorAction,
    application: Option<String>,
    source: String,
    source_type: String,
    title: String,
    creation_time_date_time_utc: String,
    created_by: String,
    created_by_display_name: String,
    created_by_source: String,
    expiration_time: Option<String>,
    last_update_time: String,
    last_updated_by: Option<String>,
    severity: Option<Severity>,
    description: String,
    recommended_actions: Option<String>,
    generate_alert: bool,
    rbac_group_names: Vec<String>,
    rbac_group_ids: Vec<String>,
}

impl Indicator {
    fn is_for(&self, value: &str, kind: IndicatorType) -> bool {
        self.indicator_type == kind && self.indicator_value.eq_ignore_ascii_case(value)
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        let end = self.expiration_time.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
        end.is_some_and(|end| end <= now)
    }

    /// Takes over what an update may change; `application` is only read when the indicator is new.
    fn update(&mut self, submission: Submission, by: &Author<'_>, now: Timestamp) {
        self.action = submission.action;
        self.title = submission.title;
        self.description = submission.description;
        self.expiration_time = submission.expiration_time;
        self.severity = submission.severity;
        self.recommended_actions = submission.recommended_actions;
        self.generate_alert = submission.generate_alert;
        self.rbac_group_names = submission.rbac_group_names;
        self.last_update_time = now.to_string();
        self.last_updated_by = Some(by.name.to_owned());
    }
}

/// Who submits or reads.
#[derive(Debug)]
struct Author<'a> {
    id: &'a str,
    name: &'a str,
    /// Whether indicators of others are visible: `Ti.ReadWrite.All`.
    sees_all: bool,
}

impl Author<'_> {
    fn sees(&self, indicator: &Indicator) -> bool {
        self.sees_all || indicator.created_by == self.id
    }
}

/// All indicators of a tenant.
#[derive(Debug)]
pub(super) struct Indicators {
    all: Vec<Indicator>,
    next_id: u64,
}

impl Indicators {
    pub(super) fn new(all: Vec<Indicator>) -> Self {
        let ids = all.iter().filter_map(|indicator| indicator.id.parse::<u64>().ok());
        let next_id = ids.max().unwrap_or(0) + 1;
        Self { all, next_id }
    }

    /// Those that are active and visible.
    fn seen_by(&self, author: &Author<'_>, now: Timestamp) -> Vec<&Indicator> {
        let is_shown = |it: &&Indicator| author.sees(it) && !it.is_expired(now);
        self.all.iter().filter(is_shown).collect()
    }

    /// Creates an indicator, or updates the one with the same value and type.
    fn submit(
        &mut self,
        submission: Submission,
        author: &Author<'_>,
        now: Timestamp,
    ) -> Result<Indicator, Problem> {
        let (value, kind) = (&submission.indicator_value, submission.indicator_type);
        match self.all.iter_mut().find(|known| known.is_for(value, kind)) {
            Some(known) if !author.sees(known) => Err(Problem::new(
                http::StatusCode::FORBIDDEN,
                "DisallowedOperation",
                format!(
                    "The indicator for {value} belongs to somebody else; Ti.ReadWrite.All may change it."
                ),
            )),
            Some(known) => {
                known.update(submission, author, now);
                Ok(known.clone())
            }
            None => Ok(self.create(submission, author, now)),
        }
    }

    fn create(&mut self, new: Submission, author: &Author<'_>, now: Timestamp) -> Indicator {
        let indicator = Indicator {
            id: self.next_id.to_string(),
            indicator_value: new.indicator_value,
            indicator_type: new.indicator_type,
            action: new.action,
            application: new.application,
            source: author.name.to_owned(),
            source_type: "AadApp".to_owned(),
            title: new.title,
            creation_time_date_time_utc: now.to_string(),
            created_by: author.id.to_owned(),
            created_by_display_name: author.name.to_owned(),
            created_by_source: "PublicApi".to_owned(),
            expiration_time: new.expiration_time,
            last_update_time: now.to_string(),
            last_updated_by: None,
            severity: new.severity,
            description: new.description,
            recommended_actions: new.recommended_actions,
            generate_alert: new.generate_alert,
            rbac_group_names: new.rbac_group_names,
            rbac_group_ids: Vec::new(),
        };
        self.next_id += 1;
        self.all.push(indicator.clone());
        indicator
    }

    fn remove(&mut self, id: &str, author: &Author<'_>) -> Result<(), Problem> {
        let place = self.all.iter().position(|known| known.id == id && author.sees(known));
        let place = place.ok_or_else(|| Problem::not_found(format_args!("Indicator {id}")))?;
        self.all.remove(place);
        Ok(())
    }
}
