// What people decide: a goal in words becomes a plan, a person signs, it runs; and many tasks at once.

import { GOAL, call, control, ended, furnished, inputs, mind, tenant, until } from "./platform.mjs";
import { faults } from "./pages.mjs";
import { Person } from "./person.mjs";
import { BASE, check, same, test } from "./runner.mjs";
import { makeKey } from "./signing.mjs";

async function signedIn(context, key) {
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
}

/** Signs what the dialog shows, and sends it. */
async function decide(page, person) {
  const claims = await page.locator("#decide .secret .copy-text").textContent();
  await page.fill("#proof", person.sign(claims));
  await page.locator("#decide").getByRole("button", { name: "Send the decision" }).click();
  return JSON.parse(claims);
}

test("a goal in words becomes a plan, is approved by a person, and runs", async ({ page, context }) => {
  const [key, person] = [await tenant("Goals"), new Person()];
  const wallet = await call(key, "POST", "/v1/wallets", { label: "Treasury" }, "w");
  await until("the wallet's key", async () => (await call(key, "GET", `/v1/wallets/${wallet.id}`)).status === "active");
  await mind(key, person);
  await signedIn(context, key);
  await page.goto(`${BASE}/console/mind`);
  await page.getByRole("button", { name: "Propose a plan" }).click();
  await page.waitForSelector("#goal-error");
  await page.fill("#goal", GOAL);
  await page.selectOption("#goal-language", "english");
  await page.getByText("Values, model and agent").click();
  await page.fill("#goal-inputs", JSON.stringify(inputs(wallet.id)));
  await page.getByRole("button", { name: "Propose a plan" }).press("Enter");
  await page.waitForURL(/\/console\/mind\/plans\//);
  await page.locator(".summary .badge", { hasText: "Waits for approval" }).waitFor({ timeout: 60_000 });
  const steps = page.locator(".section .table").first();
  await steps.getByText("mints 10000 of create.token", { exact: false }).waitFor();
  await steps.getByText("Moves funds").waitFor();
  await page.getByRole("button", { name: "Simulate now" }).click();
  same(await page.getByRole("button", { name: "Run the plan" }).count(), 0, "nothing runs before somebody has approved");
  await page.locator("tr", { hasText: "mint" }).nth(1).waitFor();

  await page.getByRole("link", { name: "Approvals" }).first().click();
  await page.locator(".cards").getByText(GOAL).waitFor();
  await page.getByText("1 of 1 have to approve.").waitFor();
  await page.getByRole("button", { name: "Approve…" }).click();
  await page.locator("#decide").getByText("Sign this with", { exact: false }).waitFor();
  await page.fill("#proof", "nonsense");
  await page.locator("#decide").getByRole("button", { name: "Send the decision" }).click();
  await page.locator("#decide .problem").waitFor();
  const claims = await decide(page, person);
  same(claims.approve, true, "what was signed");
  await page.getByText("Nothing waits for a decision").waitFor();

  await page.goto(`${BASE}/console/mind/plans/${claims.task}`);
  await page.getByRole("button", { name: "Run the plan" }).click();
  await page.locator("#question").getByText("A task begins that does these steps, once.").waitFor();
  await page.locator("#question").getByRole("button", { name: "Run the plan" }).click();
  await page.locator(".summary .badge", { hasText: "Done" }).waitFor({ timeout: 120_000 });
});

test("a step is refused by the person who may, and its task goes its way", async ({ page, context }) => {
  const [key, person] = [await tenant("Refused"), new Person()];
  const steps = { ok: { do: "wait.approval", with: { by: [person.did], question: "Pay?" } }, end: { do: "set", needs: ["ok"], with: { value: 1 } } };
  const task = await call(key, "POST", "/v1/tasks", { definition: { steps }, input: {} }, "ask");
  await signedIn(context, key);
  await page.goto(`${BASE}/console/approvals`);
  await page.locator(".cards").getByText("Pay?").waitFor();
  await page.getByRole("button", { name: "Refuse…" }).click();
  await decide(page, new Person());
  await page.locator("#decide .problem").waitFor();
  await page.fill("#proof", "");
  const claims = await decide(page, person);
  same(claims.approve, false, "what was signed");
  await page.getByText("Nothing waits for a decision").waitFor();
  check((await ended(key, task.id)).state !== "done", "it was not approved");
});

test("a plan is approved step by step: what is chosen is shown, signed, and told beside each step", async ({ page, context }) => {
  const [key, person] = [await tenant("Step by step"), new Person()];
  const wallet = await call(key, "POST", "/v1/wallets", { label: "Treasury" }, "w");
  await signedIn(context, key);
  await page.goto(`${BASE}/console/settings`);
  const did = await makeKey(page);
  await mind(key, person);
  const rules = await call(key, "GET", "/v1/mind/rules");
  await call(key, "PUT", "/v1/mind/rules", { ...rules, approvers: [did, person.did] });
  await until("the wallet's key", async () => (await call(key, "GET", `/v1/wallets/${wallet.id}`)).status === "active");
  const goal = { goal: GOAL, language: "english", model: "planner", inputs: inputs(wallet.id) };
  const { plan } = await call(key, "POST", "/v1/mind/plans", goal, "plan");
  const read = () => call(key, "GET", `/v1/mind/plans/${plan}`);
  await until("people are asked", async () => (await read()).state === "awaiting");
  await page.goto(`${BASE}/console/mind/plans/${plan}`);
  const [create, mint] = ["create", "mint"].map((step) => page.getByRole("checkbox", { name: `Choose ${step}` }));
  await create.waitFor();
  check((await create.isChecked()) && (await mint.isChecked()), "all are chosen at first");
  const row = (step) => page.locator("tr", { has: page.getByRole("checkbox", { name: `Choose ${step}` }) });
  await row("mint").getByText("Wanted: 1").waitFor();
  await page.getByRole("button", { name: "Approve…" }).waitFor();
  await mint.press("Space");
  await page.getByRole("button", { name: "Refuse chosen…" }).waitFor();
  await create.press("Space");
  check(await page.getByRole("button", { name: "Approve chosen…" }).isDisabled(), "nothing is chosen");
  await create.press("Space");
  same((await faults(page)).join(), "", "the page");
  await page.getByRole("button", { name: "Approve chosen…" }).press("Enter");
  const dialog = page.locator("#decide");
  await dialog.getByText("create: creates the erc20", { exact: false }).waitFor();
  same(await dialog.getByText("mints 10000", { exact: false }).count(), 0, "what is not chosen");
  same((await faults(page)).join(), "", "the dialog");
  const claims = JSON.parse(await dialog.locator(".secret .copy-text").textContent());
  same(`${claims.step} ${claims.steps} ${claims.task}`, `steps create ${plan}`, "what is signed");
  await dialog.getByRole("button", { name: "Send the decision" }).press("Enter");
  await row("create").getByText("Approved", { exact: true }).waitFor();
  same(await row("create").getByText("Wanted", { exact: false }).count(), 0, "it has enough");
  same((await read()).state, "awaiting", "one of its steps alone is approved");
  check(!(await mint.isChecked()), "what was left out stays so");
  const rest = JSON.stringify({ ...claims, steps: ["mint"] });
  await call(key, "POST", `/v1/mind/plans/${plan}/approve`, { proof: person.sign(rest) });
  await page.locator(".summary .badge-good", { hasText: "Approved" }).waitFor();
  same(await page.getByRole("checkbox").count(), 0, "nothing more is decided");
  const steps = page.locator(".section .table").first();
  same(await steps.getByText("Approved", { exact: true }).count(), 2, "who has approved each");
  same((await faults(page)).join(), "", "the page with both");
});

test("a task and the approvals show who has signed and who is missing", async ({ page, context }) => {
  const [key, ana, bo] = [await tenant("Votes"), new Person(), new Person()];
  const ok = { do: "wait.approval", with: { by: [ana.did, bo.did], count: 2, question: "Pay twice?", within: "1h" } };
  const task = await call(key, "POST", "/v1/tasks", { definition: { steps: { ok } }, input: {} }, "votes");
  const vote = async (person, approve) => {
    const asked = (await call(key, "GET", `/v1/tasks/${task.id}`)).steps.ok.approval;
    const proof = person.sign(JSON.stringify({ task: task.id, step: "ok", approve, digest: asked.digest }));
    return call(key, "POST", `/v1/tasks/${task.id}/approve`, { step: "ok", proof });
  };
  await vote(ana, true);
  await signedIn(context, key);
  for (const place of ["/console/approvals", `/console/tasks/${task.id}`]) {
    await page.goto(BASE + place);
    await page.getByText("2 of 2 have to approve. Approvals so far: 1.").waitFor();
    await page.getByText("Pay twice?").waitFor();
    const people = page.locator(".keys-list .key");
    same(await people.count(), 2, `those who may decide at ${place}`);
    same(await people.nth(0).locator(".badge").innerText(), "Approved", "who has signed");
    same(await people.nth(0).locator("time").count(), 1, "and when");
    same(await people.nth(1).locator(".badge").count(), 0, "who has not");
  }
  await vote(bo, true);
  await page.locator(".summary .badge", { hasText: "Done" }).waitFor();
  await page.locator(".moment .keys-list .badge", { hasText: "Approved" }).nth(1).waitFor();
});

test("a wallet says in words whose signatures it needs", async ({ page, context }) => {
  const [key, ana, bo] = [await tenant("Guarded"), new Person(), new Person()];
  const passkey = "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169";
  const by = { by: [ana.did, bo.did, passkey], count: 2, relyingParty: "aion.example" };
  const approval = { ...by, freeUnitsPerTokenAndDay: "1500000000000000000000" };
  const guarded = await call(key, "POST", "/v1/wallets", { label: "Treasury", approval }, "guarded");
  const free = await call(key, "POST", "/v1/wallets", { label: "Petty cash" }, "free");
  await signedIn(context, key);
  await page.goto(`${BASE}/console/wallets/${guarded.id}`);
  await page.getByText(/more than 1\s500 units of a token a day/).waitFor();
  await page.getByText("the signatures of 2 of these people", { exact: false }).waitFor();
  same(await page.locator(".keys-list .key").count(), 3, "the people");
  await page.getByText("The passkeys are of aion.example, and count on its pages alone.").waitFor();
  await page.goto(`${BASE}/console/wallets/${free.id}`);
  await page.getByText("Within these limits nobody's signature is needed.").waitFor();
  await page.evaluate(() => localStorage.setItem("aion.language", "es"));
  await page.goto(`${BASE}/console/wallets/${guarded.id}`);
  await page.getByText("hace falta la firma de 2 de estas personas", { exact: false }).waitFor();
});

test("a wallet is made with the people whose signatures it needs, by a form", async ({ page, context }) => {
  const [key, ana, bo] = [await tenant("Guarded by form"), new Person(), new Person()];
  await signedIn(context, key);
  await page.goto(`${BASE}/console/wallets`);
  await page.getByRole("button", { name: "New wallet" }).click();
  const form = page.locator("#new-wallet");
  await page.fill("#wallet-label", "Treasury");
  await form.getByText("Within these limits nobody's signature is needed.").waitFor();
  await page.fill("#wallet-approvers", `${ana.did}, ${bo.did} somebody`);
  await page.fill("#wallet-count", "4");
  await page.fill("#wallet-free", "1,5");
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await form.getByText("Each is a did:key, with spaces between.").waitFor();
  await form.getByText("A number from 1 to 3.").waitFor();
  await page.locator("#wallet-free-error").waitFor();
  await page.fill("#wallet-approvers", `${ana.did} ${bo.did}`);
  await page.fill("#wallet-count", "2");
  await page.fill("#wallet-free", "1.5");
  await form.getByText(/more than 1\.5 units of a token a day/).waitFor();
  await form.getByRole("button", { name: "Create", exact: true }).click();
  await page.waitForURL(/\/console\/wallets\/wal_/);
  await page.getByText("the signatures of 2 of these people", { exact: false }).waitFor({ timeout: 30_000 });
  const id = new URL(page.url()).pathname.split("/").pop();
  const rule = { by: [ana.did, bo.did], count: 2, freeUnitsPerTokenAndDay: "1500000000000000000" };
  const pinned = (await call(key, "GET", `/v1/wallets/${id}`)).policy.approval;
  for (const name of Object.keys(rule)) same(`${pinned[name]}`, `${rule[name]}`, name);
  same(Object.keys(pinned).length, 3, "the fields of the rule");
});

test("the mind is stopped and goes on; an agent too", async ({ page, context }) => {
  const { key } = await furnished();
  await signedIn(context, key);
  const press = async (name) => {
    await page.getByRole("button", { name, exact: true }).first().click();
    await page.locator("#question").getByRole("button", { name, exact: true }).click();
  };
  await page.goto(`${BASE}/console/mind`);
  await press("Stop");
  await page.getByText("The mind is stopped", { exact: false }).waitFor();
  const tenantOf = (budgets) => budgets.budgets.find((budget) => budget.of === "tenant");
  same(tenantOf(await call(key, "GET", "/v1/mind/budgets")).stopped, true, "the API says so");
  await press("Resume");
  await page.getByText("The mind is stopped", { exact: false }).waitFor({ state: "detached" });
  await page.goto(`${BASE}/console/mind/agents/payer`);
  await press("Stop the agent");
  await page.locator(".summary .badge-bad", { hasText: "Stopped" }).waitFor();
  await press("Resume");
  await page.locator(".summary .badge-good", { hasText: "Active" }).waitFor();
  await page.goto(`${BASE}/console/mind/models`);
  await page.getByText("5 USD", { exact: true }).waitFor();
});

test("many tasks are cancelled at once, after it was told how many; a view is saved", async ({ page, context }) => {
  const key = await tenant("Many");
  const wait = { steps: { go: { do: "wait.signal", with: { name: "go" } } } };
  const done = await call(key, "POST", "/v1/tasks", { definition: { steps: { a: { do: "set", with: { value: 1 } } } }, input: {} }, "done");
  for (const name of ["one", "two", "three"]) await call(key, "POST", "/v1/tasks", { definition: wait, input: {} }, name);
  await ended(key, done.id);
  await signedIn(context, key);
  await page.goto(`${BASE}/console/tasks`);
  await page.getByRole("checkbox", { name: `Choose ${done.id}` }).press("Space");
  await page.getByRole("button", { name: "Choose all" }).click();
  await page.getByRole("button", { name: "Cancel 3…" }).click();
  await page.locator("#cancel-many").getByText("3 tasks are cancelled", { exact: false }).waitFor();
  await page.locator("#cancel-many").getByText("1 of the chosen cannot", { exact: false }).waitFor();
  await page.locator("#cancel-many").getByRole("button", { name: "Cancel the chosen tasks" }).click();
  await page.getByText("3 done, 0 refused").waitFor();
  await page.selectOption("#filter-state", "cancelled");
  await page.waitForURL(/state=cancelled/);
  await page.locator(".table tbody tr").nth(2).waitFor();
  await page.fill("#view-name", "Ended early");
  await page.keyboard.press("Enter");
  await page.goto(`${BASE}/console/tasks`);
  await page.getByRole("link", { name: "Ended early" }).click();
  await page.waitForURL(/state=cancelled/);
  await page.getByRole("button", { name: "Forget the view Ended early" }).click();
  same(await page.getByRole("link", { name: "Ended early" }).count(), 0, "it is forgotten");

  const wrong = { steps: { a: { do: "set", with: { value: "${{ input.nothing.there }}" } } } };
  for (const name of ["four", "five"]) {
    const task = await call(key, "POST", "/v1/tasks", { definition: wrong, input: {} }, name);
    check(["failed", "dead"].includes((await ended(key, task.id)).state), "it fails");
  }
  await page.goto(`${BASE}/console/tasks?state=failed`);
  await page.locator(".choose").first().check();
  await page.getByRole("button", { name: "Choose all" }).click();
  await page.getByRole("button", { name: "Redrive 2…" }).click();
  await page.locator("#redrive-many").getByRole("button", { name: "Redrive the chosen tasks" }).click();
  await page.waitForSelector("#many-reason-error");
  await page.fill("#many-reason", "once more");
  await page.locator("#redrive-many").getByRole("button", { name: "Redrive the chosen tasks" }).click();
  await page.getByText("2 done, 0 refused").waitFor();
});

test("a guardian and a chain that are down are told, and so is a server that is not reached", async ({ page, context }) => {
  const world = await furnished();
  await signedIn(context, world.key);
  await control("/guardian/stop");
  try {
    await page.goto(BASE);
    await page.locator(".part", { hasText: "guardian" }).locator(".badge-bad, .badge-warn").waitFor({ timeout: 30_000 });
    await page.goto(`${BASE}/console/wallets/${world.wallet.id}`);
    await page.locator(".part", { hasText: "Guardian (G)" }).locator(".badge-bad, .badge-warn").waitFor();
    await page.locator(".part", { hasText: "Platform (K)" }).locator(".badge-good").waitFor();
  } finally {
    await control("/guardian/start");
  }
  await control("/chain/refuse");
  try {
    await page.goto(`${BASE}/console/tokens/${world.token}`);
    await page.locator(".problem").first().waitFor({ timeout: 30_000 });
  } finally {
    await control("/chain/pass");
  }
  await page.goto(`${BASE}/console/tasks`);
  await page.locator(".table tbody tr").first().waitFor();
  await context.setOffline(true);
  await page.locator(".offline").waitFor();
  check((await page.locator(".table tbody tr").count()) > 0, "what was there stays");
  await context.setOffline(false);
  await page.locator(".offline").waitFor({ state: "detached" });
});

test("a key that was revoked signs its session out", async ({ page, context }) => {
  const key = await tenant("Revoked");
  const scopes = ["task:read", "keys:write"];
  const { id, apiKey } = await call(key, "POST", "/v1/keys", { name: "Short", scopes });
  await signedIn(context, apiKey);
  await page.goto(`${BASE}/console/tasks`);
  await page.locator(".empty").waitFor();
  await call(key, "DELETE", `/v1/keys/${id}`);
  await page.waitForSelector("#credential", { timeout: 30_000 });
});
