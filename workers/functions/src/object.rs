//! The Functions object: a tenant's functions by name and version, and their modules, each stored once.

use aion_api::Address;
use aion_api::object::function::{Reply, Request};
use aion_api::object::{self, Call};
use aion_api::problem::{Code, Fault, Problem};
use aion_api::time::rfc3339;
use aion_api::trace::Trace;
use aion_api::v1::functions::{Function, check_name};
use aion_function::{Bytes, Grants, Module, Prepared};
use aion_shell::call;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Response, State, durable_object};

use crate::memory;

mod store;

use store::Store;

/// The binding of the objects.
const FUNCTIONS: &str = "FUNCTIONS";
/// A tenant has so many functions: as many as a table of routes has routes.
const NAMES_MAX: u64 = 64;
/// The modules of a tenant have so many bytes together: thirty-two of the largest ones.
const MODULES_MAX_BYTES: u64 = 32 << 20;

/// What is asked of the object.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// What the edge asks, except for putting.
    Edge(Request),
    /// Stores a module that was checked.
    Put {
        /// The function's name.
        name: String,
        /// What is known of the module.
        about: Module,
        /// The module.
        module: Bytes,
        /// What it may ask for.
        grants: Grants,
    },
    /// Which code a function is.
    Find {
        /// The function's name.
        name: String,
        /// The version, without one the newest.
        version: Option<u64>,
    },
    /// A module.
    Module {
        /// Its id.
        id: String,
    },
}

/// What it tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// What the edge is answered.
    Edge(Reply),
    /// Which code a function is.
    Found(Found),
    /// A module.
    Module(Bytes),
}

impl object::Request for Order {
    type Reply = Told;
}

/// Which code a function is, and what it may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The version.
    pub version: u64,
    /// The id of its module.
    pub module: String,
    /// What it may ask for.
    pub grants: Grants,
}

/// Passes a call of the edge on to its object. A module is checked here, where nobody else of the tenant waits for it.
pub async fn pass(env: &Env, body: &[u8]) -> Result<Reply, Problem> {
    let call: Call<Request> = object::read(body).map_err(|error| call::fault("call", &error))?;
    let tenant = call.address.tenant;
    let (order, changes) = match call.request {
        Request::Put { name, module, grants } => (put(name, module, grants)?, true),
        Request::Delete { name } => (Order::Edge(Request::Delete { name }), true),
        request => (Order::Edge(request), false),
    };
    let told = ask(env, &tenant, &call.trace, order).await;
    if changes {
        // It holds in this isolate from now on, whatever became of the answer.
        memory::forget(&tenant);
    }
    match told? {
        Told::Edge(reply) => Ok(reply),
        Told::Found(_) | Told::Module(_) => Err(Problem::internal()),
    }
}

fn put(name: String, module: Bytes, grants: Grants) -> Result<Order, Problem> {
    check_name(&name)?;
    let prepared = Prepared::new(&module.0).map_err(|faults| {
        let faults = faults.iter().map(|fault| Fault::new("", format!("the module {fault}")));
        Problem::faults(Code::RequestInvalid, faults.collect())
    })?;
    let lacking = grants.lacking(&prepared.about.imports);
    if !lacking.is_empty() {
        let lacks = |grant| Fault::new("/grants", format!("the module imports {grant}, which was not granted"));
        return Err(Problem::faults(Code::RequestInvalid, lacking.into_iter().map(lacks).collect()));
    }
    let about = prepared.about.clone();
    memory::keep(prepared);
    Ok(Order::Put { name, about, module, grants })
}

/// Asks a tenant's object. Nobody but the edge reaches this script, so that its objects are named plainly.
pub async fn ask(env: &Env, tenant: &str, trace: &Trace, request: Order) -> Result<Told, Problem> {
    let call = Call { address: Address::functions(tenant), key: None, trace: trace.clone(), request };
    call::ask_named(env, FUNCTIONS, tenant, &call).await
}

/// One tenant's functions.
#[durable_object]
pub struct Functions {
    state: State,
}

impl DurableObject for Functions {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match object::read::<Call<Order>>(&request.bytes().await?) {
            Ok(call) => self.answer(call),
            Err(error) => Err(call::fault("call", &error)),
        };
        call::respond(&result)
    }
}

impl Functions {
    fn answer(&self, call: Call<Order>) -> Result<Told, Problem> {
        let store = Store::new(self.state.storage().sql());
        let tenant = call.address.tenant;
        let owner = store.owner()?;
        if owner.as_ref().is_some_and(|owner| *owner != tenant) {
            return Err(Problem::unknown("function"));
        }
        if let Order::Put { name, about, module, grants } = call.request {
            if owner.is_none() {
                store.create(&tenant)?;
            }
            return put_version(&store, &name, &about, &module, grants).map(function);
        }
        if owner.is_none() {
            return match call.request {
                Order::Edge(Request::List) => Ok(Told::Edge(Reply::Functions(Vec::new()))),
                _ => Err(Problem::unknown("function")),
            };
        }
        match call.request {
            Order::Edge(Request::Read { name, version }) => wanted(&store, &name, version).map(function),
            Order::Edge(Request::List) => Ok(Told::Edge(Reply::Functions(store.newest_of_all()?))),
            Order::Edge(Request::Delete { name }) => {
                wanted(&store, &name, None)?;
                store.delete(&name)?;
                Ok(Told::Edge(Reply::Deleted))
            }
            Order::Find { name, version } => {
                let Function { version, module, grants, .. } = wanted(&store, &name, version)?;
                Ok(Told::Found(Found { version, module, grants }))
            }
            Order::Module { id } => store.module(&id)?.map(Told::Module).ok_or_else(|| Problem::unknown("module")),
            // The edge's way of putting ends where modules are checked.
            Order::Edge(Request::Put { .. }) | Order::Put { .. } => Err(Problem::internal()),
        }
    }
}

fn function(function: Function) -> Told {
    Told::Edge(Reply::Function(function))
}

fn wanted(store: &Store, name: &str, version: Option<u64>) -> Result<Function, Problem> {
    match version {
        None => store.newest(name)?.ok_or_else(|| Problem::unknown("function")),
        Some(version) => store.version(name, version)?.ok_or_else(|| Problem::unknown("version")),
    }
}

/// Stores a module as the next version of a function; what is the newest one already stays as it is. Everything is
/// judged before the first write, and nothing awaits between the writes.
fn put_version(store: &Store, name: &str, about: &Module, module: &Bytes, grants: Grants) -> Result<Function, Problem> {
    let newest = store.newest(name)?;
    if let Some(same) = newest.clone().filter(|newest| newest.module == about.id && newest.grants == grants) {
        return Ok(same);
    }
    if newest.is_none() && store.names()? >= NAMES_MAX {
        return Err(Problem::new(Code::LimitReached, format!("a tenant has at most {NAMES_MAX} functions")));
    }
    let bytes = about.bytes as u64;
    if !store.has_module(&about.id)? && store.bytes()? + bytes > MODULES_MAX_BYTES {
        let detail = format!("the modules of a tenant have at most {MODULES_MAX_BYTES} bytes: delete a function");
        return Err(Problem::new(Code::LimitReached, detail));
    }
    let function = Function {
        name: name.to_owned(),
        version: newest.map_or(0, |newest| newest.version) + 1,
        module: about.id.clone(),
        bytes,
        grants,
        imports: about.imports.clone(),
        updated_at: rfc3339(call::now_ms()),
    };
    store.put(&function, module)?;
    Ok(function)
}
