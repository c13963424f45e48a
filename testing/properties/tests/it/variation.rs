//! Seeds, and what becomes of them under small changes.

use std::{fmt, fs, path::Path};

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// What may come to stand in a seed: ends of literals, lines, parts and documents.
const PIECES: &[&str] = &[
    "'",
    "\"",
    "\\",
    "`",
    "\n",
    "\r",
    "\0",
    " ",
    "%",
    "&",
    "=",
    "+",
    "/",
    ".",
    ":",
    ",",
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "9999999999999999999",
    "\u{202e}",
    "\u{2028}",
    "\u{fffd}",
    "\u{e4}",
    "~",
    "T",
    "Z",
];

/// Runs a property over all seeds of its target, and over so many variations of them.
pub(crate) fn assert_holds(target: &str, property: impl Fn(&[u8]), variations: u32) {
    let seeds = seeds(target);
    seeds.iter().for_each(|seed| property(seed));
    vary(property, seeds, variations);
}

/// The seeds of a target, in the order of their names; a few for a target that has none.
pub(crate) fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let Ok(files) = fs::read_dir(folder) else {
        return ["o~0", "h~0", "ac0~changed", "od0{}", "ol0{}"].map(|seed| seed.into()).into();
    };
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("a seed")).collect()
}

fn vary(property: impl Fn(&[u8]), seeds: Vec<Vec<u8>>, variations: u32) {
    let config = Config { cases: variations, failure_persistence: None, ..Config::default() };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&varied(seeds), |Input(bytes)| {
        property(&bytes);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Bytes that a failed test prints as text.
struct Input(Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

fn varied(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Input> {
    let changes = vec((any::<Index>(), change()), 1..6);
    (select(seeds), changes).prop_map(|(seed, changes)| {
        Input(changes.into_iter().fold(seed, |bytes, (at, change)| change.made(bytes, at)))
    })
}

#[derive(Clone, Debug)]
enum Change {
    Flip(u8),
    Insert(Vec<u8>),
    Remove(usize),
    Repeat(usize),
    Cut,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0..8_u8).prop_map(Change::Flip),
        3 => select(PIECES).prop_map(|piece| Change::Insert(piece.as_bytes().to_vec())),
        2 => vec(any::<u8>(), 1..8).prop_map(Change::Insert),
        2 => (1..16_usize).prop_map(Change::Remove),
        1 => (1..40_usize).prop_map(Change::Repeat),
        1 => Just(Change::Cut),
    ]
}

impl Change {
    fn made(self, mut bytes: Vec<u8>, at: Index) -> Vec<u8> {
        let at = at.index(bytes.len() + 1);
        let end = |length: usize| (at + length).min(bytes.len());
        match self {
            Self::Flip(bit) => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit),
            Self::Insert(piece) => drop(bytes.splice(at..at, piece)),
            Self::Remove(length) => drop(bytes.drain(at..end(length))),
            Self::Repeat(length) => {
                let piece = bytes[at..end(length)].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            Self::Cut => bytes.truncate(at),
        }
        bytes
    }
}
