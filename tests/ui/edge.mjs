// The edge by hand: routes that are tried out before they are put, the cache, functions; documents that are edited.

import { call, furnished, tenant } from "./platform.mjs";
import { BASE, OPERATOR, check, same, test } from "./runner.mjs";

const TABLE = { routes: [{ name: "shop", match: { path: "/shop/{rest*}" }, targets: [{ api: true }] }] };

test("routes are tried out, put as a version, and held against the one before", async ({ page, context }) => {
  const key = await tenant("Routes");
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
  await page.goto(`${BASE}/console/edge/routes`);
  const press = (name) => page.getByRole("button", { name, exact: true }).first().click();
  await page.fill("#paper", "{");
  await press("Try it out");
  await page.waitForSelector("#paper-error");
  await page.fill("#paper", JSON.stringify({ routes: [{ ...TABLE.routes[0], targets: [{ origin: "https://nowhere.example" }] }] }));
  await press("Try it out");
  await page.locator(".problem").getByText("hosts that the tenant allows", { exact: false }).waitFor();
  await page.fill("#paper", JSON.stringify(TABLE));
  await press("Try it out");
  await page.getByText("It would be accepted as it is", { exact: false }).waitFor();
  same((await call(key, "GET", "/v1/routes")).version, 0, "nothing was put");
  const save = async () => {
    await press("Save");
    await page.locator("#save-paper .diff").waitFor();
    await page.locator("#save-paper").getByRole("button", { name: "Save" }).click();
  };
  await save();
  await page.getByText("Version 1", { exact: false }).first().waitFor();
  await page.fill("#paper", JSON.stringify({ routes: [{ ...TABLE.routes[0], cache: { ttlS: 60 } }] }));
  // Somebody else was faster.
  await call(key, "PUT", "/v1/routes", { routes: [{ ...TABLE.routes[0], name: "store" }] });
  await save();
  await page.locator("#save-paper .problem").waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Version 1" }).click();
  await page.locator(".diff-old", { hasText: "shop" }).waitFor();
  await page.getByRole("button", { name: "Purge everything" }).click();
  await page.locator("#question").getByText("All answers that are kept are forgotten.").waitFor();
  await page.locator("#question").getByRole("button", { name: "Purge" }).click();
  await page.getByText("Done", { exact: true }).first().waitFor();
});

test("a module that is none is refused with its reason", async ({ page, context }) => {
  const key = await tenant("Functions");
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
  await page.goto(`${BASE}/console/edge/functions`);
  await page.getByRole("button", { name: "Upload a module" }).click();
  const dialog = page.locator("#put-function");
  await page.fill("#function-name", "Wrong Name");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.waitForSelector("#function-name-error");
  await page.fill("#function-name", "gate");
  await page.setInputFiles("#module", { name: "gate.wasm", mimeType: "application/wasm", buffer: Buffer.from("(module)") });
  await page.check("#grant-fetch");
  await dialog.getByText("It may ask for: fetch.").waitFor();
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.locator(".problem").getByText("binary WebAssembly module", { exact: false }).waitFor();
});

/** The least that is a function: it exports `memory` and `handle`, which does nothing. */
const LEAST = Buffer.from(
  "0061736d01000000010401600000030201000503010001071302066d656d6f7279020006" + "68616e646c6500000a040102000b", "hex");

test("a module is uploaded with its grants, then as its next version, and deleted", async ({ page, context }) => {
  const key = await tenant("Uploads");
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
  await page.goto(`${BASE}/console/edge/functions`);
  const upload = async (buffer) => {
    await page.getByRole("button", { name: "Upload a module" }).first().click();
    await page.fill("#function-name", "gate");
    await page.setInputFiles("#module", { name: "gate.wasm", mimeType: "application/wasm", buffer });
    await page.locator("#put-function").getByRole("button", { name: "Save" }).click();
    await page.locator("#put-function").waitFor({ state: "hidden" });
  };
  await upload(LEAST);
  const row = page.locator("tr", { hasText: "gate" });
  await row.waitFor();
  same((await call(key, "GET", "/v1/functions")).items[0].bytes, LEAST.length, "all of its bytes");
  // A custom section makes it another module.
  await upload(Buffer.concat([LEAST, Buffer.from("0003016162", "hex")]));
  await row.locator("td", { hasText: /^2$/ }).waitFor();
  await row.getByRole("button", { name: "Delete" }).click();
  await page.locator("#question").getByText("“gate” goes with all of its versions", { exact: false }).waitFor();
  await page.locator("#question").getByRole("button", { name: "Delete" }).click();
  await row.waitFor({ state: "detached" });
  same((await call(key, "GET", "/v1/functions")).items.length, 0, "it is gone");
});

test("limits, an identity and alerts are edited as documents", async ({ page, context }) => {
  const world = await furnished();
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), world.key);
  const save = async (text) => {
    await page.fill("#paper", text);
    await page.getByRole("button", { name: "Save", exact: true }).first().click();
    await page.locator("#save-paper").getByRole("button", { name: "Save" }).click();
  };
  await page.goto(`${BASE}/console/limits`);
  await page.locator(".fold > summary", { hasText: "Edit" }).click();
  const rule = { name: "writes-by-hand", match: { scopes: ["task:write"] }, per: ["key"], limit: 6_000, windowSeconds: 60, burst: 600 };
  await save(JSON.stringify({ rules: [rule] }));
  await page.locator("td", { hasText: "writes-by-hand" }).first().waitFor();
  await page.goto(`${BASE}/console/identities/${encodeURIComponent(world.identity.id)}`);
  await page.getByRole("tab", { name: "Edit" }).click();
  const service = { id: "site", type: "LinkedDomains", serviceEndpoint: "https://ana.example" };
  await save(JSON.stringify({ services: [service], alsoKnownAs: [] }));
  // The page is shown anew, at the tab where it was, with the document as it is now.
  await page.getByText("2-", { exact: false }).first().waitFor();
  await page.locator('[role=tab][aria-selected="true"]', { hasText: "Edit" }).waitFor();
  await page.getByRole("tab", { name: "Document" }).click();
  await page.locator(".json-string", { hasText: "https://ana.example" }).waitFor({ state: "attached" });
  await page.getByRole("tab", { name: "History" }).click();
  await page.locator(".diff-new", { hasText: "ana.example" }).first().waitFor();
  check((await call(world.key, "GET", `/v1/identities/${world.identity.id}`)).versionId.startsWith("2-"), "a second version");

  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), OPERATOR);
  await page.goto(`${BASE}/console/alerts`);
  await page.waitForSelector("#paper");
  const before = JSON.parse(await page.inputValue("#paper"));
  await page.fill("#paper", JSON.stringify({ ...before, rules: [{ name: "x" }] }));
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.locator(".told .problem").waitFor();
  await page.fill("#paper", JSON.stringify(before));
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.locator(".told .notice-good").waitFor();
});
