//! The router: each operation of the table with its handler.

use std::sync::Arc;

use aion_api::operations::{Method, OPERATIONS, Operation};
use aion_api::problem::{Code, Problem};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::routing::{MethodFilter, on};
use futures_util::FutureExt;
use worker::send::SendFuture;

use crate::answer::Answer;
use crate::app::App;
use crate::ask::Ask;
use crate::gate::{self, Handler};

mod definitions;
mod egress;
mod eyes;
mod functions;
mod gateway;
mod identities;
mod keys;
mod limits;
mod members;
mod metrics;
mod mind;
mod passkeys;
mod platform;
mod schedules;
mod sessions;
mod steer;
pub mod tasks;
mod tenants;
mod tokens;
mod wallets;

/// What the edge is by itself: routes of tenants, and what its operator sees.
fn front(routes: Routes) -> Routes {
    routes
        .at("readRoutes", gateway::read_routes)
        .at("putRoutes", gateway::put_routes)
        .at("purgeCache", gateway::purge)
        .at("listFunctions", functions::list)
        .at("putFunction", functions::put)
        .at("readFunction", functions::read)
        .at("deleteFunction", functions::delete)
        .at("readProviders", mind::pass)
        .at("putProviders", mind::pass)
        .at("putProviderKey", mind::pass)
        .at("readBudgets", mind::pass)
        .at("putBudgets", mind::pass)
        .at("stopMind", mind::pass)
        .at("resumeMind", mind::pass)
        .at("chat", mind::pass)
        .at("completeChat", mind::pass)
        .at("listModels", mind::pass)
        .at("readModel", mind::pass)
        .at("callMcp", mind::offered)
        .at("mcpResource", mind::offered)
        .at("readAgentCard", mind::offered)
        .at("sendMessage", mind::offered)
        .at("listAgentTasks", mind::offered)
        .at("readAgentTask", mind::offered)
        .at("steerAgentTask", mind::offered)
        .at("proposePlan", mind::pass)
        .at("listPlans", mind::pass)
        .at("readPlan", mind::pass)
        .at("simulatePlan", mind::pass)
        .at("approvePlan", mind::pass)
        .at("runPlan", mind::pass)
        .at("stopPlan", mind::pass)
        .at("replayPlan", mind::pass)
        .at("readRules", mind::pass)
        .at("putRules", mind::pass)
        .at("listAgents", mind::pass)
        .at("readAgent", mind::pass)
        .at("putAgent", mind::pass)
        .at("deleteAgent", mind::pass)
        .at("stopAgent", mind::pass)
        .at("resumeAgent", mind::pass)
        .at("readMemory", mind::pass)
        .at("putMemory", mind::pass)
        .at("platformMetrics", eyes::metrics)
        .at("readAlerts", eyes::read)
        .at("putAlerts", eyes::put)
        .at("alertStates", eyes::states)
        .at("alertHistory", eyes::history)
        .at("silenceAlert", eyes::silence)
}

/// Who may sign in, and how they do.
fn people(routes: Routes) -> Routes {
    routes
        .at("listMembers", members::list)
        .at("putMember", members::put)
        .at("removeMember", members::remove)
        .at("challengeSession", sessions::challenge)
        .at("openSession", sessions::open)
        .at("requestPasskey", passkeys::request)
        .at("listPasskeys", passkeys::of_caller)
        .at("challengePasskey", passkeys::of_caller)
        .at("addPasskey", passkeys::of_caller)
        .at("removePasskey", passkeys::of_caller)
        .at("endSession", sessions::end)
}

