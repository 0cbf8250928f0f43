//! What is asked: providers, keys, budgets, conversations.

use aion_api::limits::{DEPTH_MAX, check_depth, read_json};
use aion_api::object::mind::{Ask, GIVEN, Given, Handed, NEEDS_HEADER, Needs, STEP};
use aion_api::problem::{Code, Fault as Place, Problem};
use aion_api::v1::mind::{
    CAPS_MAX, KEY_MAX_CHARS, ModelList, Of, PutBudget, PutBudgets, PutProviderKey, PutProviders, Switch,
};
use aion_mind::budget::{Cap, Scope};
use aion_mind::models::{ProviderRow, check};
use aion_mind::wire::front::{self, Asked, Head, Invalid, read, read_own};
use aion_mind::wire::{ChatRequest, Wire};
use aion_shell::call::{self, fault};
use serde::{Deserialize, Serialize};
use serde_json::{from_value, to_value};
use worker::{Context, Env, Response};

use crate::cached;
use crate::chat::Refusal;
use crate::object::{self, Order, Told};
use crate::observed;
use crate::plans::At;
use crate::stream::Words;
use crate::{a2a, agents, allowances, chat, ends, mcp, plans, upstream};

/// A conversation nests so deep at most: it carries schemas of tools, which nest deeper than what else is sent to us.
const CHAT_DEPTH_MAX: usize = 4 * DEPTH_MAX;
/// An id of a budget has so many characters at most: that of a long DID.
const ID_MAX_CHARS: usize = 256;

/// Providers and budgets.
const MANAGED: [&str; 7] =
    ["readProviders", "putProviders", "putProviderKey", "readBudgets", "putBudgets", "stopMind", "resumeMind"];

/// Answers a request.
pub async fn answer(env: &Env, context: &Context, handed: &Handed, body: &[u8]) -> Result<Response, Problem> {
    match handed.operation.as_str() {
        "chat" => {
            let request = text(body).and_then(read_own).map_err(invalid)?;
            let answer = cached::answer(env, context, handed, &request, &Words::Own).await;
            answer.map_err(Refusal::problem)
        }
        "completeChat" => {
            let (request, words) = match text(body).and_then(read) {
                Ok(Asked { request, include_usage }) => {
                    let words = theirs(&request, include_usage)?;
                    (request, words)
                }
                Err(invalid) => return json_text(400, invalid.error()),
            };
            match cached::answer(env, context, handed, &request, &words).await {
                Err(Refusal::Fault(fault)) => {
                    let (status, body) = front::error(&fault);
                    let response = json_text(status, body)?;
                    if let Some(ms) = fault.retry_after_ms {
                        let set = response.headers().set("retry-after", &ms.div_ceil(1_000).to_string());
                        set.map_err(|error| call::fault("answer", &error))?;
                    }
                    Ok(response)
                }
                answer => answer.map_err(Refusal::problem),
            }
        }
        "readModel" => {
            let list = ModelList::of(&chat::fresh(env, handed).await?.all);
            let unknown = || Problem::new(Code::ModelUnknown, format!("no provider has a model {:?}", handed.id));
            json(&list.data.into_iter().find(|model| model.id == handed.id).ok_or_else(unknown)?)
        }
        "listModels" => json(&ModelList::of(&chat::fresh(env, handed).await?.all)),
        "callMcp" => mcp::answer(handed, body),
        "mcpResource" => mcp::resource(handed),
        "readAgentCard" | "sendMessage" | "listAgentTasks" | "readAgentTask" | "steerAgentTask" => {
            a2a::operation(At { env, handed }, body).await
        }
        GIVEN => given(At { env, handed }, body).await,
        STEP => {
            let step = aion_api::object::read(body).map_err(|error| fault("step", &error))?;
            plans::step(At { env, handed }, step).await
        }
        managed if MANAGED.contains(&managed) => manage(env, handed, body).await,
        agent if agent.contains("Agent") || agent.contains("Memory") => {
            agents::operation(At { env, handed }, body).await
        }
        _ => plans::operation(At { env, handed }, body).await,
    }
}

