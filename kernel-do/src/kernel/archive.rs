//! Tasks that came to their end long ago leave the shard: the Archive object keeps them, and the shard remembers their
//! ids for ever, so that no key starts a second task. Links that no task of the shard needs any more follow them.
//!
//! A task is copied first and forgotten after: whatever breaks in between, it is copied again.

use std::collections::BTreeMap;
use std::rc::Rc;

use aion_api::Address;
use aion_api::object::archive::{Reply, Request};
use aion_api::problem::Problem;
use aion_api::trace::Trace;
use aion_shell::call;
use aion_task::turn::Shelf;
use serde_json::Value;

use super::fault;
use super::shard::Shard;
use crate::transaction::together;

/// So many tasks are moved in one call at most, and so many links.
const BATCH_MAX: usize = 64;
/// A call is not filled further once it has this many bytes.
const BATCH_BYTES: usize = 4_000_000;
/// Definitions that no task is of are looked for this often: a day, because it reads the head of every task's row.
const SWEEP_MS: u64 = 24 * 60 * 60 * 1_000;

/// A task on its way out.
pub(super) struct Leaving {
    pub(super) id: String,
    /// The numbers of its links, as its row holds them: they tell whether it has changed.
    pub(super) links: String,
    pub(super) labels: BTreeMap<String, String>,
    view: Value,
}

impl Shard {
    /// Has tasks leave whose time it is. They are looked at again later if that fails.
    pub(super) fn retire(self: &Rc<Self>, ids: Vec<String>) {
        let mut leaving = self.leaving.borrow_mut();
        let begin = leaving.is_empty() && !ids.is_empty();
        leaving.extend(ids);
        if !begin {
            return;
        }
        let shard = Rc::clone(self);
        self.wait_until(async move {
            loop {
                let batch: Vec<String> = shard.leaving.borrow().iter().take(BATCH_MAX).cloned().collect();
                if batch.is_empty() {
                    break;
                }
                // What went wrong is in the log; the tasks are due again later.
                _ = shard.note.during(&batch, shard.move_out(&batch)).await;
                shard.leaving.borrow_mut().drain(..batch.len());
            }
            _ = shard.prune().await;
        });
    }

    async fn move_out(&self, ids: &[String]) -> Result<(), Problem> {
        let (mut leaving, mut bytes) = (Vec::new(), 0);
        for id in ids {
            self.note.on(id);
            match self.leaving(id) {
                Ok(None) => continue,
                // It stays; the others leave.
                Err(problem) => self.set_broken(id, &problem),
                Ok(Some((first, task))) => {
                    bytes += task.view.to_string().len();
                    leaving.push((first, task));
                }
            }
            if bytes > BATCH_BYTES {
                self.copy(std::mem::take(&mut leaving)).await?;
                bytes = 0;
            }
        }
        self.note.on_all(ids);
        self.copy(leaving).await
    }

    /// A task as it leaves, with the first of its links; nothing if it has left.
    fn leaving(&self, id: &str) -> Result<Option<(u64, Leaving)>, Problem> {
        let (Some((task, definition)), Some(links)) = (Shelf::task(self, id)?, self.store().links_of(id)?) else {
            return Ok(None);
        };
        fault::poison(&task, "leave", &self.note);
        let (view, first) = (self.view(id)?, first(&numbers(&links)));
        Ok(Some((first, Leaving { id: id.to_owned(), links, labels: definition.labels.clone(), view })))
    }

    async fn copy(&self, leaving: Vec<(u64, Leaving)>) -> Result<(), Problem> {
        for (address, tasks) in self.by_archive(leaving)? {
            let views = tasks.iter().map(|task| task.view.clone()).collect();
            fault::point("task-leaves");
            self.ask_archive(address, Request::Keep { tasks: views, links: Vec::new() }).await?;
            fault::point("task-copied");
            together(&self.storage(), || {
                tasks.iter().try_for_each(|task| {
                    self.store().forget(task)?;
                    fault::point("task-forgotten");
                    Ok(())
                })
            })?;
        }
        Ok(())
    }

