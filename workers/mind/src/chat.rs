//! A conversation: which models it goes to, what is set aside for it, and what follows a failure.

use aion_api::object::mind::Handed;
use aion_api::problem::{Code, Problem};
use aion_mind::budget::{End, Payer};
use aion_mind::models::{Attempts, Choice, Need, Next, Prefer, route};
use aion_mind::wire::{
    Call, ChatRequest, Class, Event, Fault, HttpRequest, Key, Reply, StreamDecoder, Unsupported, Wire, decode, encode,
    front,
};
use aion_shell::call::{fault, now_ms};
use serde_json::json;
use worker::{Context, Env, Response};

use crate::front::{json, json_text};
use crate::object::{self, Order, Told};
use crate::observed;
use crate::stream::{self, Flow, Words, Writer};
use crate::upstream::{self, Opened};

/// So much of an unknown name is said back.
const NAME_SHOWN_CHARS: usize = 128;

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
    pieces: Option<Pieces<'a>>,
    /// Of the providers.
    version: u64,
}

/// An answer.
enum Answer {
    Whole(Whole),
    Pieces(Response),
}

/// What became of one try.
enum Tried {
    Answered(Answer),
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
    env: &Env,
    context: &Context,
    handed: &Handed,
    request: &ChatRequest,
    words: &Words,
) -> Result<Response, Refusal> {
    let payer = Payer { key: handed.key.clone(), ..Payer::default() };
    let pieces = request.stream.then_some(Pieces { context, words });
    match ask(Caller { env, handed, payer: &payer }, request, pieces).await? {
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

/// Has a model answer: the first of the chain that can.
async fn ask(caller: Caller<'_>, request: &ChatRequest, pieces: Option<Pieces<'_>>) -> Result<Answer, Refusal> {
    let Caller { env, handed, .. } = caller;
    let Told::Rows { version, rows } = object::ask(env, handed, Order::Rows).await? else {
        return Err(Problem::internal().into());
    };
    let (need, started_ms) = (Need::of(request), now_ms());
    let chain = route(&rows, &need, Prefer::default(), &observed::of(&handed.tenant), started_ms);
    if chain.is_empty() {
        let any = !route(&rows, &need, Prefer::default(), &std::collections::BTreeMap::new(), started_ms).is_empty();
        return Err(Refusal::Problem(nobody(&request.model, any)));
    }
    let longest_ms = chain.iter().map(|choice| choice.provider.timeouts.total_ms).max().unwrap_or_default();
    let mut attempts = Attempts::new(&chain, started_ms.saturating_add(longest_ms.into()));
    let chat = Chat { caller, request, pieces, version };
    let mut refusal = Refusal::Problem(nobody(&request.model, true));
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
        match chat.once(choice).await? {
            Tried::Answered(answer) => return Ok(answer),
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

fn written(reply: &Reply, words: &Words) -> Result<Response, Problem> {
    match words {
        Words::Own => json(reply),
        Words::Theirs { head, .. } => json_text(200, front::completion(reply, head)),
    }
}

/// Settles a reservation. One that cannot be settled now counts as its worst case, for good after an hour.
pub async fn end(env: &Env, handed: &Handed, id: &str, end: End) {
    _ = object::ask(env, handed, Order::End { id: id.to_owned(), end }).await;
}

impl Chat<'_> {
    /// Reserves, asks one model once, and settles.
    async fn once(&self, choice: &Choice<'_>) -> Result<Tried, Refusal> {
        // What the model cannot take is known without its key.
        if let Err(unsupported) = encode(self.request, &choice.provider.endpoint(choice.model, None)) {
            return Ok(Tried::Unsupported(unsupported));
        }
        let (id, provider) = (object::fresh_id()?, choice.provider.id.clone());
        let Caller { env, handed, payer } = self.caller;
        let (payer, version) = (payer.clone(), self.version);
        let order = Order::Reserve { id: id.clone(), payer, worst: choice.at_most, provider, version };
        let Told::Reserved { key } = object::ask(env, handed, order).await? else {
            return Err(Problem::internal().into());
        };
        let endpoint = choice.provider.endpoint(choice.model, key.map(Key::new));
        let Ok(Call::Http(request)) = encode(self.request, &endpoint) else {
            self.end(&id, End::Never).await;
            return Err(fault("mind encode", &"a request that could be made cannot be made").into());
        };
        let tried = self.send(choice, &id, &request).await;
        let failure = match tried {
            Ok(response) => return response.map(Tried::Answered).map_err(Refusal::Problem),
            Err(failure) => failure,
        };
        self.end(&id, end_of(&failure)).await;
        Ok(Tried::Failed(failure))
    }

    /// Sends a request. What has failed is not settled yet.
    async fn send(&self, choice: &Choice<'_>, id: &str, request: &HttpRequest) -> Sent {
        let mut opened = upstream::open(request, choice.provider.timeouts).await.map_err(before)?;
        if !(200..300).contains(&opened.status) {
            // Of a body that does not come, the status says enough.
            let body = opened.rest().await.unwrap_or_default();
            let decoded = decode(choice.provider.kind, opened.status, &opened.headers, &body);
            return Err(before(decoded.err().unwrap_or(Fault::of(Class::Garbage))));
        }
        match &self.pieces {
            Some(pieces) => self.streamed(choice, id, opened, pieces).await,
            None => self.whole(choice, id, opened).await,
        }
    }

    async fn whole(&self, choice: &Choice<'_>, id: &str, mut opened: Opened) -> Sent {
        let mut body = opened.next().await.map_err(before)?.unwrap_or_default();
        self.answered(choice, &opened);
        body.extend(opened.rest().await.map_err(amid)?);
        let kind = choice.provider.kind;
        let reply = decode(kind, opened.status, &opened.headers, &body).map_err(amid)?;
        self.end(id, End::Used(choice.model.prices.settled(reply.usage, choice.at_most))).await;
        Ok(Ok(Answer::Whole(Whole { reply, kind, raw: body })))
    }

    async fn streamed(&self, choice: &Choice<'_>, id: &str, mut opened: Opened, pieces: &Pieces<'_>) -> Sent {
        let (mut decoder, mut begun, mut events) = (StreamDecoder::new(choice.provider.kind), false, Vec::new());
        while events.is_empty() {
            match opened.next().await.map_err(|fault| Failure { fault, begun })? {
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
            self.end(id, End::Unknown).await;
            return Ok(made.map(|(_, response)| Answer::Pieces(response)));
        };
        let (id, prices, worst) = (id.to_owned(), choice.model.prices, choice.at_most);
        let flow = Flow { opened: opened.moved(), decoder, writer: Writer::new(pieces.words), id, prices, worst };
        // It goes on to its end, and settles, whatever becomes of the caller.
        let Caller { env, handed, .. } = self.caller;
        pieces.context.wait_until(flow.run(env.clone(), handed.clone(), events, sender));
        Ok(Ok(Answer::Pieces(response)))
    }

    fn answered(&self, choice: &Choice, opened: &Opened) {
        let first_byte_ms = now_ms().saturating_sub(opened.sent_ms);
        observed::with(&self.caller.handed.tenant, &choice.provider.id, |seen| seen.answered(first_byte_ms));
    }

    async fn end(&self, id: &str, how: End) {
        end(self.caller.env, self.caller.handed, id, how).await;
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
