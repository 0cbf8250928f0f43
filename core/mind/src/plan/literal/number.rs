//! Numbers of English and Spanish, told apart strictly.

use super::Language;

/// 2^256 has so many decimal digits.
const DIGITS_MAX: usize = 78;

/// A decimal without separators but one point, as canonical text: no needless zeros. `None` if it is none.
#[must_use]
pub fn canonical(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    written(whole, fraction)
}

/// Reads a number of a goal as canonical decimal, or says why it is refused.
pub(super) fn read(word: &str, language: Option<Language>) -> Result<String, String> {
    if let Some(char) = word.chars().find(|char| !char.is_ascii_digit() && !matches!(char, '.' | ',')) {
        return Err(format!("{char} is no part of a number"));
    }
    let broken = || "is not grouped like a number".to_owned();
    let (commas, points) = (word.matches(',').count(), word.matches('.').count());
    let number = match (commas, points) {
        (0, 0) => written(word, "0"),
        (0, 1) => single(word, '.', language == Some(Language::Spanish))?,
        (1, 0) => single(word, ',', language == Some(Language::English))?,
        (0, _) => thousands(word, '.').and_then(|whole| written(&whole, "0")),
        (_, 0) => thousands(word, ',').and_then(|whole| written(&whole, "0")),
        (_, 1) if word.rfind('.') > word.rfind(',') => both(word, ',', '.'),
        (1, _) => both(word, '.', ','),
        _ => None,
    };
    number.ok_or_else(broken)
}

/// One separator: decimal, unless exactly three digits follow it, which is thousands in the one language and decimal in
/// the other.
fn single(word: &str, separator: char, groups: bool) -> Result<Option<String>, String> {
    let (whole, rest) = word.split_once(separator).unwrap_or((word, ""));
    if thousands(word, separator).is_none() {
        return Ok(written(whole, rest));
    }
    if groups {
        return Ok(written(&format!("{whole}{rest}"), "0"));
    }
    Err(format!("means {whole}{rest} to some and {whole} to others: write it without {separator}"))
}

/// Groups of thousands and a fraction.
fn both(word: &str, group: char, point: char) -> Option<String> {
    let (whole, fraction) = word.split_once(point)?;
    written(&thousands(whole, group)?, fraction)
}

/// The digits of groups of three, the first of one to three without a leading zero.
fn thousands(word: &str, separator: char) -> Option<String> {
    let mut groups = word.split(separator);
    let first = groups.next().filter(|first| (1..=3).contains(&first.len()) && !first.starts_with('0'))?;
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
}

fn written(whole: &str, fraction: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading = whole.len() > 1 && whole.starts_with('0');
    if !digits(whole) || !digits(fraction) || leading {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if whole.len() + fraction.len() > DIGITS_MAX {
        return None;
    }
    Some(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") })
}
