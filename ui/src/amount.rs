//! Amounts: decimal text and 256-bit numbers, never numbers of JavaScript.

use alloy_primitives::U256;

/// A share of all in hundredths of a per cent.
const WHOLE: u64 = 10_000;
/// So many digits of a supply count: with four more they are below 2^64.
const SUPPLY_DIGITS: usize = 15;

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is nothing.
    Empty,
    /// It has something else in it than digits and one point.
    Form,
    /// It has more digits behind the point than the token.
    TooFine,
    /// It is more than 2^256 − 1 base units.
    TooLarge,
    /// It is nothing, where there has to be something.
    Zero,
}

/// Reads what a person wrote, in whole tokens, and gives base units.
pub fn parse(text: &str, decimals: u8) -> Result<U256, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || text.ends_with('.') {
        return Err(Fault::Form);
    }
    let fine = part.trim_end_matches('0');
    if fine.len() > usize::from(decimals) {
        return Err(Fault::TooFine);
    }
    let units = format!("{whole}{fine:0<width$}", width = usize::from(decimals));
    units.parse().map_err(|_| Fault::TooLarge)
}

/// The same, where nothing is no answer.
pub fn parse_some(text: &str, decimals: u8) -> Result<U256, Fault> {
    parse(text, decimals).and_then(|units| if units.is_zero() { Err(Fault::Zero) } else { Ok(units) })
}

/// Base units in whole tokens, as they are written without regard to a language: `1234.5`.
#[must_use]
pub fn plain(units: U256, decimals: u8) -> String {
    let (digits, decimals) = (units.to_string(), usize::from(decimals));
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, part) = padded.split_at(padded.len() - decimals);
    let part = part.trim_end_matches('0');
    if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") }
}

/// The same for people: groups of three with thin spaces between them (ISO 80000-1), which both languages read.
#[must_use]
pub fn shown(units: U256, decimals: u8) -> String {
    let plain = plain(units, decimals);
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    if part.is_empty() { grouped } else { format!("{grouped}.{part}") }
}

/// Base units as the API writes them, for people.
#[must_use]
pub fn shown_text(units: &str, decimals: u8) -> Option<String> {
    units.parse().ok().map(|units| shown(units, decimals))
}

/// How much of the supply somebody has. Of both so many last digits are left away that 64 bits hold them: what is shown
/// has four.
#[must_use]
pub fn share(balance: &str, supply: &str) -> String {
    let cut = supply.len().saturating_sub(SUPPLY_DIGITS);
    let head = |digits: &str| digits[..digits.len().saturating_sub(cut)].parse::<u64>().unwrap_or(0);
    match (head(balance) * WHOLE).checked_div(head(supply)) {
        Some(0) => "< 0.01 %".to_owned(),
        Some(part) => format!("{} %", shown(U256::from(part), 2)),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::U256;

    use super::{Fault, parse, parse_some, plain, share, shown};

    #[test]
    fn what_is_written_is_what_is_meant() {
        assert_eq!(parse("250", 18), Ok(U256::from(250) * U256::from(10).pow(U256::from(18))));
        assert_eq!(parse(" 0.5 ", 1), Ok(U256::from(5)));
        assert_eq!(parse("1.500", 1), Ok(U256::from(15)));
        assert_eq!(parse("7", 0), Ok(U256::from(7)));
        for (text, fault) in [("", Fault::Empty), ("1,5", Fault::Form), ("1e3", Fault::Form), ("-1", Fault::Form)] {
            assert_eq!(parse(text, 18), Err(fault), "{text}");
        }
        assert_eq!(parse("1.", 18), Err(Fault::Form));
        assert_eq!(parse(".5", 18), Err(Fault::Form));
        assert_eq!(parse("0.12", 1), Err(Fault::TooFine));
        assert_eq!(parse(&"9".repeat(78), 0), Err(Fault::TooLarge));
        assert_eq!(parse_some("0.0", 18), Err(Fault::Zero));
    }

    #[test]
    fn no_digit_is_lost_either_way() {
        for text in ["0", "1", "0.000000000000000001", "123456789012345678901234567890.123456789012345678"] {
            assert_eq!(plain(parse(text, 18).unwrap(), 18), text);
        }
        assert_eq!(plain(U256::MAX, 18).replace('.', ""), U256::MAX.to_string());
        assert_eq!(shown(U256::from(1_234_567), 2), "12\u{202f}345.67");
        assert_eq!(shown(U256::from(999), 0), "999");
    }

    #[test]
    fn shares_are_per_cent_of_the_supply() {
        let most = U256::MAX.to_string();
        for (balance, supply, shown) in [
            ("1", "3", "33.33 %"),
            ("3", "3", "100 %"),
            ("1", "20000", "< 0.01 %"),
            ("1", "0", ""),
            ("1", "1000000000000000000000", "< 0.01 %"),
            ("250000000000000000000", "1000000000000000000000", "25 %"),
            (most.as_str(), most.as_str(), "100 %"),
        ] {
            assert_eq!(share(balance, supply), shown, "{balance} of {supply}");
        }
    }
}
