//! What Durable Objects say to each other: one request and one reply enum an object.
//!
//! They stand here, at the lowest crate that every shell may use. A call is `POST https://object/` with a [`Call`] as
//! JSON; the answer is the reply as JSON with status 200, or a [`Problem`] with its own status.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Address;
use crate::problem::Problem;
use crate::trace::Trace;

pub use aion_task::Outcome;

pub mod archive;
pub mod eyes;
pub mod function;
pub mod gateway;
pub mod header;
pub mod holders;
pub mod identity;
pub mod kernel;
pub mod lane;
pub mod limiter;
pub mod mind;
pub mod tenant;
pub mod wallet;

/// The URL that a call is posted to; an object does not look at it.
pub const URL: &str = "https://object/";

/// A request of one object kind, with the reply that belongs to it.
pub trait Request: Serialize + DeserializeOwned {
    /// What the object answers.
    type Reply: Serialize + DeserializeOwned;
}

/// A request on its way to an object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call<R> {
    /// Which object, and on whose behalf; the object compares it with what it stored at its creation.
    pub address: Address,
    /// The API key in whose name it is made, if it is a caller's: an object that knows which keys were revoked refuses
    /// them by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The request that started the work.
    pub trace: Trace,
    /// What is asked.
    pub request: R,
}

impl<R: Request> Request for Call<R> {
    type Reply = R::Reply;
}

/// Writes an object's answer: status and body.
#[must_use]
pub fn answer<T: Serialize>(result: &Result<T, Problem>) -> (u16, Vec<u8>) {
    let (status, body) = match result {
        Ok(reply) => (200, serde_json::to_vec(reply)),
        Err(problem) => (problem.status(), serde_json::to_vec(problem)),
    };
    body.map_or_else(|_| (500, Vec::new()), |body| (status, body))
}

/// Reads a call, or whatever else our own objects write, from a body.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    serde_json::from_str(std::str::from_utf8(body).map_err(serde::de::Error::custom)?)
}

/// Reads an object's answer; what cannot be read is a fault of ours.
pub fn read_answer<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, Problem> {
    if status == 200 {
        return read(body).map_err(|_| Problem::internal());
    }
    Err(read(body).unwrap_or_else(|_| Problem::internal()))
}

/// Where the result of work that a step asked for goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepAddress {
    /// The shard of the tenant's kernel.
    pub shard: u8,
    /// The task.
    pub task: String,
    /// The step.
    pub step: String,
    /// The epoch of the lease under which it was asked; a reply with another one does not count.
    pub epoch: u64,
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Problem, answer, read_answer};

    #[test]
    fn answers_and_problems_pass_unchanged() {
        let (status, body) = answer(&Ok("x".to_owned()));
        assert_eq!(read_answer::<String>(status, &body), Ok("x".to_owned()));
        let problem = Problem::unknown("task");
        let (status, body) = answer::<String>(&Err(problem.clone()));
        assert_eq!(read_answer::<String>(status, &body), Err(problem));
        assert_eq!(read_answer::<String>(502, b"upstream"), Err(Problem::internal()));
    }
}
