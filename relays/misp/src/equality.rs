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

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use relay_core::{Observable, ObservableType as Type};

use crate::client::types::Attribute;
use text::{as_stored, folded, without_wildcard};

use name::to_ascii_name;
use text::has_weight;

/// A value in a form in which the spellings of MISP and of the caller are compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// An address.
    Address(IpAddr),
    /// A network that contains the address.
    Network(String),
    /// A name, as punycode.
    Name(String),
    /// A URL as it was sent, with scheme and host in lower case.
    Url(String),
    /// A URL as MISP may hold it in attributes for URLs: without scheme, with or without a slash.
    LooseUrl(String),
    /// Compared without letter case: hashes, mail addresses, file names, mutexes, registry keys.
    Folded(String),
    /// Compared with letter case: user agents.
    Exact(String),
}

/// How an attribute names an observable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
pub(crate) fn forms_of(observable: &Observable) -> Vec<Form> {
    if searched_texts(observable).is_empty() {
        return Vec::new();
    }
    let Some(normal) = normal_form(observable) else { return Vec::new() };
    match observable.kind {
        Type::Ip | Type::Ipv6 => address::forms(&normal),
        Type::Domain | Type::Hostname => name_forms(&normal),
        Type::Url => url::forms(&normal),
        Type::FileName | Type::RegistryKey => {
            path::spellings(&normal).iter().map(|path| Form::Folded(folded(path))).collect()
        }
        Type::UserAgent => vec![Form::Exact(as_stored(&normal))],
        _ => vec![Form::Folded(folded(&normal))],
    }
}

/// Returns every form in which an attribute may name an observable.
fn forms_of_attribute(attribute: &Attribute) -> Vec<Form> {
    let (Some(attribute_type), Some(value)) =
        (attribute.attribute_type.as_deref(), attribute.value.as_deref())
    else {
        return attribute.value.as_deref().map(forms_of_text).unwrap_or_default();
    };
    match attribute.parts() {
        Some((first, second)) => {
            let (first_type, second_type) = part_types(attribute_type);
            let mut forms = forms_of_part(first_type, first);
            forms.extend(forms_of_part(second_type, second));
            forms
        }
        None if IS_A_NUMBER.contains(&attribute_type) => Vec::new(),
        None => {
            let mut forms = forms_of_text(value);
            if matches!(attribute_type, "url" | "uri" | "link") {
                forms.extend(url::folded_hosts(value).into_iter().map(Form::LooseUrl));
            }
            forms.extend(address::network(value).map(Form::Network));
            forms
        }
    }
}

/// Returns every form in which the whole of a text may be compared.
fn forms_of_text(text: &str) -> Vec<Form> {
    let mut forms = vec![Form::Exact(as_stored(text)), Form::Folded(folded(text))];
    forms.extend(name_forms(text));
    forms.extend(url::folded_hosts(text).into_iter().map(Form::Url));
    forms.extend(address::parsed(text).map(Form::Address));
    forms
}

/// Returns the text of the network that an attribute holds, in its value or a half.
pub(crate) fn network_of(attribute: &Attribute) -> Option<&str> {
    let value = attribute.value.as_deref()?;
    let texts = attribute.parts().map_or(vec![value], |(first, second)| vec![first, second]);
    texts.into_iter().find(|text| address::network(text).is_some())
}

/// Returns every form of an observable that an attribute names.
pub(crate) fn forms_of_named(observable: &Observable) -> Vec<Form> {
    let mut forms = forms_of_text(&observable.value);
    if observable.kind == Type::Url {
        forms.extend(url::folded_hosts(&observable.value).into_iter().map(Form::LooseUrl));
    }
    forms
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
fn forms_of_part(part_type: &str, text: &str) -> Vec<Form> {
    match part_type {
        "ip" | "ip-src" | "ip-dst" => {
            let address = address::parsed(text).map(Form::Address);
            address.into_iter().chain(address::network(text).map(Form::Network)).collect()
        }
        "domain" | "hostname" => name_forms(text),
        "port" | "value" | "" => Vec::new(),
        _ => vec![Form::Folded(folded(text))],
    }
}

fn name_forms(text: &str) -> Vec<Form> {
    let name = text.trim().trim_matches('.').to_lowercase();
    name::ascii_spellings(&name).into_iter().map(Form::Name).collect()
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

/// Which of several observables an attribute names.
pub(crate) struct Index {
    by_form: HashMap<Form, Vec<usize>>,
}

impl Index {
    pub(crate) fn new<'a>(observables: impl IntoIterator<Item = &'a Observable>) -> Self {
        let mut by_form: HashMap<Form, Vec<usize>> = HashMap::new();
        for (number, observable) in observables.into_iter().enumerate() {
            for form in forms_of(observable) {
                by_form.entry(form).or_default().push(number);
            }
        }
        Self { by_form }
    }

    /// Returns the numbers of the observables that an attribute names, each once, and how.
    pub(crate) fn named(&self, attribute: &Attribute) -> HashMap<usize, Match> {
        let mut named = HashMap::new();
        for form in forms_of_attribute(attribute) {
            let how = if matches!(form, Form::Network(_)) { Match::Network } else { Match::Value };
            for number in self.by_form.get(&form).into_iter().flatten() {
                let known = named.entry(*number).or_insert_with(|| how.clone());
                *known = how.clone().min(known.clone());
            }
        }
        named
    }
}

#[cfg(test)]
mod tests;