/// Builds the router; once an isolate.
pub fn router(app: App) -> axum::Router {
    let routes = Routes(Router::new())
        .at("health", platform::health)
        .at("ready", platform::ready)
        .at("openapi", platform::openapi)
        .at("definitionSchema", platform::definition_schema)
        .at("docs", platform::docs)
        .at("problem", platform::problem)
        .at("metrics", metrics::read)
        .at("createTenant", tenants::create)
        .at("readShards", tenants::read_shards)
        .at("putShards", tenants::put_shards)
        .at("listKeys", keys::list)
        .at("createKey", keys::create)
        .at("revokeKey", keys::revoke)
        .at("createIdentity", identities::create)
        .at("listIdentities", identities::list)
        .at("readIdentity", identities::read)
        .at("updateIdentity", identities::update)
        .at("resolveDid", crate::did::resolve)
        .at("didLog", crate::did::log)
        .at("didDocument", crate::did::document)
        .at("createWallet", wallets::create)
        .at("listWallets", wallets::list)
        .at("readWallet", wallets::read)
        .at("readRecovery", wallets::recovery)
        .at("readOperation", wallets::operation)
        .at("dryRunOperation", wallets::dry_run)
        .at("createToken", tokens::create)
        .at("listTokens", tokens::list)
        .at("mintToken", tokens::mint)
        .at("transferToken", tokens::transfer)
        .at("readToken", tokens::read)
        .at("readBalance", tokens::balance)
        .at("listHolders", tokens::holders)
        .at("submitTask", tasks::submit)
        .at("listTasks", tasks::list)
        .at("readTask", tasks::read)
        .at("cancelTask", steer::cancel)
        .at("taskEvents", tasks::events)
        .at("taskHistory", tasks::history)
        .at("signalTask", steer::signal)
        .at("approveTask", steer::approve)
        .at("redriveTask", steer::redrive)
        .at("checkDefinition", definitions::check)
        .at("putDefinition", definitions::put)
        .at("readDefinition", definitions::read)
        .at("listDefinitions", definitions::list)
        .at("putSchedule", schedules::put)
        .at("readSchedule", schedules::read)
        .at("listSchedules", schedules::list)
        .at("deleteSchedule", schedules::delete)
        .at("pauseSchedule", schedules::pause)
        .at("resumeSchedule", schedules::resume)
        .at("triggerSchedule", schedules::trigger)
        .at("readLimits", limits::read)
        .at("putLimits", limits::put)
        .at("explainLimits", limits::explain)
        .at("readHosts", egress::read_hosts)
        .at("putHosts", egress::put_hosts)
        .at("putSecret", egress::put_secret)
        .at("listSecrets", egress::list_secrets)
        .at("deleteSecret", egress::delete_secret)
        .at("reportStep", egress::report);

    people(front(routes)).0.fallback(unknown).method_not_allowed_fallback(unsupported).with_state(app)
}

struct Routes(Router<App>);

impl Routes {
    /// Adds the operation with this id. An id that the table lacks adds nothing; the end-to-end suite calls each
    /// operation of the table and would find it missing.
    fn at<F, Fut>(self, id: &str, handler: F) -> Self
    where
        F: Fn(Ask) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Answer, Problem>> + 'static,
    {
        self.add(id, Arc::new(move |ask| handler(ask).boxed_local()))
    }

    fn add(self, id: &str, handler: Handler) -> Self {
        let Some(operation) = OPERATIONS.iter().find(|operation| operation.id == id) else {
            return self;
        };
        let route = on(filter(operation), move |State(app): State<App>, request: Request| {
            SendFuture::new(gate::run(app, operation, request, Arc::clone(&handler)))
        });
        Self(self.0.route(operation.path, route))
    }
}

const fn filter(operation: &Operation) -> MethodFilter {
    match operation.method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    }
}

async fn unknown(State(app): State<App>, request: Request) -> Answer {
    let problem = Problem::new(Code::RouteUnknown, "the path is not part of this API; see /docs");
    gate::refuse(&app, request, problem).await
}

async fn unsupported(State(app): State<App>, path: Option<MatchedPath>, request: Request) -> Answer {
    let methods = path.map(|path| aion_api::operations::allowed(path.as_str()).join(", ")).unwrap_or_default();
    let problem = Problem::new(Code::MethodUnsupported, format!("this route takes {methods}"));
    gate::refuse(&app, request, problem).await
}
