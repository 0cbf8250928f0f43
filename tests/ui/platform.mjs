// The platform as the tests use it beside the browser: a tenant with something of everything in it.

import { Person } from "./person.mjs";
import { BASE, CONTROL, OPERATOR, ORIGIN, check } from "./runner.mjs";

/** A name as somebody would choose who means harm: it shows as text everywhere. */
export const HOSTILE = '<img src=x onerror=alert(1)>"\'';

/** A call of the API. */
export async function call(key, method, path, body, idempotency) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  if (idempotency) headers["idempotency-key"] = idempotency;
  const response = await fetch(BASE + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  check(response.ok, `${method} ${path} answered ${response.status}: ${text}`);
  return text ? JSON.parse(text) : null;
}

/** A new tenant's key. */
export async function tenant(name) {
  return (await call(OPERATOR, "POST", "/v1/tenants", { name })).key.apiKey;
}

/** Looks until something is as it should be, at most for a minute and a half. */
export async function until(what, look) {
  const end = Date.now() + 90_000;
  while (Date.now() < end) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(`${what} did not happen in time`);
}

/** A task's end. */
export async function ended(key, id) {
  const terminal = ["done", "failed", "cancelled", "compensated", "dead"];
  return until(`the end of ${id}`, async () => {
    const task = await call(key, "GET", `/v1/tasks/${id}`);
    return terminal.includes(task.state) && task;
  });
}

/** Has the harness stop or start a part: `/guardian/stop`, `/chain/refuse`. */
export async function control(what) {
  const response = await fetch(CONTROL + what, { method: "POST" });
  check(response.ok, `${what} answered ${response.status}`);
}

/** What an honest model plans for "launch Luna and give 10000 to Alice". */
const PLAN = {
  version: "aion.plan/1",
  summary: "Launch Luna and give",
  schedule: null,
  steps: [
    {
      do: "token.create", id: "create", needs: [], wallet: { from: "input", value: "treasury" }, standard: "erc20",
      name: { from: "lit", value: "Luna" }, symbol: { from: "lit", value: "LUN" }, cap: { from: "lit", value: "1000000" },
    },
    {
      do: "token.mint", id: "mint", needs: [], wallet: { from: "input", value: "treasury" },
      token: { from: "ref", value: "create.token" }, to: { from: "input", value: "alice" }, amount: { from: "lit", value: "10000" },
    },
  ],
};

