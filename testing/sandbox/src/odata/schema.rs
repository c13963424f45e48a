//! Which properties an entity has, and of which type. Only what filters can name.
//!
//! `model.txt` has a block for each type of Microsoft Graph: the type and its base, then each type of property
//! with the names of the properties. Source: the resource pages of Microsoft Graph v1.0.

const MODEL: &str = include_str!("model.txt");

/// The type of a value: its name in error texts. A collection is `Collection(…)`.
pub(super) type Type = &'static str;

pub(super) const TEXT: Type = "Edm.String";
pub(super) const NUMBER: Type = "Edm.Int64";
pub(super) const TRUTH: Type = "Edm.Boolean";
pub(super) const TIME: Type = "Edm.DateTimeOffset";
/// The type of `null` and of properties whose type is not known: it compares with every other.
pub(super) const ANY: Type = "";

/// What is known of the entities of a collection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schema {
    /// A type of the model; names are case-sensitive.
    Type(&'static str),
    /// Properties of any type, with blanks between the names, which are not case-sensitive.
    Names(&'static str),
}

impl Schema {
    /// The canonical name and the type of a property.
    pub(super) fn property(self, name: &str) -> Option<(&'static str, Type)> {
        match self {
            Self::Type(of) => property(of, name),
            Self::Names(names) => {
                let mut names = names.split(' ');
                Some((names.find(|known| known.eq_ignore_ascii_case(name))?, ANY))
            }
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Type(name) => name,
            Self::Names(_) => "entity",
        }
    }
}

/// The type and its base, and the lines below them.
fn block(name: &str) -> Option<(Type, Option<Type>, impl Iterator<Item = &'static str>)> {
    MODEL.split("\n\n").find_map(|block| {
        let mut lines = block.lines();
        let mut types = lines.next()?.split(' ');
        let found = types.next().filter(|known| *known == name)?;
        Some((found, types.next(), lines))
    })
}

/// A property of a type, also one that it inherits.
pub(super) fn property(of: &str, name: &str) -> Option<(&'static str, Type)> {
    let (_, base, mut lines) = block(of)?;
    let own = lines.find_map(|line| {
        let (kind, names) = line.split_once(' ')?;
        Some((names.split(' ').find(|known| *known == name)?, kind))
    });
    own.or_else(|| property(base?, name))
}

/// The type of this name, if it is derived from (or is) the other.
pub(super) fn cast(name: &str, from: &str) -> Option<Type> {
    let (found, base, _) = block(name)?;
    (found == from || base == Some(from)).then_some(found)
}

/// The type of a collection's elements; `None` for what is no collection.
pub(super) fn element(of: Type) -> Option<Type> {
    of.strip_prefix("Collection(")?.strip_suffix(')')
}

/// Whether a type has properties.
pub(super) fn is_structured(of: Type) -> bool {
    block(of).is_some()
}
