//! When a value of MISP and an observable are the same thing, docs/relays/misp.md#equality.
//!
//! MISP compares more loosely than an analyst would: without accents, width and invisible
//! characters. So each observable is searched in the spellings that MISP may hold, and every
//! attribute that comes back is compared here once more.

mod address;
mod name;
mod path;
mod text;
mod url;

use std::collections::{BTreeMap, HashMap, HashSet};

use relay_core::{Observable, ObservableType as Type};

use crate::client::types::Attribute;
use text::{as_stored, folded, without_wildcard};

use name::to_ascii_name;
use text::has_weight;

/// What a text is taken for when the spellings of MISP and of the caller are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reading {
    /// An address.
    Address,
    /// A network that contains the address.
    Network,
    /// A name, as punycode.
    Name,
    /// A URL as it was sent, with scheme and host in lower case.
    Url,
    /// A URL as MISP may hold it in attributes for URLs: without scheme, with or without a slash.
    LooseUrl,
    /// Compared without letter case: hashes, mail addresses, file names, mutexes, registry keys.
    Folded,
    /// Compared with letter case: user agents.
    Exact,
}

/// A text in the form in which it is compared.
type Form = (Reading, String);

/// What any text may be.
const TEXT: &[Reading] =
    &[Reading::Exact, Reading::Folded, Reading::Name, Reading::Url, Reading::Address];
/// What the values of attributes for URLs may be beside any text.
const LOOSE_URL: &[Reading] = &[Reading::LooseUrl];
/// What whole values of attributes may be beside any text.
const NETWORK: &[Reading] = &[Reading::Network];

impl Reading {
    /// Returns the forms in which a text is compared; none for a text that cannot be this.
    fn forms(self, text: &str) -> Vec<String> {
        match self {
            Self::Address => address::parsed(text).map(|it| it.to_string()).into_iter().collect(),
            Self::Network => address::network(text).into_iter().collect(),
            Self::Name => name_forms(text),
            Self::Url | Self::LooseUrl => url::folded_hosts(text),
            Self::Folded => vec![folded(text)],
            Self::Exact => vec![as_stored(text)],
        }
    }
}

/// How an attribute names an observable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Match {
    /// It holds the observable.
    Value,
    /// It holds a network in which the address lies.
    Network,
}

/// The texts that MISP is asked for; none for a value that cannot be of its type, and none that
/// MISP takes for the empty text.
pub(crate) fn searched_texts(observable: &Observable) -> Vec<String> {
    let mut texts: Vec<String> = match normal_form(observable) {
        None => Vec::new(),
        Some(normal) if normal.trim() == "0" => Vec::new(),
        Some(normal) => match observable.kind {
            Type::Ip | Type::Ipv6 => address::searched_texts(&normal),
            Type::Domain | Type::Hostname => name::spellings(&normal),
            Type::Url => url::searched_texts(&normal),
            Type::FileName | Type::RegistryKey => path::spellings(&normal),
            _ => vec![normal],
        },
    };
    for text in &mut texts {
        *text = without_wildcard(as_stored(text));
    }
    let mut seen = HashSet::new();
    texts.retain(|text| has_weight(text) && text.trim() != "0" && seen.insert(text.clone()));
    texts
}

/// Returns the forms of an observable. An attribute that has one of them names it.
fn forms_of(observable: &Observable) -> Vec<Form> {
    // An address has at least its own text.
    let is_address = matches!(observable.kind, Type::Ip | Type::Ipv6);
    if !is_address && searched_texts(observable).is_empty() {
        return Vec::new();
    }
    let Some(normal) = normal_form(observable) else { return Vec::new() };
    match observable.kind {
        Type::Ip | Type::Ipv6 => address::forms(&normal),
        Type::Domain | Type::Hostname => all(Reading::Name, name_forms(&normal)),
        Type::Url => url::forms(&normal),
        Type::FileName | Type::RegistryKey => {
            let paths = path::spellings(&normal);
            paths.iter().map(|path| (Reading::Folded, folded(path))).collect()
        }
        Type::UserAgent => all(Reading::Exact, [as_stored(&normal)]),
        _ => all(Reading::Folded, [folded(&normal)]),
    }
}

fn all(reading: Reading, forms: impl IntoIterator<Item = String>) -> Vec<Form> {
    forms.into_iter().map(|form| (reading, form)).collect()
}

