//! A plan as a task of the kernel. Every value goes in as the task's input, which is never read as an expression; the
//! definition itself holds nothing that a model or a user wrote but the ids of steps.

use aion_task::definition::{Definition, Fault};
use aion_task::kind;
use alloy_primitives::Address;
use serde_json::{Map, Value, json};

use super::Plan;
use super::brought::{self, Brought};
use super::check::before;
use super::resolve::{Act, Made, Resolved};
use super::step::{Kind, Read, Standard};
use super::text::Output;

#[cfg(test)]
mod tests;

/// Words that CEL keeps to itself (language definition, section "Syntax"): no id of a step, which is part of
/// expressions.
pub const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// A task: its definition and its input.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The definition, which the kernel's own check has accepted.
    pub definition: Value,
    /// The input.
    pub input: Value,
}

/// A value of a step's input.
enum Field {
    /// The same for every plan.
    Fixed(Value),
    /// Known.
    Known(String),
    /// The output of a step.
    Output(Output),
    /// Several.
    List(Vec<Field>),
}

/// The task of a plan, with what its operations bring along.
pub fn compile(plan: &Plan, resolved: &[Resolved], approval: Option<&Brought>) -> Result<Task, Vec<Fault>> {
    let (mut steps, mut input) = (Map::new(), Map::new());
    input.extend(approval.map(|approval| (brought::NAME.to_owned(), approval.input())));
    for one in resolved {
        let mut with = Map::new();
        for (name, field) in fields(&one.act) {
            let value = by_reference(field, plan, &format!("{}_{name}", one.step), &mut input);
            with.insert(name.to_owned(), value);
        }
        let of_wallet =
            matches!(one.act, Act::Create { .. } | Act::Mint { .. } | Act::Transfer { .. } | Act::Burn { .. });
        if let Some(approval) = approval.filter(|_| of_wallet) {
            with.insert(brought::NAME.to_owned(), approval.taken(&one.step));
        }
        let needs: Vec<&str> = plan.step(&one.step).map(|step| before(step).into_iter().collect()).unwrap_or_default();
        steps.insert(one.step.clone(), json!({ "do": one.kind, "with": with, "needs": needs }));
    }
    let definition = json!({ "steps": steps, "labels": { "plan": "aion.plan/1" } });
    Definition::parse(&definition)?;
    let input = Value::Object(input);
    brought::fits(&input).map_err(|fault| vec![fault])?;
    Ok(Task { definition, input })
}

/// The kind's own check of what a step takes, with something of the right form where a value is not known yet.
pub(super) fn check(one: &Resolved) -> Result<(), Fault> {
    let with = fields(&one.act).into_iter().map(|(name, field)| (name.to_owned(), by_value(field))).collect();
    kind::check(one.kind.as_str(), &Value::Object(with)).map_err(|fault| Fault { hint: None, ..fault })
}

fn by_reference(field: Field, plan: &Plan, name: &str, input: &mut Map<String, Value>) -> Value {
    match field {
        Field::Fixed(value) => value,
        Field::Known(text) => {
            input.insert(name.to_owned(), json!(text));
            json!(format!("${{{{ input.{name} }}}}"))
        }
        Field::Output(output) => {
            let (step, name) = output.parts();
            let read = plan.step(step).is_some_and(|step| step.kind() == Kind::ContractRead);
            let place = if read { "values[0]" } else { name };
            json!(format!("${{{{ steps.{step}.output.{place} }}}}"))
        }
        Field::List(all) => {
            let item = |(place, field)| by_reference(field, plan, &format!("{name}_{place}"), input);
            all.into_iter().enumerate().map(item).collect()
        }
    }
}

fn by_value(field: Field) -> Value {
    match field {
        Field::Fixed(value) => value,
        Field::Known(text) => json!(text),
        Field::Output(output) => json!(match output.parts().1 {
            "token" | "address" => Address::ZERO.to_checksum(None),
            "wallet" => format!("wal_{}", "0".repeat(20)),
            "did" => "did:example:unknown".to_owned(),
            _ => "0".to_owned(),
        }),
        Field::List(all) => all.into_iter().map(by_value).collect(),
    }
}

fn text(value: &Made<String>) -> Field {
    match value {
        Made::Known(text) => Field::Known(text.clone()),
        Made::Output(output) => Field::Output(output.clone()),
    }
}

fn address(value: &Made<Address>) -> Field {
    match value {
        Made::Known(address) => Field::Known(address.to_checksum(None)),
        Made::Output(output) => Field::Output(output.clone()),
    }
}

fn fields(act: &Act) -> Vec<(&'static str, Field)> {
    let number = |standard: Standard| if standard == Standard::Erc721 { "tokenId" } else { "amount" };
    match act {
        Act::Create { wallet, standard, name, symbol, cap } => {
            let mut all = vec![
                ("wallet", text(wallet)),
                ("standard", Field::Fixed(json!(standard))),
                ("name", text(name)),
                ("symbol", text(symbol)),
            ];
            all.extend(cap.map(|cap| ("cap", Field::Known(cap.0.to_string()))));
            all
        }
        Act::Mint { wallet, token, to, amount } => vec![
            ("wallet", text(wallet)),
            ("token", address(&token.at)),
            ("to", address(to)),
            (number(token.standard), Field::Known(amount.0.to_string())),
        ],
        Act::Transfer { wallet, token, to, amount } => vec![
            ("wallet", text(wallet)),
            ("token", address(&token.at)),
            ("to", address(to)),
            ("amount", Field::Known(amount.0.to_string())),
        ],
        Act::Burn { wallet, token, amount } => vec![
            ("wallet", text(wallet)),
            ("token", address(&token.at)),
            (number(token.standard), Field::Known(amount.0.to_string())),
        ],
        Act::Read { token, read, of } => {
            let function = match read {
                Read::Balance => "balanceOf(address)",
                Read::Supply => "totalSupply()",
            };
            vec![
                ("to", address(&token.at)),
                ("function", Field::Fixed(json!(function))),
                ("args", Field::List(of.iter().map(address).collect())),
                ("returns", Field::Fixed(json!(["uint256"]))),
            ]
        }
        Act::Wallet { label, owner } => {
            let mut all = vec![("label", text(label))];
            all.extend(owner.as_ref().map(|owner| ("identity", text(owner))));
            all
        }
        Act::Identity { name, subject } => vec![("name", text(name)), ("kind", Field::Fixed(json!(subject)))],
        Act::Ask { by, count, question } => vec![
            ("by", Field::List(by.iter().map(text).collect())),
            ("count", Field::Fixed(json!(count))),
            ("question", text(question)),
        ],
        Act::Sleep { duration } => vec![("duration", text(duration))],
        Act::Until { time } => vec![("time", text(time))],
    }
}
