//! Archives whose bytes depend on their files only: no time, no owner, no order of a folder.

use std::io::{Cursor, Write};

use flate2::{Compression, GzBuilder};
use tar::{Builder, Header};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::Outcome;

/// A file of an archive.
pub(crate) struct ArchivedFile {
    path: String,
    content: Vec<u8>,
    /// The permissions, as `chmod` takes them.
    mode: u32,
}

impl ArchivedFile {
    pub(crate) fn program(path: &str, content: Vec<u8>) -> Self {
        Self { path: path.to_owned(), content, mode: 0o755 }
    }

    pub(crate) fn text(path: &str, content: String) -> Self {
        Self { path: path.to_owned(), content: content.into_bytes(), mode: 0o644 }
    }
}

/// Returns a zip, deflated at the highest level, as Lambda takes it.
///
/// # Errors
///
/// More than a zip can hold.
pub(crate) fn zip(files: &[ArchivedFile]) -> Outcome<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        // Dated 1980, which is how a zip says that it does not tell.
        let options =
            SimpleFileOptions::DEFAULT.compression_level(Some(9)).unix_permissions(file.mode);
        writer.start_file(&file.path, options)?;
        writer.write_all(&file.content)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// Returns a compressed tape archive.
///
/// # Errors
///
/// A path that is too long.
pub(super) fn tar_gz(files: &[ArchivedFile]) -> Outcome<Vec<u8>> {
    let mut builder = Builder::new(GzBuilder::new().write(Vec::new(), Compression::best()));
    for file in files {
        let mut header = Header::new_gnu();
        header.set_size(file.content.len() as u64);
        header.set_mode(file.mode);
        builder.append_data(&mut header, &file.path, file.content.as_slice())?;
    }
    Ok(builder.into_inner()?.finish()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn files() -> Vec<ArchivedFile> {
        vec![
            ArchivedFile::program("bootstrap", vec![7; 5000]),
            ArchivedFile::text("NOTICES", "Licences".to_owned()),
        ]
    }

    #[test]
    fn a_zip_holds_its_files_with_their_permissions() {
        let mut read = zip::ZipArchive::new(Cursor::new(zip(&files()).unwrap())).unwrap();
        let mut program = read.by_name("bootstrap").unwrap();
        assert_eq!(program.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        let mut content = Vec::new();
        program.read_to_end(&mut content).unwrap();
        assert_eq!(content, [7; 5000]);
        drop(program);
        assert_eq!(read.by_name("NOTICES").unwrap().unix_mode().map(|it| it & 0o777), Some(0o644));
    }

    #[test]
    fn a_tape_archive_holds_its_files_with_their_permissions() {
        let packed = tar_gz(&files()).unwrap();
        let mut read = tar::Archive::new(GzDecoder::new(packed.as_slice()));
        let modes: Vec<_> = read
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap())
            })
            .collect();
        assert_eq!(modes, [("bootstrap".to_owned(), 0o755), ("NOTICES".to_owned(), 0o644)]);
    }

    /// What a rebuild is compared by.
    #[test]
    fn nothing_of_an_archive_depends_on_when_it_is_made() {
        let packed = zip(&files()).unwrap();
        let read = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
        let names: Vec<_> = read.file_names().map(Result::unwrap).collect();
        assert_eq!(names, ["bootstrap", "NOTICES"]);
        let packed = tar_gz(&files()).unwrap();
        let decoder = GzDecoder::new(packed.as_slice());
        assert_eq!(decoder.header().map(flate2::GzHeader::mtime), Some(0));
        let mut read = tar::Archive::new(decoder);
        for entry in read.entries().unwrap() {
            assert_eq!(entry.unwrap().header().mtime().unwrap(), 0);
        }
    }
}
