// First light by hand: what a person does the first time, in Spanish and by what can be read on the page.

import { call, tenant } from "./platform.mjs";
import { BASE, OPERATOR, check, same, test } from "./runner.mjs";

/** Whom the tokens go to. */
const HOLDER = "0x52908400098527886E0F7030069857D2E4169EE7";

async function signIn(page, credential) {
  await page.goto(BASE);
  await page.fill("#credential", credential);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".part");
}

test("a mistyped key is refused before it is sent, an unknown one with its problem", async ({ page }) => {
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(BASE);
  const key = await tenant("Typo");
  await page.fill("#credential", `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`);
  await page.keyboard.press("Enter");
  await page.waitForSelector("#credential-error");
  check(!asked.some((url) => url.includes("/v1/")), "nothing was sent");
  await page.fill("#credential", "op_no_such_token");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".problem");
  check((await page.textContent(".problem")).includes("credential.invalid"), "its problem page");
  check(/[0-9a-zA-Z-]{8,}/.test(await page.textContent(".problem-foot code")), "its request id");
});

test("the key is kept in this tab alone, and goes with signing out", async ({ page, context }) => {
  await signIn(page, await tenant("Kept"));
  const other = await context.newPage();
  await other.goto(BASE);
  await other.waitForSelector("#credential");
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie);
  check(!stored.includes("aion_test_"), "neither in the local storage nor in a cookie");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForSelector("#credential");
  same(await page.evaluate(() => sessionStorage.length), 0, "nothing is left");
});

