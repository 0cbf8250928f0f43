// Passkeys: added and removed, asked for when somebody signs in, and what is said where one does not answer. The
// authenticator is Chromium's own virtual one.

import { GOAL, HOSTILE, call, inputs, mind, tenant, until } from "./platform.mjs";
import { chain, install, path, tenantOf } from "./entrance.mjs";
import { faults } from "./pages.mjs";
import { BASE, check, same, test } from "./runner.mjs";
import { approvedBy, asked, makeKey } from "./signing.mjs";

/** No relying party is an IP address. */
const HOME = BASE.replace("127.0.0.1", "localhost");

/** An authenticator within the browser that asks nobody, and what it is told afterwards. */
async function authenticator(context, page) {
  const tools = await context.newCDPSession(page);
  await tools.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await tools.send("WebAuthn.addVirtualAuthenticator", { options });
  const tell = (what, more = {}) => tools.send(`WebAuthn.${what}`, { authenticatorId, ...more });
  return { tell, credentials: async () => (await tell("getCredentials")).credentials };
}

/** A member who has signed in with a wallet. */
async function member(page, context, name, scopes = ["task:read", "metrics:read"]) {
  const [key, wallet] = [await tenant(name), await chain()];
  await call(key, "PUT", path(wallet.did), { name: "Ana", scopes });
  await install(context, wallet, ["Fox"]);
  const device = await authenticator(context, page);
  await page.goto(HOME);
  await page.click("#tab-by-wallet");
  await page.fill("#sign-in-tenant", tenantOf(key));
  await enter(page).click();
  await page.waitForSelector(".part");
  return { key, wallet, device };
}

const enter = (page) => page.getByRole("button", { name: "Sign in with Fox" });
const part = (page) => page.locator(".section", { has: page.getByRole("heading", { name: /Passkeys|Llaves de acceso/ }) });
const settings = (page) => page.getByRole("link", { name: "Settings" }).first().click();

async function add(page, name) {
  await part(page).getByRole("button", { name: "Add a passkey" }).press("Enter");
  await page.locator("#passkey").getByText("signing in as this member wants one", { exact: false }).waitFor();
  await page.keyboard.type(name);
  await confirm(page);
  await page.locator("#passkey:not([open])").waitFor({ state: "attached" });
  await part(page).getByRole("cell", { name }).waitFor();
}

/** From the field past the way back to the button. */
async function confirm(page) {
  for (const key of ["Tab", "Tab", "Enter"]) await page.keyboard.press(key);
}

/** Out, and in again as far as the wallet. */
async function again(page) {
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await enter(page).waitFor();
  await enter(page).press("Enter");
}

test("a passkey is added by keyboard alone, and signing in wants it from then on", async ({ page, context }) => {
  const { key, wallet, device } = await member(page, context, "Passkeys");
  const { message } = await call("", "POST", "/v1/sessions:challenge", { tenant: tenantOf(key), did: wallet.did });
  const signature = await wallet.ask("personal_sign", [`0x${Buffer.from(message).toString("hex")}`, wallet.address]);
  const other = await call("", "POST", "/v1/sessions", { message, signature });
  await settings(page);
  await part(page).getByText("Your signature alone signs you in for now.").waitFor();
  await part(page).getByRole("button", { name: "Add a passkey" }).press("Enter");
  await page.waitForSelector("#passkey-name:focus");
  await confirm(page);
  await page.waitForSelector("#passkey-name-error");
  same((await device.credentials()).length, 0, "without a name, nothing is made");
  await page.keyboard.press("Escape");
  await add(page, HOSTILE);
  const [made] = await device.credentials();
  same(made.rpId, "localhost", "for whom it was made");
  same(made.userName, `Ana · ${tenantOf(key)}`, "what the authenticator shows");
  same((await faults(page)).join(), "", "the page with a passkey");
  const ended = await fetch(`${BASE}/v1/session/passkeys`, { headers: { authorization: `Bearer ${other.apiKey}` } });
  same(ended.status, 401, "the other session, which one factor had opened");

  await again(page);
  await page.waitForSelector("#language");
  same((await device.credentials())[0].signCount, made.signCount + 1, "the passkey has signed");
});