    /// Moves links that are older than every task that is still here, and forgets definitions that no task is of.
    async fn prune(&self) -> Result<(), Problem> {
        let now_ms = call::now_ms();
        if now_ms.saturating_sub(self.swept_ms.get()) >= SWEEP_MS {
            self.swept_ms.set(now_ms);
            self.store().drop_definitions()?;
            self.store().drop_old_poison(now_ms)?;
        }
        loop {
            let links = self.store().links_below(self.store().log_floor()?, BATCH_MAX)?;
            let (Some(oldest), Some(second)) = (links.first(), links.get(1)) else {
                return Ok(());
            };
            // The oldest is in the archive already and is here for its hash, except the first of all.
            let first = if oldest.seq == 1 { oldest.seq } else { second.seq };
            let address = self.archive_of(first)?;
            let (mut entries, mut last, mut bytes) = (Vec::new(), first, 0);
            for link in links.iter().filter(|link| link.seq >= first) {
                if self.archive_of(link.seq)? != address || bytes > BATCH_BYTES {
                    break;
                }
                bytes += link.events.len();
                entries.push(self.entry(link)?);
                last = link.seq;
            }
            fault::point("links-leave");
            self.ask_archive(address, Request::Keep { tasks: Vec::new(), links: entries }).await?;
            fault::point("links-copied");
            self.store().drop_links_before(last)?;
            fault::point("links-dropped");
        }
    }

    /// The first answer to whoever submitted a task that has left.
    pub(super) async fn recall(&self, id: &str) -> Result<Value, Problem> {
        let links = self.store().archived(id)?.ok_or_else(|| Problem::unknown("task"))?;
        let address = self.archive_of(first(&links))?;
        match self.ask_archive(address, Request::Read { task: id.to_owned() }).await? {
            Reply::Task { task } => Ok(task),
            _ => Err(Problem::internal()),
        }
    }

    /// Links of a task that has left, some of which may still be here.
    pub(super) async fn recall_links(&self, seqs: &[u64]) -> Result<Vec<Value>, Problem> {
        let (mut entries, mut elsewhere) = (Vec::new(), Vec::new());
        for seq in seqs {
            match self.store().whole_link(*seq)? {
                Some(link) => entries.push(self.entry(&link)?),
                None => elsewhere.push((*seq, *seq)),
            }
        }
        for (address, seqs) in self.by_archive(elsewhere)? {
            match self.ask_archive(address, Request::Links { seqs }).await? {
                Reply::Links { links } => entries.extend(links),
                _ => return Err(Problem::internal()),
            }
        }
        entries.sort_by_key(|entry| entry["seq"].as_u64());
        Ok(entries)
    }

    /// Things by the part of the archive that their links belong to.
    fn by_archive<T>(&self, things: Vec<(u64, T)>) -> Result<Vec<(Address, Vec<T>)>, Problem> {
        let mut groups: Vec<(Address, Vec<T>)> = Vec::new();
        for (link, thing) in things {
            let address = self.archive_of(link)?;
            match groups.iter_mut().find(|(known, _)| *known == address) {
                Some((_, group)) => group.push(thing),
                None => groups.push((address, vec![thing])),
            }
        }
        Ok(groups)
    }

    fn archive_of(&self, link: u64) -> Result<Address, Problem> {
        let owner = self.owner()?.ok_or_else(Problem::internal)?;
        Ok(Address::archive(&owner.tenant, self.number()?, link))
    }

    async fn ask_archive(&self, address: Address, request: Request) -> Result<Reply, Problem> {
        call::ask(self.env(), address, &Trace::default(), request).await
    }
}

/// The numbers of a task's links, as its row holds them.
pub(super) fn numbers(links: &str) -> Vec<u64> {
    serde_json::from_str(links).unwrap_or_default()
}

/// The first of a task's links; it has one from its beginning on.
fn first(links: &[u64]) -> u64 {
    links.first().copied().unwrap_or_default()
}
