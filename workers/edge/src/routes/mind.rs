//! Models: what is asked of them goes on to the script `aion-mind` as it is, and its answers come back as they are.

use aion_api::idempotency::HEADER;
use aion_api::object::mind::{Ask as Asked, Handed, Told};
use aion_api::problem::Problem;
use axum::body::Body;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use identity_do::resolve;
use kernel_do::mind::{self, Further};

use crate::answer::Answer;
use crate::ask::Ask;

impl Further for Ask {
    fn perform<'a>(&'a self, ask: &'a Asked) -> LocalBoxFuture<'a, Result<Told, Problem>> {
        async move {
            let Asked::Verify { proof } = ask else {
                return Err(Problem::internal());
            };
            let (by, payload) = resolve::signed(&self.app.env, &self.trace, &self.app.public_host, proof).await?;
            let payload =
                String::from_utf8(payload).map_err(|_| Problem::invalid("/proof", "what is signed is JSON"))?;
            Ok(Told::Signed { by, payload })
        }
        .boxed_local()
    }
}

pub async fn pass(ask: Ask) -> Result<Answer, Problem> {
    let caller = ask.caller()?;
    let headers = ask.header(HEADER).map(|key| (HEADER.to_owned(), key.to_owned()));
    let handed = Handed {
        operation: ask.operation.id.to_owned(),
        id: ask.param("id").to_owned(),
        tenant: caller.tenant.clone(),
        key: Some(caller.key.clone()),
        query: ask.query.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        headers: headers.into_iter().collect(),
        trace: ask.trace.clone(),
    };
    let response = mind::answer(&ask.app.env, &handed, &ask.body, &ask).await?;
    Ok(http::Response::<Body>::from(response))
}
