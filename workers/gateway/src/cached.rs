//! Requests of routes with a cache: the location's cache first, then a flight that all who miss share.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use aion_api::object::gateway::EVERYTHING;
use aion_api::problem::Problem;
use aion_gateway::cache::{self, Answered, Asked, Forward, Freshness, Rule, Status, Times};
use aion_shell::call;
use worker::{Cache, Context, Env, Headers, Response};

use crate::flight::{End, FLIGHT, LANDED, Landed, Ticket};
use crate::forward::Plan;
use crate::route::{Seen, Work, direct};

/// Where entries stand in the location's cache; nobody asks for it from outside.
const ENTRIES: &str = "https://cache.aion.invalid/";
/// The header of an entry that holds its times,
const TIMES: &str = "x-aion-times";
/// and those that hold its own `Cache-Control` and `Vary`, which the location's cache would act on.
const CONTROL: &str = "x-aion-cache-control";
const VARY: &str = "x-aion-vary";

thread_local! {
    /// Entries that this isolate is asking for anew.
    static REFRESHING: RefCell<HashSet<String>> = RefCell::default();
    /// Entries whose answers are too large to be kept.
    static LARGE: RefCell<HashSet<String>> = RefCell::default();
}
/// So many large entries are remembered.
const LARGE_MAX: usize = 1_000;

/// An entry of the location's cache.
struct Entry {
    times: Times,
    response: Response,
}

/// Everything that a refresh needs when nobody waits for it any more.
#[derive(Clone)]
struct Refresh {
    env: Env,
    name: String,
    key: String,
    plan: Plan,
    rule: Rule,
}

/// Answers from the cache, or from the target for all who ask now.
pub async fn serve(work: &Work<'_>, rule: &Rule, context: &Context, seen: &mut Seen) -> Result<Response, Problem> {
    let (sent, now_ms) = (work.sent, call::now_ms());
    let control = sent.header("cache-control").unwrap_or_default();
    let credential = sent.credential();
    let asked = Asked {
        method: &sent.method,
        credential: credential.as_deref(),
        control: &control,
        special: sent.is_special(),
    };
    if let Some(why) = cache::bypass(rule, &asked) {
        return forwarded(work, why, seen).await;
    }
    let refresh = refresh(work, rule, credential.as_deref());
    let entry = find(&refresh.key).await;
    let freshness = entry.as_ref().map_or(Freshness::Expired, |entry| entry.times.freshness(now_ms));
    match (entry, freshness) {
        (Some(entry), Freshness::Fresh) => Ok(hit(work, entry, false, now_ms, seen)),
        (Some(entry), Freshness::Stale) => {
            refresh.later(context);
            Ok(hit(work, entry, false, now_ms, seen))
        }
        (entry, freshness) => {
            let why = if entry.is_some() { Forward::Stale } else { Forward::Miss };
            let large = LARGE.with_borrow(|large| large.contains(&refresh.key));
            if large || sent.method == "HEAD" {
                return forwarded(work, why, seen).await;
            }
            let kept = entry.filter(|_| freshness == Freshness::OnError);
            missed(work, &refresh, kept, why, context, seen).await
        }
    }
}

async fn forwarded(work: &Work<'_>, why: Forward, seen: &mut Seen) -> Result<Response, Problem> {
    let response = direct(work, seen).await?;
    let status = Some(response.status_code());
    seen.cache = Some(Status::Forwarded { why, status, stored: false, collapsed: false });
    Ok(response)
}

