//! The catalogue itself: code, status, title and page of every problem.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! catalogue {
    ($($variant:ident $code:literal $status:literal $title:literal $page:literal)*) => {
        /// The stable code of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it stands on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// Its title.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What its page says: what it means and what to do.
            #[must_use]
            pub const fn page(self) -> &'static str {
                match self { $(Self::$variant => $page,)* }
            }
        }
    };
}

catalogue! {
    RequestMalformed "request.malformed" 400 "The request cannot be read"
        "The body is not JSON, not UTF-8 or nested too deeply, or a path or query parameter cannot be read. Correct \
         the request; a retry of the same bytes fails again."
    RequestInvalid "request.invalid" 422 "The request has faults"
        "The document was read but breaks a rule. Each entry of `errors` names the place by JSON pointer and the \
         rule. Nothing was changed."
    RequestTooLarge "request.too_large" 413 "The body is too large"
        "Bodies may have up to 256 KiB; a module of a function, and a request that one sees, up to 1 MiB, a \
         conversation with a model up to 4 MiB. Send less, or refer to data by its location."
    RequestMediaType "request.media_type" 415 "The media type is not supported"
        "Send `Content-Type: application/json`, and a module of a function as `application/wasm`."
    RequestNotAcceptable "request.not_acceptable" 406 "No representation fits the Accept header"
        "Ask for `application/json` or leave the header away."
    IdempotencyMissing "idempotency.missing" 400 "An Idempotency-Key is required"
        "This request starts work that must not be done twice. Send a fresh `Idempotency-Key` with it, and the same \
         key with every retry."
    IdempotencyInvalid "idempotency.invalid" 400 "The Idempotency-Key cannot be used"
        "A key has 1 to 128 visible ASCII characters; a UUID in quotes or without is fine."
    IdempotencyConflict "idempotency.conflict" 422 "The Idempotency-Key was used for another request"
        "This key came before with another body. Nothing was changed. Use a fresh key for new work."
    CredentialMissing "credential.missing" 401 "A credential is required"
        "Send `Authorization: Bearer <API key>`. An operator sends the operator's token where the operation says so."
    CredentialInvalid "credential.invalid" 401 "The credential is not valid"
        "The API key is misspelt, revoked or of another deployment, or its session is over: sign in again. The last \
         six characters are a check sum, so a typo is found at once. Where a session is opened it says the same of a \
         challenge that is over, was used or was not signed by a member."
    PasskeyRequired "passkey.required" 401 "A passkey is required too"
        "The challenge was signed by a member who has passkeys. `POST /v1/sessions:passkey` with the same body says \
         what one of them has to sign; send its answer as `passkey` with the body. Whoever has lost all of them has an \
         admin remove the member and add it again."
    SessionStale "session.stale" 403 "The session is too old for this"
        "How a member signs in is changed only soon after signing in, so that a session which was left open or was \
         stolen cannot. Sign in again."
    ScopeMissing "scope.missing" 403 "The credential lacks the scope"
        "The API key is valid but may not do this. The detail names the scope; a key with `keys:write` can make a \
         key that has it."
    PolicyDenied "policy.denied" 403 "A policy denies this"
        "The policy of the wallet or of its guardian does not allow the operation, or you are none of those who may \
         decide. The detail names the rule. Nothing was signed or decided."
    RouteUnknown "route.unknown" 404 "There is no such route"
        "The path is not part of this API. See /openapi.json or /docs."
    ResourceUnknown "resource.unknown" 404 "There is no such resource"
        "It does not exist, or it belongs to another tenant: the answer is the same for both."
    MethodUnsupported "method.unsupported" 405 "The route does not take this method"
        "The `Allow` header lists the methods of this route."
    NameTaken "name.taken" 409 "The name is taken"
        "Another resource of this deployment has this name. Choose another one."
    StateConflict "state.conflict" 409 "The resource is in another state"
        "The resource cannot do this in the state that it is in. Read it and decide again."
    RequestRunning "request.running" 409 "The first request with this key is still running"
        "Wait for the time of `Retry-After` and send the same request again."
    PreconditionFailed "precondition.failed" 412 "The resource was changed meanwhile"
        "`If-Match` names a version that is not the current one. Read the resource again and repeat the change on it."
    PreconditionRequired "precondition.required" 428 "If-Match is required"
        "Changes of this resource want `If-Match` with the ETag that you read, so that no change of another caller \
         is lost."
    CursorInvalid "cursor.invalid" 400 "The cursor cannot be used"
        "Cursors are opaque and bound to tenant and list. Start the list again without a cursor."
    DefinitionInvalid "definition.invalid" 422 "The task definition has faults"
        "Each entry of `errors` names the place by JSON pointer and the rule. No task was created."
    LimitReached "limit.reached" 429 "A limit of this deployment is reached"
        "The detail names the limit. Wait for the time of `Retry-After` or ask the operator for more."
    RateLimited "rate.limited" 429 "Too many requests"
        "A rate limit refused the request before anything was done. The detail names the rule, unless it is not shown; \
         `RateLimit` says what is left. Send it again after the time of `Retry-After`. `POST /v1/limits:explain` says \
         which rule decides and why."
    GuardianUnavailable "guardian.unavailable" 503 "The guardian is not reachable"
        "Wallet writes need the guardian's part of the key. Nothing was lost; everything else works. Retry after \
         the given time."
    ChainUnavailable "chain.unavailable" 503 "The chain is not reachable"
        "The chain's endpoint does not answer. Tasks wait and go on by themselves; direct reads can be retried \
         after the given time."
    ComponentUnavailable "component.unavailable" 503 "A component is not reachable"
        "A part of the platform is restarting. The request can be retried with the same Idempotency-Key after the \
         given time."
    ShardMoved "shard.moved" 503 "The tenant is growing"
        "The tenant gets more kernel shards at this moment. The request can be retried with the same Idempotency-Key \
         after the given time."
    TaskUnreadable "task.unreadable" 500 "What is stored of the task cannot be read"
        "The row of this task, a large value of it or its definition is damaged. Nothing else is concerned: other \
         tasks go on, lists show this one as `unreadable`, and its history still answers. The platform looks at it \
         again by itself, at least once an hour. Tell the operator the id of the task; once what is stored is mended, \
         a redrive has it go on at once."
    UpstreamFailed "upstream.failed" 502 "The target of the route cannot be reached"
        "The gateway tried the targets of the route and none of them answered. The detail names the route. Whoever \
         runs the target has to look; the request can be sent again."
    UpstreamIll "upstream.ill" 503 "No target of the route is well"
        "Every target of the route has failed again and again and is left alone for a while. The request can be \
         retried after the given time."
    UpstreamTimeout "upstream.timeout" 504 "The target of the route is too slow"
        "The target did not begin its answer within the time that the route gives it."
    FunctionUnknown "function.unknown" 502 "The route has no function"
        "The route names a function that the tenant does not have. Put it with `PUT /v1/functions/{name}`, or change \
         the route."
    FunctionFailed "function.failed" 502 "The function of the route failed"
        "The detail says how: `outOfFuel`, `outOfMemory`, `tooDeep`, `outputTooLarge`, `logTooLarge`, `tooManyAsks`, \
         `trapped`, `notGranted`, `badPointer`, `badText`, `differentReplay` or `noAnswer`, and why in words. Whoever \
         has written the function has to look."
    BudgetReached "budget.reached" 402 "A budget does not allow this"
        "What the call costs at most does not fit what is left of a cap. The detail names the cap and its period. No \
         model was asked. `PUT /v1/mind/budgets` changes caps; a day and a month begin at midnight of UTC."
    MindStopped "mind.stopped" 403 "Models are switched off"
        "Somebody has stopped the tenant, the key, the DID or the agent. `POST /v1/mind:resume` lets it go on."
    ModelUnknown "model.unknown" 404 "No provider has such a model"
        "No provider of the tenant has a model of this name that can do what the request needs: a schema, tools, \
         images, an answer in pieces. `GET /v1/mind/providers` lists what there is."
    ModelRefused "model.refused" 422 "The provider does not take the request"
        "The provider of the model refused the conversation, or it is too long. Change it; the same bytes fail again."
    ModelBusy "model.busy" 503 "No provider of the model is free"
        "Every provider that was tried has too much to do, limits requests, or is left alone after failures. Retry \
         after the given time."
    ModelFailed "model.failed" 502 "The provider of the model failed"
        "The providers that were tried gave no whole answer, or do not accept the key, the account or the model that \
         is set up for them. The detail says which."
    Internal "internal" 500 "A fault of ours"
        "This should not happen. Tell the operator the request id; it is in `instance` and in `X-Request-Id`."
}

impl Code {
    /// The code of a wire string, if the catalogue has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("unknown problem code"))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Code {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .description(Some("Stable code of the problem; `/problems/{code}` explains it."))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Code {}
