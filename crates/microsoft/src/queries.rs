//! For the check against Microsoft's own definitions (`.ci/microsoft`): every form of query that is
//! sent, and every member of a record that is read, written by the code that ships.

use relay_core::{Namespace, Observable, ObservableType as Type};
use serde_json::{Value, json};

use crate::{
    Incident, Service,
    alerts::{self, SearchOptions},
    defender,
    health::SMALLEST_QUERY,
    members,
};

/// One value of each type that alerts are searched by, and one in another script.
fn observables() -> Vec<Observable> {
    let hash = |digits: usize| "ab".repeat(digits / 2);
    [
        (Type::Ip, "203.0.113.80"),
        (Type::Ipv6, "2001:db8::1"),
        (Type::Domain, "bücher.example"),
        (Type::Hostname, "ws-204"),
        (Type::Email, "pay@sender.example"),
        (Type::Url, "https://bad.example/it's"),
        (Type::FileName, r"it's \ me.exe"),
        (Type::FilePath, r"C:\Users\upd.exe"),
        (Type::Md5, &hash(32)),
        (Type::Sha1, &hash(40)),
        (Type::Sha256, &hash(64)),
    ]
    .map(|(kind, value)| Observable::new(kind, value))
    .into()
}

#[test]
#[ignore = "prints what .ci/microsoft checks"]
fn print_queries_and_members() {
    let observables = observables();
    let options = |service| SearchOptions { source: "", namespace: Namespace::X500, service };
    let services = [None, Some(Service::DEFENDER_FOR_ENDPOINT)];
    let mut queries = vec![SMALLEST_QUERY.to_owned()];
    let mut filters = Vec::new();
    // Each alone, so that no table or column is there for another's sake, and all together.
    let alone = observables.iter().map(std::slice::from_ref);
    for observables in alone.chain([&observables[..]]) {
        for service in services {
            queries.extend(alerts::all_queries(observables, &options(service)));
            filters.extend(alerts::all_filters(observables, &options(service)));
        }
        queries.extend(defender::all_queries(observables));
    }
    // Microsoft's page of incidents has it; the types that are published for v1.0 do not yet.
    let is_published = |member: &&&str| **member != "priorityScore";
    let incident: Vec<_> = members::of::<Incident>().iter().filter(is_published).copied().collect();
    let of_alerts = alerts::all_members().into_iter().map(|(record, all)| (record, all.to_vec()));
    let members: Vec<Value> = of_alerts
        .chain([("incident", incident)])
        .map(|(record, members)| json!({"record": record, "members": members}))
        .collect();
    println!("{}", json!({"queries": queries, "filters": filters, "members": members}));
}
