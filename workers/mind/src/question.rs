//! The Question object: one question of a plan or of a task to a model, asked once for however many wait for it.
//!
//! A step is waited for 18 s, an entry lives half a minute after its answer, and a model may think for minutes. So the
//! object's alarm asks, which the platform lets run for a quarter of an hour; whoever comes again meanwhile waits for
//! the same call. Its answer and what it costs are one commit of the tenant's object, so that nothing is paid for that
//! is not kept. A failure is told to whoever waits, or to the next who comes, once; then it is asked anew. So is a call
//! that died with the platform, whose reservation counts as its worst case.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::time::Duration;

use aion_api::Address;
use aion_api::object::mind::Handed;
use aion_api::object::{self, Call};
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use aion_mind::budget::Payer;
use aion_mind::plan::propose::Prompt;
use aion_mind::wire::{ChatRequest, Json, Message, Output, Part, Role, Wire};
use aion_shell::call::{self, fault, now_ms};
use futures_channel::oneshot;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Response, SqlStorage, State, durable_object};

use crate::chat::{self, Caller, Keep, Refusal, Whole};
use crate::object::plans;
use crate::object::store::{int, json, parse, rows, run};
use crate::upstream::wait;

/// The kernel waits for 25 s for a step; what is stored after a call has to fit too. Milliseconds.
const PATIENCE_MS: u64 = 18_000;
/// The binding of the objects.
const QUESTION: &str = "QUESTION";
/// The alarm of a call that died is called again after so long at most, milliseconds; whoever comes for it is sooner.
const AGAIN_MS: u64 = 60_000;
/// A call is given up after so long, milliseconds: a minute before the platform ends an alarm.
const ASKED_MAX_MS: u64 = 14 * 60_000;
/// A question that died so often with the platform has failed.
const TRIES_MAX: u32 = 8;
/// How long it is known that a question was answered, milliseconds: longer than anybody still waits for it.
const KEPT_MS: u64 = 3_600_000;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS question (
  one INTEGER PRIMARY KEY CHECK (one = 1), at_ms INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
";

/// A question, who pays for it, and what its answer is to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asking {
    pub request: ChatRequest,
    pub payer: Payer,
    pub to: To,
}

/// What an answer is to. Each is asked by an object of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum To {
    /// A stage of a plan.
    Plan { id: String, seq: u32 },
    /// A question of a task, the so manieth time.
    Inquiry { key: String, place: usize },
}

impl To {
    fn name(&self) -> String {
        match self {
            Self::Plan { id, seq } => format!("{id}/{seq}"),
            Self::Inquiry { key, place } => format!("{key}/{place}"),
        }
    }

    fn order(&self, kind: Wire, raw: &[u8]) -> plans::Order {
        let raw = hex::encode(raw);
        match self.clone() {
            Self::Plan { id, seq } => plans::Order::Reply { id, seq, kind, raw },
            Self::Inquiry { key, place } => plans::Order::Replied { key, place, kind, raw },
        }
    }
}

/// Has it answered, and waits so long for that; another one that asks the same waits for the same call.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    asking: Asking,
    patience_ms: u64,
}

/// Whether it is answered, and the tenant's object knows what was said.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    answered: bool,
}

impl object::Request for Order {
    type Reply = Told;
}

/// Has a question answered. Whether it was in so many milliseconds; it goes on whatever becomes of whoever waits.
pub async fn ask(env: &Env, handed: &Handed, asking: Asking, patience_ms: u64) -> Result<bool, Problem> {
    let name = format!("{}/{}", handed.tenant, asking.to.name());
    let (address, trace) = (Address::mind(&handed.tenant), handed.trace.clone());
    let call = Call { address, key: None, trace, request: Order { asking, patience_ms } };
    call::ask_named(env, QUESTION, &name, &call).await.map(|told: Told| told.answered)
}

/// What is left of the time that a step can be waited for.
pub fn patience_ms(began_ms: u64) -> u64 {
    (began_ms + PATIENCE_MS).saturating_sub(now_ms())
}

