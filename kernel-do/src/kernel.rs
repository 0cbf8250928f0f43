//! The Kernel object: the tasks of one shard of a tenant.
#![allow(missing_docs, reason = "durable_object generates methods without documentation")]

use std::rc::Rc;

use aion_api::Problem;
use aion_api::object::Call;
use aion_api::object::kernel::{Reply, Request};
use aion_api::problem::Code;
use aion_shell::call;
use aion_task::Command;
use worker::{DurableObject, Env, Response, State, WebSocket, WebSocketIncomingMessage, durable_object};

mod archive;
mod definitions;
mod events;
mod fault;
mod function;
mod growth;
mod http;
mod inbox;
mod look;
mod meter;
mod mind;
mod note;
mod perform;
mod poison;
mod read;
mod revoked;
mod shard;
mod sockets;
mod store;
mod submit;
mod trial;
mod work;

use shard::Shard;

/// One shard of a tenant's tasks.
#[durable_object]
pub struct Kernel {
    shard: Rc<Shard>,
}

impl DurableObject for Kernel {
    fn new(state: State, env: Env) -> Self {
        let shard = Rc::new(Shard::new(state, env));
        shard.begin();
        Self { shard }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let is_upgrade = call::is_upgrade(&request);
        let call = match call::read::<Request>(&mut request).await {
            Ok(call) => call,
            Err(problem) => return call::respond::<Reply>(&Err(problem)),
        };
        if is_upgrade {
            return match self.admitted(&call).and_then(|()| self.shard.open_socket(&call)) {
                Ok(response) => Ok(response),
                Err(problem) => call::respond::<Reply>(&Err(problem)),
            };
        }
        if let Request::Events { task, after, until_ms } = &call.request {
            let key = call.key.as_deref();
            return match self.admitted(&call).and_then(|()| self.shard.follow(task, *after, key)) {
                Ok(lines) => events::stream(lines, *until_ms),
                Err(problem) => call::respond::<Reply>(&Err(problem)),
            };
        }
        call::respond(&self.answer(call).await)
    }

    /// Clients have nothing to say.
    async fn websocket_message(&self, _: WebSocket, _: WebSocketIncomingMessage) -> worker::Result<()> {
        Ok(())
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> worker::Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: worker::Error) -> worker::Result<()> {
        Ok(())
    }

    /// Never throws: a handler that does is tried six times and then given up.
    async fn alarm(&self) -> worker::Result<Response> {
        self.shard.alarm();
        Response::empty()
    }
}

impl Kernel {
    /// What changes tasks waits for the turn that stores it; what reads them does not.
    async fn answer(&self, call: Call<Request>) -> Result<Reply, Problem> {
        self.unrevoked(&call)?;
        match &call.request {
            Request::Revoke { keys, forget } => return self.shard.revoke(&call.address, keys, forget),
            Request::Health => return Ok(Reply::Healthy { overdue_ms: self.shard.overdue_ms()? }),
            Request::Grow { shards, revoked } => return self.shard.grow(&call.address, *shards, revoked),
            Request::Recall { .. } => return self.shard.remember(call).await,
            Request::Metrics => return self.shard.metrics(&call.address).map(Reply::Metrics),
            Request::Submit { .. } => return self.shard.submit(call).await,
            // A tenant that has not submitted anything yet has a list, and it is empty.
            Request::List { .. } if self.shard.owner()?.is_none() => {}
            _ => self.owned(&call)?,
        }
        let task = |task| Reply::Task { task };
        match call.request {
            Request::Read { task: id } => self.shard.read(&id).await.map(task),
            Request::List { page, state, label } => self.shard.list(&page, state.as_deref(), label.as_deref()),
            Request::Cancel { task: id } => self.shard.cancel(id).await.map(task),
            Request::Signal { task: id, name, payload, key } => {
                self.shard.change(id, Command::Signal { name, payload, key }).await.map(task)
            }
            Request::Decide { task: id, step, decision } => {
                self.shard.change(id, Command::Decide { step, decision }).await.map(task)
            }
            Request::Redrive { task: id, reason, from } => self.shard.redrive(id, reason, from).await.map(task),
            Request::StepReply { step, outcome } => {
                self.shard.step_reply(step, outcome).await?;
                Ok(Reply::Done)
            }
            Request::History { task, after, limit } => self.shard.history(&task, after, limit).await,
            Request::Submit { .. }
            | Request::Events { .. }
            | Request::Revoke { .. }
            | Request::Metrics
            | Request::Grow { .. }
            | Request::Recall { .. }
            | Request::Health => Err(Problem::new(Code::Internal, "this request is answered elsewhere")),
        }
    }

    /// Refuses a key that was revoked.
    fn unrevoked(&self, call: &Call<Request>) -> Result<(), Problem> {
        if call.key.as_deref().is_some_and(|key| self.shard.is_revoked(key)) {
            return Err(Problem::new(Code::CredentialInvalid, "the key was revoked"));
        }
        Ok(())
    }

    /// Refuses whoever may not listen.
    fn admitted(&self, call: &Call<Request>) -> Result<(), Problem> {
        self.unrevoked(call)?;
        self.owned(call)
    }

    /// Refuses whoever is not this object's tenant, and whoever asks an object that holds nothing.
    fn owned(&self, call: &Call<Request>) -> Result<(), Problem> {
        if self.shard.owner()?.as_ref() == Some(&call.address) { Ok(()) } else { Err(Problem::unknown("task")) }
    }
}