test("where the passkey does not answer, it is said and nobody is signed in", async ({ page, context }) => {
  const { device } = await member(page, context, "Silent");
  await settings(page);
  await add(page, "Phone");
  await part(page).getByRole("button", { name: "Add a passkey" }).click();
  await page.fill("#passkey-name", "Again");
  await page.locator("#passkey").getByRole("button", { name: "Add a passkey" }).click();
  await page.locator("#passkey .problem").getByText("That device has a passkey of yours already.").waitFor();
  await page.keyboard.press("Escape");

  await device.tell("setUserVerified", { isUserVerified: false });
  await again(page);
  await page.locator(".problem").getByText("You refused, it did not come in time, or none of yours is here.").waitFor();
  same(await page.evaluate(() => sessionStorage.length), 0, "nobody is signed in");
  await device.tell("setUserVerified", { isUserVerified: true });
  await enter(page).click();
  await page.waitForSelector("#language");
});

test("passkeys are removed, and changed only soon after signing in", async ({ page, context }) => {
  const { device } = await member(page, context, "Removed");
  await settings(page);
  await add(page, "Phone");
  await page.evaluate(() => sessionStorage.setItem("aion.until", new Date(Date.now() + 7 * 3_600_000).toISOString()));
  await page.reload();
  await part(page).getByText("only within 15 minutes of signing in", { exact: false }).waitFor();
  same(await part(page).getByRole("button", { name: /Remove|Add/ }).count(), 0, "what cannot be done now");
  await part(page).getByRole("button", { name: "Sign in again" }).click();
  await page.waitForSelector("#again[open]");
  same(await page.locator("#again").getByText("Your session is over").count(), 0, "it is not over");
  await page.locator("#again").getByRole("button", { name: "Sign in with Fox" }).press("Enter");
  await page.waitForSelector("#again:not([open])", { state: "attached" });

  await part(page).getByRole("button", { name: "Remove" }).click();
  await page.locator("#question").getByText("“Phone” does not sign you in any more.").waitFor();
  await page.locator("#question").getByRole("button", { name: "Remove" }).press("Enter");
  await part(page).getByText("Your signature alone signs you in for now.").waitFor();
  const before = (await device.credentials())[0].signCount;
  await again(page);
  await page.waitForSelector("#language");
  same((await device.credentials())[0].signCount, before, "the passkey was not asked");
});

test("a page by its address instead of its name says why it has no passkeys", async ({ page, context }) => {
  const [key, wallet] = [await tenant("By address"), await chain()];
  await call(key, "PUT", path(wallet.did), { name: "Ana", scopes: ["task:read"] });
  await install(context, wallet, ["Fox"]);
  await page.goto(BASE);
  await page.click("#tab-by-wallet");
  await page.fill("#sign-in-tenant", tenantOf(key));
  await enter(page).click();
  await page.waitForSelector(".part");
  await settings(page);
  await part(page).getByRole("button", { name: "Add a passkey" }).click();
  await page.fill("#passkey-name", "Phone");
  await page.locator("#passkey").getByRole("button", { name: "Add a passkey" }).click();
  await page.locator("#passkey .problem").waitFor();
  check((await page.locator("#passkey .problem").textContent()).includes("The passkey did not answer"), "it says so");
});

