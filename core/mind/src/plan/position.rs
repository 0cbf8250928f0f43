//! Where values stand in steps, and what may stand there.

use super::step::{Kind, Money, Plain, Step};
use super::text::Output;

/// What a value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// The wallet that acts.
    Wallet,
    /// A token.
    Token,
    /// Who gets something, or whose balance is read.
    To,
    /// How much.
    Amount,
    /// Whose a wallet is, and who approves.
    Who,
    /// A name or a question.
    Words,
    /// A duration.
    Duration,
    /// A time.
    Time,
}

/// A value as it stands in a step.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// In a money position.
    Money(&'a Money),
    /// Anywhere else.
    Plain(&'a Plain),
}

/// A value with its place.
#[derive(Debug, Clone)]
pub struct Placed<'a> {
    /// JSON pointer within the step.
    pub pointer: String,
    /// What it is for.
    pub position: Position,
    /// The value.
    pub value: Value<'a>,
}

/// What the output of a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// A token that the plan creates.
    Token,
    /// A wallet that it creates.
    Wallet,
    /// The address of one.
    Address,
    /// An identity that it creates.
    Did,
    /// What a contract answered: anyone may have decided it.
    Observed,
}

/// The outputs of a kind.
#[must_use]
pub const fn outputs(kind: Kind) -> &'static [(&'static str, Given)] {
    match kind {
        Kind::TokenCreate => &[("token", Given::Token)],
        Kind::WalletCreate => &[("wallet", Given::Wallet), ("address", Given::Address)],
        Kind::IdentityCreate => &[("did", Given::Did)],
        Kind::ContractRead => &[("value", Given::Observed)],
        _ => &[],
    }
}

impl Position {
    /// Whether an output may stand here.
    #[must_use]
    pub const fn takes(self, given: Given) -> bool {
        match self {
            Self::Wallet => matches!(given, Given::Wallet),
            Self::Token => matches!(given, Given::Token),
            Self::To => matches!(given, Given::Address),
            Self::Who => matches!(given, Given::Did),
            Self::Words => true,
            Self::Amount | Self::Duration | Self::Time => false,
        }
    }
}

impl<'a> Value<'a> {
    /// The output that it refers to.
    #[must_use]
    pub const fn output(self) -> Option<&'a Output> {
        match self {
            Self::Money(Money::Ref(output)) | Self::Plain(Plain::Ref(output)) => Some(output),
            _ => None,
        }
    }
}

/// Every value of a step.
#[must_use]
pub fn placed(step: &Step) -> Vec<Placed<'_>> {
    let money =
        |name: &str, position, value| Placed { pointer: format!("/{name}"), position, value: Value::Money(value) };
    let plain =
        |name: &str, position, value| Placed { pointer: format!("/{name}"), position, value: Value::Plain(value) };
    match step {
        Step::TokenCreate(step) => {
            let mut all = vec![
                money("wallet", Position::Wallet, &step.wallet),
                plain("name", Position::Words, &step.name),
                plain("symbol", Position::Words, &step.symbol),
            ];
            all.extend(step.cap.as_ref().map(|cap| money("cap", Position::Amount, cap)));
            all
        }
        Step::TokenMint(step) => moves(&step.wallet, &step.token, Some(&step.to), &step.amount),
        Step::TokenTransfer(step) => moves(&step.wallet, &step.token, Some(&step.to), &step.amount),
        Step::TokenBurn(step) => moves(&step.wallet, &step.token, None, &step.amount),
        Step::ContractRead(step) => {
            let mut all = vec![money("token", Position::Token, &step.token)];
            all.extend(step.of.as_ref().map(|of| money("of", Position::To, of)));
            all
        }
        Step::WalletCreate(step) => {
            let mut all = vec![plain("label", Position::Words, &step.label)];
            all.extend(step.owner.as_ref().map(|owner| money("owner", Position::Who, owner)));
            all
        }
        Step::IdentityCreate(step) => vec![plain("name", Position::Words, &step.name)],
        Step::WaitApproval(step) => {
            let by = step.by.iter().enumerate().map(|(place, did)| money(&format!("by/{place}"), Position::Who, did));
            by.chain([plain("question", Position::Words, &step.question)]).collect()
        }
        Step::Sleep(step) => vec![plain("duration", Position::Duration, &step.duration)],
        Step::Until(step) => vec![plain("time", Position::Time, &step.time)],
    }
}

fn moves<'a>(wallet: &'a Money, token: &'a Money, to: Option<&'a Money>, amount: &'a Money) -> Vec<Placed<'a>> {
    let placed =
        |name: &str, position, value| Placed { pointer: format!("/{name}"), position, value: Value::Money(value) };
    let mut all = vec![
        placed("wallet", Position::Wallet, wallet),
        placed("token", Position::Token, token),
        placed("amount", Position::Amount, amount),
    ];
    all.extend(to.map(|to| placed("to", Position::To, to)));
    all
}
