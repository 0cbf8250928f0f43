//! The steps of a plan, each a closed object of its own kind. There is no step that calls whatever it is told to.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::schema::{self, Nullable, Schema, choice, closed, origin};
use super::text::{Literal, Name, Output, Text};

origin! {
    /// A value in a money position: whom, which token, how much, whose. What comes out of untrusted text has no form
    /// here.
    Money {
        /// A literal, which has to stand in the request of the user.
        Lit(Literal) = "lit",
        /// The output of an earlier step.
        Ref(Output) = "ref",
        /// What the user, the address book or a DID gave.
        Input(Name) = "input",
    }
}

origin! {
    /// A value in any other position.
    Plain {
        /// A literal.
        Lit(Text) = "lit",
        /// The output of an earlier step.
        Ref(Output) = "ref",
        /// What the user, the address book or a DID gave.
        Input(Name) = "input",
        /// An answer about untrusted text.
        Quarantined(Name) = "quarantined",
    }
}

choice! {
    /// The standard of a token.
    Standard {
        /// Fungible.
        Erc20 = "erc20",
        /// Non-fungible.
        Erc721 = "erc721",
    }
}

choice! {
    /// What can be read of a token: views whose answers are numbers.
    Read {
        /// How much an address has.
        Balance = "balance",
        /// How much there is.
        Supply = "supply",
    }
}

choice! {
    /// What an identity stands for.
    Subject {
        /// A person.
        Person = "person",
        /// A service.
        Service = "service",
        /// An agent.
        Agent = "agent",
    }
}

closed! {
    /// Creates a token. Output: `token`.
    TokenCreate {
        /// Its id.
        id: Name,
        /// The steps before it, besides those that it reads.
        needs: Vec<Name>,
        /// The wallet that creates it.
        wallet: Money,
        /// Its standard.
        standard: Standard,
        /// Its name.
        name: Plain,
        /// Its symbol.
        symbol: Plain,
        /// The greatest supply ever, in whole tokens; null is none.
        cap: Nullable<Money>,
    }
}

closed! {
    /// Mints an amount of an ERC-20, or the one token of an ERC-721 with this number.
    TokenMint {
        /// Its id.
        id: Name,
        /// The steps before it, besides those that it reads.
        needs: Vec<Name>,
        /// The wallet that mints.
        wallet: Money,
        /// The token.
        token: Money,
        /// Who gets it.
        to: Money,
        /// How much, in whole tokens.
        amount: Money,
    }
}

closed! {
    /// Moves an amount of an ERC-20.
    TokenTransfer {
        /// Its id.
        id: Name,
        /// The steps before it, besides those that it reads.
        needs: Vec<Name>,
        /// The wallet that pays.
        wallet: Money,
        /// The token.
        token: Money,
        /// Who gets it.
        to: Money,
        /// How much, in whole tokens.
        amount: Money,
    }
}

closed! {
    /// Destroys an amount of an ERC-20, or the one token of an ERC-721 with this number.
    TokenBurn {
        /// Its id.
        id: Name,
        /// The steps before it, besides those that it reads.
        needs: Vec<Name>,
        /// The wallet that has it.
        wallet: Money,
        /// The token.
        token: Money,
        /// How much, in whole tokens.
        amount: Money,
    }
}

closed! {
    /// Reads a number of a token. Output: `value`, an observation, which no money position takes.
    ContractRead {
        /// Its id.
        id: Name,
        /// The steps before it, besides those that it reads.
        needs: Vec<Name>,
        /// The token.
        token: Money,
        /// What is read.
        read: Read,
        /// Whose balance it is; null for the supply.
        of: Nullable<Money>,
    }
}

closed! {
    /// Creates a wallet. Outputs: `wallet`, `address`.
    WalletCreate {
        /// Its id.
        id: Name,
        /// The steps before it, besides those that it reads.
        needs: Vec<Name>,
        /// Its name for people.
        label: Plain,
        /// The DID that it belongs to; null is none. Who owns a wallet is as good as who gets money.
        owner: Nullable<Money>,
    }
}

closed! {
    /// Creates an identity. Output: `did`.
    IdentityCreate {
        /// Its id.
        id: Name,
        /// The steps before it, besides those that it reads.
        needs: Vec<Name>,
        /// Its name.
        name: Plain,
        /// What it stands for.
        subject: Subject,
    }
}

closed! {
    /// Waits for people to approve.
    WaitApproval {
        /// Its id.
        id: Name,
        /// The steps before it, besides those that it reads.
        needs: Vec<Name>,
        /// The DIDs that may approve. Who approves is as good as who gets money.
        by: Vec<Money>,
        /// How many of them have to.
        count: u8,
        /// What they are asked.
        question: Plain,
    }
}

closed! {
    /// Waits for a time.
    Sleep {
        /// Its id.
        id: Name,
        /// The steps before it, besides those that it reads.
        needs: Vec<Name>,
        /// How long: PT5M, 300s, 2d.
        duration: Plain,
    }
}

closed! {
    /// Waits until a time.
    Until {
        /// Its id.
        id: Name,
        /// The steps before it, besides those that it reads.
        needs: Vec<Name>,
        /// When, by RFC 3339.
        time: Plain,
    }
}

impl Schema for u8 {
    fn schema() -> Value {
        json!({ "type": "integer" })
    }
}

impl Schema for u16 {
    fn schema() -> Value {
        json!({ "type": "integer" })
    }
}

/// The steps by their kinds, each kind written once.
macro_rules! steps {
    ($($(#[$doc:meta])* $kind:ident = $word:literal,)*) => {
        choice! {
            /// The kinds of steps: names of kinds of tasks.
            Kind { $($(#[$doc])* $kind = $word,)* }
        }

        /// A step.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "do")]
        pub enum Step { $($(#[$doc])* #[serde(rename = $word)] $kind($kind),)* }

        impl Schema for Step {
            fn schema() -> Value {
                let kind = |word: &str, schema: Value| {
                    let mut properties: Map<String, Value> =
                        schema["properties"].as_object().cloned().unwrap_or_default();
                    properties.insert("do".to_owned(), schema::words(&[word]));
                    schema::object(&properties)
                };
                json!({ "anyOf": [$(kind($word, $kind::schema())),*] })
            }
        }

        impl Step {
            /// Its kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }

            /// Its id.
            #[must_use]
            pub fn id(&self) -> &str {
                match self { $(Self::$kind(step) => step.id.as_str(),)* }
            }

            /// The steps that it names as before it.
            #[must_use]
            pub fn needs(&self) -> &[Name] {
                match self { $(Self::$kind(step) => &step.needs,)* }
            }
        }
    };
}

steps! {
    /// Creates a token.
    TokenCreate = "token.create",
    /// Mints.
    TokenMint = "token.mint",
    /// Moves.
    TokenTransfer = "token.transfer",
    /// Destroys.
    TokenBurn = "token.burn",
    /// Reads a number of a token.
    ContractRead = "contract.read",
    /// Creates a wallet.
    WalletCreate = "wallet.create",
    /// Creates an identity.
    IdentityCreate = "identity.create",
    /// Waits for people.
    WaitApproval = "wait.approval",
    /// Waits for a time.
    Sleep = "sleep",
    /// Waits until a time.
    Until = "until",
}
