//! What happened: the sightings of all products, each once, however many observables led to it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Devices, Investigation, ProductAnswers, counted, severity::Severity};
use crate::table::{Cell, Grid, Narrow, minute, tone};

/// How many rows the timeline has.
const MAX_ROWS: usize = 11;
/// How many devices the headline names.
const MAX_DEVICES: usize = 2;

/// One thing that a product saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) start: String,
    pub(super) end: String,
    pub(super) severity: Severity,
    pub(super) title: String,
    pub(super) product: &'static str,
    pub(super) device: Option<String>,
    pub(super) user: Option<String>,
}

impl Event {
    fn of(product: &'static str, sighting: &Value, devices: &Devices) -> Self {
        let text = |member: &Value| member.as_str().unwrap_or_default().to_owned();
        let time = &sighting["observed_time"];
        let hit = devices.hit(sighting);
        let start = text(&time["start_time"]);
        Self {
            end: time["end_time"].as_str().map_or_else(|| start.clone(), str::to_owned),
            start,
            severity: Severity::of(sighting["severity"].as_str()),
            title: devices.without_name(&text(&sighting["title"]), hit.device.as_deref()),
            product,
            device: hit.device,
            user: hit.user,
        }
    }

    /// Whether a row of the timeline shows both.
    fn is_like(&self, other: &Self) -> bool {
        self.product == other.product && self.title == other.title && self.whom() == other.whom()
    }

    fn whom(&self) -> Option<&String> {
        self.device.as_ref().or(self.user.as_ref())
    }
}

impl Investigation {
    /// Returns the sightings of all products.
    pub(super) fn sightings(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.products.iter().flat_map(|ProductAnswers { product, observed, .. }| {
            let product = self.short_name(product);
            observed.docs("sightings").iter().map(move |one| (product, one))
        })
    }

    /// Returns what happened, in the order of time.
    pub(super) fn events(&self, devices: &Devices) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        for (product, sighting) in self.sightings() {
            let event = Event::of(product, sighting, devices);
            if !events.contains(&event) {
                events.push(event);
            }
        }
        events.sort_by(|one, other| one.start.cmp(&other.start));
        events
    }
}

/// Counts the products that saw something.
pub(super) fn products(events: &[Event]) -> usize {
    events.iter().map(|event| event.product).collect::<BTreeSet<_>>().len()
}

/// Returns how grave it is, and who saw how much of it when.
pub(super) fn summary(events: &[Event]) -> String {
    let worst = events.iter().map(|event| event.severity).max().unwrap_or_default();
    let [first, last] = period(events).map(|time| minute(&time));
    format!(
        "{}: {} by {}, {first} to {last} UTC.",
        worst.word(),
        counted(events.len(), "sighting"),
        counted(products(events), "product"),
    )
}

/// Returns the years in which something happened: `2026`, `2025 to 2026`.
pub(super) fn years(events: &[Event]) -> String {
    let [first, last] = period(events).map(|time| time.chars().take(4).collect::<String>());
    if first == last { first } else { format!("{first} to {last}") }
}

/// Returns the first and the last time; empty texts where there is none.
pub(super) fn period(events: &[Event]) -> [String; 2] {
    let first = events.iter().map(|event| &event.start).min();
    let last = events.iter().map(|event| &event.end).max();
    [first, last].map(|time| time.cloned().unwrap_or_default())
}

/// Returns the gravest thing that happened on each device, in the order of time.
pub(super) fn headline(events: &[Event]) -> String {
    let is_grave = |event: &&&Event| event.severity >= Severity::Medium;
    let told: Vec<&Event> = events.iter().filter(|event| event.device.is_some()).collect();
    let grave: Vec<&Event> = told.iter().filter(is_grave).copied().collect();
    let mut told = first_of_each_device(if grave.is_empty() { &told } else { &grave });
    if told.is_empty() {
        told.extend(events.iter().rev().max_by_key(|event| event.severity));
    }
    let more = told.len().saturating_sub(MAX_DEVICES);
    let parts: Vec<_> = told.iter().take(MAX_DEVICES).map(|event| sentence(event)).collect();
    let rest = match more {
        0 => String::new(),
        1 => ", then 1 further device".to_owned(),
        more => format!(", then {more} further devices"),
    };
    format!("{}{rest}.", parts.join(", then "))
}

/// Returns the first of the gravest events of each device, in the order of time.
fn first_of_each_device<'a>(events: &[&'a Event]) -> Vec<&'a Event> {
    let mut firsts: Vec<&Event> = Vec::new();
    for event in events {
        match firsts.iter_mut().find(|first| first.device == event.device) {
            Some(first) if first.severity < event.severity => *first = event,
            Some(_) => {}
            None => firsts.push(event),
        }
    }
    firsts
}

fn sentence(event: &Event) -> String {
    let title = crate::terminal::printable(&event.title);
    match event.whom() {
        Some(whom) => format!("\u{201c}{title}\u{201d} on {whom}"),
        None => format!("\u{201c}{title}\u{201d}"),
    }
}

