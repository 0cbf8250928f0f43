//! A conversation: which models it goes to, what is set aside for it, and what follows a failure.

use std::collections::BTreeMap;
use std::rc::Rc;

use aion_api::object::mind::Handed;
use aion_api::problem::{Code, Problem};
use aion_mind::budget::{End, Payer};
use aion_mind::cache;
use aion_mind::models::{Attempts, Choice, Need, Next, Prefer, route};
use aion_mind::wire::{
    Call, ChatRequest, Class, Event, Fault, Fold, Key, Reply, StreamDecoder, Unsupported, Wire, decode, encode, front,
};
use aion_shell::call::{fault, now_ms};
use serde_json::json;
use worker::{Context, Env, Response};

use crate::allowances::{self, Held, Reserved};
use crate::ends;
use crate::front::{json, json_text};
use crate::object::{self, Order, Told, plans};
use crate::observed::{self, Rows};
use crate::stream::{self, Flow, Words, Writer};
use crate::upstream::{self, Opened};

/// So much of an unknown name is said back.
const NAME_SHOWN_CHARS: usize = 128;

/// Providers that are changed all the time are read so often for one request.
const ROWS_TRIES: usize = 3;

/// An object that cannot be told of an answer is told again after so long, and twice as long each time, milliseconds,
const KEEP_FIRST_MS: u64 = 250;
/// for half a minute in all.
const KEEP_LAST_MS: u64 = 16_000;

/// Why there is no answer.
pub enum Refusal {
    /// We refuse, or the request cannot be carried out.
    Problem(Problem),
    /// The provider that was asked last has failed.
    Fault(Fault),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Refusal {
    /// It as a problem.
    pub fn problem(self) -> Problem {
        let fault = match self {
            Self::Problem(problem) => return problem,
            Self::Fault(fault) => fault,
        };
        let code = match fault.class {
            Class::Request | Class::TooLarge | Class::Refused => Code::ModelRefused,
            Class::Limited | Class::Overloaded => Code::ModelBusy,
            _ => Code::ModelFailed,
        };
        let problem = Problem::new(code, fault.class.detail());
        let seconds = fault.retry_after_ms.and_then(|ms| u32::try_from(ms.div_ceil(1_000)).ok());
        match seconds.filter(|_| code == Code::ModelBusy) {
            Some(seconds) => problem.retry_after(seconds),
            None => problem,
        }
    }
}

/// Who is asked for an answer, and who pays for it.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    pub env: &'a Env,
    pub handed: &'a Handed,
    pub payer: &'a Payer,
    pub keep: Keep<'a>,
    /// The event that lasts after the answer, where there is one.
    pub context: Option<&'a Context>,
}

/// What the object is told of a whole answer, in one commit with what it costs.
#[derive(Clone, Copy)]
pub enum Keep<'a> {
    Nothing,
    /// The answer to a question, which is not given up before the object has it.
    Answer(&'a dyn Fn(&Whole) -> plans::Order),
    /// It may be given again to whoever sends a request with this key.
    Again(&'a str),
}

/// What has an answer given again, if it is one that may be.
pub fn again(key: &str, reply: &Reply) -> Option<Box<Order>> {
    cache::keeps(reply).then(|| Box::new(Order::Keep { key: key.to_owned(), reply: Box::new(reply.clone()) }))
}

/// A whole reply, and the bytes that it came as.
pub struct Whole {
    pub reply: Reply,
    pub kind: Wire,
    pub raw: Vec<u8>,
}

/// An answer in pieces: in these words, and with the event that has to last as long as they come.
struct Pieces<'a> {
    context: &'a Context,
    words: &'a Words,
}

/// What is asked, by whom, and how it is answered.
struct Chat<'a> {
    caller: Caller<'a>,
    request: &'a ChatRequest,
    /// None if the answer is wanted whole.
    pieces: Option<&'a Pieces<'a>>,
    /// Of the providers.
    version: u64,
}

/// An answer.
enum Answer {
    Whole(Whole),
    Pieces(Response),
}

/// What became of a chain.
enum Went {
    Answered(Answer),
    /// The providers are others by now.
    Stale(Rc<Rows>),
}

/// What became of one try.
enum Tried {
    Answered(Answer),
    /// The providers are others by now; nothing was sent.
    Stale(Rc<Rows>),
    /// The model cannot take the request; nothing was sent.
    Unsupported(Unsupported),
    Failed(Failure),
}

