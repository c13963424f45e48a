//! What can be done: the actions of all products, each once, with everything that it can be done to.

use serde_json::Value;

use super::{Devices, Investigation};
use crate::{
    table::short_value,
    terminal::{Tone, printable},
};

/// What stands between an action and its target.
const PREPOSITIONS: [&str; 6] = ["about", "for", "from", "of", "on", "to"];

/// The actions that a product offers for the same targets.
#[derive(Debug, PartialEq, Eq)]
struct Offer {
    product: &'static str,
    targets: Vec<String>,
    titles: Vec<String>,
    is_about_devices: bool,
}

impl Investigation {
    /// Returns one text for each group of targets, devices first.
    pub(super) fn actions(&self, devices: &Devices) -> Vec<String> {
        let mut offers: Vec<Offer> = Vec::new();
        for offer in self.offers(devices) {
            match offers.iter_mut().find(|one| one.has_targets_of(&offer)) {
                Some(one) => one.titles.extend(offer.titles),
                None => offers.push(offer),
            }
        }
        offers.sort_by_key(|offer| !offer.is_about_devices);
        offers.iter().map(Offer::text).collect()
    }

    /// Returns each action with all that it can be done to.
    fn offers(&self, devices: &Devices) -> Vec<Offer> {
        let mut offers: Vec<Offer> = Vec::new();
        for one in &self.products {
            let product = self.short_name(one.product);
            for action in one.actions.data.as_array().into_iter().flatten() {
                let offer = Offer::of(product, action, devices);
                match offers.iter_mut().find(|one| one.is_same_action(&offer)) {
                    Some(one) if one.targets.contains(&offer.targets[0]) => {}
                    Some(one) => one.targets.extend(offer.targets),
                    None => offers.push(offer),
                }
            }
        }
        offers
    }
}

impl Offer {
    /// Returns an action with its one target.
    fn of(product: &'static str, action: &Value, devices: &Devices) -> Self {
        let text = |member: &Value| printable(member.as_str().unwrap_or_default());
        let target = &action["query-params"];
        let is_about_devices = target["observable_type"] == "ms_machine_id";
        let value = text(&target["observable_value"]);
        let device = devices.owner(&value).filter(|_| is_about_devices);
        let is_target =
            |word: &str| word == value || device.is_some_and(|it| devices.is_name_of(word, it));
        let title = without_target(&text(&action["title"]), is_target);
        let target = device.map_or_else(|| short_value(&value), str::to_owned);
        Self { product, targets: vec![target], titles: vec![title], is_about_devices }
    }

    fn is_same_action(&self, other: &Self) -> bool {
        self.product == other.product && self.titles == other.titles
    }

    fn has_targets_of(&self, other: &Self) -> bool {
        self.product == other.product && self.targets == other.targets
    }

    fn text(&self) -> String {
        let targets = Tone::Heading.paint(&self.targets.join(", "));
        format!("{targets} ({}): {}", self.product, listed(&self.titles))
    }
}

/// Returns a title without the target that the list names already, and without the preposition before it.
fn without_target(title: &str, is_target: impl Fn(&str) -> bool) -> String {
    let mut words: Vec<&str> = title.split(' ').collect();
    if let Some(at) = words.iter().position(|word| is_target(word)) {
        words.remove(at);
        if at > 0 && PREPOSITIONS.contains(&words[at - 1]) {
            words.remove(at - 1);
        }
    }
    words.join(" ")
}

/// Returns titles as one list; what several begin with, before a colon, stands once.
fn listed(titles: &[String]) -> String {
    let mut list = String::new();
    let mut last = "";
    for title in titles {
        let (beginning, rest) = title.split_once(": ").unwrap_or(("", title));
        list = match (list.as_str(), !beginning.is_empty() && beginning == last) {
            ("", _) => title.clone(),
            (list, true) => format!("{list}, {rest}"),
            (list, false) => format!("{list}; {title}"),
        };
        last = beginning;
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_loses_its_target() {
        let check = |title: &str, expected: &str| {
            assert_eq!(without_target(title, |word| word == "ws-204"), expected);
        };
        check("Isolate ws-204 (full)", "Isolate (full)");
        check("Release ws-204 from isolation", "Release from isolation");
        check("Run antivirus scan on ws-204 (quick)", "Run antivirus scan (quick)");
        check("Add indicator: alert on and block ws-204", "Add indicator: alert on and block");
        check("Report a false positive", "Report a false positive");
        check("ws-204", "");
    }

    #[test]
    fn what_titles_begin_with_stands_once() {
        let check = |titles: &[&str], expected: &str| {
            let titles: Vec<_> = titles.iter().map(|title| (*title).to_owned()).collect();
            assert_eq!(listed(&titles), expected);
        };
        check(
            &["Isolate: Full", "Isolate: Selective", "Scan: Full"],
            "Isolate: Full, Selective; Scan: Full",
        );
        check(&["Block", "Block"], "Block; Block");
        check(&[], "");
    }
}