async fn missed(
    work: &Work<'_>,
    refresh: &Refresh,
    kept: Option<Entry>,
    why: Forward,
    context: &Context,
    seen: &mut Seen,
) -> Result<Response, Problem> {
    let (landed, bytes) = refresh.fly().await?;
    work.note(&landed.tried, seen);
    let ill = landed.end == End::Here && landed.status >= 500;
    match (landed.end, kept) {
        (End::Failed(_), Some(entry)) => Ok(hit(work, entry, true, call::now_ms(), seen)),
        (End::Here, Some(entry)) if ill => Ok(hit(work, entry, true, call::now_ms(), seen)),
        (End::Failed(failure), None) => Err(work.problem(failure)),
        (End::Large, _) => {
            LARGE.with_borrow_mut(|large| {
                if large.len() >= LARGE_MAX {
                    large.clear();
                }
                large.insert(refresh.key.clone());
            });
            forwarded(work, why, seen).await
        }
        (End::Here, _) => {
            let times = times(&refresh.rule, &landed);
            let (status, collapsed) = (Some(landed.status), landed.collapsed);
            seen.cache = Some(Status::Forwarded { why, status, stored: times.is_some(), collapsed });
            let response = built(&landed, &bytes).map_err(|_| Problem::internal())?;
            if let Some(times) = times {
                let key = refresh.key.clone();
                context.wait_until(async move { put(&key, times, &landed, &bytes).await });
            }
            Ok(conditional(work, response))
        }
    }
}

/// What an entry gives.
fn hit(work: &Work<'_>, entry: Entry, for_error: bool, now_ms: u64, seen: &mut Seen) -> Response {
    let Entry { times, response } = entry;
    seen.cache = Some(Status::Hit { ttl_s: times.ttl_s(now_ms), for_error });
    let headers = Headers::new();
    for (name, value) in response.headers().entries() {
        match name.as_str() {
            TIMES | "cache-control" | "cf-cache-status" => {}
            CONTROL => _ = headers.set("cache-control", &value),
            VARY => _ = headers.set("vary", &value),
            _ => _ = headers.append(&name, &value),
        }
    }
    _ = headers.set("age", &(times.age_ms(now_ms) / 1_000).to_string());
    conditional(work, response.with_headers(headers))
}

/// The answer, or `304` if the caller has it already (RFC 9110 section 13.1.2).
fn conditional(work: &Work<'_>, response: Response) -> Response {
    let etag = response.headers().get("etag").ok().flatten();
    let sent = work.sent.header("if-none-match");
    let current = response.status_code() == 200 && etag.is_some_and(|etag| is_current(sent.as_deref(), &etag));
    if !current && work.sent.method != "HEAD" {
        return response;
    }
    let (status, headers) = (if current { 304 } else { response.status_code() }, response.headers().clone());
    if current {
        _ = headers.delete("content-type");
    }
    Response::empty().map_or(response, |empty| empty.with_status(status).with_headers(headers))
}

/// Whether `If-None-Match` names an entity tag; strong and weak ones are the same here (RFC 9110 section 8.8.3.2).
fn is_current(if_none_match: Option<&str>, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    if_none_match.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag)))
}

fn refresh(work: &Work<'_>, rule: &Rule, credential: Option<&str>) -> Refresh {
    let (tenant, route) = (&work.handed.tenant, work.route);
    let generation = |tag: &str| work.kept.snapshot.generations.get(tag).copied().unwrap_or(0).to_string();
    let tags = [EVERYTHING, route.name.as_str()].into_iter().chain(rule.tags.iter().map(String::as_str));
    let mut parts: Vec<String> = tags.map(generation).collect();
    parts.extend([tenant.clone(), route.name.clone(), work.handed.host.clone(), work.plan.path.clone()]);
    // A table that changes where its requests go does not answer with what the old target said.
    parts.push(work.kept.snapshot.version.to_string());
    parts.extend(rule.vary.iter().map(|name| work.sent.header(name).unwrap_or_default()));
    parts.push(credential.unwrap_or_default().to_owned());
    // What a function has added may be what the target answers by.
    parts.extend(work.handed.passed.iter().flatten().flat_map(|(name, value)| [name.clone(), value.clone()]));
    let key = cache::key(parts.iter().map(String::as_str));
    let mut plan = work.plan.clone();
    // One entry is for all who ask: it has the encoding of none of them, and no condition of theirs.
    let own = |name: &str| name.starts_with("if-") || name == "accept-encoding";
    plan.headers.retain(|(name, _)| !own(name));
    "GET".clone_into(&mut plan.method);
    Refresh { env: work.env.clone(), name: format!("{tenant}/{}", &key[..2]), key, plan, rule: rule.clone() }
}

