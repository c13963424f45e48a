//! The filter for each type, with every property and every spelling.

use proptest::prelude::*;
use relay_core::{Namespace, Observable, ObservableType as Type};

use super::*;
use crate::{Service, alerts::search_term::SearchTerm, malicious};

fn options(service: Option<Service>) -> SearchOptions<'static> {
    SearchOptions { source: "Product", namespace: Namespace::of("product"), service }
}

fn filter(kind: Type, value: &str, breadth: Breadth) -> String {
    let observable = Observable::new(kind, value);
    let term = SearchTerm::new(0, &observable).unwrap();
    term.filter(&options(None), breadth).as_str().to_owned()
}

/// Checks the terms of both filters; `?` stands for the value.
#[track_caller]
fn check(kind: Type, value: &str, core: &str, further: &str) {
    let filter_of = |terms: &[&str]| {
        let terms: Vec<_> = terms.iter().flat_map(|it| it.lines()).map(str::trim).collect();
        format!("evidence/any(e: {})", terms.join(" or "))
            .replace("{P}", "e/microsoft.graph.security.")
            .replace('?', value)
    };
    assert_eq!(filter(kind, value, Breadth::Core), filter_of(&[core]), "{kind}");
    let whole = [core, further];
    let whole = if further.is_empty() { &whole[..1] } else { &whole };
    assert_eq!(filter(kind, value, Breadth::Whole), filter_of(whole), "{kind}");
}

#[test]
fn an_address_is_searched_in_all_evidence_that_may_hold_it() {
    check(
        Type::Ipv6,
        "2001:db8::1",
        "{P}ipEvidence/ipAddress eq '?'
         {P}networkConnectionEvidence/sourceAddress/ipAddress eq '?'
         {P}networkConnectionEvidence/destinationAddress/ipAddress eq '?'
         {P}deviceEvidence/ipInterfaces/any(i: i eq '?')",
        "{P}deviceEvidence/lastIpAddress eq '?'
         {P}deviceEvidence/lastExternalIpAddress eq '?'
         {P}ioTDeviceEvidence/ipAddress/ipAddress eq '?'
         {P}analyzedMessageEvidence/senderIp eq '?'
         {P}submissionMailEvidence/senderIp eq '?'
         {P}teamsMessageEvidence/senderIP eq '?'
         {P}dnsEvidence/hostIpAddress/ipAddress eq '?'
         {P}dnsEvidence/dnsServerIp/ipAddress eq '?'
         {P}ioTDeviceEvidence/nics/any(i: i/ipAddress/ipAddress eq '?')
         {P}dnsEvidence/ipAddresses/any(i: i/ipAddress eq '?')",
    );
}

#[test]
fn a_name_is_searched_in_all_evidence_that_may_hold_it() {
    check(
        Type::Domain,
        "bad.example",
        "contains({P}urlEvidence/url, '//?')
         contains({P}urlEvidence/url, '@?')
         startswith({P}urlEvidence/url, '?')
         {P}dnsEvidence/domainName eq '?'",
        "{P}analyzedMessageEvidence/p1Sender/domainName eq '?'
         {P}analyzedMessageEvidence/p2Sender/domainName eq '?'
         {P}analyzedMessageEvidence/urls/any(i: contains(i, '//?') or contains(i, '@?') or startswith(i, '?'))
         {P}teamsMessageEvidence/urls/any(i: contains(i/url, '//?') or contains(i/url, '@?') or startswith(i/url, '?'))",
    );
    check(
        Type::Hostname,
        "ws-204",
        "{P}deviceEvidence/deviceDnsName eq '?'
         startswith({P}deviceEvidence/deviceDnsName, '?.')
         {P}deviceEvidence/hostName eq '?'",
        "{P}ioTDeviceEvidence/deviceName eq '?'",
    );
    check(
        Type::Email,
        "pay@sender.example",
        "{P}analyzedMessageEvidence/p2Sender/emailAddress eq '?'
         {P}analyzedMessageEvidence/recipientEmailAddress eq '?'
         {P}mailboxEvidence/primaryAddress eq '?'
         {P}userEvidence/userAccount/userPrincipalName eq '?'",
        "{P}analyzedMessageEvidence/p1Sender/emailAddress eq '?'
         {P}submissionMailEvidence/sender eq '?'
         {P}submissionMailEvidence/recipient eq '?'
         {P}teamsMessageEvidence/senderFromAddress eq '?'
         {P}mailboxEvidence/upn eq '?'
         {P}teamsMessageEvidence/recipients/any(i: i eq '?')",
    );
    check(
        Type::Url,
        "https://bad.example/A",
        "{P}urlEvidence/url eq '?'",
        "{P}analyzedMessageEvidence/urls/any(i: i eq '?')
         {P}teamsMessageEvidence/urls/any(i: i/url eq '?')",
    );
}

