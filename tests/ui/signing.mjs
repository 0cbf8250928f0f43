// The signing key of the browser: made, used, forgotten; and what is said where there is none.

import { GOAL, call, ended, furnished, inputs, mind, tenant, until } from "./platform.mjs";
import { Person } from "./person.mjs";
import { BASE, check, same, test } from "./runner.mjs";

const signedIn = (context, key) => context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);

/** Makes the browser's key, and gives its DID. */
export async function makeKey(page) {
  const settings = page.locator(".section", { has: page.getByRole("heading", { name: /Signing key|Clave de firma/ }) });
  await settings.locator(".button-primary, .copy-text").first().waitFor();
  if (await settings.locator(".button-primary").count()) await settings.locator(".button-primary").press("Enter");
  return settings.locator(".copy-text").textContent();
}

/** A task that asks these DIDs. */
export function asked(key, by, question, name) {
  const steps = { ok: { do: "wait.approval", with: { by, question } }, pay: { do: "set", needs: ["ok"], with: { value: 1 } } };
  return call(key, "POST", "/v1/tasks", { definition: { steps }, input: {} }, name);
}

/** Waits until such a task has gone on by the word of a DID; the parts of its proof, as text. */
export async function approvedBy(key, task, did) {
  const { state, steps } = await ended(key, task.id);
  same(state, "done", "it went on");
  const [decision] = steps.ok.output.decisions;
  same(`${decision.by} ${decision.approve}`, `${did} true`, "who decided");
  return decision.proof.split(".").map((part) => Buffer.from(part, "base64url").toString());
}

test("a step is approved with the key of the browser, which nothing can read", async ({ page, context }) => {
  const key = await tenant("Signs here");
  await signedIn(context, key);
  await page.goto(`${BASE}/console/settings`);
  const did = await makeKey(page);
  check(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/.test(did), `a did:key of Ed25519: ${did}`);
  await page.reload();
  same(await makeKey(page), did, "it is there after a reload");
  const read = await page.evaluate(async () => {
    const open = indexedDB.open("aion");
    await new Promise((resolve) => { open.onsuccess = resolve; });
    const get = open.result.transaction("keys").objectStore("keys").get("signing");
    await new Promise((resolve) => { get.onsuccess = resolve; });
    const { privateKey } = get.result;
    const formats = ["jwk", "pkcs8", "raw"].map((format) => crypto.subtle.exportKey(format, privateKey).then(() => "read", () => "kept"));
    return [privateKey.extractable, ...(await Promise.all(formats))].join(" ");
  });
  same(read, "false kept kept kept", "the private key does not leave WebCrypto");

  const task = await asked(key, [did], "Pay 10 to Ana?", "ask");
  await page.getByRole("link", { name: "Approvals" }).first().click();
  await page.getByRole("button", { name: "Approve…" }).press("Enter");
  const dialog = page.locator("#decide");
  await dialog.getByText("Pay 10 to Ana?").waitFor();
  await dialog.getByText("pay: set").waitFor();
  await dialog.getByText("Valid until").waitFor();
  await dialog.getByText(`The key of this browser signs as ${did}.`).waitFor();
  same(await dialog.locator("#proof").count(), 0, "nothing has to be pasted");
  const claims = JSON.parse(await dialog.locator(".secret .copy-text").textContent());
  await dialog.getByRole("button", { name: "Send the decision" }).press("Enter");
  await page.getByText("Nothing waits for a decision").waitFor();
  const [header, payload] = await approvedBy(key, task, did);
  same(JSON.parse(header).kid, `${did}#${did.split(":")[2]}`, "the key that is named");
  same(payload, JSON.stringify(claims), "what was signed is what was shown");
});

