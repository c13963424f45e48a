//! What several products know of the same observables, as one analyst would tell it: what happened, on
//! whom, how sure it is, when, and what can be done. Every word comes from the relays' answers.

mod action;
mod device;
mod event;
mod name;
mod severity;
mod verdict;

use crate::{
    answer::Answer,
    failure::Outcome,
    observable::ObservableArgument,
    table,
    terminal::{Tone, line, printable},
};

use device::Devices;
use event::Event;

/// One product's answers.
pub(crate) struct ProductAnswers {
    pub(crate) product: &'static str,
    pub(crate) observed: Answer,
    pub(crate) actions: Answer,
}

/// The answers of all products about the same observables.
pub(crate) struct Investigation {
    pub(crate) observables: Vec<ObservableArgument>,
    pub(crate) products: Vec<ProductAnswers>,
}

impl Investigation {
    /// Prints the investigation, about thirty lines.
    pub(crate) fn print(&self) -> Outcome {
        self.print_errors()?;
        let devices = Devices::of(self);
        let events = self.events(&devices);
        if events.is_empty() {
            return line(self.nothing());
        }
        line(Tone::Heading.paint("What happened"))?;
        for sentence in [event::headline(&events), event::summary(&events)] {
            line(textwrap::fill(&sentence, options()))?;
        }
        section("On whom", devices.table(&events))?;
        section(&self.how_sure(), Some(self.verdict_table()))?;
        section(&format!("When ({}, UTC)", event::years(&events)), Some(event::timeline(&events)))?;
        let actions = self.actions(&devices);
        if !actions.is_empty() {
            line(Tone::Heading.paint("What can be done"))?;
        }
        actions.iter().try_for_each(|one| line(textwrap::fill(one, options())))
    }

    fn print_errors(&self) -> Outcome {
        for ProductAnswers { product, observed, .. } in &self.products {
            for error in &observed.errors {
                line(format!("{product}: {}", table::errors(std::slice::from_ref(error))))?;
            }
        }
        Ok(())
    }

    fn nothing(&self) -> String {
        let names: Vec<_> = self.observables.iter().map(|one| printable(&one.value)).collect();
        let names = names.join(", ");
        match self.products.iter().any(|one| one.observed.has_failed()) {
            true => format!("What the products answered says nothing about {names}."),
            false => format!("No product has seen any of it: {names}."),
        }
    }

    /// Returns the product's name without a first word that it shares with another one.
    fn short_name(&self, product: &'static str) -> &'static str {
        let Some((vendor, name)) = product.split_once(' ') else { return product };
        let is_of_vendor = |one: &&ProductAnswers| {
            one.product.split(' ').next().is_some_and(|word| word == vendor)
        };
        if self.products.iter().filter(is_of_vendor).count() > 1 { name } else { product }
    }
}

fn section(title: &str, grid: Option<table::Grid>) -> Outcome {
    let Some(grid) = grid else { return Ok(()) };
    line(format!("{}\n{grid}", Tone::Heading.paint(title)))
}

fn options() -> textwrap::Options<'static> {
    textwrap::Options::new(crate::terminal::width())
        .break_words(false)
        .initial_indent("  ")
        .subsequent_indent("    ")
}

/// Returns a number with its noun.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn product(product: &'static str, disposition: &str, sightings: Value) -> ProductAnswers {
        let verdict = json!({"disposition_name": disposition,
            "observable": {"type": "domain", "value": "bad.example"}});
        let data = json!({"sightings": {"docs": sightings}, "verdicts": {"docs": [verdict]}});
        let observed = Answer { data, ..Answer::default() };
        ProductAnswers { product, observed, actions: Answer::default() }
    }

    fn sighting(names: Value) -> Value {
        json!({"title": "Beacon on PC-1", "severity": "High", "observed_time": {"start_time": "2026-03-01T08:00:11.000Z"},
            "targets": [{"observables": names}]})
    }

    fn investigation() -> Investigation {
        let host = |name: &str| json!({"type": "hostname", "value": name});
        let [short, long] =
            ["PC-1", "pc-1.contoso.example"].map(|name| sighting(json!([host(name)])));
        let address = json!({"type": "ip", "value": "10.20.4.17"});
        let known = sighting(json!([host("pc-1"), address]));
        let by_address = sighting(json!([address]));
        Investigation {
            observables: vec!["bad.example".parse().unwrap()],
            products: vec![
                product("Microsoft One", "Malicious", json!([short, long])),
                product("Microsoft Two", "Clean", json!([known, by_address])),
                product("Other Product", "Malicious", json!([])),
            ],
        }
    }

    #[test]
    fn a_device_is_one_whatever_its_spelling_and_an_event_is_one_whatever_led_to_it() {
        let told = investigation();
        let devices = Devices::of(&told);
        let events = told.events(&devices);
        let seen: Vec<_> = events.iter().map(|one| (one.product, one.title.as_str())).collect();
        assert_eq!(seen, [("One", "Beacon"), ("Two", "Beacon")]);
        assert!(events.iter().all(|one| one.device.as_deref() == Some("pc-1")), "{events:?}");
        let shown = devices.table(&events).unwrap().lines(80);
        assert_eq!(shown, ["  pc-1  10.20.4.17  2 sightings by 2 products  since 03-01 08:00"]);
    }

    #[test]
    fn who_says_something_else_is_named_too() {
        let shown = investigation().verdict_table().lines(80);
        assert_eq!(shown, ["  Malicious  bad.example  One, Other Product; Clean: Two"]);
    }
}
