//! Indicators: those that are there, and those that can be added or removed.
//! docs/relays/defender-atp.md#actions-on-indicators

use std::collections::HashSet;

use futures::future::join_all;
use microsoft::defender::{Indicator, MAX_FILTER_VALUES, NormalizedObservable, indicator_type};
use relay_core::{Action, Partial, QueryParams};

use super::{
    list_error,
    types::{DefenderAction, INDICATOR_ACTIONS, IndicatorAction},
};
use crate::{ABOUT, client::Client, config::Config};

/// What the list of indicators answered.
#[derive(Default)]
pub(super) struct KnownIndicators<'o> {
    /// The values whose request succeeded.
    pub(super) answered: HashSet<&'o str>,
    pub(super) found: Vec<Indicator>,
}

impl Client<'_> {
    /// The indicators for all values that can have one.
    pub(super) async fn known_indicators<'o>(
        &self,
        observables: &'o [NormalizedObservable<'_>],
    ) -> Partial<KnownIndicators<'o>> {
        let with_type = observables.iter().filter(|it| indicator_type(it.kind()).is_some());
        let mut values: Vec<&str> = with_type.flat_map(NormalizedObservable::spellings).collect();
        let mut seen = HashSet::new();
        values.retain(|value| seen.insert(*value));
        // One list of values for each request, because a failed one leaves its values unanswered.
        let chunks = values.chunks(MAX_FILTER_VALUES);
        let answers = join_all(chunks.clone().map(|values| self.defender.indicators(values))).await;
        let mut known: Partial<KnownIndicators<'_>> = Partial::default();
        for (values, answer) in chunks.zip(answers) {
            if answer.errors.is_empty() {
                known.data.answered.extend(values);
            }
            known.data.found.extend(answer.data);
            known.errors.extend(answer.errors.into_iter().map(list_error));
        }
        known
    }
}

/// Removes the indicator that is there, or adds one.
pub(super) fn offers(
    config: &Config,
    observable: &NormalizedObservable<'_>,
    known: &[Indicator],
) -> Vec<Action> {
    if indicator_type(observable.kind()).is_none() {
        return Vec::new();
    }
    match known.iter().find(|indicator| indicator.is_for(observable)) {
        Some(indicator) => removal(config, observable, indicator).into_iter().collect(),
        None => INDICATOR_ACTIONS
            .iter()
            .filter(|action| config.has_action(DefenderAction::AddIndicator(action)))
            .map(|action| addition(action, observable))
            .collect(),
    }
}

fn removal(
    config: &Config,
    observable: &NormalizedObservable<'_>,
    indicator: &Indicator,
) -> Option<Action> {
    let is_offered = config.has_action(DefenderAction::RemoveIndicator);
    let id = indicator.id.clone().into_inner().filter(|_| is_offered)?;
    let value = &observable.observable.value;
    Some(Action {
        id: DefenderAction::RemoveIndicator.id(),
        title: format!("Remove indicator for {value}").into(),
        description: ends(indicator).into(),
        categories: vec![ABOUT.name, "Remove Indicator"],
        query_params: QueryParams {
            indicator_id: Some(id),
            ..QueryParams::from(observable.observable)
        },
    })
}

/// What devices no longer do, and what the indicator is called.
fn ends(indicator: &Indicator) -> String {
    let action = match indicator.action.as_deref() {
        Some("AlertAndBlock") => "Alert and Block",
        Some(other) => other,
        None => "unknown",
    };
    let name = indicator.title.as_deref().map(|title| format!(" of \"{title}\""));
    format!("Ends the action {action}{} on every device.", name.unwrap_or_default())
}

fn addition(action: &'static IndicatorAction, observable: &NormalizedObservable<'_>) -> Action {
    let value = &observable.observable.value;
    Action {
        id: DefenderAction::AddIndicator(action).id(),
        title: format!("{} {value}", action.title).into(),
        description: action.effect.into(),
        categories: vec![ABOUT.name, "Add Indicator"],
        query_params: QueryParams::from(observable.observable),
    }
}