test("first light by hand: identity, wallet, token, mint, seen final", async ({ browser }) => {
  const context = await browser.newContext({ locale: "es-MX", viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const key = await tenant("Primera luz");
  const name = `luz-${Math.random().toString(36).slice(2, 8)}`;
  await signIn(page, key);

  await page.getByRole("link", { name: "Identidades" }).click();
  await page.getByRole("button", { name: "Nueva identidad" }).click();
  await page.fill("#identity-name", name);
  await page.locator("#new-identity").getByText(`Se crea la identidad u:${name}`).waitFor();
  await page.locator("#new-identity").getByRole("button", { name: "Crear" }).click();
  await page.getByRole("heading", { level: 1, name: `u:${name}` }).waitFor();
  const did = await page.locator(".pair .copy-text").first().textContent();
  check(did.startsWith("did:webvh:"), "it has a DID");

  await page.getByRole("link", { name: "Carteras" }).click();
  await page.getByRole("button", { name: "Nueva cartera" }).click();
  await page.fill("#wallet-label", "Tesorería");
  await page.fill("#wallet-identity", did);
  await page.locator("#new-wallet").getByRole("button", { name: "Crear" }).click();
  await page.locator(".summary .badge-good", { hasText: "Activa" }).waitFor({ timeout: 60_000 });
  await page.getByText("Tesorería").first().waitFor();

  await page.getByRole("link", { name: "Tokens" }).click();
  await page.getByRole("link", { name: "Nuevo token" }).click();
  await page.fill("#token-name", "Punto Luz");
  await page.fill("#token-symbol", "LUZ");
  await page.locator("#token-wallet option", { hasText: "Tesorería" }).waitFor({ state: "attached" });
  await page.locator("#token-wallet").selectOption({ index: 1 });
  await page.fill("#token-cap", "1,5");
  await page.getByRole("button", { name: "Revisar" }).click();
  await page.locator("#token-cap-error").waitFor();
  await page.fill("#token-cap", "1000000");
  await page.getByRole("button", { name: "Revisar" }).click();
  await page.locator("#confirm-token").getByText("Nunca podrán existir más de 1 000 000 LUZ.").waitFor();
  await page.locator("#confirm-token").getByText("La cartera lo firmaría ahora.").waitFor();
  await page.locator("#confirm-token").getByText(/La red lo ejecutaría ahora, con unas \d+ unidades de gas/).waitFor();
  await page.locator("#confirm-token").getByRole("button", { name: "Crear el token" }).click();
  await page.locator(".summary .badge-good", { hasText: "Terminada" }).waitFor({ timeout: 90_000 });

  await page.getByRole("link", { name: "Tokens" }).click();
  await page.getByRole("row", { name: /Punto Luz/ }).getByText("ERC-20").waitFor();
  await page.getByRole("link", { name: "Punto Luz" }).click();
  await page.getByRole("button", { name: "Acuñar" }).first().click();
  await page.fill("#mint-to", HOLDER);
  await page.fill("#mint-amount", "1000000.5");
  await page.locator("#mint").getByRole("button", { name: "Ensayar" }).click();
  await page.locator("#mint").getByText(/La red lo revertiría ahora/).waitFor();
  await page.fill("#mint-amount", "250.5");
  await page.locator("#mint").getByRole("button", { name: "Ensayar" }).click();
  await page.locator("#mint").getByText(/La red lo ejecutaría ahora/).waitFor();
  await page.locator("#mint").getByText("En unidades base: 250500000000000000000 (18 decimales).").waitFor();
  await page.locator("#mint").getByRole("button", { name: "Acuñar" }).click();
  await page.locator(".summary .badge-good", { hasText: "Terminada" }).waitFor({ timeout: 90_000 });
  await page.getByRole("tab", { name: "Historial" }).click();
  await page.getByText("Historial verificado en este navegador").waitFor();

  await page.getByRole("link", { name: "Tokens" }).click();
  await page.getByRole("link", { name: "Punto Luz" }).click();
  await page.locator(".summary").getByText("250.5 LUZ").waitFor({ timeout: 30_000 });
  await page.fill("#holder", HOLDER);
  await page.getByRole("button", { name: "Consultar" }).click();
  await page.locator(".balance-value", { hasText: "250.5 LUZ" }).waitFor();
  const holders = page.getByRole("region", { name: "Titulares" }).locator("tbody tr");
  await holders.getByText("100 %").waitFor({ timeout: 30_000 });
  same(await holders.count(), 1, "one holder");
  check((await holders.textContent()).includes("250.5"), "what the holder has");
  await page.getByText(/^1 en el bloque final \d+\./).waitFor();
  const [token] = (await call(key, "GET", "/v1/tokens")).items;
  const balance = await call(key, "GET", `/v1/tokens/${token.address}/balances/${HOLDER}`);
  same(balance.balance, "250500000000000000000", "what the API says of it");
  await context.close();
});

test("a task is cancelled, and one is started, after it was told what will happen", async ({ page }) => {
  const key = await tenant("Steering");
  await signIn(page, key);
  const definition = { steps: { go: { do: "wait.signal", with: { name: "go" } }, end: { do: "set", needs: ["go"], with: { value: 1 } } } };
  await page.goto(`${BASE}/console/definitions/new`);
  await page.fill("#definition", JSON.stringify(definition));
  await page.waitForSelector(".notice-good");
  await page.getByRole("button", { name: "Start a task" }).click();
  await page.locator("#start").getByText("go: wait.signal").waitFor();
  await page.locator("#start").getByRole("button", { name: "Start" }).click();
  await page.getByRole("button", { name: "Cancel…" }).click();
  await page.locator("#cancel").getByText("Steps that will not happen any more: 2.").waitFor();
  await page.locator("#cancel").getByRole("button", { name: "Cancel the task" }).click();
  await page.locator(".summary .badge", { hasText: "Cancelled" }).waitFor();
});

test("rows do not jump: what is new waits until somebody wants to see it", async ({ page }) => {
  const key = await tenant("Live");
  const nap = { definition: { steps: { nap: { do: "sleep", with: { duration: "PT1S" } } } }, input: {} };
  const first = await call(key, "POST", "/v1/tasks", nap, "one");
  await signIn(page, key);
  await page.getByRole("link", { name: "Tasks", exact: true }).click();
  await page.getByRole("link", { name: first.id }).waitFor();
  const second = await call(key, "POST", "/v1/tasks", nap, "two");
  const fresh = page.getByRole("button", { name: "Show new (1)" });
  await fresh.waitFor();
  same(await page.getByRole("link", { name: second.id }).count(), 0, "it is not among the rows yet");
  await fresh.click();
  await page.getByRole("link", { name: second.id }).waitFor();
  await page.selectOption("#filter-state", "done");
  await page.waitForURL(/state=done/);
});

test("a new key is shown once, and works until it is revoked", async ({ page }) => {
  const key = await tenant("Keys");
  await signIn(page, key);
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("button", { name: "New key" }).click();
  await page.fill("#key-name", "Reader");
  await page.check("#scope-task-read");
  await page.locator("#new-key").getByRole("button", { name: "Create" }).click();
  const made = await page.locator("#made-key .copy-text").textContent();
  await call(made, "GET", "/v1/tasks");
  await page.getByRole("button", { name: "I have stored it" }).click();
  check(!(await page.content()).includes(made), "it is nowhere on the page any more");
  await page.locator("tr", { hasText: "Reader" }).getByRole("button", { name: "Revoke" }).click();
  await page.locator("#revoke").getByRole("button", { name: "Revoke" }).click();
  await page.locator("tr", { hasText: "Reader" }).waitFor({ state: "detached" });
});

test("schedules are made, run now, paused and deleted", async ({ page }) => {
  const key = await tenant("Schedules");
  await call(key, "PUT", "/v1/definitions/nap", { definition: { steps: { nap: { do: "set", with: { value: 1 } } } } });
  await signIn(page, key);
  await page.getByRole("link", { name: "Schedules" }).click();
  await page.getByRole("button", { name: "New schedule" }).click();
  await page.fill("#schedule-name", "every-day");
  await page.locator("#schedule-definition option", { hasText: "nap" }).waitFor({ state: "attached" });
  await page.selectOption("#schedule-definition", "nap");
  await page.locator("#new-schedule").getByRole("button", { name: "Create" }).click();
  const row = page.locator("tr", { hasText: "every-day" });
  const act = async (name, dialog) => {
    await row.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name }).click();
    await page.locator(dialog).getByRole("button", { name }).click();
  };
  await act("Run now", "#trigger-schedule");
  await row.getByRole("link", { name: /tsk_/ }).waitFor({ timeout: 30_000 });
  await act("Pause", "#pause-schedule");
  await row.getByText("Paused").waitFor();
  await act("Delete", "#delete-schedule");
  await row.waitFor({ state: "detached" });
});

test("the operator makes a tenant, whose key signs in", async ({ page }) => {
  await signIn(page, OPERATOR);
  await page.getByRole("link", { name: "Tenants" }).click();
  await page.fill("#tenant-name", "Made by hand");
  await page.getByRole("button", { name: "Create tenant" }).click();
  const made = await page.locator("#made-key .copy-text").textContent();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.fill("#credential", made);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Wallets" }).waitFor();
});
