//! A2A over HTTP: the rules stand in `aion_mind::a2a`; what a message asks the edge performs as the caller.
//!
//! An agent's URL is `/a2a/{tenant}/{agent}`. Its card is everybody's to read; its tasks are those of its tenant, for
//! whoever has a key of it.

use aion_api::object::mind::{Ask, Handed, Told};
use aion_api::problem::{Code, Problem};
use aion_mind::a2a::{Card, Facts, Outcome, dispatch};
use aion_shell::call::fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use worker::Response;

use crate::front::{self, json_text, needs};
use crate::object::plans::{Order, Told as Kept};
use crate::plans::At;
use crate::protocol::{Answered, answered, ask, console, reply, scopes};

/// Answers of the protocol (section 11).
const MEDIA_TYPE: &str = "application/a2a+json";
/// The header in which a client names its version.
const VERSION: &str = "a2a-version";

/// A request that waits for an operation, or a card that waits for its signature.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ticket {
    Request {
        method: String,
        body: String,
        /// What operations were answered.
        replies: Vec<Answered>,
    },
    Card,
}

/// Answers a caller.
pub async fn operation(at: At<'_>, body: &[u8]) -> Result<Response, Problem> {
    let (tenant, agent) = (place(at.handed)?.0.to_owned(), &at.handed.id);
    if at.handed.operation != "readAgentCard" && !at.handed.tenant.is_empty() && at.handed.tenant != tenant {
        return Err(Problem::unknown("agent"));
    }
    if at.handed.operation == "readAgentCard" {
        let card = card(at, &tenant).await?;
        return needs(&front::Ticket::A2a(Ticket::Card), vec![card.1]);
    }
    if !at.handed.tenant.is_empty() {
        // Whoever has no key learns that from the protocol, and nothing of who is there.
        at.object(Order::Agent { id: agent.clone() }).await?;
    }
    let body = String::from_utf8(body.to_vec());
    let body = body.map_err(|_| Problem::new(Code::RequestMalformed, "the body is not UTF-8 text"))?;
    let reads = ["listAgentTasks", "readAgentTask"].contains(&at.handed.operation.as_str());
    on(at.handed, if reads { "GET" } else { "POST" }, body, Vec::new())
}

/// Goes on with what was asked.
pub async fn given(at: At<'_>, ticket: Ticket, told: Vec<Told>) -> Result<Response, Problem> {
    match ticket {
        Ticket::Card => {
            let tenant = place(at.handed)?.0.to_owned();
            let (card, _) = card(at, &tenant).await?;
            let card = match told.into_iter().next() {
                Some(Told::CardSigned { algorithm, key_id, signature }) => {
                    let signature = hex::decode(signature).map_err(|error| fault("card", &error))?;
                    let signing = card.signing(&algorithm, &key_id);
                    card.signed(&signing, &signature)
                }
                // A DID of another place: its key is not ours to use.
                _ => card,
            };
            json_text(200, card.json().to_string())
        }
        Ticket::Request { method, body, mut replies } => {
            replies.extend(answered(told)?);
            on(at.handed, &method, body, replies)
        }
    }
}

/// The card of the agent, and the question for its signature.
async fn card(at: At<'_>, tenant: &str) -> Result<(Card, Ask), Problem> {
    let (id, origin) = (&at.handed.id, &at.handed.origin);
    let handed = Handed { tenant: tenant.to_owned(), ..at.handed.clone() };
    let Kept::Agent { agent } = (At { handed: &handed, ..at }).object(Order::Agent { id: id.clone() }).await? else {
        return Err(Problem::internal());
    };
    let description = format!("The agent {id} of {tenant}, {}", agent.did);
    let card = Card::new(id, &description, &format!("{origin}/a2a/{tenant}/{id}"), env!("CARGO_PKG_VERSION"));
    let card = card.ok_or_else(|| Problem::unknown("agent"))?;
    let ask = Ask::SignCard { did: agent.did.clone(), payload: card.payload() };
    Ok((card, ask))
}

fn on(handed: &Handed, method: &str, body: String, replies: Vec<Answered>) -> Result<Response, Problem> {
    let (_, path) = place(handed)?;
    let query: Vec<(&str, &str)> = handed.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let (scopes, console) = (scopes(handed), format!("{}tasks/", console(handed)));
    let version = handed.headers.iter().find(|(name, _)| name == VERSION).map(|(_, value)| value.as_str());
    let facts = Facts { method, path, query: &query, version, scopes: scopes.as_deref(), console: &console };
    let mut outcome = dispatch(&facts, body.as_bytes());
    for answered in &replies {
        let Outcome::Ask { pending, .. } = outcome else {
            return Err(fault("a2a", &"a request asks otherwise than before"));
        };
        outcome = pending.settle(&reply(answered));
    }
    match outcome {
        Outcome::Answer(status, answer) => written(status, &answer),
        Outcome::Ask { after_ms, operation, .. } => {
            let ticket = Ticket::Request { method: method.to_owned(), body, replies };
            needs(&front::Ticket::A2a(ticket), vec![ask(operation, after_ms)])
        }
    }
}

fn written(status: u16, answer: &Value) -> Result<Response, Problem> {
    let response = json_text(status, answer.to_string())?;
    response.headers().set("content-type", MEDIA_TYPE).map_err(|error| fault("answer", &error))?;
    Ok(response)
}

/// The tenant of a path, and what stands below the agent's URL.
fn place(handed: &Handed) -> Result<(&str, &str), Problem> {
    let below = handed.path.strip_prefix("/a2a/").and_then(|path| path.split_once('/'));
    let place = below.and_then(|(tenant, path)| Some((tenant, path.strip_prefix(handed.id.as_str())?)));
    place.ok_or_else(|| fault("a2a", &"a path of another kind"))
}
