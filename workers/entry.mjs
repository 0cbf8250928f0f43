// What the runtime calls: the script as it was built, with an end for whoever waits for wasm that is no more.
//
// A panic replaces the instance of wasm that every object of the isolate lives in, and the promises of the old one are
// never settled by anybody. The runtime does not see that: a caller would wait until its own patience ends, and an
// object whose alarm waits gets no other alarm for a quarter of an hour. So everything that is under way when an
// instance goes is ended here, with an error; at the public door, with a problem that says when to come back.
//
// The build appends one export for each class that wrangler.toml declares.

import * as script from "script";

/** What the runtime calls on an object or an entry point. */
const EVENTS = new Set(["fetch", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"]);
/** When to come back, in seconds: core/api/src/problem.rs has the same number. */
const RETRY_AFTER_S = 2;

/** Ends what is under way, one function for each. */
const open = new Set();
const gone = new Error("the instance of wasm was replaced");

// The worker crate gives each instance a number as it begins.
const state = globalThis.__worker_init_state;
let instance = state.instanceId;
Object.defineProperty(state, "instanceId", {
  get: () => instance,
  set(number) {
    instance = number;
    // For the numbers of the next instance (workers/shell/src/eyes.rs).
    globalThis.aionDeaths = (globalThis.aionDeaths ?? 0) + 1;
    for (const end of open) end(gone);
    open.clear();
  },
});
// The instance is replaced as it dies (workers/shell/src/lib.rs), before anything else runs: not once more at the next call.
Object.defineProperty(state, "criticalError", { get: () => false, set() {} });

// Each turn of a future in wasm is a microtask. Of each that is queued, the runtime makes a function in C++ and goes
// through it; what follows a promise that is kept already runs in the same place without.
const kept = Promise.resolve();
globalThis.queueMicrotask = (turn) => void kept.then(turn);

// The start of the script comes before that of the worker crate, whose handlers it has to replace.
script.default.prototype.start();

/** A promise that is settled with the work, or when the instance goes. */
function survive(work) {
  return new Promise((resolve, reject) => {
    open.add(reject);
    const settle = (end) => (value) => {
      open.delete(reject);
      end(value);
    };
    try {
      Promise.resolve(work()).then(settle(resolve), settle(reject));
    } catch (error) {
      settle(reject)(error);
    }
  });
}

/** Streams whose parts need no code of ours: they end with the instance by themselves, or go on without it. */
const own = new WeakSet();

/** Both ends of a stream that wasm writes and the runtime carries (workers/mind/src/outbox.rs). */
globalThis.aionPipe = () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  own.add(readable);
  survive(() => writer.closed).catch((error) => writer.abort(error).catch(() => {}));
  return { readable, writer };
};

/** A stream of another script goes by (workers/edge/src/wire.rs). */
globalThis.aionPass = (readable) => own.add(readable);

/** A stream of events whose next part is waited for no longer than the instance lives. */
function told(response) {
  if (!(response instanceof Response) || response.headers.get("content-type") !== "text/event-stream") return response;
  if (own.has(response.body)) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream({
    async pull(controller) {
      const { done, value } = await survive(() => reader.read());
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, response);
}

/** The answer to a caller whose request died with an instance. */
function unavailable(request) {
  const id = request.headers.get("x-request-id") ?? crypto.randomUUID().replaceAll("-", "");
  const problem = {
    type: `${new URL(request.url).origin}/problems/component.unavailable`,
    title: "A component is not reachable",
    status: 503,
    detail: "a part of the platform was restarted; the request can be sent again",
    instance: `urn:aion:request:${id}`,
    code: "component.unavailable",
  };
  const headers = { "content-type": "application/problem+json", "retry-after": `${RETRY_AFTER_S}`, "x-request-id": id };
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** Whether an error says that an instance of wasm died. */
const isDeath = (error) =>
  error === gone || error instanceof WebAssembly.RuntimeError || error?.cause instanceof WebAssembly.RuntimeError;

/** A class whose events are settled whatever becomes of wasm. */
function guarded(Class, recover) {
  return new Proxy(Class, {
    construct(target, parts, newTarget) {
      const [context] = parts;
      if (!recover) {
        const keep = context.waitUntil.bind(context);
        const waitUntil = { value: (promise) => keep(survive(() => promise).catch(() => {})) };
        Object.defineProperty(context, "waitUntil", waitUntil);
      }
      const object = Reflect.construct(target, parts, newTarget);
      // Not a proxy of the object itself, which is one that does not keep what a proxy has to.
      return new Proxy({}, {
        set: (_, name, value) => Reflect.set(object, name, value),
        has: (_, name) => Reflect.has(object, name),
        getPrototypeOf: () => Reflect.getPrototypeOf(object),
        get(_, name) {
          const member = Reflect.get(object, name);
          if (!EVENTS.has(name) || typeof member !== "function") return member;
          // Called on this proxy: a development server's subclass keeps fields of its own on it.
          return function (...args) {
            const event = survive(() => member.apply(this, args)).then(told);
            return recover ? event.catch((error) => recover(error, ...args)) : event;
          };
        },
      });
    },
  });
}

export default guarded(script.default, (error, request) => {
  if (!isDeath(error)) throw error;
  return unavailable(request);
});
