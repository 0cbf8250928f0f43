// Members: how they are added, how they sign in by a wallet or the key of the browser, and how a session ends.

import { HOSTILE, call, tenant } from "./platform.mjs";
import { BASE, CONTROL, check, same, test } from "./runner.mjs";
import { makeKey } from "./signing.mjs";

const signedIn = (context, key) => context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
export const tenantOf = (key) => key.split("_")[2].slice(0, 10);
export const path = (did) => `/v1/members/${encodeURIComponent(did)}`;

/** The test chain's own wallet: it holds keys of secp256k1 and answers `personal_sign` as any other. */
export async function chain() {
  const { chainUrl, publicHost } = await (await fetch(`${CONTROL}/info`)).json();
  const ask = async (method, params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(chainUrl, { method: "POST", headers: { "content-type": "application/json" }, body });
    return (await response.json()).result;
  };
  const [address] = await ask("eth_accounts", []);
  return { ask, did: `did:pkh:eip155:1:${address}`, address, publicHost };
}

/** Puts a wallet of that chain into every page: announced as EIP-6963 says, or at `window.ethereum` alone. */
export async function install(context, { ask }, names) {
  await context.exposeFunction("askWallet", ask);
  await context.addInitScript((names) => {
    const provider = {
      async request({ method, params }) {
        (window.asked ??= []).push(method);
        if (window.refusal && method === window.refusal.method) throw { code: window.refusal.code, message: "no" };
        if (method === "personal_sign") window.shown = new TextDecoder().decode(Uint8Array.from(params[0].slice(2).match(/../g), (pair) => parseInt(pair, 16)));
        return window.askWallet(method === "eth_requestAccounts" ? "eth_accounts" : method, params ?? []);
      },
    };
    if (!names.length) window.ethereum = provider;
    names.forEach((name, place) => {
      const info = { uuid: `350670db-19fa-4704-a166-e52e178b59d${place}`, name, icon: "data:image/svg+xml,<svg/>", rdns: "example.wallet" };
      const announce = () => dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }));
      addEventListener("eip6963:requestProvider", announce);
      announce();
    });
  }, names);
}

const notice = (page) => page.locator(".problem");

test("a member signs in with a wallet by keyboard alone, and out again", async ({ page, context }) => {
  const [key, wallet] = [await tenant("Wallets"), await chain()];
  await call(key, "PUT", path(wallet.did), { name: "Ana", scopes: ["task:read", "metrics:read"] });
  await install(context, wallet, ["Fox", HOSTILE]);
  await page.goto(BASE);
  await page.focus("#tab-by-credential");
  await page.keyboard.press("ArrowRight");
  same(await page.getAttribute("#tab-by-wallet", "aria-selected"), "true", "the second way");
  await page.getByRole("button", { name: `Sign in with ${HOSTILE.slice(0, 40)}` }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  same(await page.evaluate(() => document.activeElement.id), "sign-in-tenant", "the tenant comes next");
  await page.keyboard.type("abc");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#sign-in-tenant-error");
  same(await page.evaluate(() => window.asked), undefined, "the wallet was not asked");
  await page.fill("#sign-in-tenant", tenantOf(key));
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".part");

  const shown = await page.evaluate(() => window.shown);
  check(shown.startsWith(`${wallet.publicHost} wants you to sign in with your Ethereum account:\n0x`), `what was signed: ${shown}`);
  check(shown.endsWith(`- urn:aion:tenant:${tenantOf(key)}`), "the tenant is named");
  same((await page.evaluate(() => window.asked)).join(" "), "eth_requestAccounts eth_chainId personal_sign", "what was asked");
  const [kept, session] = await page.evaluate(() => [JSON.stringify({ ...localStorage }) + document.cookie, sessionStorage.getItem("aion.credential")]);
  check(!kept.includes("aion_test_"), "the key of the session is kept in this tab alone");
  check(kept.includes(tenantOf(key)), "the tenant is remembered");
  const listed = (await call(key, "GET", "/v1/keys")).items.find((one) => one.member);
  same(`${listed.member} ${listed.scopes.join()}`, `${wallet.did} task:read,metrics:read`, "whose session it is");

  await page.getByRole("link", { name: "Settings" }).first().click();
  await page.locator(".pair", { hasText: "The session ends" }).getByText("in 8 hr", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).first().press("Enter");
  await page.waitForSelector("#sign-in-tenant");
  same(await page.inputValue("#sign-in-tenant"), tenantOf(key), "the way and the tenant of before");
  same(await page.evaluate(() => sessionStorage.length), 0, "nothing is left in the tab");
  let refused;
  for (let look = 0; look < 60 && refused !== 401; look += 1) {
    refused = (await fetch(`${BASE}/v1/tasks`, { headers: { authorization: `Bearer ${session}` } })).status;
    if (refused !== 401) await new Promise((resolve) => setTimeout(resolve, 250));
  }
  same(refused, 401, "the session is over for everybody");
});

