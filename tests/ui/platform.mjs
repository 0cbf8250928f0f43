// The platform as the tests use it beside the browser: a tenant with something of everything in it.

import { BASE, OPERATOR, check } from "./runner.mjs";

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
  const submit = (definition, name) => call(key, "POST", "/v1/tasks", { definition, input: { note: HOSTILE } }, name);
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
  return { key, identity, wallet, token, done: napping.id, waiting: waiting.id, failed: failing.id, created: creating.id };
}
