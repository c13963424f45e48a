//! Paths of files, which Microsoft's records split into folder and name.

/// Joins folder and name. A folder that ends with the name already, in any case, is the whole path.
pub(crate) fn joined(folder: &str, name: Option<&str>) -> String {
    let last = folder.rsplit(['\\', '/']).next().unwrap_or_default();
    match name {
        Some(name) if last.to_lowercase() != name.to_lowercase() => {
            let separator = match folder {
                _ if last.is_empty() => "",
                _ if folder.contains('/') => "/",
                _ => "\\",
            };
            [folder, separator, name].concat()
        }
        _ => folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_folder_and_name_unless_the_folder_holds_both() {
        let check = |folder: &str, name: Option<&str>, expected: &str| {
            assert_eq!(joined(folder, name), expected, "{folder} {name:?}");
        };
        check(r"C:\Users", Some("upd.exe"), r"C:\Users\upd.exe");
        check("/opt/x", Some("run.sh"), "/opt/x/run.sh");
        check(r"C:\Kiosk\", Some("upd.exe"), r"C:\Kiosk\upd.exe");
        check("/", Some("tool"), "/tool");
        check("/opt/run.sh", Some("run.sh"), "/opt/run.sh");
        check(r"C:\UPD.EXE", Some("upd.exe"), r"C:\UPD.EXE");
        check("/opt/run.sh", None, "/opt/run.sh");
        check(r"c:\users\mara\счёт.exe", Some("Счёт.exe"), r"c:\users\mara\счёт.exe");
        check(r"c:\straẞe.exe", Some("straße.exe"), r"c:\straẞe.exe");
        check(r"c:\users\mara", Some("Счёт.exe"), r"c:\users\mara\Счёт.exe");
    }
}
