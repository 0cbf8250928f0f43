//! What a shard tells, and what else it is asked to do to a task.

use std::rc::Rc;

use aion_api::cursor::Page;
use aion_api::object::StepAddress;
use aion_api::object::kernel::Reply;
use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_task::audit::Link;
use aion_task::task::State;
use aion_task::{Command, Outcome, Task};
use serde_json::{Value, json};

use super::events::{self, Lines};
use super::shard::Shard;
use crate::call::fault;

/// Links that a stream replays before it follows; a task has some dozens.
const REPLAY_MAX: u32 = 10_000;

impl Shard {
    /// A task as its tenant sees it.
    pub(super) fn view(&self, id: &str) -> Result<Value, Problem> {
        self.witnessed(&self.task(id)?)
    }

    /// Tasks, newest first.
    pub(super) fn list(&self, page: &Page, state: Option<&str>) -> Result<Reply, Problem> {
        if state.is_some_and(|state| !State::ALL.iter().any(|known| known.as_str() == state)) {
            return Err(Problem::new(Code::RequestMalformed, "there is no such state of a task"));
        }
        let before = match page.after.as_deref() {
            None | Some("") => None,
            Some(position) => Some(
                position
                    .parse()
                    .map_err(|_| Problem::new(Code::CursorInvalid, "the cursor is not one of this list"))?,
            ),
        };
        if self.owner()?.is_none() {
            return Ok(Reply::Tasks { tasks: Vec::new(), last: None, more: false });
        }
        let mut listed = self.store().list(before, state, page.limit + 1)?;
        let more = listed.len() > page.limit as usize;
        listed.truncate(page.limit as usize);
        let last = listed.last().map(|listed| listed.seq.to_string());
        Ok(Reply::Tasks { tasks: listed.iter().map(|listed| listed.task.view()).collect(), last, more })
    }

    /// Cancels a task; to cancel it again changes nothing.
    pub(super) fn cancel(self: &Rc<Self>, id: &str) -> Result<Value, Problem> {
        if let Some(stored) = self.advance(id, Command::Cancel)? {
            return self.witnessed(&stored.task);
        }
        let task = self.task(id)?;
        match task.state {
            State::Cancelling | State::Cancelled => self.witnessed(&task),
            state => Err(Problem::new(Code::StateConflict, format!("the task is {} already", state.as_str()))),
        }
    }

    /// An answer that comes later than its call. One that does not count any more is taken in all the same, so that
    /// its sender is done with it.
    pub(super) fn step_reply(self: &Rc<Self>, step: StepAddress, outcome: Outcome) -> Result<(), Problem> {
        let StepAddress { task, step, epoch, .. } = step;
        self.advance(&task, Command::Reply { step, epoch, outcome }).map(|_| ())
    }

    /// Links of the audit chain that concern a task; each can be checked by itself, and against its neighbours.
    pub(super) fn history(&self, id: &str, after: u64, limit: u32) -> Result<Reply, Problem> {
        self.task(id)?;
        let mut links = self.store().links(id, after, limit.saturating_add(1))?;
        let more = links.len() > limit as usize;
        links.truncate(limit as usize);
        let entries = links.iter().map(|link| self.entry(link)).collect::<Result<_, _>>()?;
        Ok(Reply::History { entries, more })
    }

    /// The events of a task: those after a number, then what happens.
    pub(super) fn follow(&self, id: &str, after: u64) -> Result<Lines, Problem> {
        let task = self.task(id)?;
        let (sender, lines) = events::channel();
        let mut ended = task.state.is_terminal() && task.due_ms().is_none();
        for link in self.store().links(id, after, REPLAY_MAX)? {
            let happened = serde_json::from_str(&link.events).map_err(|error| fault("log", &error))?;
            ended |= events::send(&sender, id, &link, happened);
        }
        if !ended {
            self.listeners.add(id, sender)?;
        }
        Ok(lines)
    }

    fn task(&self, id: &str) -> Result<Task, Problem> {
        self.store().task(id)?.map(|stored| stored.task).ok_or_else(|| Problem::unknown("task"))
    }

    /// A view with the newest link that concerns the task: whoever has seen it is a witness of the chain.
    fn witnessed(&self, task: &Task) -> Result<Value, Problem> {
        let mut view = task.view();
        if let Some(link) = self.store().newest_link(&task.id)? {
            view["audit"] = json!({ "seq": link.seq, "hash": link.hash });
        }
        Ok(view)
    }

    fn entry(&self, link: &Link) -> Result<Value, Problem> {
        let events: Value = serde_json::from_str(&link.events).map_err(|error| fault("log", &error))?;
        Ok(json!({
            "seq": link.seq,
            "at": rfc3339(link.at_ms),
            "atMs": link.at_ms,
            "previous": self.store().hash(link.seq - 1)?,
            "events": events,
            "hash": link.hash
        }))
    }
}
