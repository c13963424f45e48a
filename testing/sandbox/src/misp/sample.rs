//! Values of the built-in events for searches in tests.

/// A domain of event 1483, the loader campaign: threat level High, `tlp:green`, one neighbour.
pub const LOADER_DOMAIN: &str = "bad.example";
/// The uuid of the loader campaign.
pub const LOADER_EVENT: &str = "5e7b1c34-6d0c-4a7e-9f0a-1c2d3e4f5a6b";
/// An address in an `ip-dst|port` of event 1490, the scanner list: threat level Low, no tags.
pub const SCANNER_ADDRESS: &str = "203.0.113.77";
/// The uuid of the scanner list.
pub const SCANNER_EVENT: &str = "7d9e0f1a-2b3c-4d5e-8f90-a1b2c3d4e5f6";
/// An IPv6 address in an `ip-dst|port` of the scanner list.
pub const SCANNER_ADDRESS_V6: &str = "2001:db8::5ca:1";

/// A domain of the ransomware event in a `domain|ip` with [`RANSOMWARE_ADDRESS`]: High, `tlp:red` on this
/// attribute and `tlp:amber+strict` on the event, not as the first tag.
pub const RANSOMWARE_DOMAIN: &str = "nightglass.example";
/// An address of the ransomware event (High) and of the September roundup (Medium).
pub const RANSOMWARE_ADDRESS: &str = "192.0.2.66";
/// The host of a `hostname|port` in the ransomware event and of the roundup.
pub const RANSOMWARE_HOST: &str = "c2.nightglass.example";
/// The first stage of the ransomware: in a file object, with `first_seen` and `last_seen`.
pub const RANSOMWARE_SHA256: &str =
    "84dcbfd09266fa8c4d7c6ba822c6df3487c167c787ba29ae100a0b221631be2e";
/// The same file; also half of a `malware-sample`, and in the roundup.
pub const RANSOMWARE_MD5: &str = "5204fd53af461038ca1fe8ed7311352a";
/// The second stage, in a `filename|sha256` and in the roundup.
pub const LOCKER_SHA256: &str = "8519d6872826ec87506e98e672a3da9de617c90505c056f9c3737987a86ce931";
/// A mutex of the ransomware event.
pub const RANSOMWARE_MUTEX: &str = r"Global\NG-7f3a91";
/// An e-mail address of the ransomware event.
pub const RANSOMWARE_EMAIL: &str = "recover@nightglass.example";

/// A domain of the phishing kit (Medium, title in four scripts) and of the roundup.
pub const PHISHING_DOMAIN: &str = "mail-portal.example";
/// A page of the phishing kit, stored without a slash there and with one in the roundup.
pub const PHISHING_URL: &str = "https://login.mail-portal.example";
/// A page of the phishing kit that is stored with its slash only.
pub const PHISHING_PANEL_URL: &str = "https://kit.mail-portal.example/";
/// A page of the phishing kit that is stored without its scheme: this is the whole stored value.
pub const PHISHING_URI: &str = "login.mail-portal.example/verify";
/// An internationalised domain of the phishing kit in the form that is stored.
pub const LOOKALIKE_DOMAIN: &str = "xn--mil-portal-zqi.example";

/// A host of the report with a title of more than 1024 characters: Undefined, no `Orgc`, no tags.
pub const LONG_TITLE_DOMAIN: &str = "maintenance.utility-remote.example";
/// A domain of an event that is not published: Undefined, without comments.
pub const ODD_LEVEL_DOMAIN: &str = "odd-level.example";
/// A domain of the USB worm: `tlp:white` and `tlp:red`, with `first_seen` and `last_seen`.
pub const WORM_DOMAIN: &str = "updates.print-shop.example";
/// An address of the USB worm, as it is stored; it was reported as `2001:db8:0:0:0:0:bad:1`.
pub const LONG_FORM_ADDRESS: &str = "2001:db8::bad:1";

/// An address in more than 500 events of all four threat levels: it fills any page.
pub const SINKHOLE_ADDRESS: &str = "198.51.100.200";
/// How many events hold [`SINKHOLE_ADDRESS`].
pub const SINKHOLE_EVENTS: usize = 522;
/// A domain that only a deleted attribute holds.
pub const DELETED_DOMAIN: &str = "retired.loader.example";
/// A domain that no event holds.
pub const UNKNOWN_DOMAIN: &str = "harmless.example";
/// A URL with `&&`, which a plain text filter would split.
pub const URL_WITH_AMPERSANDS: &str = "http://ads.example/?a=1&&b=2";
/// A file name with a leading `!`, which a plain text filter would negate.
pub const FILE_NAME_WITH_BANG: &str = "!readme.txt";
/// A file name that ends with `%`, which every form of filter takes for a pattern.
pub const FILE_NAME_WITH_PERCENT: &str = "discount 100%";

/// A page that urlscan.io accepts.
pub const SCANNABLE_URL: &str = "http://bad.example/login?x=1";
/// A page whose host urlscan.io cannot resolve.
pub const UNRESOLVABLE_URL: &str = "http://nx.bad.example/";
