//! Which observable a row belongs to, and which events an observable keeps (spec §3.2, §4.2).

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use relay_core::Observable;

use crate::{
    client::{Event, Row, query::Form},
    mapping::{Hit, Subject},
};

/// Gives every row to the observables it names, groups them by event, and keeps each
/// observable's worst `limit` events.
pub(crate) fn subjects(wanted: &[Observable], rows: Vec<Row>, limit: usize) -> Vec<Subject> {
    let mut by_form: HashMap<Form, Vec<usize>> = HashMap::new();
    for (place, observable) in wanted.iter().enumerate() {
        for form in Form::of_observable(observable) {
            by_form.entry(form).or_default().push(place);
        }
    }
    let mut rows_of: Vec<Vec<Arc<Row>>> = vec![Vec::new(); wanted.len()];
    for row in rows.into_iter().map(Arc::new) {
        let named: HashSet<usize> = row
            .values()
            .into_iter()
            .flat_map(Form::of_text)
            .filter_map(|form| by_form.get(&form))
            .flatten()
            .copied()
            .collect();
        named.into_iter().for_each(|place| rows_of[place].push(row.clone()));
    }
    let subjects = wanted.iter().zip(rows_of);
    subjects
        .map(|(asked, rows)| Subject { asked: asked.clone(), hits: hits(rows, limit) })
        .collect()
}

fn hits(rows: Vec<Arc<Row>>, limit: usize) -> Vec<Hit> {
    let mut by_event: HashMap<String, Vec<Arc<Row>>> = HashMap::new();
    for row in rows {
        if let Some(key) = row.event.as_ref().and_then(Event::key).or(row.event_id.as_deref()) {
            by_event.entry(key.to_lowercase()).or_default().push(row.clone());
        }
    }
    let mut hits: Vec<_> = by_event.into_iter().map(|(key, rows)| Hit::new(key, rows)).collect();
    hits.sort_by_cached_key(|hit| {
        let event = hit.event();
        let level = event.threat_level_id.filter(|level| (1..=4).contains(level)).unwrap_or(5);
        (level, Reverse(event.timestamp), hit.key().to_owned())
    });
    hits.truncate(limit);
    hits
}

impl Event {
    /// What names the event: its UUID, else its id on this server.
    pub(crate) fn key(&self) -> Option<&str> {
        self.uuid.as_deref().or(self.id.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use relay_core::ObservableType as Type;

    use super::*;

    fn row(id: i64, kind: &str, value: &str, event: &str) -> Row {
        let json = format!(
            r#"{{"id": {id}, "type": "{kind}", "value": "{value}", "timestamp": {id}, "Event": {event}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn keys(subject: &Subject) -> Vec<&str> {
        subject.hits.iter().map(Hit::key).collect()
    }

    #[test]
    fn a_row_belongs_to_every_observable_it_names_in_any_spelling() {
        let wanted = [
            Observable::new(Type::Domain, "Bad.example"),
            Observable::new(Type::Ip, "203.0.113.7"),
            Observable::new(Type::Url, "http://bad.example"),
            Observable::new(Type::Sha256, "AB".repeat(32)),
        ];
        let rows = vec![
            row(1, "domain|ip", "bad.EXAMPLE.|203.0.113.7", r#"{"uuid": "a"}"#),
            row(2, "filename|sha256", &format!("x.exe|{}", "ab".repeat(32)), r#"{"uuid": "b"}"#),
            row(3, "url", "http://bad.example/", r#"{"uuid": "c"}"#),
            row(4, "url", "HTTP://bad.example/", r#"{"uuid": "d"}"#),
            row(5, "comment", "unrelated", r#"{"uuid": "e"}"#),
            row(6, "domain", "bad.example", "null"),
        ];
        let found = subjects(&wanted, rows, 10);
        let keys: Vec<_> = found.iter().map(keys).collect();
        assert_eq!(keys, [vec!["a"], vec!["a"], vec!["c"], vec!["b"]]);
    }

    #[test]
    fn the_worst_and_newest_events_are_kept() {
        let wanted = [Observable::new(Type::Domain, "bad.example")];
        let event = |uuid: &str, level: &str, timestamp: i64| {
            format!(
                r#"{{"uuid": "{uuid}", "threat_level_id": {level}, "timestamp": "{timestamp}"}}"#
            )
        };
        let events = [
            event("low", "3", 9),
            event("odd", "7", 9),
            event("none", "null", 9),
            event("old", "\"1\"", 1),
            event("new-b", "1", 2),
            event("new-a", "1", 2),
        ];
        let rows = || events.iter().map(|event| row(1, "domain", "bad.example", event)).collect();
        let all = subjects(&wanted, rows(), 10);
        assert_eq!(keys(&all[0]), ["new-a", "new-b", "old", "low", "none", "odd"]);
        assert_eq!(keys(&subjects(&wanted, rows(), 2)[0]), ["new-a", "new-b"]);
    }
}