/// How a provider has failed.
struct Failure {
    fault: Fault,
    /// Whether a part of an answer had come.
    begun: bool,
}

/// An answer, or how the provider failed; what we cannot write although it has answered is a problem.
type Sent = Result<Result<Answer, Problem>, Failure>;

/// A failure before anything has come, and one after.
const fn before(fault: Fault) -> Failure {
    Failure { fault, begun: false }
}

const fn amid(fault: Fault) -> Failure {
    Failure { fault, begun: true }
}

/// Has a model answer a caller, in these words.
pub async fn answer(
    context: &Context,
    caller: Caller<'_>,
    request: &ChatRequest,
    words: &Words,
) -> Result<Response, Refusal> {
    let pieces = request.stream.then_some(Pieces { context, words });
    match ask(Caller { context: Some(context), ..caller }, request, pieces).await? {
        Answer::Whole(whole) => written(&whole.reply, words).map_err(Refusal::Problem),
        Answer::Pieces(response) => Ok(response),
    }
}

/// Has a model answer us, whole.
pub async fn reply(caller: Caller<'_>, request: &ChatRequest) -> Result<Whole, Refusal> {
    match ask(caller, request, None).await? {
        Answer::Whole(whole) => Ok(whole),
        Answer::Pieces(_) => Err(Problem::internal().into()),
    }
}

/// Has a model answer. Providers are known from the call before; the object says if they are others by now.
async fn ask(caller: Caller<'_>, request: &ChatRequest, pieces: Option<Pieces<'_>>) -> Result<Answer, Refusal> {
    let Caller { env, handed, .. } = caller;
    let (mut rows, mut are_fresh) = match observed::rows(&handed.tenant) {
        Some(rows) => (rows, false),
        None => (fresh(env, handed).await?, true),
    };
    let (need, started_ms, seen) = (Need::of(request), now_ms(), observed::of(&handed.tenant));
    for _ in 0..ROWS_TRIES {
        let chain = route(&rows.all, &need, Prefer::default(), &seen, started_ms);
        if chain.is_empty() && are_fresh {
            let any = !route(&rows.all, &need, Prefer::default(), &BTreeMap::new(), started_ms).is_empty();
            return Err(Refusal::Problem(nobody(&request.model, any)));
        }
        if chain.is_empty() {
            (rows, are_fresh) = (fresh(env, handed).await?, true);
            continue;
        }
        let chat = Chat { caller, request, pieces: pieces.as_ref(), version: rows.version };
        match chat.along(&chain, started_ms).await? {
            Went::Answered(answer) => return Ok(answer),
            Went::Stale(newer) => (rows, are_fresh) = (newer, true),
        }
    }
    let detail = "the providers are being changed; the request can be sent again";
    Err(Problem::new(Code::ComponentUnavailable, detail).into())
}

/// The tenant's providers as they are now.
pub async fn fresh(env: &Env, handed: &Handed) -> Result<Rc<Rows>, Problem> {
    match ends::ask(env, handed, Order::Rows).await? {
        Told::Rows { version, rows } => Ok(observed::put_rows(&handed.tenant, version, rows)),
        _ => Err(Problem::internal()),
    }
}

pub fn written(reply: &Reply, words: &Words) -> Result<Response, Problem> {
    match words {
        Words::Own => json(reply),
        Words::Theirs { head, .. } => json_text(200, front::completion(reply, head)),
    }
}

/// Settles a reservation, if it has ended. One that cannot be settled now counts as its worst case, for good after an
/// hour.
pub async fn end(env: &Env, handed: &Handed, id: &str, end: Option<End>, then: Option<Box<Order>>) {
    if end.is_some() || then.is_some() {
        let ends = end.map(|end| (id.to_owned(), end)).into_iter().collect();
        _ = object::ask(env, handed, Order::End { ends, then }).await;
    }
}