/// Providers and budgets, for whoever manages them.
async fn manage(env: &Env, handed: &Handed, body: &[u8]) -> Result<Response, Problem> {
    match handed.operation.as_str() {
        "readProviders" => told(object::ask(env, handed, Order::Providers).await?),
        "putProviders" => {
            let PutProviders { providers } = read_json(body)?;
            check_providers(env, &providers)?;
            let answer = object::ask(env, handed, Order::PutProviders { providers }).await?;
            observed::forget(&handed.tenant);
            allowances::close(&handed.tenant);
            told(answer)
        }
        "putProviderKey" => {
            let PutProviderKey { key } = read_json(body)?;
            let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
            if key.is_empty() || key.len() > KEY_MAX_CHARS || !visible {
                return Err(Problem::invalid("/key", format!("1 to {KEY_MAX_CHARS} visible ASCII characters")));
            }
            let answer = object::ask(env, handed, Order::PutKey { provider: handed.id.clone(), key }).await?;
            allowances::close(&handed.tenant);
            told(answer)
        }
        "readBudgets" => {
            allowances::close(&handed.tenant);
            told(ends::ask(env, handed, Order::Budgets).await?)
        }
        "putBudgets" => {
            let caps = caps(&read_json::<PutBudgets>(body)?)?;
            allowances::close(&handed.tenant);
            let answer = ends::ask(env, handed, Order::PutCaps { caps }).await?;
            allowances::close(&handed.tenant);
            told(answer)
        }
        "stopMind" | "resumeMind" => {
            let Switch { of, id } = read_json(body)?;
            let (scope, stopped) = (scope("", of, &id)?, handed.operation == "stopMind");
            allowances::close(&handed.tenant);
            let answer = ends::ask(env, handed, Order::Switch { scope, stopped }).await?;
            allowances::close(&handed.tenant);
            told(answer)
        }
        _ => Err(Problem::internal()),
    }
}

/// Goes on with what was asked of whoever has handed the request over.
async fn given(at: At<'_>, body: &[u8]) -> Result<Response, Problem> {
    let Given { ticket, told } = aion_api::object::read(body).map_err(|error| fault("given", &error))?;
    match from_value(ticket).map_err(|error| fault("ticket", &error))? {
        Ticket::A2a(ticket) => a2a::given(at, ticket, told).await,
        Ticket::Mcp(ticket) => mcp::given(at.handed, ticket, told),
        Ticket::Plan(ticket) => plans::given(at, *ticket, told).await,
        Ticket::Agent(ticket) => agents::given(at, ticket, told).await,
    }
}

/// What waits for something that was asked of whoever has handed the request over.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ticket {
    A2a(a2a::Ticket),
    Mcp(mcp::Ticket),
    Plan(Box<plans::Ticket>),
    Agent(agents::Ticket),
}

/// An answer that is none yet: what has to be known or done first.
pub fn needs(ticket: &Ticket, asks: Vec<Ask>) -> Result<Response, Problem> {
    let ticket = to_value(ticket).map_err(|error| fault("ticket", &error))?;
    let response = json(&Needs { ticket, asks })?;
    response.headers().set(NEEDS_HEADER, "1").map_err(|error| fault("answer", &error))?;
    Ok(response)
}

/// An answer that is JSON already.
pub fn json_text(status: u16, body: String) -> Result<Response, Problem> {
    let made = || {
        let response = Response::from_bytes(body.into_bytes())?.with_status(status);
        response.headers().set("content-type", "application/json")?;
        Ok(response)
    };
    made().map_err(|error: worker::Error| fault("answer", &error))
}

/// An answer without a body.
pub fn empty(status: u16) -> Result<Response, Problem> {
    Response::empty().map(|response| response.with_status(status)).map_err(|error| fault("answer", &error))
}

/// An answer of ours.
pub fn json<T: Serialize>(value: &T) -> Result<Response, Problem> {
    json_text(200, serde_json::to_string(value).map_err(|error| fault("answer", &error))?)
}