/** What that plan is asked for with. */
export const GOAL = "Launch Luna, a token of 1,000,000 at most, and give 10000 of it to Alice.";
export const inputs = (wallet) => ({
  treasury: { type: "wallet", wallet },
  alice: { type: "address", address: "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
});

/** Gives a tenant a model that answers as is wished (xtask/src/origin/model.rs), and a way to wish something else. */
export async function provider(key, wishes) {
  const name = `ui-${Math.random().toString(36).slice(2, 8)}`;
  const set = (wishes) => fetch(`${ORIGIN}/set/${name}?${wishes}`, { method: "POST" });
  await set(wishes);
  const model = {
    name: "planner", upstream: "up", contextTokens: 64_000, maxOutputTokens: 4_000,
    prices: { input: 0, cachedInput: 0, output: 1_000_000 }, capabilities: { streaming: true, schema: true, strict: true },
  };
  const row = { id: "p0", kind: "openai-chat", retries: 0, baseUrl: `${ORIGIN}/${name}/v1`, models: [model] };
  await call(key, "PUT", "/v1/mind/providers", { providers: [row] });
  return set;
}

/** Gives a tenant a model that plans so, and rules by which a person approves. */
export async function mind(key, person) {
  await provider(key, `says=${Buffer.from(JSON.stringify(PLAN)).toString("hex")}`);
  const rules = {
    tools: ["token.create", "token.mint", "token.transfer"], approvers: [person.did], count: 1, mandates: false,
    nativeMaxWei: "1000000000000000000", validMs: 3_600_000,
  };
  await call(key, "PUT", "/v1/mind/rules", rules);
}

let world;

/** A tenant with an identity, a wallet, a token, tasks in several states, a definition, a schedule, and hostile names. */
export function furnished() {
  world ??= furnish();
  return world;
}

async function furnish() {
  const key = await tenant("Furnished");
  const id = Math.random().toString(36).slice(2, 8);
  const identity = await call(key, "POST", "/v1/identities", { name: `ana-${id}` }, `i-${id}`);
  const wallet = await call(key, "POST", "/v1/wallets", { label: HOSTILE }, `w-${id}`);
  const nap = { steps: { nap: { do: "sleep", with: { duration: "PT1S" } } } };
  const wait = { labels: { team: "pay" }, steps: { go: { do: "wait.signal", with: { name: "go" } } } };
  const wrong = { steps: { read: { do: "identity.create", with: { name: `ana-${id}`, kind: "person" } } } };
  const person = new Person();
  const ask = { steps: { ok: { do: "wait.approval", with: { by: [person.did], question: HOSTILE } }, end: { do: "set", needs: ["ok"], with: { value: 1 } } } };
  const submit = (definition, name) => call(key, "POST", "/v1/tasks", { definition, input: { note: HOSTILE } }, name);
  await submit(ask, `d-${id}`);
  const [napping, waiting, failing] = [await submit(nap, `a-${id}`), await submit(wait, `b-${id}`), await submit(wrong, `c-${id}`)];
  await call(key, "PUT", "/v1/definitions/payroll", { definition: nap });
  const schedule = { spec: { cron: "0 9 * * 1-5", timeZone: "America/Mexico_City" }, definition: "payroll", input: {} };
  await call(key, "PUT", "/v1/schedules/daily", schedule);
  await until("the wallet's key", async () => (await call(key, "GET", `/v1/wallets/${wallet.id}`)).status === "active");
  const body = { wallet: wallet.id, standard: "erc20", name: HOSTILE, symbol: "<b>X" };
  const creating = await call(key, "POST", "/v1/tokens", body, `t-${id}`);
  const created = await ended(key, creating.id);
  check(created.state === "done", `the token was not created: ${JSON.stringify(created)}`);
  const token = created.steps.create.output.token;
  await ended(key, napping.id);
  await ended(key, failing.id);
  await mind(key, person);
  const goal = { goal: GOAL, language: "english", model: "planner", inputs: inputs(wallet.id) };
  const { plan } = await call(key, "POST", "/v1/mind/plans", goal, `p-${id}`);
  await until("the plan", async () => ["awaiting", "refused"].includes((await call(key, "GET", `/v1/mind/plans/${plan}`)).state));
  const agent = { did: identity.did, wallet: wallet.id, model: "planner", instructions: HOSTILE, tools: ["token.transfer"] };
  await call(key, "PUT", "/v1/mind/agents/payer", agent);
  await call(key, "PUT", "/v1/mind/budgets", { budgets: [{ of: "tenant", day: "5000000" }, { of: "agent", id: "payer", month: "1000000" }] });
  const member = encodeURIComponent("did:pkh:eip155:1:0x52908400098527886E0F7030069857D2E4169EE7");
  await call(key, "PUT", `/v1/members/${member}`, { name: HOSTILE, scopes: ["task:read", "wallet:sign"] });
  await call(key, "PUT", `/v1/members/${encodeURIComponent(person.did)}`, { name: HOSTILE, scopes: ["task:read"] });
  const route = { name: "shop", match: { path: "/shop/{rest*}" }, targets: [{ api: true }], cache: { ttlS: 60 } };
  await call(key, "PUT", "/v1/routes", { routes: [route] });
  await call(key, "PUT", "/v1/routes", { routes: [{ ...route, cache: { ttlS: 90 } }] });
  return { key, identity, wallet, token, done: napping.id, waiting: waiting.id, failed: failing.id, created: creating.id, plan, person };
}
