//! What a shard tells, and what else it is asked to do to a task.

use std::rc::Rc;

use aion_api::cursor::Page;
use aion_api::object::StepAddress;
use aion_api::object::kernel::Reply;
use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_shell::call::fault;
use aion_task::audit::Link;
use aion_task::task::State;
use aion_task::turn::Shelf;
use aion_task::{Command, Definition, Outcome, Task};
use serde_json::{Value, json};

use super::events::{self, Lines, REPLAY_MAX};
use super::inbox::Entry;
use super::poison::unreadable;
use super::shard::Shard;
use super::store::{Filter, Listed};

impl Shard {
    /// A task as its tenant sees it, with the newest link that concerns it: whoever has seen it is a witness of the
    /// chain.
    pub(super) fn view(&self, id: &str) -> Result<Value, Problem> {
        let (task, definition) = self.found(id)?;
        let mut view = task.view(&definition);
        let link = self.store().newest_link(id).map_err(|problem| unreadable(id, &problem.to_string()));
        if let Some(link) = link.inspect_err(|_| self.note_broken(id))? {
            view["audit"] = json!({ "seq": link.seq, "hash": link.hash });
        }
        self.note_readable(id);
        if let Some(aside) = self.aside(id) {
            view["aside"] = aside;
        }
        Ok(view)
    }

    /// A task, wherever it is.
    pub(super) async fn read(&self, id: &str) -> Result<Value, Problem> {
        if self.is_archived(id)? { self.recall(id).await } else { self.view(id) }
    }

    fn is_archived(&self, id: &str) -> Result<bool, Problem> {
        let store = self.store();
        Ok(store.links_of(id)?.is_none() && store.archived(id)?.is_some())
    }

    /// Tasks, newest first.
    pub(super) fn list(&self, page: &Page, state: Option<&str>, label: Option<&str>) -> Result<Reply, Problem> {
        if state.is_some_and(|state| !State::ALL.iter().any(|known| known.as_str() == state)) {
            return Err(Problem::new(Code::RequestMalformed, "there is no such state of a task"));
        }
        let unlabelled = || Problem::new(Code::RequestMalformed, "label is name:value");
        let label = label.map(|label| label.split_once(':').ok_or_else(unlabelled)).transpose()?;
        let unknown = |_| Problem::new(Code::CursorInvalid, "the cursor is not one of this list");
        let before = page.after.as_deref().filter(|after| !after.is_empty());
        let before = before.map(|position| position.parse().map_err(unknown)).transpose()?;
        if self.is_new() {
            return Ok(Reply::Tasks { tasks: Vec::new(), last: None, more: false });
        }
        let mut listed = self.store().list(&Filter { before, state, label }, page.limit + 1)?;
        let more = listed.len() > page.limit as usize;
        listed.truncate(page.limit as usize);
        let last = listed.last().map(|listed| listed.seq.to_string());
        Ok(Reply::Tasks { tasks: listed.iter().map(|row| self.listed(row)).collect(), last, more })
    }

    /// A task in a list. One that cannot be read is shown by what its row says beside what it holds.
    fn listed(&self, row: &Listed) -> Value {
        let store = self.store();
        let read = store.whole(&row.id, &row.body).and_then(|task| {
            let definition = self.definitions.stored(&store, &task.definition)?;
            Ok(task.view(&definition))
        });
        let mut view = read.unwrap_or_else(|_| {
            self.note_broken(&row.id);
            json!({ "id": row.id, "state": row.state, "steps": {}, "unreadable": true })
        });
        if let Some(aside) = self.aside(&row.id) {
            view["aside"] = aside;
        }
        view
    }

    /// Cancels a task; to cancel it again changes nothing.
    pub(super) async fn cancel(self: &Rc<Self>, id: String) -> Result<Value, Problem> {
        self.release(&id, "it is to be cancelled")?;
        let done = self.enter(Entry::Command { task: id, command: Command::Cancel }).await?;
        match done.view["state"].as_str() {
            Some("done" | "failed" | "compensated") => {
                let state = done.view["state"].as_str().unwrap_or_default();
                Err(Problem::new(Code::StateConflict, format!("the task is {state} already")))
            }
            _ => Ok(done.view),
        }
    }