test("no wallet, a refusal, a wallet that waits and somebody who is no member are told apart", async ({ page, context }) => {
  const [key, wallet] = [await tenant("Refusals"), await chain()];
  await page.goto(BASE);
  await page.click("#tab-by-wallet");
  await page.getByText("This browser has no wallet.", { exact: false }).waitFor();
  await install(context, wallet, []);
  await page.reload();
  const enter = page.getByRole("button", { name: "Sign in with the browser's wallet" });
  await enter.waitFor();
  await page.fill("#sign-in-tenant", tenantOf(key));
  for (const [method, code, text] of [
    ["eth_requestAccounts", 4001, "You refused in the wallet"],
    ["personal_sign", 4001, "You refused in the wallet"],
    ["eth_requestAccounts", -32002, "The wallet waits for your answer"],
  ]) {
    await page.evaluate((refusal) => { window.refusal = refusal; }, { method, code });
    await enter.click();
    await notice(page).getByText(text, { exact: false }).waitFor();
  }
  await page.evaluate(() => { window.refusal = undefined; });
  await enter.click();
  await notice(page).getByText("is no member of that tenant", { exact: false }).waitFor();
  await call(key, "PUT", path(wallet.did), { name: "Ana", scopes: ["task:read"] });
  await enter.click();
  await page.waitForSelector(".part");
});

test("a person signs in with the key of the browser, once somebody has added its DID", async ({ page, context }) => {
  const key = await tenant("Keys");
  await page.goto(BASE);
  await page.click("#tab-by-key");
  await page.getByRole("button", { name: "Create a signing key" }).click();
  const did = await page.locator(".sign-in .copy-text").getAttribute("title");
  check(did.startsWith("did:key:z6Mk"), `its DID: ${did}`);
  await page.fill("#sign-in-tenant", tenantOf(key));
  await page.keyboard.press("Enter");
  await notice(page).getByText(did, { exact: false }).waitFor();

  const admin = await context.newPage();
  await admin.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
  await admin.goto(`${BASE}/console/members`);
  await admin.getByText("No members yet").waitFor();
  await admin.getByRole("button", { name: "New member" }).click();
  await admin.locator("#member").getByRole("button", { name: "Save" }).click();
  await admin.waitForSelector("#member-did-error");
  await admin.fill("#member-did", did);
  await admin.fill("#member-name", HOSTILE);
  await admin.check("#member-scope-task-read");
  await admin.check("#member-scope-keys-write");
  await admin.locator("#member").getByText("Each session ends by itself after 8 hours.").waitFor();
  await admin.locator("#member").getByRole("button", { name: "Save" }).press("Enter");
  await admin.locator(".table").getByText(HOSTILE).waitFor();

  await page.keyboard.press("Enter");
  await page.waitForSelector(".part");
  await admin.goto(`${BASE}/console/keys`);
  await admin.locator("tr", { hasText: "Session" }).getByText(HOSTILE, { exact: false }).waitFor();

  await page.goto(`${BASE}/console/keys`);
  await page.getByRole("button", { name: "New key" }).click();
  await page.fill("#key-name", "Hers");
  await page.check("#scope-task-read");
  await page.locator("#new-key").getByRole("button", { name: "Create" }).click();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await call(key, "DELETE", path(did));
  await admin.reload();
  const maker = admin.locator("tr", { hasText: "Hers" }).locator(".copy-text");
  same(await maker.getAttribute("title"), did, "who made it is told when they have gone");
});

test("members are added by an address, changed and removed", async ({ page, context }) => {
  const [key, wallet] = [await tenant("Members"), await chain()];
  await signedIn(context, key);
  await page.goto(`${BASE}/console/members`);
  await page.getByRole("button", { name: "New member" }).click();
  await page.fill("#member-did", "0x52908400098527886E0F7030069857D2E4169EE7");
  await page.fill("#member-name", "Ana");
  await page.check("#member-scope-task-read");
  const dialog = page.locator("#member");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByRole("cell", { name: "Ana" }).waitFor();
  const [added] = (await call(key, "GET", "/v1/members")).items;
  same(added.did, "did:pkh:eip155:1:0x52908400098527886e0f7030069857d2e4169ee7", "an account in one spelling");

  await page.getByRole("button", { name: "Edit" }).click();
  check(await page.isChecked("#member-scope-task-read"), "what it may do stands there");
  await page.check("#member-scope-wallet-sign");
  await dialog.getByText("Their open sessions may do the same", { exact: false }).waitFor();
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.locator("code", { hasText: "wallet:sign" }).waitFor();

  await page.getByRole("button", { name: "New member" }).click();
  await page.fill("#member-did", "did:web:elsewhere.example:u:ana");
  await page.fill("#member-name", "Bo");
  await page.check("#member-scope-task-read");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.locator(".problem").getByText("identities of other hosts", { exact: false }).waitFor();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Remove" }).click();
  const question = page.locator("#question");
  await question.getByText("Ana cannot sign in any more", { exact: false }).waitFor();
  await question.getByRole("button", { name: "Remove" }).press("Enter");
  await page.getByText("No members yet").waitFor();
  check(wallet.did.length > 0 && (await call(key, "GET", "/v1/members")).items.length === 0, "it is gone");
});