/// A question to a model whose answer follows a schema.
pub fn asked(prompt: &Prompt, model: String, name: &str, most: u32) -> Result<ChatRequest, Problem> {
    let schema = Json::parse(&prompt.schema.to_string()).map_err(|error| fault("schema", &error))?;
    Ok(ChatRequest {
        model,
        system: prompt.system.clone(),
        messages: vec![Message { role: Role::User, parts: vec![Part::Text(prompt.user.clone())] }],
        output: Some(Output { name: name.to_owned(), schema, strict: true }),
        max_output_tokens: Some(most),
        ..ChatRequest::default()
    })
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Stand {
    /// It is to be asked, or is being asked.
    Open,
    /// It is answered.
    Answered,
    /// It has failed, and nobody was told so yet.
    Failed(Problem),
    /// It has failed, and somebody was told.
    Told,
}

/// What is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    tenant: String,
    trace: Trace,
    asking: Asking,
    stand: Stand,
    /// How often it was asked since somebody wanted it to be.
    tries: u32,
}

#[derive(Deserialize)]
struct Row {
    at_ms: u64,
    body: String,
}

/// One question.
#[durable_object]
pub struct Question {
    state: State,
    env: Env,
    /// Whether a call is under way; a call does not outlive the object's life.
    asking: Cell<bool>,
    waiting: RefCell<Vec<oneshot::Sender<Result<(), Problem>>>>,
}

impl DurableObject for Question {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, asking: Cell::default(), waiting: RefCell::default() }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match object::read::<Call<Order>>(&request.bytes().await?) {
            Ok(call) => self.answered(call).await,
            Err(error) => Err(fault("question", &error)),
        };
        call::respond(&result)
    }

    /// Never throws: a handler that does is tried six times and then given up.
    async fn alarm(&self) -> worker::Result<Response> {
        match self.due() {
            Ok(Some(kept)) => {
                self.asking.set(true);
                let ended = self.perform(&kept).await;
                self.asking.set(false);
                self.end(kept, ended);
            }
            Ok(None) if self.is_over() => _ = self.state.storage().delete_all().await,
            // Somebody came for it since: it is looked at again later.
            Ok(None) => self.arm(KEPT_MS),
            Err(_) => self.arm(AGAIN_MS),
        }
        Response::empty()
    }
}

impl Question {
    /// Has it asked if it is not, and waits for its end. The wait ends here and not at whoever waits, so that nobody is
    /// told of a failure who has gone.
    async fn answered(&self, call: Call<Order>) -> Result<Told, Problem> {
        let patience_ms = call.request.patience_ms;
        let Some(ended) = self.begin(call)? else {
            return Ok(Told { answered: true });
        };
        match select(ended, wait(patience_ms)).await {
            Either::Left((ended, _)) => {
                ended.unwrap_or_else(|_| Err(Problem::internal())).map(|()| Told { answered: true })
            }
            Either::Right(_) => Ok(Told { answered: false }),
        }
    }

    /// Nothing, if it is answered; what tells of its end otherwise.
    fn begin(&self, call: Call<Order>) -> Result<Option<oneshot::Receiver<Result<(), Problem>>>, Problem> {
        let (tenant, trace, asking) = (call.address.tenant, call.trace, call.request.asking);
        let kept = self.kept()?.map(|(_, kept)| kept);
        match kept {
            Some(kept) if kept.tenant != tenant => return Err(Problem::unknown("question")),
            Some(Kept { stand: Stand::Answered, .. }) => return Ok(None),
            Some(Kept { stand: Stand::Failed(problem), .. }) => {
                self.put(&Kept { tenant, trace, asking, stand: Stand::Told, tries: 0 })?;
                return Err(problem);
            }
            Some(Kept { stand: Stand::Open, .. }) => {}
            Some(Kept { stand: Stand::Told, .. }) | None => {
                self.put(&Kept { tenant, trace, asking, stand: Stand::Open, tries: 0 })?;
            }
        }
        if !self.asking.get() {
            self.arm(0);
        }
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().push(sender);
        Ok(Some(receiver))
    }

