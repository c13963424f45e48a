//! The rules of docs/relays/misp.md#equality, with values as a MISP 2.5.1 server has them.

use super::*;

fn observable(kind: Type, value: &str) -> Observable {
    Observable::new(kind, value)
}

fn attribute(attribute_type: &str, value: &str) -> Attribute {
    Attribute { attribute_type: attribute_type.into(), value: value.into(), ..Attribute::default() }
}

fn how(asked: &Observable, stored: &Attribute) -> Option<Match> {
    Index::new([asked]).named(stored).first().map(|(_, how)| *how)
}

#[track_caller]
fn same(kind: Type, asked: &str, attribute_type: &str, stored: &str) {
    let found = how(&observable(kind, asked), &attribute(attribute_type, stored));
    assert_eq!(found, Some(Match::Value), "{asked:?} in {stored:?}");
}

#[track_caller]
fn different(kind: Type, asked: &str, attribute_type: &str, stored: &str) {
    let found = how(&observable(kind, asked), &attribute(attribute_type, stored));
    assert_eq!(found, None, "{asked:?} in {stored:?}");
}

#[track_caller]
fn searched(kind: Type, asked: &str, text: &str) {
    let texts = searched_texts(&observable(kind, asked));
    assert!(texts.iter().any(|one| one == text), "{asked:?}: {texts:?}");
}

#[test]
fn i11_nothing_is_searched_that_equals_the_empty_text() {
    for weightless in [
        "",
        " ",
        "\t",
        "0",
        " 0 ",
        "\u{200B}",
        "\u{FEFF}",
        "\u{1}",
        "\u{7F}",
        "\u{301}",
        "%",
        "%%",
        "\u{200B}%",
        "..",
        "-",
        "\u{2060}\u{200B}",
        "\u{3164}",
    ] {
        for kind in [
            Type::Domain,
            Type::Hostname,
            Type::Url,
            Type::FileName,
            Type::Mutex,
            Type::RegistryKey,
            Type::UserAgent,
            Type::Email,
            Type::Ip,
            Type::Md5,
        ] {
            let observable = observable(kind, weightless);
            assert!(searched_texts(&observable).is_empty(), "{kind} {weightless:?}");
            assert!(forms_of(&observable).is_empty(), "{kind} {weightless:?}");
            assert_eq!(link_text(&observable), None, "{kind} {weightless:?}");
        }
    }
    for (kind, value) in [(Type::Ip, "bad"), (Type::Sha1, "abc"), (Type::Ipv6, "203.0.113.7")] {
        assert!(searched_texts(&observable(kind, value)).is_empty(), "{value}");
    }
}

#[test]
fn i11_no_text_is_a_wildcard() {
    for (kind, value) in [
        (Type::Domain, "%bad.example"),
        (Type::Url, "http://pct.example/100%"),
        (Type::Url, "http://bad%/"),
        (Type::FileName, "100%"),
        (Type::FileName, r"C:\Windows\Temp\x.exe"),
        (Type::Mutex, "%x%"),
    ] {
        let texts = searched_texts(&observable(kind, value));
        assert!(!texts.is_empty(), "{value}");
        assert!(
            !texts.iter().any(|text| text.starts_with('%') || text.ends_with('%')),
            "{texts:?}"
        );
    }
}

#[test]
fn names_have_no_case_and_several_spellings() {
    same(Type::Domain, ".Upper.Example.", "domain", "upper.example");
    same(Type::Domain, "low\u{200B}.rec.example", "domain", "low.rec.example");
    same(Type::Domain, "Bücher.example", "domain", "xn--bcher-kva.example");
    same(Type::Domain, "xn--bcher-kva.example", "domain", "xn--bcher-kva.example");
    same(Type::Domain, "straße.example", "domain", "strasse.example");
    same(Type::Domain, "xn--strae-oqa.example", "domain", "strasse.example");
    same(Type::Url, "http://straße.example/X", "url", "http://strasse.example/X");
    same(Type::Url, "http://strasse.example/X", "url", "http://Straße.example/X");
    same(Type::Url, "http://xn--strae-oqa.example", "url", "strasse.example/");
    searched(Type::Domain, "xn--strae-oqa.example", "strasse.example");
    searched(Type::Domain, "straße.example", "xn--strae-oqa.example");
    same(Type::Hostname, "c2.example", "url", "c2.example");
    different(Type::Domain, "lów.example", "domain", "low.example");
    different(Type::Domain, "lоw.example", "domain", "low.example");
}

#[test]
fn addresses_are_compared_as_addresses() {
    same(Type::Ip, "192.0.2.60", "ip-dst", "::ffff:192.0.2.60");
    same(Type::Ipv6, "2001:0DB8::0:1", "ip-src", "2001:db8::1");
    same(Type::Ipv6, "::c000:23d", "ip-dst", "::192.0.2.61");
    searched(Type::Ipv6, "::c000:23d", "::192.0.2.61");
    searched(Type::Ipv6, "::c000:23d", "0:0:0:0:0:0:c000:23d");
    same(Type::Ip, "192.0.2.11", "ip-dst|port", "192.0.2.11|8443");
    same(Type::Ip, "203.0.113.7", "domain|ip", "bad.example|203.0.113.7");
    different(Type::Ip, "192.0.2.61", "ip-dst", "::192.0.2.61");
    different(Type::Ip, "192.0.2.50", "url", "http://192.0.2.50/x");
}