impl Chat<'_> {
    /// Asks the first of the chain that can.
    async fn along(&self, chain: &[Choice<'_>], started_ms: u64) -> Result<Went, Refusal> {
        let handed = self.caller.handed;
        let longest_ms = chain.iter().map(|choice| choice.provider.timeouts.total_ms).max().unwrap_or_default();
        let mut attempts = Attempts::new(chain, started_ms.saturating_add(longest_ms.into()));
        let mut refusal = Refusal::Problem(nobody(&self.request.model, true));
        let mut next = Next::Ask { choice: 0, after_ms: 0 };
        while let Next::Ask { choice, after_ms } = next {
            if after_ms > 0 {
                upstream::wait(after_ms).await;
            }
            let Some(choice) = chain.get(choice) else { break };
            let (tenant, provider) = (&handed.tenant, choice.provider);
            if !observed::admits(tenant, &provider.id, provider.breaker.terms(), now_ms()) {
                next = attempts.skipped(now_ms());
                continue;
            }
            match self.once(choice).await? {
                Tried::Answered(answer) => return Ok(Went::Answered(answer)),
                Tried::Stale(rows) => return Ok(Went::Stale(rows)),
                Tried::Unsupported(unsupported) => {
                    refusal = Refusal::Problem(Problem::invalid("", unsupported.to_string()));
                    next = attempts.skipped(now_ms());
                }
                Tried::Failed(Failure { fault, begun }) => {
                    let (tenant, id, terms) = (&handed.tenant, &provider.id, provider.breaker.terms());
                    observed::with(tenant, id, |seen| seen.failed(&fault, terms, now_ms()));
                    say(handed, id, &fault);
                    next = attempts.failed(&fault, begun, now_ms());
                    refusal = Refusal::Fault(fault);
                }
            }
        }
        Err(refusal)
    }

    /// Reserves, asks one model once, and settles.
    async fn once(&self, choice: &Choice<'_>) -> Result<Tried, Refusal> {
        // What the model cannot take is known without its key.
        if let Err(unsupported) = encode(self.request, &choice.provider.endpoint(choice.model, None)) {
            return Ok(Tried::Unsupported(unsupported));
        }
        let Caller { env, handed, payer, context, .. } = self.caller;
        let held = match allowances::reserve(env, context, (handed, payer), choice, self.version).await? {
            Reserved::Held(held) => held,
            Reserved::Stale(version, rows) => {
                return Ok(Tried::Stale(observed::put_rows(&handed.tenant, version, rows)));
            }
        };
        let Held { id, secret } = held;
        let endpoint = choice.provider.endpoint(choice.model, secret.map(Key::new));
        let Ok(call) = encode(self.request, &endpoint) else {
            self.end(choice, &id, End::Never).await;
            return Err(fault("mind encode", &"a request that could be made cannot be made").into());
        };
        let tried = self.send(choice, &id, &call).await;
        let failure = match tried {
            Ok(response) => return response.map(Tried::Answered).map_err(Refusal::Problem),
            Err(failure) => failure,
        };
        self.end(choice, &id, end_of(&failure)).await;
        Ok(Tried::Failed(failure))
    }

    /// Sends a request. What has failed is not settled yet.
    async fn send(&self, choice: &Choice<'_>, id: &str, call: &Call) -> Sent {
        let timeouts = choice.provider.timeouts;
        let opened = match call {
            Call::Http(request) => upstream::open(request, timeouts).await,
            Call::Binding { model, body } => upstream::infer(self.caller.env, model, body, timeouts).await,
        };
        let mut opened = opened.map_err(before)?;
        if !(200..300).contains(&opened.status) {
            // Of a body that does not come, the status says enough.
            let body = opened.rest().await.unwrap_or_default();
            let decoded = decode(choice.provider.kind, opened.status, &opened.headers, &body);
            return Err(before(decoded.err().unwrap_or(Fault::of(Class::Garbage))));
        }
        match self.pieces {
            Some(pieces) => self.streamed(choice, id, opened, pieces).await,
            None => self.whole(choice, id, opened).await,
        }
    }

    async fn whole(&self, choice: &Choice<'_>, id: &str, mut opened: Opened) -> Sent {
        let begun = opened.is_one_piece;
        let mut body = opened.next().await.map_err(|fault| Failure { fault, begun })?.unwrap_or_default();
        self.answered(choice, &opened);
        body.extend(opened.rest().await.map_err(amid)?);
        let kind = choice.provider.kind;
        let reply = decode(kind, opened.status, &opened.headers, &body).map_err(amid)?;
        let end = End::Used(choice.model.prices.settled(reply.usage, choice.at_most));
        let whole = Whole { reply, kind, raw: body };
        let end = allowances::ended(id, choice.at_most, end);
        let Caller { env, handed, keep, context, .. } = self.caller;
        match (keep, context) {
            (Keep::Nothing, Some(context)) => ends::later(env, context, handed, id, end),
            (Keep::Nothing, None) => self::end(env, handed, id, end, None).await,
            (Keep::Again(key), _) => self::end(env, handed, id, end, again(key, &whole.reply)).await,
            (Keep::Answer(keep), _) => {
                if let Err(problem) = self.kept(id, end, keep(&whole)).await {
                    return Ok(Err(problem));
                }
            }
        }
        Ok(Ok(Answer::Whole(whole)))
    }

    /// Settles and has the answer kept: what was paid for is not given up before the object has said so.
    async fn kept(&self, id: &str, end: Option<End>, then: plans::Order) -> Result<(), Problem> {
        let Caller { env, handed, .. } = self.caller;
        let then = Some(Box::new(Order::Plans(Box::new(then))));
        let mut after_ms = KEEP_FIRST_MS;
        loop {
            let ends = end.map(|end| (id.to_owned(), end)).into_iter().collect();
            let order = Order::End { ends, then: then.clone() };
            match object::ask(env, handed, order).await {
                Err(problem) if problem.code.status() >= 500 && after_ms <= KEEP_LAST_MS => {
                    upstream::wait(after_ms).await;
                    after_ms *= 2;
                }
                kept => return kept.map(|_| ()),
            }
        }
    }

    async fn streamed(&self, choice: &Choice<'_>, id: &str, mut opened: Opened, pieces: &Pieces<'_>) -> Sent {
        let (mut decoder, mut begun, mut events) = (StreamDecoder::new(choice.provider.kind), false, Vec::new());
        let is_one_piece = opened.is_one_piece;
        while events.is_empty() {
            match opened.next().await.map_err(|fault| Failure { fault, begun: begun || is_one_piece })? {
                Some(piece) => {
                    if !begun {
                        self.answered(choice, &opened);
                    }
                    begun = true;
                    events = decoder.push(&piece);
                }
                None => events = decoder.finish(),
            }
        }
        // What fails before it has said anything is told by a status.
        if let Some(Event::Error(fault)) = events.first() {
            return Err(Failure { fault: *fault, begun });
        }
        let made = stream::response();
        let Ok((sender, response)) = made else {
            self.end(choice, id, End::Unknown).await;
            return Ok(made.map(|(_, response)| Answer::Pieces(response)));
        };
        let (id, prices, worst) = (id.to_owned(), choice.model.prices, choice.at_most);
        let again =
            if let Keep::Again(key) = self.caller.keep { Some((key.to_owned(), Fold::default())) } else { None };
        let writer = Writer::new(pieces.words);
        let flow = Flow { opened: opened.moved(), decoder, writer, id, prices, worst, again };
        // It goes on to its end, and settles, whatever becomes of the caller.
        let Caller { env, handed, .. } = self.caller;
        pieces.context.wait_until(flow.run(env.clone(), handed.clone(), events, sender));
        Ok(Ok(Answer::Pieces(response)))
    }

    fn answered(&self, choice: &Choice, opened: &Opened) {
        let first_byte_ms = now_ms().saturating_sub(opened.sent_ms);
        observed::with(&self.caller.handed.tenant, &choice.provider.id, |seen| seen.answered(first_byte_ms));
    }

    async fn end(&self, choice: &Choice<'_>, id: &str, how: End) {
        let how = allowances::ended(id, choice.at_most, how);
        end(self.caller.env, self.caller.handed, id, how, None).await;
    }
}

/// What a failure proves. Nothing is on the bill of who has refused by a status of its own before it began; a filter
/// has read what it refuses, and of all others nobody knows.
const fn end_of(Failure { fault, begun }: &Failure) -> End {
    let refused = matches!(
        fault.class,
        Class::Request
            | Class::TooLarge
            | Class::Key
            | Class::Payment
            | Class::Model
            | Class::Limited
            | Class::Overloaded
    );
    if refused && !*begun && fault.status.is_some() { End::Never } else { End::Unknown }
}

fn nobody(model: &str, any: bool) -> Problem {
    if any {
        return Problem::new(Code::ModelBusy, "the providers of the model are left alone for a while after failures");
    }
    let model: String = model.chars().take(NAME_SHOWN_CHARS).collect();
    Problem::new(Code::ModelUnknown, format!("no provider has a model {model:?} that can do what the request needs"))
}

fn say(handed: &Handed, provider: &str, fault: &Fault) {
    let line = json!({
        "level": "warn",
        "at": "provider",
        "tenant": handed.tenant,
        "provider": provider,
        "class": fault.class,
        "status": fault.status,
        "requestId": handed.trace.request_id,
    });
    worker::console_warn!("{line}");
}