test("a session that ends leaves the page, and is taken up again above it", async ({ page, context }) => {
  const [key, wallet] = [await tenant("Over"), await chain()];
  await call(key, "PUT", path(wallet.did), { name: "Ana", scopes: ["task:read", "task:write"] });
  await install(context, wallet, ["Fox"]);
  await page.goto(BASE);
  await page.click("#tab-by-wallet");
  await page.fill("#sign-in-tenant", tenantOf(key));
  await page.getByRole("button", { name: "Sign in with Fox" }).click();
  await page.waitForSelector(".part");
  await page.goto(`${BASE}/console/definitions/new`);
  const written = JSON.stringify({ steps: { nap: { do: "sleep", with: { duration: "PT1S" } } } });
  await page.fill("#definition", written);
  await page.waitForSelector(".notice-good");

  // Somebody takes the member out and in again: the session is over, whatever its clock says.
  await call(key, "DELETE", path(wallet.did));
  await call(key, "PUT", path(wallet.did), { name: "Ana", scopes: ["task:read", "task:write"] });
  await page.getByRole("button", { name: "Start a task" }).click();
  await page.locator("#start").getByRole("button", { name: "Start" }).click();
  await page.waitForSelector("#again[open]");
  await page.locator("#again").getByText("Your session is over:", { exact: false }).waitFor();
  await page.locator("#again").getByRole("button", { name: "Sign in with Fox" }).press("Enter");
  await page.waitForSelector("#again:not([open])", { state: "attached" });
  await page.locator("#start").getByRole("button", { name: "Start" }).click();
  await page.waitForURL(/\/console\/tasks\/tsk_/);
});

test("a session that ends by the clock says so, and its end is seen after a reload", async ({ page, context }) => {
  const [key, wallet] = [await tenant("Clock"), await chain()];
  await call(key, "PUT", path(wallet.did), { name: "Ana", scopes: ["task:read"] });
  await install(context, wallet, ["Fox"]);
  const { message } = await call("", "POST", "/v1/sessions:challenge", { tenant: tenantOf(key), did: wallet.did });
  const signature = await wallet.ask("personal_sign", [`0x${Buffer.from(message).toString("hex")}`, wallet.address]);
  const { apiKey } = await call("", "POST", "/v1/sessions", { message, signature });
  const end = new Date(Date.now() + 6_000).toISOString();
  await context.addInitScript(([key, end]) => {
    if (!sessionStorage.getItem("aion.credential")) sessionStorage.setItem("aion.credential", key);
    if (!sessionStorage.getItem("aion.until")) sessionStorage.setItem("aion.until", end);
  }, [apiKey, end]);
  await page.goto(`${BASE}/console/settings`);
  await page.waitForSelector("#language");
  await page.waitForSelector("#again[open]", { timeout: 15_000 });
  await page.keyboard.press("Escape");
  await page.locator(".offline").getByRole("button", { name: "Sign in again" }).click();
  await page.waitForSelector("#again[open]");
  await page.reload();
  await page.getByText("Your session is over:", { exact: false }).waitFor();
  await page.waitForSelector("#tab-by-wallet");
});

test("the key of the browser and the way of before serve the next time", async ({ page, context }) => {
  const key = await tenant("Next time");
  const admin = await context.newPage();
  await admin.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
  await admin.goto(`${BASE}/console/settings`);
  const did = await makeKey(admin);
  await call(key, "PUT", path(did), { name: "Ana", scopes: ["task:read"] });
  await page.goto(BASE);
  await page.click("#tab-by-key");
  await page.fill("#sign-in-tenant", tenantOf(key));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForSelector(".part");
  const next = await context.newPage();
  await next.goto(BASE);
  await next.getByRole("button", { name: "Sign in", exact: true }).click();
  await next.waitForSelector(".part");
});
