//! Expressions: what they give, and what they refuse.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{Scope, condition, fill, list, references};

fn with_scope<T>(run: impl FnOnce(&Scope<'_>) -> T) -> T {
    let person =
        |place| json!({ "address": format!("0x{place:040x}"), "amount": "1000000000000000000", "ok": place % 2 == 0 });
    let people: Vec<Value> = (0..1_000).map(person).collect();
    let input = json!({
        "name": "Ana", "count": 3, "big": u64::MAX, "half": 0.5, "yes": true, "nothing": null, "list": [1, 2, 3],
        "a-b": 1, "amount": "340282366920938463463374607431768211456", "people": people, "long": "x".repeat(60_000),
    });
    let (made, task) =
        (json!({ "address": "0xabc", "codes": [200, 404] }), json!({ "id": "tsk_1", "labels": { "x": "y" } }));
    let output = |step: &str| (step == "make-it").then_some(&made);
    let state = |step: &str| match step {
        "make-it" => Some("done"),
        "left" => Some("skipped"),
        _ => None,
    };
    let item = json!({ "to": "Bob" });
    run(&Scope {
        input: &input,
        output: &output,
        state: &state,
        task: &task,
        now_ms: 1_700_000_000_000,
        item: Some((&item, 7)),
    })
}

fn value(text: &str) -> Result<Value, String> {
    with_scope(|scope| fill(&json!(format!("${{{{ {text} }}}}")), scope))
}

fn reads(text: &str) -> Result<(Vec<String>, bool), String> {
    let (_, found) = references(&json!(format!("${{{{ {text} }}}}"))).remove(0);
    found.map(|reads| (reads.steps.into_iter().collect(), reads.item))
}

#[test]
fn values_keep_their_types() {
    for (text, wanted) in [
        ("input.name", json!("Ana")),
        ("input.big", json!(u64::MAX)),
        ("input.half", json!(0.5)),
        ("input.nothing", json!(null)),
        ("input.list[1]", json!(2)),
        ("input['a-b'] + 1", json!(2)),
        ("steps['make-it'].output.address", json!("0xabc")),
        ("steps['make-it'].state == 'done' && steps.left.state == 'skipped'", json!(true)),
        ("steps['make-it'].output.codes.filter(c, c >= 400)", json!([404])),
        ("task.id + '/' + task.labels.x", json!("tsk_1/y")),
        ("now", json!("2023-11-14T22:13:20.000Z")),
        ("time.after(now, 'PT1H')", json!("2023-11-14T23:13:20.000Z")),
        ("item.to", json!("Bob")),
        ("index + 1", json!(8)),
        ("{'a': {'b': [input.count]}}", json!({ "a": { "b": [3] } })),
        ("has(input.name) && !has(input.missing)", json!(true)),
        ("input.count > 2 ? 'many' : input.missing", json!("many")),
        ("input.list.all(n, n > 0) && input.list.exists(n, n == 2)", json!(true)),
        ("input.list.map(n, n * 2)", json!([2, 4, 6])),
        ("size(input.people.filter(p, p.ok))", json!(500)),
        ("input.name.startsWith('A') && 'n' in ['n']", json!(true)),
        ("int('7') + size(input.name)", json!(10)),
        ("type(input.count) == int", json!(true)),
    ] {
        assert_eq!(value(text), Ok(wanted), "{text}");
    }
}

#[test]
fn amounts_are_exact_and_never_wrap() {
    for (text, wanted) in [
        ("amount.add(input.amount, '1')", "340282366920938463463374607431768211457"),
        ("amount.sub('5', 2)", "3"),
        (
            "amount.mul(input.amount, '1000000000000000000')",
            "340282366920938463463374607431768211456000000000000000000",
        ),
        ("amount.div('10', '4')", "2"),
        ("amount.sum(input.people.map(p, p.amount))", "1000000000000000000000"),
    ] {
        assert_eq!(value(text), Ok(json!(wanted)), "{text}");
    }
    assert_eq!(value("amount.compare('9', '10')"), Ok(json!(-1)));
    for text in [
        "amount.sub('1', '2')",
        "amount.div('1', '0')",
        "amount.mul(input.amount, input.amount)",
        "amount.add('1.5', '1')",
        "amount.add(-1, '1')",
        "amount.add('', '1')",
        "amount.add(1.0, '1')",
        "9223372036854775807 + 1",
    ] {
        assert!(value(text).is_err(), "{text}");
    }
}

#[test]
fn texts_take_values_in() {
    let text = json!({ "to": ["${{ input.name }}: ${{ input.count + 1 }} ${{ input.yes }}!", "plain", 1] });
    let wanted = json!({ "to": ["Ana: 4 true!", "plain", 1] });
    assert_eq!(with_scope(|scope| fill(&text, scope)), Ok(wanted));
    assert!(with_scope(|scope| fill(&json!("x ${{ input.list }}"), scope)).is_err());
}

#[test]
fn conditions_and_lists_need_no_marks() {
    for text in ["input.count == 3", "${{ input.count == 3 }}"] {
        assert_eq!(with_scope(|scope| condition(text, scope)), Ok(true));
    }
    assert!(with_scope(|scope| condition("input.count", scope)).is_err());
    assert_eq!(with_scope(|scope| list("${{ input.list }}", scope)), Ok(vec![json!(1), json!(2), json!(3)]));
    assert!(with_scope(|scope| list("input.name", scope)).is_err());
}

#[test]
fn what_is_read_is_known_before() {
    assert_eq!(reads("steps.a.output.x + steps['b-c'].output"), Ok((vec!["a".to_owned(), "b-c".to_owned()], false)));
    assert_eq!(reads("[1].map(x, item.y + index + x)"), Ok((vec![], true)));
    for (text, says) in [
        ("secrets.key", "there is no secrets"),
        ("steps", "name the step"),
        ("steps[input.which].output", "name the step"),
        ("steps.a.result", "has output and state"),
        ("fetch('x')", "there is no function fetch"),
        ("'x'.matches('y')", "there is no function matches"),
        ("[1].map(input, input)", "has a meaning already"),
        ("1 +", "not an expression"),
        ("", "missing"),
        ("Thing{a: 1}", "messages"),
    ] {
        let said = reads(text).unwrap_err();
        assert!(said.contains(says), "{text}: {said}");
    }
    assert_eq!(references(&json!({ "a/b": ["x ${{ input.y"] })).remove(0).0, "/a~1b/0");
}

#[test]
fn what_leads_nowhere_is_named() {
    assert_eq!(value("input.missing.more"), Err("input.missing.more leads nowhere".to_owned()));
    assert!(value("input.missing + 1").unwrap_err().contains("missing"));
    assert!(value("steps.other.output.x + 1").unwrap_err().contains("steps.other.output.x"));
}

#[test]
fn nothing_grows_beyond_its_bounds() {
    let doubled = format!("[input.long]{}", ".map(x, x + x)".repeat(20));
    let nested = "input.people.map(a, input.people.map(b, a.address + b.address))";
    let thrice = "input.people.all(a, input.people.all(b, input.people.all(c, true)))";
    let wide = format!("[{}].map(x, x)", vec!["input.long"; 60].join(", "));
    for text in [&doubled, nested, thrice, &wide] {
        assert!(value(text).unwrap_err().contains("it could"), "{text}");
    }
    let chain = "size(input.people.filter(p, p.ok).filter(p, p.ok).map(p, p.address))";
    assert_eq!(value(chain), Ok(json!(500)), "what is of use stays within them");
    let nested = "[1, 2, 3, 4, 5].all(a, input.people.filter(p, p.ok).exists(p, p.amount != ''))";
    assert_eq!(value(nested), Ok(json!(true)));
    assert!(value("input.people.map(p, p)").unwrap_err().contains("bytes"), "the value is too large for a step");
    assert!(value("input.people.map(p, {'to': p.address})").is_ok());
}

#[test]
fn deep_and_long_texts_are_refused() {
    let deep = format!("{}1{}", "(".repeat(200), ")".repeat(200));
    let lists = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let nots = format!("{}true", "!".repeat(1_000));
    let minus = format!("{}1", "-".repeat(1_000));
    let ternary = format!("{}1", "true ? 1 : ".repeat(150));
    let indexed = format!("input{}", "[0]".repeat(500));
    let long = format!("'{}'", "x".repeat(3_000));
    for text in [deep, lists, nots, minus, ternary, indexed, long] {
        // Not every one is wrong; none of them may take the stack down.
        _ = value(&text);
    }
    let sum = vec!["1"; 200].join(" + ");
    _ = value(&sum);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::{Strategy, any, prop, proptest};

    use super::{reads, value};

    fn pieces() -> impl Strategy<Value = String> {
        let words = [
            "input",
            ".",
            "people",
            "[",
            "]",
            "(",
            ")",
            "{",
            "}",
            "'a'",
            "\"",
            "1",
            "-",
            "+",
            "*",
            "/",
            "%",
            "==",
            "in",
            "&&",
            "||",
            "!",
            "?",
            ":",
            ",",
            "map(x,",
            "all(x,",
            "size",
            "has(",
            "steps",
            "item",
            "x",
            "0u",
            "1.5",
            " ",
            "amount.add(",
            "null",
            "\\",
            "\u{1f600}",
            "b'x'",
            "r'",
            "'''",
            "\n",
            "now",
            "string(",
            "}}",
            "${{",
        ];
        prop::collection::vec(prop::sample::select(words.to_vec()), 0..40).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in pieces()) {
            if !super::references(&super::json!(format!("${{{{ {text} }}}}"))).is_empty() {
                _ = reads(&text);
            }
            _ = value(&text);
        }

        #[test]
        fn no_bytes_break_it(text in any::<String>()) {
            _ = value(&text);
        }
    }
}
