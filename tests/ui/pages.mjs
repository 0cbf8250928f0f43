// Every page and state: no rule of axe broken, no complaint of the browser, nothing wider than the screen, no text of a
// name taken for markup, in both languages, both colours and both sizes; with a picture of each.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tenantOf } from "./entrance.mjs";
import { HOSTILE, call, furnished } from "./platform.mjs";
import { BASE, OPERATOR, OUT, check, listen, test } from "./runner.mjs";
import { asked, makeKey } from "./signing.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [
  { name: "1280", width: 1280, height: 900 },
  { name: "390", width: 390, height: 844 },
];

/** Pages of a tenant: their names, their addresses, and what shows that they are there. */
function pages(world) {
  const stands = (selector) => (page) => page.waitForSelector(selector);
  return [
    ["overview", "/", stands(".part")],
    ["tasks", "/console/tasks", stands(".table tbody tr")],
    ["tasks-empty", "/console/tasks?state=compensated", stands(".empty")],
    ["task-done", `/console/tasks/${world.created}`, stands(".moment")],
    ["task-waiting", `/console/tasks/${world.waiting}`, stands(".moment")],
    ["task-paused", `/console/tasks/${world.waiting}`, paused],
    ["task-failed", `/console/tasks/${world.failed}`, stands(".notice-bad")],
    ["task-history", `/console/tasks/${world.created}`, history],
    ["task-unknown", "/console/tasks/tsk_00aaaaaaaaaaaaaaaaaaaa", stands(".problem")],
    ["task-cancel", `/console/tasks/${world.waiting}`, dialog(".actions .button-danger", "#cancel")],
    ["identities", "/console/identities", stands(".table tbody tr")],
    ["identity", `/console/identities/${world.identity.id}`, stands(".json")],
    ["identity-new", "/console/identities", dialog(".page-actions .button-primary", "#new-identity")],
    ["resolve", `/console/resolve?did=${encodeURIComponent(world.identity.did)}`, stands(".key")],
    ["wallets", "/console/wallets", stands(".table tbody tr")],
    ["wallet", `/console/wallets/${world.wallet.id}`, used],
    ["wallet-new", "/console/wallets", dialog(".page-actions .button-primary", "#new-wallet")],
    ["tokens", "/console/tokens", stands(".table tbody tr")],
    ["token", `/console/tokens/${world.token}`, stands(".section .table-frame")],
    ["token-mint", `/console/tokens/${world.token}`, dialog(".actions .button-primary", "#mint")],
    ["token-new", "/console/tokens/new", invalid],
    ["definitions", "/console/definitions", stands(".table tbody tr")],
    ["definition", "/console/definitions/stored/payroll", stands(".notice-good")],
    ["definition-wrong", "/console/definitions/new", wrong],
    ["schedules", "/console/schedules", stands(".table tbody tr")],
    ["schedule-new", "/console/schedules", dialog(".page-actions .button-primary", "#new-schedule")],
    ["approvals", "/console/approvals", stands(".cards .table")],
    ["approval-decide", "/console/approvals", dialog(".cards .button-primary", "#decide")],
    ["mind", "/console/mind", stands(".table tbody tr")],
    ["plan", `/console/mind/plans/${world.plan}`, stands(".table tbody tr")],
    ["plan-stop", `/console/mind/plans/${world.plan}`, dialog(".actions .button-danger", "#question")],
    ["agents", "/console/mind/agents", stands(".table tbody tr")],
    ["agent", "/console/mind/agents/payer", stands("#paper")],
    ["agent-memory", "/console/mind/agents/payer", memory],
    ["chat", "/console/mind/chat", talk("planner", '.chat[aria-busy="false"] .turn-text + .hint')],
    ["chat-failed", "/console/mind/chat", talk("nobody", ".problem")],
    ["models", "/console/mind/models", stands(".table tbody tr")],
    ["routes", "/console/edge/routes", stands(".table tbody tr")],
    ["functions", "/console/edge/functions", stands(".empty")],
    ["function-new", "/console/edge/functions", dialog(".page-actions .button-primary", "#put-function")],
    ["tasks-many", "/console/tasks", many],
    ["limits", "/console/limits", stands(".table tbody tr")],
    ["keys", "/console/keys", stands(".table tbody tr")],
    ["key-new", "/console/keys", dialog(".page-actions .button-primary", "#new-key")],
    ["members", "/console/members", stands(".table tbody tr")],
    ["member-new", "/console/members", dialog(".page-actions .button-primary", "#member")],
    ["settings", "/console/settings", stands("#language")],
    ["settings-key", "/console/settings", makeKey],
    ["settings-forget", "/console/settings", dialog(".section .button-danger", "#forget-key")],
    ["approval-here", "/console/approvals", here(world)],
    ["nowhere", "/console/nowhere", stands("h1")],
    ["palette", "/console/settings", palette],
    ["kit", "/console/kit", stands(".plot")],
  ];
}

