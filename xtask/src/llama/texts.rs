//! What our small model says: a greeting, an answer in a form, a call of a tool, and a plan.

use serde_json::{Value, json};

use super::table::Text;

/// Said to whatever has none of the words below.
pub const GREETING: &str = "Hello. I am a table of next tokens, not an intelligence.";

/// All of its texts; of several that a conversation asks for, the last.
pub fn all() -> Vec<Text> {
    let text = |words, text: String| Text { words, text };
    vec![
        text(&[], GREETING.to_owned()),
        text(&["colour", "Colour"], json!({ "colour": "blue" }).to_string()),
        text(&["launch", "Launch"], launch().to_string()),
    ]
}

/// The plan for a goal with the word "launch": creates a token and mints the first of it. Everything but its name
/// comes from inputs: `treasury`, a wallet; `alice`, an address; `supply`, an amount. Members stand in the order of the
/// plan's schema, as a grammar wants them.
pub fn launch() -> Value {
    let input = |handle: &str| json!({ "from": "input", "value": handle });
    let literal = |text: &str| json!({ "from": "lit", "value": text });
    json!({
        "version": "aion.plan/1", "summary": "Create Luna and mint the first of it", "schedule": null,
        "steps": [
            { "do": "token.create", "id": "create", "needs": [], "wallet": input("treasury"), "standard": "erc20",
              "name": literal("Luna"), "symbol": literal("LUN"), "cap": null },
            { "do": "token.mint", "id": "mint", "needs": ["create"], "wallet": input("treasury"),
              "token": { "from": "ref", "value": "create.token" }, "to": input("alice"), "amount": input("supply") }
        ]
    })
}

#[cfg(test)]
mod tests {
    use aion_mind::plan::Plan;

    use super::launch;

    #[test]
    fn the_plan_is_one() {
        let plan = Plan::read(&launch().to_string()).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(plan.steps.len(), 2);
    }
}