    /// Has a task go on: one that is dead or failed, and one that was set aside.
    pub(super) async fn redrive(
        self: &Rc<Self>,
        id: String,
        reason: String,
        from: Option<String>,
    ) -> Result<Value, Problem> {
        let released = self.release(&id, &reason)?;
        let state = self.store().state(&id)?;
        if released && !matches!(state.as_deref(), Some("dead" | "failed")) {
            return self.view(&id);
        }
        self.change(id, Command::Redrive { reason, from }).await
    }

    /// Has a command applied to a task, and gives the task as it is then.
    pub(super) async fn change(self: &Rc<Self>, task: String, command: Command) -> Result<Value, Problem> {
        Ok(self.enter(Entry::Command { task, command }).await?.view)
    }

    /// An answer that comes later than its call. One that does not count any more is taken in all the same, so that
    /// its sender is done with it.
    pub(super) async fn step_reply(self: &Rc<Self>, step: StepAddress, outcome: Outcome) -> Result<(), Problem> {
        let StepAddress { task, step, epoch, .. } = step;
        let command = Command::Reply { step, epoch, outcome };
        match self.enter(Entry::Command { task, command }).await {
            Err(problem) if problem.code != Code::ResourceUnknown => Err(problem),
            _ => Ok(()),
        }
    }

    /// Links of the audit chain that concern a task; each can be checked by itself, and against its neighbours.
    pub(super) async fn history(&self, id: &str, after: u64, limit: u32) -> Result<Reply, Problem> {
        let limit = limit as usize;
        if self.is_archived(id)? {
            let all = self.store().archived(id)?.unwrap_or_default();
            let mut seqs: Vec<u64> = all.into_iter().filter(|seq| *seq > after).collect();
            let more = seqs.len() > limit;
            seqs.truncate(limit);
            return Ok(Reply::History { entries: self.recall_links(&seqs).await?, more });
        }
        // The history of a task that cannot be read can be.
        self.store().state(id)?.ok_or_else(|| Problem::unknown("task"))?;
        let mut links = self.store().links(id, after, limit + 1)?;
        let more = links.len() > limit;
        links.truncate(limit);
        let entries = links.iter().map(|link| self.entry(link)).collect::<Result<_, _>>()?;
        Ok(Reply::History { entries, more })
    }

    /// The events of a task: those after a number, then what happens.
    pub(super) fn follow(&self, id: &str, after: u64, key: Option<&str>) -> Result<Lines, Problem> {
        let mut ended = self.is_ended(id)?;
        let (sender, lines) = events::channel();
        for link in self.store().links(id, after, REPLAY_MAX)? {
            let happened = serde_json::from_str(&link.events).map_err(|error| fault("log", &error))?;
            ended |= events::send(&sender, id, &link, happened);
        }
        if !ended {
            self.listeners.add(id, key, sender)?;
        }
        Ok(lines)
    }

    /// Whether nothing will happen to a task any more.
    pub(super) fn is_ended(&self, id: &str) -> Result<bool, Problem> {
        if self.is_archived(id)? {
            return Err(Problem::new(Code::StateConflict, "the task is in the archive: read its history"));
        }
        let (task, _) = self.found(id)?;
        Ok(task.state.is_terminal() && task.due_ms().is_none())
    }

    fn found(&self, id: &str) -> Result<(Task, Rc<Definition>), Problem> {
        let found = Shelf::task(self, id).inspect_err(|_| self.note_broken(id))?;
        found.ok_or_else(|| Problem::unknown("task"))
    }

    pub(super) fn entry(&self, link: &Link) -> Result<Value, Problem> {
        let events: Value = serde_json::from_str(&link.events).map_err(|error| fault("log", &error))?;
        Ok(json!({
            "seq": link.seq,
            "at": rfc3339(link.at_ms),
            "atMs": link.at_ms,
            "previous": self.store().hash_before(link.seq)?,
            "events": events,
            "hash": link.hash
        }))
    }
}