#[test]
fn a_file_is_searched_in_all_evidence_that_may_hold_it() {
    check(
        Type::FileName,
        "upd.exe",
        "{P}fileEvidence/fileDetails/fileName eq '?'
         {P}processEvidence/imageFile/fileName eq '?'",
        "{P}processEvidence/parentProcessImageFile/fileName eq '?'",
    );
    check(
        Type::FilePath,
        r"C:\Users\upd.exe",
        r"{P}fileEvidence/fileDetails/filePath eq '?'
          (({P}fileEvidence/fileDetails/filePath eq 'C:\Users' or {P}fileEvidence/fileDetails/filePath eq 'C:\Users\') and {P}fileEvidence/fileDetails/fileName eq 'upd.exe')
          {P}processEvidence/imageFile/filePath eq '?'
          (({P}processEvidence/imageFile/filePath eq 'C:\Users' or {P}processEvidence/imageFile/filePath eq 'C:\Users\') and {P}processEvidence/imageFile/fileName eq 'upd.exe')",
        r"{P}processEvidence/parentProcessImageFile/filePath eq '?'
          (({P}processEvidence/parentProcessImageFile/filePath eq 'C:\Users' or {P}processEvidence/parentProcessImageFile/filePath eq 'C:\Users\') and {P}processEvidence/parentProcessImageFile/fileName eq 'upd.exe')",
    );
    for (kind, digits) in [(Type::Sha256, 64), (Type::Sha1, 40), (Type::Md5, 32)] {
        check(
            kind,
            &"ab".repeat(digits / 2),
            &format!(
                "{{P}}fileEvidence/fileDetails/{kind} eq '?'
                 {{P}}processEvidence/imageFile/{kind} eq '?'
                 {{P}}fileHashEvidence/value eq '?'"
            ),
            &format!("{{P}}processEvidence/parentProcessImageFile/{kind} eq '?'"),
        );
    }
    let hash = "AB".repeat(16);
    assert!(!filter(Type::Md5, &hash, Breadth::Whole).contains(&hash));
}

#[test]
fn every_spelling_is_in_the_filter() {
    let check = |kind, value: &str, property: &str, expected: &[&str]| {
        let filter = filter(kind, value, Breadth::Core);
        let property = format!("e/microsoft.graph.security.{property} eq '");
        let found: Vec<_> =
            filter.split(&property).skip(1).filter_map(|it| it.split('\'').next()).collect();
        assert_eq!(found, expected, "{value}");
    };
    let ip = "ipEvidence/ipAddress";
    check(Type::Ip, "203.0.113.80", ip, &["203.0.113.80", "::ffff:203.0.113.80"]);
    check(Type::Ipv6, "2001:DB8::1", ip, &["2001:db8::1", "2001:DB8::1"]);
    let dns = "dnsEvidence/domainName";
    check(Type::Domain, "Bad.example", dns, &["bad.example", "Bad.example"]);
    check(Type::Domain, "bücher.example", dns, &["xn--bcher-kva.example", "bücher.example"]);
    let url = "urlEvidence/url";
    check(Type::Url, "https://bad.example", url, &["https://bad.example", "https://bad.example/"]);
}

#[test]
fn a_search_can_be_restricted_to_one_service() {
    let observable = Observable::new(Type::Url, "https://bad.example/a");
    let options = options(Some(Service::DEFENDER_FOR_ENDPOINT));
    let term = SearchTerm::new(0, &observable).unwrap();
    assert_eq!(
        term.filter(&options, Breadth::Core).as_str(),
        "evidence/any(e: e/microsoft.graph.security.urlEvidence/url eq 'https://bad.example/a') and serviceSource eq 'microsoftDefenderForEndpoint'"
    );
}

/// The texts of which the literals of a filter for this value consist.
fn parts(value: &str) -> Vec<String> {
    let (folder, name) = folder_and_name(value).unwrap_or_default();
    let bare = folder.strip_suffix(['/', '\\']).unwrap_or_default();
    let around =
        [format!("//{value}"), format!("@{value}"), format!("{value}."), format!("{value}/")];
    around.into_iter().chain([value, folder, bare, name].map(str::to_owned)).collect()
}

proptest! {
    #[test]
    fn i01_no_value_changes_the_filter(value in malicious::value()) {
        for kind in [Type::Domain, Type::Hostname, Type::Email, Type::Url, Type::FileName, Type::FilePath] {
            let observable = Observable::new(kind, value.clone());
            let Some(term) = SearchTerm::new(0, &observable) else { continue };
            let (_, literals) = malicious::odata(term.filter(&options(None), Breadth::Whole).as_str());
            let spellings = term.filtered_spellings();
            let parts: Vec<_> = spellings.iter().flat_map(|it| parts(it)).collect();
            for literal in &literals {
                prop_assert!(parts.contains(literal), "{literal:?} is no part of {value:?}");
            }
            // As many literals as a harmless value of the same kind has, for each spelling.
            let harmless = if folder_and_name(&value).is_some() { "x/y" } else { "x" };
            let harmless = Observable::new(kind, harmless);
            let harmless = SearchTerm::new(0, &harmless).unwrap();
            let terms = |term: &SearchTerm<'_>, value: &str| {
                let terms = term.value.terms(value, Breadth::Whole);
                malicious::odata(Filter::any_of(terms).as_str()).0
            };
            let skeleton = terms(&harmless, &harmless.observable.value);
            for spelling in &spellings {
                let is_alike = folder_and_name(spelling).is_some() == folder_and_name(&value).is_some();
                prop_assert!(!is_alike || terms(&term, spelling) == skeleton);
            }
        }
    }
}