fn told(told: Told) -> Result<Response, Problem> {
    match told {
        Told::Providers(providers) => json(&providers),
        Told::Budgets(budgets) => json(&budgets),
        Told::Done => empty(204),
        _ => Err(Problem::internal()),
    }
}

fn text(body: &[u8]) -> Result<&str, Invalid> {
    let wrong = |detail: String| Invalid { pointer: String::new(), detail };
    check_depth(body, CHAT_DEPTH_MAX).map_err(|problem| wrong(problem.detail))?;
    std::str::from_utf8(body).map_err(|_| wrong("the body is not UTF-8 text".to_owned()))
}

fn invalid(invalid: Invalid) -> Problem {
    Problem::invalid(invalid.pointer, invalid.detail)
}

/// The words of `OpenAI`'s clients for an answer to a request.
fn theirs(request: &ChatRequest, include_usage: bool) -> Result<Words, Problem> {
    let id = format!("chatcmpl-{}", object::fresh_id()?);
    let head = Head { id, created_s: call::now_ms() / 1_000, model: request.model.clone() };
    Ok(Words::Theirs { head, include_usage })
}

/// Judges providers: by the rules of all, and by what this deployment can reach.
fn check_providers(env: &Env, rows: &[ProviderRow]) -> Result<(), Problem> {
    let place = |invalid: Invalid| Place::new(format!("/providers{}", invalid.pointer), invalid.detail);
    check(rows).map_err(|all| Problem::faults(Code::RequestInvalid, all.into_iter().map(place).collect()))?;
    let live = env.var("ENVIRONMENT").is_ok_and(|environment| environment.to_string() == "production");
    let wrong = |row: &ProviderRow| {
        if row.kind == Wire::WorkersAi && !upstream::can_infer(env) {
            Some(("kind", "this deployment has no binding of Workers AI: [ai] in workers/mind/wrangler.toml makes one"))
        } else if live && !row.base_url.starts_with("https://") {
            Some(("baseUrl", "https: a provider on this machine is for development"))
        } else {
            None
        }
    };
    let found = rows.iter().enumerate().find_map(|(place, row)| wrong(row).map(|fault| (place, fault)));
    found.map_or(Ok(()), |(place, (member, detail))| {
        Err(Problem::invalid(format!("/providers/{place}/{member}"), detail))
    })
}

fn caps(put: &PutBudgets) -> Result<Vec<(Scope, Cap)>, Problem> {
    if put.budgets.len() > CAPS_MAX {
        return Err(Problem::invalid("/budgets", format!("at most {CAPS_MAX}")));
    }
    let mut caps: Vec<(Scope, Cap)> = Vec::new();
    for (place, PutBudget { of, id, day, month }) in put.budgets.iter().enumerate() {
        let at = format!("/budgets/{place}");
        let amount = |member: &str, text: &Option<String>| {
            let digits = |text: &String| text.bytes().all(|byte| byte.is_ascii_digit());
            let read = |text: &String| text.parse::<u64>().ok().filter(|_| digits(text));
            let wrong = || Problem::invalid(format!("{at}/{member}"), "micro-USD in decimal digits, below 2^64");
            text.as_ref().map(|text| read(text).ok_or_else(wrong)).transpose()
        };
        let scope = scope(&at, *of, id)?;
        if caps.iter().any(|(known, _)| *known == scope) {
            return Err(Problem::invalid(at, "stands there twice"));
        }
        caps.push((scope, Cap { day: amount("day", day)?, month: amount("month", month)?, stopped: false }));
    }
    Ok(caps)
}

fn scope(at: &str, of: Of, id: &str) -> Result<Scope, Problem> {
    if id.is_empty() != (of == Of::Tenant) || id.len() > ID_MAX_CHARS {
        let rule = format!("1 to {ID_MAX_CHARS} characters; the tenant has none");
        return Err(Problem::invalid(format!("{at}/id"), rule));
    }
    Ok(match of {
        Of::Tenant => Scope::Tenant,
        Of::Key => Scope::Key(id.to_owned()),
        Of::Did => Scope::Did(id.to_owned()),
        Of::Agent => Scope::Agent(id.to_owned()),
    })
}
