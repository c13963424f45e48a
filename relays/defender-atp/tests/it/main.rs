//! The relay as a whole: the service around it, simulators of Microsoft before it.

#[cfg(test)]
mod actions;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod end_to_end;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod regressions;
mod reputations;
#[cfg(test)]
mod test_relay;