/** Pages that only who has signed in as a member has. */
const memberPages = [
  ["settings-member", "/console/settings", (page) => page.waitForSelector(".section .empty")],
  ["passkey-new", "/console/settings", dialog(".section .empty ~ .actions .button-primary", "#passkey")],
];

const operatorPages = [
  ["operator-overview", "/", (page) => page.waitForSelector(".part")],
  ["operator-tenants", "/console/tenants", (page) => page.waitForSelector("#tenant-name")],
  ["operator-alerts", "/console/alerts", (page) => page.waitForSelector(".table tbody tr")],
];

async function history(page) {
  await page.click("#tab-history");
  await page.waitForSelector(".notice-good");
}

function dialog(press, id) {
  return async (page) => {
    await page.click(press);
    await page.waitForSelector(`${id}[open]`);
  };
}

async function paused(page) {
  await page.locator(".follow .badge-good").waitFor();
  await page.locator(".follow .button").click();
  await page.locator(".follow .badge-warn").waitFor();
}

/** The token of the furnished tenant was created: today, if no day has begun since. */
async function used(page) {
  await page.locator(".pair", { hasText: /Tokens (created|creados)/ }).getByText(/^[01] (of|de) 20/).waitFor();
}

async function memory(page) {
  await page.locator(".section .actions .button").nth(1).click();
  await page.waitForSelector("#paper");
  // What was pressed was brought into view; a link that is half below the head of the page is too small.
  await page.evaluate(() => scrollTo(0, 0));
}

function talk(model, selector) {
  return async (page) => {
    await page.fill("#chat-model", model);
    await page.fill("#message", HOSTILE);
    await page.press("#message", "Enter");
    await page.waitForSelector(selector);
    // The button becomes another one, and its colours pass from one to the other.
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished)));
  };
}

/** A decision that the key of this browser may make. */
function here(world) {
  return async (page) => {
    const did = await own(page);
    const task = await asked(world.key, [did], HOSTILE, `here-${did}`);
    await page.locator(".card", { hasText: task.id }).locator(".button-primary").click({ timeout: 15_000 });
    await page.waitForSelector("#sign-here");
  };
}

/** The DID of this browser's key. */
async function own(page) {
  const other = await page.context().newPage();
  await other.goto(`${BASE}/console/settings`);
  const did = await makeKey(other);
  await other.close();
  return did;
}

/** A way to sign in. */
function way(tab, selector) {
  return async (page) => {
    await page.click(tab);
    await page.waitForSelector(selector);
  };
}

async function many(page) {
  await page.locator(".choose").first().check();
  await page.waitForSelector(".bulk");
}

async function invalid(page) {
  await page.click(".form-end .button-primary");
  await page.waitForSelector(".field-error");
}

async function wrong(page) {
  await page.fill("#definition", '{ "steps": { "a": { "do": "slep" } } }');
  await page.waitForSelector(".faults li");
}