test("a step is refused with the key of the browser; another key still signs elsewhere", async ({ page, context }) => {
  const [key, person] = [await tenant("Refuses here"), new Person()];
  await signedIn(context, key);
  await page.goto(`${BASE}/console/settings`);
  const did = await makeKey(page);
  const task = await asked(key, [did, person.did], "Pay 99?", "ask");
  await page.goto(`${BASE}/console/approvals`);
  await page.getByRole("button", { name: "Refuse…" }).click();
  const dialog = page.locator("#decide");
  await dialog.getByText("Sign elsewhere").click();
  await dialog.getByRole("button", { name: "Send the decision" }).click();
  await page.waitForSelector("#proof-error");
  const claims = await dialog.locator(".secret .copy-text").textContent();
  await page.fill("#proof", person.sign(claims));
  await dialog.getByRole("button", { name: "Send the decision" }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Refuse…" }).click();
  await dialog.getByRole("radio", { name: "Sign here" }).waitFor();
  check(await dialog.getByRole("radio", { name: "Sign here" }).isChecked(), "the key of the browser comes first");
  await dialog.getByRole("button", { name: "Send the decision" }).click();
  await page.getByText("Nothing waits for a decision").waitFor();
  check((await ended(key, task.id)).state !== "done", "it was not approved");
});

test("a plan is approved on its own page with the key of the browser", async ({ page, context }) => {
  const key = await tenant("Plans here");
  const wallet = await call(key, "POST", "/v1/wallets", { label: "Treasury" }, "w");
  await signedIn(context, key);
  await page.goto(`${BASE}/console/settings`);
  const did = await makeKey(page);
  await mind(key, { did });
  await until("the wallet's key", async () => (await call(key, "GET", `/v1/wallets/${wallet.id}`)).status === "active");
  const goal = { goal: GOAL, language: "english", model: "planner", inputs: inputs(wallet.id) };
  const { plan } = await call(key, "POST", "/v1/mind/plans", goal, "plan");
  await page.goto(`${BASE}/console/mind/plans/${plan}`);
  await page.getByRole("button", { name: "Approve…" }).click({ timeout: 60_000 });
  const dialog = page.locator("#decide");
  await dialog.getByText(GOAL).waitFor();
  await dialog.getByText("mints 10000 of create.token", { exact: false }).waitFor();
  await dialog.getByRole("button", { name: "Send the decision" }).click();
  await page.locator(".summary .badge-good", { hasText: "Approved" }).waitFor();
});

test("a key is forgotten after it was told what is lost, and signs no more", async ({ page, context }) => {
  const key = await tenant("Forgets");
  await signedIn(context, key);
  await page.goto(`${BASE}/console/settings`);
  const did = await makeKey(page);
  await asked(key, [did], "Pay?", "ask");
  const approvals = await context.newPage();
  await approvals.goto(`${BASE}/console/approvals`);
  await approvals.getByRole("button", { name: "Approve…" }).click();
  await approvals.locator("#decide").getByRole("radio", { name: "Sign here" }).waitFor();
  await page.getByRole("button", { name: "Forget the key" }).click();
  const dialog = page.locator("#forget-key");
  await dialog.getByText(`This browser no longer signs as ${did}.`).waitFor();
  await dialog.getByText("nobody can bring it back", { exact: false }).waitFor();
  await dialog.getByRole("button", { name: "Forget the key" }).click();
  await page.getByRole("button", { name: "Create a signing key" }).waitFor();
  await approvals.locator("#decide").getByRole("button", { name: "Send the decision" }).click();
  await approvals.locator("#decide .problem").getByText("The key is not in this browser any more.").waitFor();
  await approvals.reload();
  await approvals.getByRole("button", { name: "Approve…" }).click();
  await approvals.locator("#decide").getByText("This browser has no signing key", { exact: false }).waitFor();
  await approvals.waitForSelector("#proof");
  check((await makeKey(page)) !== did, "the next one is another one");
  await approvals.reload();
  await approvals.getByRole("button", { name: "Approve…" }).click();
  await approvals.locator("#decide").getByText("which does not decide here", { exact: false }).waitFor();
});

test("a browser without Ed25519 says so, and takes a signature made elsewhere", async ({ page, context }) => {
  const { key } = await furnished();
  await signedIn(context, key);
  await context.addInitScript(() => {
    crypto.subtle.generateKey = () => Promise.reject(new DOMException("Algorithm: Unrecognized name", "NotSupportedError"));
  });
  await page.goto(`${BASE}/console/settings`);
  await page.getByText("its WebCrypto has no Ed25519", { exact: false }).waitFor();
  same(await page.getByRole("button", { name: "Create a signing key" }).count(), 0, "no key is offered");
  await page.goto(`${BASE}/console/approvals`);
  await page.getByRole("button", { name: "Approve…" }).first().click();
  await page.locator("#decide").getByText("its WebCrypto has no Ed25519", { exact: false }).waitFor();
  await page.waitForSelector("#proof");
});

test("approvals say when more waits than they show", async ({ page, context }) => {
  const key = await tenant("Many ask");
  const by = [new Person().did];
  await asked(key, by, "Pay?", "t-0");
  await signedIn(context, key);
  await page.goto(`${BASE}/console/approvals`);
  await page.getByText("Pay?").first().waitFor();
  same(await page.locator(".notice-warn").count(), 0, "all of it is shown");
  for (let first = 1; first <= 100; first += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, place) => asked(key, by, "Pay?", `t-${first + place}`)));
  }
  await page.getByText("More waits than fits here: at most 100 tasks and 20 plans are shown.").waitFor();
  same(await page.locator(".cards > .card").count(), 100, "what is shown");
});

test("approvals say when more plans wait than they show", async ({ page, context }) => {
  const key = await tenant("Many plans");
  const wallet = await call(key, "POST", "/v1/wallets", { label: "Treasury" }, "w");
  await mind(key, new Person());
  await until("the wallet's key", async () => (await call(key, "GET", `/v1/wallets/${wallet.id}`)).status === "active");
  const goal = { goal: GOAL, language: "english", model: "planner", inputs: inputs(wallet.id) };
  for (let number = 0; number < 21; number += 1) await call(key, "POST", "/v1/mind/plans", goal, `plan-${number}`);
  const waits = async () => (await call(key, "GET", "/v1/mind/plans?limit=100")).items.filter(({ state }) => state === "awaiting");
  await until("all plans", async () => (await waits()).length === 21);
  await signedIn(context, key);
  await page.goto(`${BASE}/console/approvals`);
  await page.getByText("at most 100 tasks and 20 plans are shown", { exact: false }).waitFor();
  same(await page.locator(".cards > .card").count(), 20, "what is shown");
});
