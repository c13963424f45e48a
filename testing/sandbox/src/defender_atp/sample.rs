//! Values of the built-in data for tests. Both [`CONTOSO`] and [`FABRIKAM`] know
//! [`SCRIPT_HOST_SHA1`], [`ADDRESS`] and [`DOMAIN`], from other alerts on other devices.
//!
//! [`CONTOSO`]: crate::identity::tenant::CONTOSO
//! [`FABRIKAM`]: crate::identity::tenant::FABRIKAM

/// A script host: four alerts, one on a device that is no longer known, one without evidence;
/// created and renamed on [`WORKSTATION`] according to the hunting tables.
pub const SCRIPT_HOST_SHA1: &str = "36b3216fdaeeb975729fae923d5a4fd12aabfe22";
/// The same file; the events of hunting do not have its SHA-256.
pub const SCRIPT_HOST_SHA256: &str =
    "8f219e9cb0eb53f16947ccf25ec84d8dbc74254770f58904dba41ecccc3fc162";
/// The same file.
pub const SCRIPT_HOST_MD5: &str = "6e53a13043b026c48bbf33feff9243a8";
/// An updater: three alerts, one with its parents, one that knows it without evidence; created,
/// changed and deleted on [`LAPTOP`], with SHA-256. Its SHA-256 has an indicator in upper case.
pub const UPDATER_SHA1: &str = "e8a7f770d9106fd287db7f1adbc60926f6967e78";
/// The same file.
pub const UPDATER_SHA256: &str = "b860dcd6c8a1f8b46287cced9041dff02cee737443e210471948d33296c87009";
/// A program on [`SERVER`], in a folder with slashes. It has an indicator that watches it.
pub const MINER_MD5: &str = "0e19b127d150d0133b54fdf00233d3db";
/// In one alert, without a file profile.
pub const UNPROFILED_SHA1: &str = "6e680efa49cae320f924231acc874f436b71152f";
/// A downloader with an indicator of the old action `AlertAndBlock`.
pub const DOWNLOADER_SHA1: &str = "3eba173aa5b721233cc8b1132a5a3795f0ef9e1a";

/// Four alerts and events of nearly every kind; it has an indicator that blocks it.
pub const ADDRESS: &str = "203.0.113.80";
/// An alert and an event on [`SERVER`].
pub const ADDRESS_V6: &str = "2001:db8:80::1";
/// Four alerts; in events as a name, as a URL, and as a URL in other case with a port.
pub const DOMAIN: &str = "cdn.contoso-files.example";
/// Has an indicator that allows it, stored in other case.
pub const ALLOWED_DOMAIN: &str = "partner.contoso-files.example";
/// Has an indicator that warns.
pub const WARNED_URL: &str = "https://cdn.contoso-files.example/ps.exe";

/// `ws-204.contoso.example`, Windows 11: isolated, and of few abilities.
pub const WORKSTATION: &str = "f506b40928b5b7a767c76fb008f86bebb2737f6a";
/// `ws-088.contoso.example`, Windows 10: free, and of all abilities.
pub const LAPTOP: &str = "4ab959e49fcbfa500036fee9a88fb841eedb634d";
/// `srv-7.contoso.example`, Ubuntu, with four adapters.
pub const SERVER: &str = "65a7bd1eb0638a0271666dad61f0eddcff9021ee";
/// `mac-31.contoso.example`, macOS.
pub const MAC: &str = "7b64bc9c471f60aa4fe4ecb8dd6eda37bafb323f";
/// `srv-22.contoso.example`, Windows Server: apps restricted, hardly anything known.
pub const RESTRICTED_SERVER: &str = "b845ecdc41f22ea7ded23d5958f0d9c1cf3c77eb";
/// A device without a name that cannot do anything.
pub const BARE_DEVICE: &str = "cfb62b88ef4099aa17501c55b89d2c9bd8ec6c4d";
/// In an alert and an event, but no longer a machine.
pub const FORGOTTEN_DEVICE: &str = "5ebb08836847479a42a81da9cb741c57dd557c72";
