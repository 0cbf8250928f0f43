//! Characters that look like others (Unicode Technical Standard 39, section 4, as far as digits, hex and `did:` go).

/// Why a word that could be taken for a literal is none: it has a character that only looks right.
pub(super) fn disguise(word: &str) -> Option<String> {
    let strange = word.chars().find(|char| !char.is_ascii())?;
    let folded: String = word.chars().map(fold).collect();
    let literal = folded.chars().any(|char| char.is_ascii_digit()) || folded.starts_with("did:");
    let numeric = word.chars().find(|char| !char.is_ascii() && char.is_numeric());
    (literal || numeric.is_some()).then(|| format!("has {}", describe(numeric.unwrap_or(strange))))
}

/// A character by its code point and what it belongs to.
pub(super) fn describe(char: char) -> String {
    let what = match char {
        '\u{ff01}'..='\u{ff5e}' => "a full-width form",
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => "an Arabic-Indic digit",
        '\u{966}'..='\u{96f}' => "a Devanagari digit",
        '\u{1d400}'..='\u{1d7ff}' => "a mathematical letter or digit",
        '\u{400}'..='\u{52f}' => "a Cyrillic letter",
        '\u{370}'..='\u{3ff}' => "a Greek letter",
        '\u{530}'..='\u{58f}' => "an Armenian letter",
        '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{2070}'..='\u{209f}' => "a superscript or subscript",
        '\u{bc}'..='\u{be}' | '\u{2150}'..='\u{218f}' => "a fraction or a Roman numeral",
        '\u{2460}'..='\u{24ff}' | '\u{2776}'..='\u{2793}' => "an enclosed digit",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "a dash",
        '\u{20a0}'..='\u{20cf}' | '\u{a2}'..='\u{a5}' => "a sign of a currency",
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => "a change of direction",
        char if super::is_hidden(char) => "an invisible character",
        _ => "a character outside of ASCII",
    };
    format!("U+{:04X}, {what}", u32::from(char))
}

/// The character of ASCII that another one looks like.
fn fold(char: char) -> char {
    match char {
        '\u{ff01}'..='\u{ff5e}' => u32::from(char).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(char),
        '\u{1d7ce}'..='\u{1d7ff}' => char::from_digit((u32::from(char) - 0x1d7ce) % 10, 10).unwrap_or(char),
        'О' | 'о' | 'Ο' | 'ο' | 'Օ' | 'օ' | 'ө' => '0',
        'Х' | 'х' | 'Χ' | 'χ' | '×' => 'x',
        'а' | 'А' | 'Α' | 'α' => 'a',
        'В' | 'Β' | 'ь' => 'b',
        'с' | 'С' | 'ϲ' => 'c',
        'ԁ' | 'ɗ' => 'd',
        'е' | 'Е' | 'Ε' | 'є' => 'e',
        'Ғ' | 'ƒ' => 'f',
        'І' | 'і' | 'Ι' | 'ι' | 'ӏ' => 'i',
        '\u{2236}' | '\u{a789}' => ':',
        'З' | 'з' => '3',
        'б' => '6',
        other => other,
    }
}