/// Returns the gravest of what happened, in the order of time; what happened often as one row.
pub(super) fn timeline(events: &[Event]) -> Grid {
    let mut rows: Vec<(&Event, usize)> = Vec::new();
    for event in events {
        match rows.iter_mut().find(|(row, _)| row.is_like(event)) {
            Some((_, count)) => *count += 1,
            None => rows.push((event, 1)),
        }
    }
    let all = rows.len();
    rows.sort_by(|(one, _), (other, _)| {
        other.severity.cmp(&one.severity).then(other.start.cmp(&one.start))
    });
    rows.truncate(MAX_ROWS);
    rows.sort_by(|(one, _), (other, _)| one.start.cmp(&other.start));
    let mut grid = Grid::indented([
        ("", Narrow::Keep),
        ("", Narrow::Keep),
        ("", Narrow::Cut(10)),
        ("", Narrow::Cut(12)),
        ("", Narrow::Cut(28)),
    ]);
    for (event, count) in &rows {
        grid.row(row(event, *count));
    }
    if let more @ 1.. = all - rows.len() {
        let text = format!("and {more} others, in --json");
        grid.row(["".into(), "".into(), "".into(), "".into(), Cell::from(text)]);
    }
    grid
}

fn row(event: &Event, count: usize) -> [Cell; 5] {
    let severity = event.severity.name();
    let title = match count {
        1 => event.title.clone(),
        count => format!("{count} × {}", event.title),
    };
    [
        day(&event.start).into(),
        Cell::toned(severity, tone(severity)),
        event.whom().map(String::as_str).unwrap_or_default().into(),
        event.product.into(),
        title.into(),
    ]
}

/// Returns a time to the minute, without its year.
pub(super) fn day(time: &str) -> String {
    minute(time).chars().skip("2026-".len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(severity: Severity, day: u8, title: &str, device: Option<&str>) -> Event {
        let time = format!("2026-03-{day:02}T08:00:11.000Z");
        Event {
            start: time.clone(),
            end: time,
            severity,
            title: title.to_owned(),
            product: "Product",
            device: device.map(str::to_owned),
            user: None,
        }
    }

    fn lines(events: &[Event]) -> Vec<String> {
        timeline(events).lines(80)
    }

    #[test]
    fn the_timeline_shows_the_gravest_in_the_order_of_time() {
        let mut events: Vec<_> =
            (1..=20).map(|day| event(Severity::Low, day, &format!("Scan {day}"), None)).collect();
        events.insert(2, event(Severity::High, 2, "Beacon", Some("pc-2")));
        let shown = lines(&events);
        assert_eq!(shown.len(), MAX_ROWS + 1);
        assert_eq!(shown[0], "  03-02 08:00  High  pc-2  Product  Beacon");
        assert_eq!(shown[1], "  03-11 08:00  Low         Product  Scan 11");
        assert_eq!(shown[MAX_ROWS - 1], "  03-20 08:00  Low         Product  Scan 20");
        assert_eq!(shown[MAX_ROWS].trim(), "and 10 others, in --json");
    }

    #[test]
    fn what_happens_often_is_one_row() {
        let beacon = |day, device| event(Severity::High, day, "Beacon", Some(device));
        let shown = lines(&[beacon(1, "pc-1"), beacon(2, "pc-2"), beacon(3, "pc-1")]);
        assert_eq!(
            shown,
            [
                "  03-01 08:00  High  pc-1  Product  2 × Beacon",
                "  03-02 08:00  High  pc-2  Product  Beacon"
            ]
        );
    }

    #[test]
    fn the_headline_tells_the_gravest_of_each_device() {
        let one = |severity, day, title, device| event(severity, day, title, Some(device));
        let events = [
            one(Severity::Medium, 1, "Download", "pc-1"),
            one(Severity::High, 2, "Beacon", "pc-1"),
            one(Severity::High, 3, "Scan", "pc-2"),
            one(Severity::Low, 4, "Noise", "pc-3"),
        ];
        let told = headline(&events);
        assert_eq!(told, "\u{201c}Beacon\u{201d} on pc-1, then \u{201c}Scan\u{201d} on pc-2.");
        assert_eq!(
            summary(&events),
            "High: 4 sightings by 1 product, 2026-03-01 08:00 to 2026-03-04 08:00 UTC."
        );
        let noise = headline(&events[3..]);
        assert_eq!(noise, "\u{201c}Noise\u{201d} on pc-3.");
        let elsewhere = [event(Severity::Low, 1, "Listed", None)];
        assert_eq!(headline(&elsewhere), "\u{201c}Listed\u{201d}.");
        let many: Vec<_> = (1..=4)
            .map(|day| one(Severity::High, day, "Worm", ["", "a", "b", "c", "d"][usize::from(day)]))
            .collect();
        assert!(headline(&many).ends_with("on b, then 2 further devices."));
    }
}