    /// What is to be asked now. That it is tried is stored before it is.
    fn due(&self) -> Result<Option<Kept>, Problem> {
        let open = self.kept()?.map(|(_, kept)| kept).filter(|kept| kept.stand == Stand::Open);
        let Some(mut kept) = open.filter(|_| !self.asking.get()) else {
            return Ok(None);
        };
        kept.tries += 1;
        self.put(&kept)?;
        self.arm(AGAIN_MS);
        Ok(Some(kept))
    }

    async fn perform(&self, Kept { tenant, trace, asking, tries, .. }: &Kept) -> Result<(), Problem> {
        if *tries > TRIES_MAX {
            return Err(Problem::new(Code::ModelFailed, "the platform stopped in the middle of each of its calls"));
        }
        let handed = Handed { tenant: tenant.clone(), trace: trace.clone(), ..Handed::default() };
        let keep = |whole: &Whole| asking.to.order(whole.kind, &whole.raw);
        let caller =
            Caller { env: &self.env, handed: &handed, payer: &asking.payer, keep: Keep::Answer(&keep), context: None };
        let asked = pin!(chat::reply(caller, &asking.request));
        match select(asked, wait(ASKED_MAX_MS)).await {
            Either::Left((replied, _)) => replied.map(|_| ()).map_err(Refusal::problem),
            Either::Right(_) => Err(Problem::new(Code::ModelFailed, "the model took too long for a step")),
        }
    }

    /// Stores how it has ended, and tells whoever waits.
    fn end(&self, kept: Kept, ended: Result<(), Problem>) {
        let waiting = self.waiting.take();
        if let Err(problem) = &ended {
            say(&kept, problem);
        }
        let told = waiting.into_iter().map(|one| one.send(ended.clone()).is_ok()).filter(|told| *told).count();
        let stand = match ended {
            Ok(()) => Stand::Answered,
            Err(problem) if told == 0 => Stand::Failed(problem),
            Err(_) => Stand::Told,
        };
        // What cannot be stored is found open by the next alarm, and asked again; the plan takes one reply alone.
        if self.put(&Kept { stand, ..kept }).is_ok() {
            self.arm(KEPT_MS);
        }
    }

    fn kept(&self) -> Result<Option<(u64, Kept)>, Problem> {
        let sql = self.sql();
        sql.exec(SCHEMA, None).map_err(|error| fault("question schema", &error))?;
        let row = rows::<Row>(&sql, "SELECT at_ms, body FROM question", vec![])?.into_iter().next();
        row.map(|row| Ok((row.at_ms, parse(&row.body)?))).transpose()
    }

    fn put(&self, kept: &Kept) -> Result<(), Problem> {
        let query = "INSERT OR REPLACE INTO question (one, at_ms, body) VALUES (1, ?, ?)";
        run(&self.sql(), query, vec![int(now_ms()), json(kept)?.into()])
    }

    /// Whether nobody comes for it any more.
    fn is_over(&self) -> bool {
        let old = |(at_ms, kept): &(u64, Kept)| kept.stand != Stand::Open && at_ms + KEPT_MS <= now_ms();
        self.kept().is_ok_and(|kept| kept.as_ref().is_none_or(old))
    }

    fn sql(&self) -> SqlStorage {
        self.state.storage().sql()
    }

    fn arm(&self, after_ms: u64) {
        // The first poll makes the call, in this turn.
        let set = self.state.storage().set_alarm(Duration::from_millis(after_ms)).now_or_never();
        if let Some(Err(error)) = set {
            _ = fault("question alarm", &error);
        }
    }
}

fn say(kept: &Kept, problem: &Problem) {
    if problem.code != Code::BudgetReached {
        let line = serde_json::json!({ "level": "warn", "at": "question", "tenant": kept.tenant,
            "for": kept.asking.to.name(), "code": problem.code });
        worker::console_warn!("{line}");
    }
}
