//! What a wallet tells others, until they acknowledge it: the lane, the kernel, the tenant's lists.

use aion_api::object::tenant::{self, Entry, ListKind};
use aion_api::object::{Outcome, StepAddress, kernel, lane};
use aion_api::trace::Trace;
use aion_api::{Address, Problem};
use aion_chain::action::Deployment;
use aion_shell::call;
use aion_wallet::operation::{Record as Operation, Stage};
use aion_wallet::record::{Status, TELL_AGAIN_MS, Wallet};
use serde_json::{Value, json};
use worker::Env;

use super::store::Store;
use super::{created, ended, view};
use crate::config::deployment;

/// Tells everything that is due. What is acknowledged is written down; what is not stays due.
pub(super) async fn attend(env: &Env, store: &Store) -> Result<(), Problem> {
    let deployment = deployment(env)?;
    // Whoever does not hear of the wallet holds up none of its operations.
    if tell_of_wallet(env, store).await.is_err()
        && let Some(mut newest) = store.load()?
    {
        newest.unheard(call::now_ms());
        store.save(&newest)?;
    }
    for operation in store.open_operations()? {
        if operation.due_ms > call::now_ms() {
            continue;
        }
        let Some(wallet) = store.load()? else {
            return Ok(());
        };
        let told = match &operation.stage {
            Stage::Accepted | Stage::Carried => continue,
            Stage::Signed { .. } => carry(env, &deployment, &wallet, &operation).await,
            Stage::Settled { .. } | Stage::Denied { .. } => report(env, &deployment, &wallet, &operation).await,
        };
        // Meanwhile a report of the lane may have come in: the newest record is the one that goes on.
        let Some(mut newest) = store.operation(operation.op)? else {
            continue;
        };
        match (told, &newest.stage) {
            (Ok(()), Stage::Signed { .. }) => newest.stage = Stage::Carried,
            (Ok(()), Stage::Settled { .. } | Stage::Denied { .. }) if newest.stage == operation.stage => {
                newest.reported = newest.reply == operation.reply;
            }
            (Ok(()), _) => {}
            (Err(_), _) => newest.due_ms = call::now_ms() + TELL_AGAIN_MS,
        }
        store.put(&newest)?;
    }
    tell_of_documents(env, store).await
}

async fn tell_of_wallet(env: &Env, store: &Store) -> Result<(), Problem> {
    let Some(wallet) = store.load()? else {
        return Ok(());
    };
    if wallet.telling_due_ms().is_none_or(|due_ms| due_ms > call::now_ms()) {
        return Ok(());
    }
    if !wallet.registered {
        let entry = Entry { list: ListKind::Wallet, id: wallet.id.clone(), summary: view(&wallet) };
        register(env, &wallet.tenant, entry).await?;
        if let Some(mut newest) = store.load()? {
            newest.registered = newest.status == wallet.status;
            store.save(&newest)?;
        }
    }
    let waiting = wallet.reply.as_ref().filter(|_| wallet.status != Status::Creating && !wallet.reported);
    let Some(reply) = waiting else {
        return Ok(());
    };
    answer_step(env, &wallet.tenant, reply, created(&wallet)).await?;
    if let Some(mut newest) = store.load()? {
        newest.reported = newest.reply == wallet.reply;
        store.save(&newest)?;
    }
    Ok(())
}

async fn carry(env: &Env, deployment: &Deployment, wallet: &Wallet, operation: &Operation) -> Result<(), Problem> {
    let carry = wallet.carry(operation).ok_or_else(Problem::internal)?;
    let request = lane::Request::Accept { carry: Box::new(carry) };
    call::ask(env, Address::lane(deployment.chain_id, 0), &Trace::default(), request).await.map(|_| ())
}

async fn report(env: &Env, deployment: &Deployment, wallet: &Wallet, operation: &Operation) -> Result<(), Problem> {
    if let Some(token) = operation.created_token(deployment) {
        let mut summary = operation.view(&wallet.id, deployment)["action"].clone();
        summary["address"] = json!(token);
        summary["wallet"] = json!(wallet.id);
        summary["operation"] = json!(operation.op);
        register(env, &wallet.tenant, Entry { list: ListKind::Token, id: token, summary }).await?;
    }
    answer(env, wallet, operation.reply.as_ref(), operation.result(&wallet.id, deployment)).await
}

/// Tells the step that waits how an operation or document has ended.
async fn answer(
    env: &Env,
    wallet: &Wallet,
    reply: Option<&Value>,
    result: Option<Result<Value, (String, String)>>,
) -> Result<(), Problem> {
    match (reply, ended(result)) {
        (Some(reply), Some(outcome)) => answer_step(env, &wallet.tenant, reply, outcome).await,
        _ => Ok(()),
    }
}

/// Tells of the documents that have ended.
async fn tell_of_documents(env: &Env, store: &Store) -> Result<(), Problem> {
    for document in store.open_documents()? {
        let Some(wallet) = store.load()? else {
            return Ok(());
        };
        if document.is_unsigned() || document.due_ms > call::now_ms() {
            continue;
        }
        let result = document.result(&wallet.id, wallet.address.unwrap_or_default());
        let told = answer(env, &wallet, document.reply.as_ref(), result).await;
        // Meanwhile another step may wait for it: the newest record is the one that goes on.
        let Some(mut newest) = store.document(&document.key)? else {
            continue;
        };
        match told {
            Ok(()) => newest.reported = newest.reply == document.reply,
            Err(_) => newest.due_ms = call::now_ms() + TELL_AGAIN_MS,
        }
        store.put_document(&newest)?;
    }
    Ok(())
}

async fn answer_step(env: &Env, tenant: &str, reply: &Value, outcome: Outcome) -> Result<(), Problem> {
    let step: StepAddress = serde_json::from_value(reply.clone()).map_err(|error| call::fault("reply", &error))?;
    let address = Address::kernel(tenant, step.shard);
    let request = kernel::Request::StepReply { step, outcome };
    match call::ask(env, address, &Trace::default(), request).await {
        // A task that is gone waits for nothing.
        Err(problem) if problem.status() == 404 => Ok(()),
        other => other.map(|_| ()),
    }
}

async fn register(env: &Env, tenant: &str, entry: Entry) -> Result<(), Problem> {
    let request = tenant::Request::Register(entry);
    call::ask(env, Address::tenant(tenant), &Trace::default(), request).await.map(|_| ())
}
