//! The literals of a goal: which amounts, addresses and DIDs stand in it, in Spanish or English, beyond doubt.
//!
//! What can be read in two ways is refused, and so is what looks like something else; a plan then has to take the value
//! from an input. Words for numbers are no literals.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

mod lookalike;
mod number;
#[cfg(test)]
mod tests;

pub use number::canonical;

use super::text::is_hidden;

/// The language that whoever wrote a goal declares. Without it, a number that English and Spanish read differently is
/// refused; with it, only the other language's reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// `1,000.5`
    English,
    /// `1.000,5`
    Spanish,
}

/// What stands in a goal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Literals {
    /// Amounts in canonical decimal: no separators but one point, no needless zeros.
    pub amounts: BTreeSet<String>,
    /// Addresses.
    pub addresses: BTreeSet<Address>,
    /// DIDs, as they are written.
    pub dids: BTreeSet<String>,
    /// What is refused, and why.
    pub refused: Vec<Refused>,
}

/// A word that could be meant as a literal and is not taken as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The word.
    pub word: String,
    /// Why.
    pub reason: String,
}

/// Words that change the number before or after them.
const SCALES: [&str; 44] = [
    "hundred",
    "hundreds",
    "thousand",
    "thousands",
    "million",
    "millions",
    "billion",
    "billions",
    "trillion",
    "dozen",
    "dozens",
    "k",
    "m",
    "mm",
    "bn",
    "percent",
    "%",
    "wei",
    "gwei",
    "finney",
    "cents",
    "cien",
    "ciento",
    "cientos",
    "mil",
    "miles",
    "millar",
    "millares",
    "millon",
    "millón",
    "millones",
    "billon",
    "billón",
    "billones",
    "docena",
    "docenas",
    "centavos",
    "céntimos",
    "centimos",
    "times",
    "veces",
    "minus",
    "menos",
    "half",
];
/// Beginnings of what adds to the number before it.
const MORE: [&[&str]; 5] =
    [&["and", "a", "half"], &["y", "medio"], &["y", "media"], &["y", "pico"], &["por", "ciento"]];

/// Where words end, besides at white space. A DID and a number have none of these inside.
fn is_boundary(char: char) -> bool {
    char.is_whitespace()
        || matches!(char, '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"' | '“' | '”' | '«' | '»' | ';' | '|' | '=')
}

/// The literals of a goal.
#[must_use]
pub fn extract(goal: &str, language: Option<Language>) -> Literals {
    let words: Vec<&str> = goal.split(is_boundary).filter(|word| !word.is_empty()).collect();
    let mut found = Literals::default();
    for (place, word) in words.iter().enumerate() {
        let bare = trimmed(word);
        let refused = |reason: String| Refused { word: bare.to_owned(), reason };
        if let Some(reason) = lookalike::disguise(bare) {
            found.refused.push(refused(reason));
        } else if bare.starts_with("0x") || bare.starts_with("0X") {
            match address(bare) {
                Ok(address) => drop(found.addresses.insert(address)),
                Err(reason) => found.refused.push(refused(reason.to_owned())),
            }
        } else if bare.starts_with("did:") {
            if is_did(bare) {
                found.dids.insert(bare.to_owned());
            } else {
                found.refused.push(refused("is not a DID".to_owned()));
            }
        } else if bare.bytes().any(|byte| byte.is_ascii_digit()) {
            match number::read(bare, language).and_then(|amount| alone(&words, place).map(|()| amount)) {
                Ok(amount) => drop(found.amounts.insert(amount)),
                Err(reason) => found.refused.push(refused(reason)),
            }
        }
    }
    found
}

/// Whether a goal has a character that is not seen: then nobody can say what its writer saw.
#[must_use]
pub fn hidden(goal: &str) -> Option<String> {
    goal.chars().find(|char| is_hidden(*char) && !matches!(char, '\n' | '\r' | '\t')).map(lookalike::describe)
}

/// An address: 0x and 40 hex digits, of one case, or of both with the right check sum (EIP-55).
pub fn address(text: &str) -> Result<Address, &'static str> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).ok_or("an address begins with 0x")?;
    if digits.len() != 40 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err("an address has 40 hex digits after 0x");
    }
    let has = |is: fn(&u8) -> bool| digits.as_bytes().iter().any(is);
    if has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) {
        return Address::parse_checksummed(format!("0x{digits}"), None).map_err(|_| "the check sum is wrong (EIP-55)");
    }
    digits.to_ascii_lowercase().parse().map_err(|_| "no address")
}

/// Whether a text is a DID after the ABNF of DID Core, and short.
#[must_use]
pub fn is_did(text: &str) -> bool {
    let Some((method, id)) = text.strip_prefix("did:").and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    let in_method = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let in_id = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'%');
    let bounded = text.len() <= super::text::LITERAL_MAX_CHARS;
    bounded
        && !method.is_empty()
        && method.bytes().all(in_method)
        && !id.ends_with(':')
        && !id.is_empty()
        && id.bytes().all(in_id)
}

/// A word without the punctuation around it.
fn trimmed(word: &str) -> &str {
    let word = word.trim_start_matches(['\'', '‘', '’', '¿', '¡', '#']);
    word.trim_end_matches(['.', ',', ':', '!', '?', '\'', '‘', '’', '…'])
}

/// Whether the words around a number leave it as it is.
fn alone(words: &[&str], place: usize) -> Result<(), String> {
    let at = |place: Option<usize>| place.and_then(|place| words.get(place)).copied().unwrap_or_default();
    let (before, own, after) = (at(place.checked_sub(1)), at(Some(place)), at(Some(place + 1)));
    // Punctuation ends a group; "10, 500" are two numbers, "10 500" may be one.
    let digits = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let group = |left: &str, right: &str| digits(left) && digits(trimmed(right)) && trimmed(right).len() == 3;
    if group(own, after) || group(before, own) {
        return Err("may be one number with the next one: write it without spaces".to_owned());
    }
    for (word, neighbour) in [(before, trimmed(before) == before), (after, trimmed(own) == own)] {
        let lower = trimmed(word).to_lowercase();
        if neighbour && SCALES.contains(&lower.as_str()) {
            return Err(format!("{lower} changes it: write the number out in digits"));
        }
    }
    let rest: Vec<String> = words.iter().skip(place + 1).take(3).map(|word| trimmed(word).to_lowercase()).collect();
    match MORE
        .iter()
        .find(|more| more.iter().zip(&rest).filter(|(one, other)| **one == other.as_str()).count() == more.len())
    {
        Some(more) => Err(format!("{} changes it: write the number out in digits", more.join(" "))),
        None => Ok(()),
    }
}
