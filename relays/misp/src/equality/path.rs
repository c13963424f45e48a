//! Paths and registry keys, docs/relays/misp.md#equality. MISP's default import rules replace the
//! folders that depend on a machine.

/// Folders of Windows in lower case, and what MISP stores for them, the longest first; `*` stands for
/// the name of a user.
const FOLDERS: &[(&str, &str)] = &[
    (r"\documents and settings\all users\", r"%ALLUSERSPROFILE%\"),
    (r"\program files\common files\", r"%COMMONPROGRAMFILES%\"),
    (r"\program files (x86)\common files\", r"%COMMONPROGRAMFILES(x86)%\"),
    (r"\documents and settings\*\local settings\temp\", r"%TEMP%\"),
    (r"\users\*\appdata\local\temp\", r"%TEMP%\"),
    (r"\users\*\appdata\local\", r"%LOCALAPPDATA%\"),
    (r"\users\*\appdata\roaming\", r"%APPDATA%\"),
    (r"\users\*\application data\", r"%APPDATA%\"),
    (r"\users\public\", r"%PUBLIC%\"),
    (r"\users\*\", r"%USERPROFILE%\"),
    (r"\documents and settings\*\", r"%USERPROFILE%\"),
    (r"\program files (x86)\", r"%PROGRAMFILES(X86)%\"),
    (r"\program files\", r"%PROGRAMFILES%\"),
    (r"\programdata\", r"%PROGRAMDATA%\"),
    (r"\windows\", r"%WINDIR%\"),
];

const REGISTRY_OF_MACHINE: &str = r"\registry\machine\";

/// Returns the text, and as MISP stores it where its rules change it.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut spellings = vec![text.to_owned()];
    if lower.starts_with(REGISTRY_OF_MACHINE) {
        spellings.push(format!(r"HKLM\{}", &text[REGISTRY_OF_MACHINE.len()..]));
    }
    let mut letters = lower.chars();
    let has_drive =
        letters.next().is_some_and(|one| one.is_ascii_alphabetic()) && letters.next() == Some(':');
    if has_drive {
        let found = FOLDERS.iter().filter_map(|(folder, stored)| {
            let length = prefix_length(&lower[2..], folder)?;
            Some(format!("{stored}{}", &text[2 + length..]))
        });
        spellings.extend(found);
    }
    spellings
}

/// Returns how many bytes of the path a folder takes, where `*` stands for one name.
fn prefix_length(path: &str, folder: &str) -> Option<usize> {
    let Some((before, after)) = folder.split_once('*') else {
        return path.starts_with(folder).then_some(folder.len());
    };
    let rest = path.strip_prefix(before)?;
    let name = rest.find('\\')?;
    rest[name..].starts_with(after).then_some(before.len() + name + after.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_a_machine_are_searched_as_misp_stores_them() {
        let check = |text: &str, stored: &str| {
            assert!(spellings(text).contains(&stored.to_owned()), "{text}: {:?}", spellings(text));
        };
        check(r"C:\WINDOWS\temp\REC.EXE", r"%WINDIR%\temp\REC.EXE");
        check(r"d:\Users\someone\rec.exe", r"%USERPROFILE%\rec.exe");
        check(r"C:\Users\someone\AppData\Local\Temp\rec.exe", r"%TEMP%\rec.exe");
        check(r"C:\Program Files\x\rec.exe", r"%PROGRAMFILES%\x\rec.exe");
        check(r"\REGISTRY\MACHINE\Software\Rec", r"HKLM\Software\Rec");
    }

    #[test]
    fn other_texts_have_one_spelling() {
        for text in ["evil.exe", r"C:\Temp\x", r"\Windows\x", "ü:x", r"HKLM\Software"] {
            assert_eq!(spellings(text), [text]);
        }
    }
}