#[test]
fn an_address_is_found_in_a_network() {
    let check = |address: &str, attribute_type: &str, network: &str, expected: Option<Match>| {
        let kind = if address.contains(':') { Type::Ipv6 } else { Type::Ip };
        let found = how(&observable(kind, address), &attribute(attribute_type, network));
        assert_eq!(found, expected, "{address} in {network}");
    };
    check("10.20.1.2", "ip-dst", "10.20.0.0/16", Some(Match::Network));
    check("10.20.1.2", "ip-src", "10.0.0.0/8", Some(Match::Network));
    check("2001:db8:aa::5", "ip-dst", "2001:DB8:AA::/48", Some(Match::Network));
    check("10.21.1.2", "ip-dst", "10.20.0.0/16", None);
    searched(Type::Ip, "10.20.1.2", "10.20.0.0/16");
    searched(Type::Ipv6, "2001:db8:aa::5", "2001:db8:aa::/48");
}

#[test]
fn scheme_and_host_of_a_url_have_no_case_and_its_path_has() {
    same(Type::Url, "http://upper.example/Path", "url", "http://UPPER.example/Path");
    same(Type::Url, "https://bad.example/Login", "url", "HTTPS://BAD.example/Login");
    same(Type::Url, "https://bad.example/Login", "url", "bad.example/Login");
    same(Type::Url, "http://slash.example", "url", "http://slash.example/");
    same(Type::Url, "http://noscheme.example/", "url", "noscheme.example");
    same(Type::Url, "http://noscheme.example/", "link", "NOSCHEME.example");
    same(Type::Url, "http://bücher.example/y", "url", "http://xn--bcher-kva.example/y");
    same(Type::Url, "http://xn--bcher-kva.example/y", "url", "http://BÜCHER.example/y");
    same(Type::Url, "http://pipe.example/a|b", "url", "http://pipe.example/a|b");
    same(Type::Url, "http://emoji.example/😀", "url", "http://emoji.example/?");
    same(Type::Url, "http://pct.example/100%", "url", "http://pct.example/100%");
    different(Type::Url, "http://upper.example/path", "url", "http://UPPER.example/Path");
    different(Type::Url, "http://enc.example/%7euser", "url", "http://enc.example/%7Euser");
    different(Type::Url, "https://slash.example/", "url", "http://slash.example/");
    different(Type::Url, "http://bad.example/", "domain", "bad.example");
    different(Type::Url, "http://slash.example/a", "url", "http://slash.example/a/");
}

#[test]
fn names_of_windows_have_no_case() {
    same(Type::FileName, "evil file.exe", "filename", "Evil File.EXE");
    same(Type::FileName, "evil.EXE", "filename|md5", "Evil.exe|0f1e");
    same(Type::Mutex, r"global\rec-case", "mutex", r"Global\Rec-Case");
    same(Type::RegistryKey, r"hklm\software\rec", "regkey", r"HKLM\Software\Rec");
    same(Type::RegistryKey, r"\REGISTRY\MACHINE\Software\Rec", "regkey", r"HKLM\Software\Rec");
    same(Type::RegistryKey, r"HKLM\Software\Rec", "regkey|value", r"HKLM\Software\Rec|1");
    same(Type::FileName, r"C:\WINDOWS\temp\REC.EXE", "filename", r"%WINDIR%\Temp\rec.exe");
    same(Type::FileName, r"%WINDIR%\Temp\rec.exe", "filename", r"%WINDIR%\Temp\rec.exe");
    same(Type::FileName, "smile😀.exe", "filename", "smile?.exe");
    different(Type::FileName, "creme.exe", "filename", "crème.exe");
    different(Type::FileName, "full.exe", "filename", "ＦＵＬＬ.exe");
    different(Type::UserAgent, "agent/1", "user-agent", "Agent/1");
}

#[test]
fn a_part_counts_only_as_what_it_is() {
    for (attribute_type, stored) in
        [("ip-dst|port", "192.0.2.11|8443"), ("hostname|port", "a.example|8443"), ("port", "8443")]
    {
        for kind in [Type::FileName, Type::Mutex, Type::Url, Type::Domain] {
            different(kind, "8443", attribute_type, stored);
        }
    }
    different(Type::FileName, "192.0.2.11", "ip-dst|port", "192.0.2.11|8443");
    different(Type::Mutex, "1", "regkey|value", r"HKLM\x|1");
    let md5 = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    same(Type::Md5, &md5.to_uppercase(), "malware-sample", &format!("a.exe|{md5}"));
    same(Type::Md5, md5, "ja3-fingerprint-md5", md5);
    same(Type::Email, "Box@Mail.example", "email-src", "box@mail.example");
}

#[test]
fn links_have_no_sign_that_a_server_reads() {
    let check = |kind, value: &str, expected: &str| {
        assert_eq!(link_text(&observable(kind, value)).as_deref(), Some(expected), "{value}");
    };
    check(Type::Url, "http://slash.example/", "http:__slash.example_");
    check(Type::RegistryKey, r"HKLM\Software\Rec", "HKLM_Software_Rec");
    check(Type::Ipv6, "2001:0DB8:0::0010", "2001:db8::10");
    check(Type::Domain, "BÜCHER.example", "xn--bcher-kva.example");
    check(Type::Md5, "abc", "abc");
    check(Type::FileName, "smile😀.exe", "smile_.exe");
}
