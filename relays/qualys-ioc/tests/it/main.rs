//! The relay as a whole: the service around it, an imitation of Qualys before it.

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
mod logins;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod originals;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod test_relay;
