//! Finds the module that is meant: by its id, or by its name among the types that modules of a relay
//! may have.

use super::api::{Instance, ThreatResponse};
use crate::{
    failure::{Failure, Outcome},
    region::CUSTOM_RELAY,
    relays,
    shell::quoted,
    terminal::{printable, prompt},
};

/// Which module is meant.
pub(super) struct Meant<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    /// The only type that is looked at, where it is given.
    pub(super) module_type: Option<&'a str>,
    /// The relay, whose product's types are looked at; those of all relays where it is not given.
    pub(super) relay: Option<&'a str>,
}

impl ThreatResponse {
    /// Returns the module that is meant. Where several are, asks at a terminal and else refuses.
    pub(super) async fn require(&self, meant: &Meant<'_>) -> Outcome<Instance> {
        let all = self.instances(None).await?.into_iter();
        if let Some(id) = meant.id {
            return all
                .into_iter()
                .find(|one: &Instance| one.id == id)
                .ok_or_else(|| absent_id(id));
        }
        let name = meant.name.unwrap_or_default();
        let named = all.filter(|one| one.name == name);
        let types = meant.types()?;
        let (mut known, others): (Vec<_>, Vec<_>) =
            named.partition(|one| types.contains(&one.module_type_id.as_str()));
        match known.len() {
            0 => Err(absent(name, &others)),
            1 => Ok(known.remove(0)),
            _ => chosen(name, known),
        }
    }
}

impl Meant<'_> {
    /// Returns itself, if it tells which module is meant.
    pub(super) fn checked(self) -> Outcome<Self> {
        if self.id.is_some() || self.name.is_some() {
            return Ok(self);
        }
        Err(Failure::Usage("give --relay, --name or --id.".to_owned()))
    }

    /// Returns the types that are looked at: that of custom relays, and those of the product in all
    /// regions.
    fn types(&self) -> Outcome<Vec<&str>> {
        if let Some(id) = self.module_type {
            return Ok(vec![id]);
        }
        let entries = relays::chosen(self.relay)?;
        let products = entries.iter().filter_map(|entry| entry.about.module_types).flatten();
        Ok(products.chain([CUSTOM_RELAY]).collect())
    }
}

fn absent_id(id: &str) -> Failure {
    Failure::Refused(format!(
        "there is no module with the id {id}; relayctl module list shows all."
    ))
}

fn absent(name: &str, others: &[Instance]) -> Failure {
    let text = match others.first() {
        None => format!("there is no module \"{name}\"; relayctl module list shows all."),
        Some(other) => format!(
            "the module \"{name}\" is of another type; if it is meant, give --module-type-id {}.",
            quoted(&printable(&other.module_type_id))
        ),
    };
    Failure::Refused(text)
}

/// Asks which of several modules is meant.
fn chosen(name: &str, mut known: Vec<Instance>) -> Outcome<Instance> {
    let line = |(place, one): (usize, &Instance)| {
        let [id, kind] = [&one.id, &one.module_type_id].map(|text| quoted(&printable(text)));
        format!("  {}  --id {id}, of type {kind}", place + 1)
    };
    let lines: Vec<_> = known.iter().enumerate().map(line).collect();
    let list = format!("there are {} modules \"{name}\":\n{}", known.len(), lines.join("\n"));
    if !prompt::can_ask() {
        return Err(Failure::Refused(format!("{list}\nSay with --id which one is meant.")));
    }
    let number =
        prompt::open(&format!("{list}\nWhich one"))?.and_then(|text| text.parse::<usize>().ok());
    let place = number.and_then(|number| number.checked_sub(1));
    let none = || Failure::Refused("none was chosen; nothing is changed.".to_owned());
    let place = place.filter(|place| *place < known.len()).ok_or_else(none)?;
    Ok(known.swap_remove(place))
}
