//! The MISP relay against its specification, in front of an imitated MISP.

#[cfg(test)]
mod answer;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod end_to_end;
mod endpoints;
#[cfg(test)]
mod entities;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod observables;
#[cfg(test)]
mod originals;
#[cfg(test)]
mod partial;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod relations;
#[cfg(test)]
mod respond;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod search;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod statuses;
#[cfg(test)]
mod tenants;
#[cfg(test)]
mod test_relay;
#[cfg(test)]
mod tlp;
#[cfg(test)]
mod tls;
