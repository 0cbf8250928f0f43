//! The check of a task's history: each link of the audit chain is computed anew here, from what it says.

use std::fmt::Write;

use aion_api::audit::{self, Head, Link};
use serde_json::Value;

/// What a check of links found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Each link fits its hash, and so many of them follow one another directly.
    Holds {
        /// How many links there are.
        links: usize,
        /// How many of them follow the one before in this list; between the others stand links of other tasks.
        adjacent: usize,
    },
    /// A link does not fit, or does not follow.
    Broken {
        /// Its number.
        seq: u64,
    },
    /// A link lacks what is needed to check it.
    Unreadable,
}

/// How a number is written in canonical JSON: as JavaScript does it, so the browser does it.
pub type Written = fn(f64) -> String;

/// Checks links as the API gives them, oldest first.
#[must_use]
pub fn verify(entries: &[Value], number: Written) -> Verdict {
    let (mut adjacent, mut newest): (usize, Option<Link>) = (0, None);
    for entry in entries {
        let Some((link, previous)) = link(entry, number) else {
            return Verdict::Unreadable;
        };
        let seq = link.seq;
        let holds = Head::at(&previous).is_some_and(|head| audit::verify(head, std::slice::from_ref(&link)).is_ok());
        if !holds || newest.as_ref().is_some_and(|before| before.seq >= seq) {
            return Verdict::Broken { seq };
        }
        if let Some(before) = newest.filter(|before| before.seq + 1 == seq) {
            if before.hash != previous.hash {
                return Verdict::Broken { seq };
            }
            adjacent += 1;
        }
        newest = Some(link);
    }
    Verdict::Holds { links: entries.len(), adjacent }
}

/// A link as it has to be, and number and hash of the one before it.
fn link(entry: &Value, number: Written) -> Option<(Link, Link)> {
    let text = |name: &str| entry[name].as_str().map(str::to_owned);
    let (seq, at_ms) = (entry["seq"].as_u64()?, entry["atMs"].as_u64()?);
    let mut events = String::new();
    canonical(&entry["events"], number, &mut events);
    let previous = Link { seq: seq.checked_sub(1)?, at_ms: 0, events: String::new(), hash: text("previous")? };
    Head::at(&previous)?;
    Some((Link { seq, at_ms, events, hash: text("hash")? }, previous))
}

/// Writes canonical JSON (RFC 8785). The core's own writer brings twelve kilobytes of tables for numbers.
fn canonical(value: &Value, number: Written, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                canonical(item, number, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            for (place, (name, value)) in fields.iter().enumerate() {
                out.push(if place > 0 { ',' } else { '{' });
                quoted(name, out);
                out.push(':');
                canonical(value, number, out);
            }
            out.push_str(if fields.is_empty() { "{}" } else { "}" });
        }
        Value::String(text) => quoted(text, out),
        Value::Number(written) => out.push_str(&number(written.as_f64().unwrap_or_default())),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Null => out.push_str("null"),
    }
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            // Writing to a string cannot fail.
            letter if letter < ' ' => drop(write!(out, "\\u{:04x}", u32::from(letter))),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use aion_api::audit::Head;
    use serde_json::{Value, json};

    use super::{Verdict, canonical, verify};

    /// The core's own writer, as the oracle.
    fn number(value: f64) -> String {
        serde_json_canonicalizer::to_string(&value).unwrap()
    }

    #[test]
    fn canonical_json_is_what_the_core_writes() {
        let odd = json!({
            "\u{fb33}": 1, "\u{1f600}": [], "z": {}, "a": [null, true, -0.0, 1.5e300, 4.50, 1e21, u64::MAX, i64::MIN],
            "text": "\u{0}\u{1f}\u{7f}\"\\/\u{8}\u{c}\n\r\t\u{2028}ü€\u{1f600}",
            "": { "b": [[1], { "y": 0, "x": 1 }], "a": 2 },
        });
        let mut written = String::new();
        canonical(&odd, number, &mut written);
        assert_eq!(written, serde_json_canonicalizer::to_string(&odd).unwrap());
    }

    fn chain() -> Vec<Value> {
        let mut head = Head::genesis();
        let mut before = "00".repeat(32);
        let mut entry = |at: u64| {
            let events = json!([{ "type": "step.ok", "task": "t", "data": { "b": 1, "a": "ü" } }]);
            let link = head.append(at, &events).unwrap();
            let entry = json!({ "seq": link.seq, "atMs": at, "previous": before, "events": events, "hash": link.hash });
            before = link.hash;
            entry
        };
        (1..=4).map(&mut entry).collect()
    }

    #[test]
    fn a_chain_holds_until_a_letter_of_it_changes() {
        let links = chain();
        assert_eq!(verify(&links, number), Verdict::Holds { links: 4, adjacent: 3 });
        let mut changed = links.clone();
        changed[2]["events"][0]["data"]["b"] = json!(2);
        assert_eq!(verify(&changed, number), Verdict::Broken { seq: 3 });
        let mut forged = links.clone();
        forged[1]["previous"] = json!("11".repeat(32));
        assert_eq!(verify(&forged, number), Verdict::Broken { seq: 2 });
        let mut apart = links.clone();
        apart.remove(1);
        assert_eq!(verify(&apart, number), Verdict::Holds { links: 3, adjacent: 1 });
        let mut swapped = links;
        swapped.swap(0, 1);
        assert_eq!(verify(&swapped, number), Verdict::Broken { seq: 1 });
        assert_eq!(verify(&[json!({})], number), Verdict::Unreadable);
    }
}