/// Returns the parts of an attribute's value, and what each may be.
fn readings_of(attribute: &Attribute) -> Vec<(&str, &'static [Reading])> {
    let (attribute_type, value) = match (&*attribute.attribute_type, &*attribute.value) {
        (Some(attribute_type), Some(value)) => (attribute_type.as_str(), value.as_str()),
        (None, Some(value)) => return vec![(value, TEXT)],
        (_, None) => return Vec::new(),
    };
    match attribute.parts() {
        Some((first, second)) => {
            let (first_type, second_type) = part_types(attribute_type);
            vec![(first, readings_of_part(first_type)), (second, readings_of_part(second_type))]
        }
        None if IS_A_NUMBER.contains(&attribute_type) => Vec::new(),
        None if matches!(attribute_type, "url" | "uri" | "link") => {
            vec![(value, TEXT), (value, NETWORK), (value, LOOSE_URL)]
        }
        None => vec![(value, TEXT), (value, NETWORK)],
    }
}

/// Returns the text of the network that an attribute holds, in its value or a half.
pub(crate) fn network_of(attribute: &Attribute) -> Option<&str> {
    let value = attribute.value.as_deref()?;
    let texts = attribute.parts().map_or(vec![value], |(first, second)| vec![first, second]);
    texts.into_iter().find(|text| address::network(text).is_some())
}

/// MISP's types whose values are numbers, which name nothing.
const IS_A_NUMBER: &[&str] = &["port", "size-in-bytes", "counter", "integer", "float", "AS"];

/// Returns the types of the two parts of a composite type.
fn part_types(attribute_type: &str) -> (&str, &str) {
    match attribute_type {
        "malware-sample" => ("filename", "md5"),
        _ => attribute_type.split_once('|').unwrap_or((attribute_type, "")),
    }
}

/// A part counts as what its type says: a port is no file name.
fn readings_of_part(part_type: &str) -> &'static [Reading] {
    match part_type {
        "ip" | "ip-src" | "ip-dst" => &[Reading::Address, Reading::Network],
        "domain" | "hostname" => &[Reading::Name],
        "port" | "value" | "" => &[],
        _ => &[Reading::Folded],
    }
}

fn name_forms(text: &str) -> Vec<String> {
    name::ascii_spellings(text.trim().trim_matches('.').to_lowercase())
}

/// The normal form of the core, without the invisible characters that MISP does not compare.
fn normal_form(observable: &Observable) -> Option<String> {
    let value = text::visible(&observable.value).into_owned();
    let visible = Observable::new(observable.kind, value);
    let normal = visible.normal_form()?;
    // MISP stores URLs as they were typed.
    Some(if observable.kind == Type::Url { visible.value } else { normal })
}

/// Returns the text that finds an observable with MISP's own search page; none for a value that the
/// page would not search for.
pub(crate) fn link_text(observable: &Observable) -> Option<String> {
    let text = match observable.kind {
        Type::Ip | Type::Ipv6 | Type::Domain | Type::Hostname => {
            normal_form(observable).map(to_ascii_name)
        }
        _ => None,
    };
    let text = text.unwrap_or_else(|| as_stored(&observable.value));
    // Any one character, where the web server or the database reads a sign of its own.
    let text = text.replace(['/', '\\', '?'], "_");
    (has_weight(&text) && text != "0").then_some(text)
}

/// Tells which of several observables a value of MISP is.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The numbers of the observables by reading and form. A text is converted for those readings only that
    /// some observable has.
    numbers: BTreeMap<Reading, HashMap<String, Vec<usize>>>,
}

impl Index {
    pub(crate) fn new<'a>(observables: impl IntoIterator<Item = &'a Observable>) -> Self {
        let mut index = Self::default();
        for (number, observable) in observables.into_iter().enumerate() {
            for (reading, form) in forms_of(observable) {
                index.numbers.entry(reading).or_default().entry(form).or_default().push(number);
            }
        }
        index
    }

    /// Returns the numbers of the observables that an attribute names, each once, and how.
    pub(crate) fn named(&self, attribute: &Attribute) -> Vec<(usize, Match)> {
        let mut named = Vec::new();
        for (text, readings) in readings_of(attribute) {
            self.find(text, readings, |number, reading| {
                let is_network = reading == Reading::Network;
                named.push((number, if is_network { Match::Network } else { Match::Value }));
            });
        }
        named.sort_unstable();
        named.dedup_by_key(|(number, _)| *number);
        named
    }

    /// Returns the numbers of the observables that are the same as one of an attribute.
    pub(crate) fn same(&self, observable: &Observable) -> Vec<usize> {
        let mut same = Vec::new();
        self.find(&observable.value, TEXT, |number, _| same.push(number));
        if observable.kind == Type::Url {
            self.find(&observable.value, LOOSE_URL, |number, _| same.push(number));
        }
        same
    }

    /// Finds the observables that a text is, some more than once.
    fn find(&self, text: &str, readings: &[Reading], mut found: impl FnMut(usize, Reading)) {
        for (reading, numbers) in &self.numbers {
            if readings.contains(reading) {
                let forms = reading.forms(text);
                let numbers = forms.iter().filter_map(|form| numbers.get(form)).flatten();
                numbers.for_each(|number| found(*number, *reading));
            }
        }
    }
}

#[cfg(test)]
mod tests;