impl Refresh {
    /// Asks the target together with all who ask for the same now.
    async fn fly(&self) -> Result<(Landed, Rc<Vec<u8>>), Problem> {
        let ticket = Ticket { key: self.key.clone(), plan: self.plan.clone() };
        let away = |error: &dyn std::fmt::Display| call::fault("flight", error);
        let text = serde_json::to_string(&ticket).map_err(|error| away(&error))?;
        let mut response = call::send_named(&self.env, FLIGHT, &self.name, &text).await?;
        let landed = response.headers().get(LANDED).ok().flatten().unwrap_or_default();
        let landed = serde_json::from_str(&landed).map_err(|error| away(&error))?;
        Ok((landed, Rc::new(response.bytes().await.map_err(|error| away(&error))?)))
    }

    /// Asks anew behind the caller's back, once an isolate.
    fn later(self, context: &Context) {
        if !REFRESHING.with_borrow_mut(|refreshing| refreshing.insert(self.key.clone())) {
            return;
        }
        context.wait_until(async move {
            if let Ok((landed, bytes)) = self.fly().await
                && let Some(times) = times(&self.rule, &landed)
            {
                put(&self.key, times, &landed, &bytes).await;
            }
            REFRESHING.with_borrow_mut(|refreshing| refreshing.remove(&self.key));
        });
    }
}

fn times(rule: &Rule, landed: &Landed) -> Option<Times> {
    if landed.end != End::Here {
        return None;
    }
    let all = |name: &str| {
        let values = landed.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        values.collect::<Vec<_>>().join(", ")
    };
    let (control, vary) = (all("cache-control"), all("vary"));
    let age_s = all("age").parse().unwrap_or(0);
    let sets_cookie = !all("set-cookie").is_empty();
    let answered = Answered { status: landed.status, control: &control, vary: &vary, age_s, sets_cookie };
    cache::keep(rule, &answered, call::now_ms())
}

async fn find(key: &str) -> Option<Entry> {
    let response = Cache::default().get(format!("{ENTRIES}{key}"), false).await.ok().flatten()?;
    let times = Times::from_text(&response.headers().get(TIMES).ok().flatten()?)?;
    Some(Entry { times, response })
}

/// Keeps an answer. A cache that does not take it is one that has less.
async fn put(key: &str, times: Times, landed: &Landed, bytes: &[u8]) {
    let Ok(response) = built(landed, bytes) else {
        return;
    };
    let headers = response.headers();
    for (name, own) in [("cache-control", CONTROL), ("vary", VARY)] {
        if let Some(value) = headers.get(name).ok().flatten() {
            _ = headers.set(own, &value);
        }
    }
    _ = headers.set("cache-control", &format!("public, max-age={}", times.keep_ms().div_ceil(1_000)));
    // It has said by which headers it differs; the name of the entry is made of them.
    for name in ["vary", "expires", "pragma", "age"] {
        _ = headers.delete(name);
    }
    _ = headers.set(TIMES, &times.to_text());
    if let Err(error) = Cache::default().put(format!("{ENTRIES}{key}"), response).await {
        let line = serde_json::json!({ "level": "warn", "at": "cache", "reason": error.to_string() });
        worker::console_warn!("{line}");
    }
}

fn built(landed: &Landed, bytes: &[u8]) -> worker::Result<Response> {
    let headers = Headers::new();
    for (name, value) in &landed.headers {
        headers.append(name, value)?;
    }
    let empty = matches!(landed.status, 204 | 205 | 304);
    let response = if empty { Response::empty()? } else { Response::from_bytes(bytes.to_vec())? };
    Ok(response.with_status(landed.status).with_headers(headers))
}