test("a step and a plan are approved with a passkey, which asks for the person each time", async ({ page, context }) => {
  const { key, device } = await member(page, context, "Touch", ["task:read", "task:write", "mind:read", "mind:use"]);
  await settings(page);
  await part(page).getByText("Name that DID among those who decide", { exact: false }).waitFor();
  await add(page, "Phone");
  const did = await part(page).locator(".copy-text").getAttribute("title");
  check(/^did:key:zDn[1-9A-HJ-NP-Za-km-z]{46}$/.test(did), `a did:key of P-256: ${did}`);
  const task = await asked(key, [did], "Pay 10 to Ana?", "ask");
  await page.getByRole("link", { name: "Approvals" }).first().click();
  await page.getByRole("button", { name: "Approve…" }).press("Enter");
  const dialog = page.locator("#decide");
  await dialog.getByText("Pay 10 to Ana?").waitFor();
  await dialog.getByText(`It signs as ${did}, and asks for`, { exact: false }).waitFor();
  const touched = dialog.getByRole("radio", { name: "Sign with the passkey “Phone”" });
  check(await touched.isChecked(), "the passkey comes first where this browser has no key");
  same(await dialog.locator("#proof").count(), 0, "nothing has to be pasted");
  same((await faults(page)).join(), "", "the dialog");
  const claims = await dialog.locator(".secret .copy-text").textContent();

  await device.tell("setUserVerified", { isUserVerified: false });
  await dialog.getByRole("button", { name: "Send the decision" }).press("Enter");
  await dialog.locator(".problem").getByText("You refused, it did not come in time, or none of yours is here.").waitFor();
  same((await call(key, "GET", `/v1/tasks/${task.id}`)).state, "waiting", "nobody has approved");
  await device.tell("setUserVerified", { isUserVerified: true });
  await dialog.getByRole("button", { name: "Send the decision" }).press("Enter");
  await page.getByText("Nothing waits for a decision").waitFor();
  const [header, payload, said] = await approvedBy(key, task, did);
  same(header, JSON.stringify({ alg: "webauthn", kid: `${did}#${did.split(":")[2]}` }), "by which key");
  same(payload, claims, "what was signed is what was shown");
  same(Object.keys(JSON.parse(said)).sort().join(), "authenticatorData,clientDataJSON,signature", "what the passkey said");

  const wallet = await call(key, "POST", "/v1/wallets", { label: "Treasury" }, "w");
  await mind(key, { did });
  await until("the wallet's key", async () => (await call(key, "GET", `/v1/wallets/${wallet.id}`)).status === "active");
  const goal = { goal: GOAL, language: "english", model: "planner", inputs: inputs(wallet.id) };
  const { plan } = await call(key, "POST", "/v1/mind/plans", goal, "plan");
  await page.goto(`${HOME}/console/mind/plans/${plan}`);
  await page.getByRole("button", { name: "Approve…" }).click({ timeout: 60_000 });
  await dialog.getByText(GOAL).waitFor();
  await dialog.getByRole("radio", { name: "Sign with the passkey “Phone”" }).waitFor();
  await dialog.getByRole("button", { name: "Send the decision" }).click();
  await page.locator(".summary .badge-good", { hasText: "Approved" }).waitFor();
});

test("a key of the browser comes before a passkey, and each may be chosen", async ({ page, context }) => {
  const { key } = await member(page, context, "Both", ["task:read", "task:write"]);
  await settings(page);
  await add(page, "Phone");
  const touch = await part(page).locator(".copy-text").getAttribute("title");
  const did = await makeKey(page);
  const task = await asked(key, [did, touch], "Pay?", "ask");
  await page.getByRole("link", { name: "Approvals" }).first().click();
  await page.getByRole("button", { name: "Refuse…" }).click();
  const dialog = page.locator("#decide");
  check(await dialog.getByRole("radio", { name: "Sign here" }).isChecked(), "the key of this browser comes first");
  await dialog.getByRole("radio", { name: "Sign with the passkey “Phone”" }).check();
  await dialog.getByRole("button", { name: "Send the decision" }).click();
  await dialog.waitFor({ state: "hidden" });
  const by = async () => (await call(key, "GET", `/v1/tasks/${task.id}`)).steps.ok.approval?.decisions?.map((one) => `${one.by} ${one.approve}`).join();
  await until("the refusal", async () => (await by()) === `${touch} false`);
});
