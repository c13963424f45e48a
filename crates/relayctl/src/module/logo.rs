//! The pictures of a module type, as data URLs.

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;

use crate::failure::{Failure, Outcome};

/// Pictures instead of the product's initials.
#[derive(Args)]
pub(super) struct Logos {
    /// A picture, SVG or PNG, instead of the product's initials
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// The same for dark backgrounds; without it the other picture
    #[arg(long, value_name = "FILE")]
    logo_dark: Option<PathBuf>,
}

impl Logos {
    /// Returns the pictures for light and for dark backgrounds. Errors: a file that is no picture.
    pub(super) fn of(&self, product: &str) -> Outcome<[String; 2]> {
        let light = match &self.logo {
            Some(file) => picture(file)?,
            None => initials(product, ["#17495e", "#ffffff"]),
        };
        let dark = match (&self.logo_dark, &self.logo) {
            (Some(file), _) => picture(file)?,
            (None, Some(_)) => light.clone(),
            (None, None) => initials(product, ["#9fd4ea", "#0b2530"]),
        };
        Ok([light, dark])
    }
}

/// Returns a picture of the product's initials.
fn initials(name: &str, [background, foreground]: [&str; 2]) -> String {
    let is_short = name.len() <= 4;
    let letters: String = if is_short {
        name.to_owned()
    } else {
        name.split_whitespace().filter_map(|word| word.chars().next()).take(3).collect()
    };
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" rx="16" fill="{background}"/><text x="48" y="58" font-family="sans-serif" font-size="28" font-weight="bold" text-anchor="middle" fill="{foreground}">{letters}</text></svg>"#
    );
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg))
}

fn picture(file: &Path) -> Outcome<String> {
    let kind = match file.extension().and_then(|end| end.to_str()) {
        Some("svg") => "svg+xml",
        Some("png") => "png",
        _ => return Err(Failure::Usage("the logo must be an .svg or a .png file.".to_owned())),
    };
    let bytes = std::fs::read(file)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}.", file.display())))?;
    Ok(format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)))
}
