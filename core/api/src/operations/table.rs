//! The table itself, by group.

use super::{Operation, Success};

mod agents;
mod definitions;
mod egress;
mod eyes;
mod functions;
mod gateway;
mod identities;
mod limits;
mod members;
mod mind;
mod passkeys;
mod plans;
mod platform;
mod schedules;
mod tasks;
mod wallets;

/// The query parameters of every list.
const PAGE: &[(&str, &str)] = &[("limit", "entries a page, 1 to 100"), ("cursor", "the nextCursor of the page before")];

/// An answer in JSON.
const fn json(status: u16, schema: &'static str) -> Success {
    Success { status, media_type: "application/json", schema }
}

/// How many operations there are; the groups must fill it.
const COUNT: usize = platform::OPERATIONS.len()
    + members::OPERATIONS.len()
    + passkeys::OPERATIONS.len()
    + identities::OPERATIONS.len()
    + wallets::OPERATIONS.len()
    + tasks::OPERATIONS.len()
    + definitions::OPERATIONS.len()
    + schedules::OPERATIONS.len()
    + egress::OPERATIONS.len()
    + limits::OPERATIONS.len()
    + gateway::OPERATIONS.len()
    + eyes::OPERATIONS.len()
    + functions::OPERATIONS.len()
    + mind::OPERATIONS.len()
    + plans::OPERATIONS.len()
    + agents::OPERATIONS.len();

/// Every operation of the API.
pub static OPERATIONS: &[Operation] = &joined();

#[allow(
    clippy::large_stack_arrays,
    reason = "it is evaluated when it is compiled, and stands nowhere but in the table"
)]
const fn joined() -> [Operation; COUNT] {
    let groups: [&[Operation]; 16] = [
        &platform::OPERATIONS,
        &members::OPERATIONS,
        &passkeys::OPERATIONS,
        &identities::OPERATIONS,
        &wallets::OPERATIONS,
        &tasks::OPERATIONS,
        &definitions::OPERATIONS,
        &schedules::OPERATIONS,
        &egress::OPERATIONS,
        &limits::OPERATIONS,
        &gateway::OPERATIONS,
        &eyes::OPERATIONS,
        &functions::OPERATIONS,
        &mind::OPERATIONS,
        &plans::OPERATIONS,
        &agents::OPERATIONS,
    ];
    let mut all = [platform::OPERATIONS[0]; COUNT];
    let (mut group, mut place) = (0, 0);
    while group < groups.len() {
        let mut index = 0;
        while index < groups[group].len() {
            all[place] = groups[group][index];
            place += 1;
            index += 1;
        }
        group += 1;
    }
    all
}
