//! Tests of the whole relay against the simulator of Qualys.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod end_to_end;
#[cfg(test)]
mod faults;
mod lifecycle;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod regressions;
#[cfg(test)]
mod test_relay;
