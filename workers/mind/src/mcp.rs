//! MCP over HTTP: the rules stand in `aion_mind::mcp`; what a tool asks the edge performs as the caller.
//!
//! Nothing is kept between two requests. What was asked and answered so far comes back with the ticket, and the message
//! is read anew with it.

use aion_api::object::mind::{Handed, Told};
use aion_api::problem::{Code, Problem};
use aion_mind::mcp::auth::Resource;
use aion_mind::mcp::{Answer, Facts, Outcome, Platform, Server, dispatch};
use aion_shell::call::fault;
use serde::{Deserialize, Serialize};
use worker::Response;

use crate::front::{self, empty, json, json_text, needs};
use crate::protocol::{Answered, answered, ask, console, reply, scopes};

/// Where it stands.
const PATH: &str = "/mcp";

/// A message that waits for an operation.
#[derive(Serialize, Deserialize)]
pub struct Ticket {
    message: String,
    /// What operations were answered.
    replies: Vec<Answered>,
}

/// The metadata of the resource.
pub fn resource(handed: &Handed) -> Result<Response, Problem> {
    json(&described(handed)?)
}

fn described(handed: &Handed) -> Result<Resource, Problem> {
    let resource = Resource::new(&format!("{}{PATH}", handed.origin), "AION-Ω", &Platform::scopes());
    resource.ok_or_else(|| fault("mcp", &"the origin is no URL"))
}

/// Answers a message.
pub fn answer(handed: &Handed, body: &[u8]) -> Result<Response, Problem> {
    let message = String::from_utf8(body.to_vec());
    let message = message.map_err(|_| Problem::new(Code::RequestMalformed, "the body is not UTF-8 text"))?;
    on(handed, Ticket { message, replies: Vec::new() })
}

/// Goes on with what an operation was answered.
pub fn given(handed: &Handed, mut ticket: Ticket, told: Vec<Told>) -> Result<Response, Problem> {
    ticket.replies.extend(answered(told)?);
    on(handed, ticket)
}

fn on(handed: &Handed, ticket: Ticket) -> Result<Response, Problem> {
    let (resource, surface) = (described(handed)?, Platform { console: console(handed) });
    let host = handed.origin.rsplit("//").next().and_then(|host| host.split(':').next()).unwrap_or_default();
    let hosts = [host, "localhost", "127.0.0.1"];
    // A name of this machine counts only where the deployment itself stands on it.
    let hosts = if hosts[1..].contains(&host) { &hosts[..] } else { &hosts[..1] };
    let headers: Vec<(&str, &str)> =
        handed.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let scopes = scopes(handed);
    let facts = Facts { method: "POST", headers: &headers, scopes: scopes.as_deref() };
    let server = Server { surface: &surface, resource: &resource, hosts };
    let mut outcome = dispatch(&server, &facts, ticket.message.as_bytes());
    for answered in &ticket.replies {
        let Outcome::Ask(_, pending) = outcome else {
            return Err(fault("mcp", &"a message asks otherwise than before"));
        };
        outcome = pending.settle(&reply(answered));
    }
    match outcome {
        Outcome::Answer(answer) => written(answer),
        Outcome::Accepted | Outcome::Reply(..) => empty(202),
        Outcome::Stream(messages) => events(&messages),
        Outcome::Ask(operation, _) => needs(&front::Ticket::Mcp(ticket), vec![ask(operation, 0)]),
        Outcome::Client(..) => Err(fault("mcp", &"the platform asks nothing of a client on a stream")),
    }
}

fn written(Answer { status, headers, body }: Answer) -> Result<Response, Problem> {
    let response = match body {
        Some(body) => json_text(status, body)?,
        None => empty(status)?,
    };
    for (name, value) in headers {
        response.headers().set(name, &value).map_err(|error| fault("answer", &error))?;
    }
    Ok(response)
}

fn events(messages: &[String]) -> Result<Response, Problem> {
    let text: String = messages.iter().flat_map(|message| ["event: message\ndata: ", message, "\n\n"]).collect();
    let response = json_text(200, text)?;
    response.headers().set("content-type", "text/event-stream").map_err(|error| fault("answer", &error))?;
    Ok(response)
}