async function palette(page) {
  await page.waitForSelector("#language");
  await page.keyboard.press("Control+k");
  await page.waitForSelector("#palette[open]");
}

/** Shows a page of the console: loaded once, then as a link of its own does it. */
async function show(page, path) {
  if (page.url() === "about:blank") {
    await page.goto(BASE + path, { waitUntil: "load" });
  } else {
    await page.keyboard.press("Escape");
    await page.evaluate(async (path) => {
      history.pushState(null, "", path);
      dispatchEvent(new PopStateEvent("popstate"));
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      scrollTo(0, 0);
    }, path);
  }
  await page.waitForSelector("h1");
}

/** A session that a member opens. */
async function session({ key, person }) {
  const { message } = await call("", "POST", "/v1/sessions:challenge", { tenant: tenantOf(key), did: person.did });
  return call("", "POST", "/v1/sessions", { proof: person.sign(message) });
}

/** What is wrong with a page as it stands. */
export async function faults(page) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const broken = await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 140)).join(" ; ")}`);
  });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1);
  const images = await page.evaluate(() => document.querySelectorAll("body img").length);
  if (wide) broken.push("the page is wider than the screen");
  if (images) broken.push("a name became an element");
  return broken;
}

for (const lang of ["es", "en"]) {
  for (const theme of ["light", "dark"]) {
    for (const size of SIZES) {
      test(`pages ${lang} ${theme} ${size.name}`, async ({ browser }) => {
        const world = await furnished();
        const found = [];
        const visit = async (credential, list, until) => {
          const context = await browser.newContext({ viewport: size, locale: "en-US" });
          await context.addInitScript(
            ([credential, until, lang, theme]) => {
              if (credential) sessionStorage.setItem("aion.credential", credential);
              if (until) sessionStorage.setItem("aion.until", until);
              localStorage.setItem("aion.language", lang);
              localStorage.setItem("aion.theme", theme);
            },
            [credential, until, lang, theme],
          );
          const page = await context.newPage();
          page.setDefaultTimeout(15_000);
          for (const [name, path, ready] of list) {
            const complaints = [];
            page.removeAllListeners("console");
            listen(page, complaints);
            await show(page, path);
            try {
              await ready(page);
            } catch (error) {
              found.push(`${name}: ${error.message.split("\n")[0]}`);
            }
            const said = [...(await faults(page)), ...complaints];
            const spoken = await page.evaluate(() => document.documentElement.lang);
            if (spoken !== lang) said.push(`it speaks ${spoken}`);
            found.push(...said.map((fault) => `${name}: ${fault}`));
            await page.screenshot({ path: `${OUT}/${name}.${lang}.${theme}.${size.name}.png` });
          }
          await context.close();
        };
        await visit(world.key, pages(world));
        await visit(OPERATOR, operatorPages);
        const { apiKey, expiresAt } = await session(world);
        await visit(apiKey, memberPages, expiresAt);
        await visit(null, [
          ["sign-in", "/", (page) => page.waitForSelector("#credential")],
          ["sign-in-no-wallet", "/", way("#tab-by-wallet", ".notice-warn")],
          ["sign-in-key", "/", way("#tab-by-key", "#tabpanel-by-credential .button-primary")],
        ]);
        check(found.length === 0, `\n${found.join("\n")}`);
      });
    }
  }
}

test("hostile names show as text", async ({ page, context }) => {
  const world = await furnished();
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), world.key);
  for (const path of ["/console/wallets", "/console/tokens", `/console/tokens/${world.token}`]) {
    await page.goto(BASE + path);
    await page.getByText(HOSTILE, { exact: false }).first().waitFor();
  }
  await page.goto(`${BASE}/console/tasks/${world.done}`);
  await page.click("#tab-input");
  await page.getByText(HOSTILE, { exact: false }).first().waitFor();
  await page.goto(`${BASE}/console/resolve?did=${encodeURIComponent(`did:key:${HOSTILE}`)}`);
  await page.waitForSelector(".problem");
});
