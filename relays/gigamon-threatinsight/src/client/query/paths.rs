//! Looks for values at the ends of paths into an event, without building the event.

use std::{cell::Cell, fmt, slice};

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// What stands at the ends of all paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    /// No value, or null.
    Nothing,
    /// Values, but not the one that is looked for.
    OtherValues,
    /// The value.
    Value,
}

/// Looks at the ends of the paths for a text that `is_it`. In flat events a path is [one
/// name](flat_names); it counts where the path itself leads to nothing. Lists are walked.
pub(super) fn find(event: &RawValue, paths: &[Vec<&str>], is_it: impl Fn(&str) -> bool) -> Found {
    let names: Vec<_> = paths.iter().map(|path| flat_names(path)).collect();
    let flat: Vec<_> = names.iter().map(|names| names.each_ref().map(String::as_str)).collect();
    let ends = vec![[const { Cell::new(Found::Nothing) }; 3]; paths.len()];
    let mut open = Vec::new();
    for ((path, names), [end, flat_ends @ ..]) in paths.iter().zip(&flat).zip(&ends) {
        open.push(Path { rest: path, end });
        let flat = names.iter().zip(flat_ends);
        open.extend(flat.map(|(name, end)| Path { rest: slice::from_ref(name), end }));
    }
    let walk = Walk { open, is_it: &is_it };
    // Of an event that cannot be read to its end, what was found before counts.
    let _ = walk.deserialize(&mut serde_json::Deserializer::from_str(event.get()));
    let best = ends.iter().map(|[nested, flat @ ..]| match nested.get() {
        Found::Nothing => flat.iter().map(Cell::get).max().unwrap_or(Found::Nothing),
        found => found,
    });
    best.max().unwrap_or(Found::Nothing)
}

/// Returns the names of a path in flat events: its parts joined by underscores, and with Suricata's
/// word for the destination.
fn flat_names(path: &[&str]) -> [String; 2] {
    let name = path.join("_");
    let of_suricata = name.strip_prefix("dst_").map(|rest| format!("dest_{rest}"));
    [name.clone(), of_suricata.unwrap_or(name)]
}

/// The part of a path that is still to go, and what was found at its end.
#[derive(Clone, Copy)]
struct Path<'p> {
    rest: &'p [&'p str],
    end: &'p Cell<Found>,
}

/// One value, and the paths that lead to it or through it.
struct Walk<'p, F> {
    open: Vec<Path<'p>>,
    is_it: &'p F,
}

impl<F: Fn(&str) -> bool> Walk<'_, F> {
    fn note(&self, found: Found) {
        for path in self.open.iter().filter(|path| path.rest.is_empty()) {
            path.end.set(path.end.get().max(found));
        }
    }
}

impl<'de, F: Fn(&str) -> bool> DeserializeSeed<'de> for Walk<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.open.is_empty() {
            deserializer.deserialize_ignored_any(IgnoredAny).map(drop)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'de, F: Fn(&str) -> bool> Visitor<'de> for Walk<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.note(if (self.is_it)(text) { Found::Value } else { Found::OtherValues });
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.note(Found::OtherValues);
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.note(Found::OtherValues);
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.note(Found::OtherValues);
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.note(Found::OtherValues);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let item = || Walk { open: self.open.clone(), is_it: self.is_it };
        while items.next_element_seed(item())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.note(Found::OtherValues);
        while let Some(open) = members.next_key_seed(Step(&self.open))? {
            members.next_value_seed(Walk { open, is_it: self.is_it })?;
        }
        Ok(())
    }
}

/// The name of a member, as the paths that lead through it.
struct Step<'w, 'p>(&'w [Path<'p>]);

impl<'de, 'p> DeserializeSeed<'de> for Step<'_, 'p> {
    type Value = Vec<Path<'p>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'p> Visitor<'_> for Step<'_, 'p> {
    type Value = Vec<Path<'p>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let through = self.0.iter().filter_map(|Path { rest, end }| match rest.split_first() {
            Some((first, rest)) if *first == name => Some(Path { rest, end }),
            _ => None,
        });
        Ok(through.collect())
    }
}
