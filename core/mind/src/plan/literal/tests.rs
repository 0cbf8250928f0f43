//! What is a literal and what is not.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Language, canonical, extract, hidden};

fn amounts(goal: &str, language: Option<Language>) -> Vec<String> {
    extract(goal, language).amounts.into_iter().collect()
}

#[test]
fn numbers_that_can_be_read_in_one_way_are_taken() {
    for (goal, amount) in [
        ("Send 10000 to Alice", "10000"),
        ("send 1,000,000 LUN.", "1000000"),
        ("envía 1.000.000 LUN", "1000000"),
        ("give 1,000.50 to her", "1000.5"),
        ("dale 1.000,50 a ella", "1000.5"),
        ("pay 0.5 each", "0.5"),
        ("paga 0,500 a cada uno", "0.5"),
        ("12.25!", "12.25"),
        ("(1234,5)", "1234.5"),
        ("token #7", "7"),
        ("1234.567", "1234.567"),
        ("hasta 0", "0"),
    ] {
        assert_eq!(amounts(goal, None), [amount], "{goal}");
    }
    assert_eq!(amounts("Send 10, 500 or 7", None), ["10", "500", "7"]);
}

#[test]
fn what_two_languages_read_differently_needs_a_language() {
    for text in ["pay 1,000", "pay 1.000", "paga 250.000"] {
        assert_eq!(amounts(text, None), [""; 0], "{text}");
    }
    assert_eq!(amounts("pay 1,000", Some(Language::English)), ["1000"]);
    assert_eq!(amounts("paga 1.000", Some(Language::Spanish)), ["1000"]);
    // The other reading stays refused: whoever declares a language may still write in the other's way.
    assert_eq!(amounts("pay 1.000", Some(Language::English)), [""; 0]);
    assert_eq!(amounts("paga 1,000", Some(Language::Spanish)), [""; 0]);
    let refused = extract("pay 1,000", None).refused.remove(0);
    assert_eq!(refused.reason, "means 1000 to some and 1 to others: write it without ,");
}

#[test]
fn everything_else_with_digits_is_refused() {
    for goal in [
        "10k",
        "5M",
        "1e6",
        "0b11",
        "$10",
        "10€",
        "-5",
        "5-10",
        "1/2",
        "10%",
        "18:00",
        "2026-12-24",
        "1st",
        "007",
        "12,34,567",
        "1,00,0",
        "1.0.0",
        "1..5",
        "1,5.5,5",
        "1'000",
        "1_000",
        "10 thousand",
        "10 mil",
        "3 millones",
        "2 million",
        "5 dozen",
        "10 000",
        "10\u{a0}000",
        "10 and a half",
        "10 y medio",
        "5 por ciento",
        "mil 500",
        "7 wei",
        "minus 5",
        "ten thousand",
        "diez mil",
        "a million",
        "half",
        "+5",
        "0x10",
        "1O00",
        "l00",
        "10 %",
    ] {
        assert_eq!(amounts(goal, None), [""; 0], "{goal}");
        let found = extract(goal, Some(Language::English));
        assert!(found.amounts.is_empty() && found.addresses.is_empty(), "{goal}");
    }
}

#[test]
fn what_looks_like_a_literal_is_refused_by_name() {
    let address = "52908400098527886e0f7030069857d2e4169ee7";
    for (goal, name) in [
        ("send １００", "U+FF11, a full-width form"),
        ("send ١٠٠", "U+0661, an Arabic-Indic digit"),
        ("send 1О00", "U+041E, a Cyrillic letter"),
        ("send 𝟏𝟎𝟎", "U+1D7CF, a mathematical letter or digit"),
        ("send 10²", "U+00B2, a superscript or subscript"),
        ("send ½", "U+00BD, a fraction or a Roman numeral"),
        ("send ⑩", "U+2469, an enclosed digit"),
        ("send 5–10", "U+2013, a dash"),
        ("to 0х52908400098527886e0f7030069857d2e4169ee7", "U+0445, a Cyrillic letter"),
        ("to 0x5290840009852788бe0f7030069857d2e4169ee7", "U+0431, a Cyrillic letter"),
        ("to dіd:key:z6Mk", "U+0456, a Cyrillic letter"),
        ("to did:web:exаmple.com", "U+0430, a Cyrillic letter"),
    ] {
        let found = extract(goal, None);
        assert_eq!(found.refused.len(), 1, "{goal}");
        assert_eq!(found.refused[0].reason, format!("has {name}"));
        assert!(found.amounts.is_empty() && found.addresses.is_empty() && found.dids.is_empty(), "{goal}");
    }
    assert_eq!(hidden("send 1\u{200b}00"), Some("U+200B, an invisible character".to_owned()));
    assert_eq!(hidden("send \u{202e}001"), Some("U+202E, a change of direction".to_owned()));
    assert_eq!(hidden("línea\nlínea"), None);
    assert_eq!(extract(&format!("para 0x{address}"), None).addresses.len(), 1);
}

#[test]
fn addresses_and_dids_are_taken_whole() {
    let lower = "0x52908400098527886e0f7030069857d2e4169ee7";
    let found =
        extract(&format!("a {lower}, {} y did:key:z6MkA (did:web:x.example:u:ana).", lower.to_uppercase()), None);
    assert_eq!((found.addresses.len(), found.dids.len(), found.refused.len()), (1, 2, 0));
    assert!(found.dids.contains("did:web:x.example:u:ana"));
    for word in ["0x5290", &format!("{lower}0"), "0x52908400098527886E0F7030069857D2e4169EE8", "did:Key:x", "did:key:"]
    {
        let found = extract(word, None);
        assert_eq!((found.addresses.len(), found.dids.len(), found.refused.len()), (0, 0, 1), "{word}");
    }
}

#[test]
fn literals_of_plans_are_canonical_decimals() {
    assert_eq!(canonical("10.50"), Some("10.5".to_owned()));
    assert_eq!(canonical("0"), Some("0".to_owned()));
    for text in ["", "1,000", "01", ".5", "5.", "1e3", "-1", "0x1", "1.2.3", "１"] {
        assert_eq!(canonical(text), None, "{text}");
    }
}
