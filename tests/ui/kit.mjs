// The parts by keyboard alone, as the practices of WAI-ARIA say.

import { BASE, check, same, test } from "./runner.mjs";

const active = (page) => page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent);

async function kit(page) {
  await page.goto(`${BASE}/console/kit`);
  await page.waitForSelector("#kit-menu-button");
}

test("kit: a menu opens, goes round and closes by keyboard", async ({ page }) => {
  await kit(page);
  await page.focus("#kit-menu-button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#kit-menu:popover-open");
  await page.waitForFunction(() => document.activeElement?.textContent === "Pause");
  await page.keyboard.press("ArrowUp");
  same(await active(page), "Delete", "up from the first is the last");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  same(await active(page), "Resume", "down from the last is the first again");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#kit-menu:not(:popover-open)", { state: "attached" });
  same(await active(page), "kit-menu-button", "the focus is back at the button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#kit-menu:popover-open");
  // The browser tells of an open popover a moment later, and then the first entry gets the focus.
  await page.waitForFunction(() => document.activeElement?.textContent === "Pause");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".toast");
});

test("kit: a dialog keeps the focus, closes by Escape and gives it back", async ({ page }) => {
  await kit(page);
  const opener = page.getByRole("button", { name: "Open a dialog" });
  await opener.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#kit-dialog[open]");
  for (let press = 0; press < 5; press += 1) {
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(() => {
      const active = document.activeElement;
      return active === document.body || Boolean(active?.closest("#kit-dialog"));
    });
    check(inside, "Tab stays in the dialog");
  }
  await page.keyboard.press("Escape");
  await page.waitForSelector("#kit-dialog:not([open])", { state: "attached" });
  check(await opener.evaluate((button) => button === document.activeElement), "the focus is back");
});

test("kit: what is asked before is told, and done only by its button", async ({ page }) => {
  await kit(page);
  await page.locator(".section .button-danger", { hasText: "Revoke" }).click();
  await page.waitForSelector("#kit-confirm[open]");
  same(await page.locator("#kit-confirm .effects li").count(), 2, "what will happen");
  await page.keyboard.press("Escape");
  // The platform tells of a closed dialog a moment after it has closed it.
  await page.waitForSelector("#kit-confirm .effects", { state: "detached" });
  same(await page.locator(".toast").count(), 0, "Escape does nothing");
  await page.locator(".section .button-danger", { hasText: "Revoke" }).click();
  await page.locator("#kit-confirm .button-danger").press("Enter");
  await page.waitForSelector(".toast");
});

test("kit: tabs follow the arrows", async ({ page }) => {
  await kit(page);
  await page.focus("#tab-kit-one");
  await page.keyboard.press("ArrowRight");
  same(await active(page), "tab-kit-two", "right");
  same(await page.getAttribute("#tab-kit-two", "aria-selected"), "true", "it is chosen");
  await page.keyboard.press("End");
  same(await active(page), "tab-kit-three", "End");
  await page.keyboard.press("ArrowRight");
  same(await active(page), "tab-kit-one", "round");
  same(await page.locator("[role=tab][tabindex='0']").count(), 1, "one of them takes part in Tab");
});

test("kit: a table sorts up, down and not, and says so", async ({ page }) => {
  await kit(page);
  const table = page.locator(".table-frame").first();
  const sort = table.getByRole("button", { name: "Runs" });
  const first = () => table.locator("tbody tr td:nth-child(2)").first().textContent();
  await sort.press("Enter");
  same(await table.locator("[aria-sort]").getAttribute("aria-sort"), "ascending", "once");
  same(await first(), "1", "the least first");
  await sort.press("Enter");
  same(await table.locator("[aria-sort]").getAttribute("aria-sort"), "descending", "twice");
  same(await first(), "4", "the greatest first");
  await sort.press("Enter");
  same(await table.locator("[aria-sort]").count(), 0, "three times");
});

test("kit: ten thousand rows are few in the document, and all can be reached", async ({ page }) => {
  await kit(page);
  const frame = page.locator(".table-virtual");
  check((await frame.locator("tbody tr").count()) < 60, "few rows in the document");
  await frame.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await frame.getByText("payroll-10000").waitFor();
  check((await frame.locator("tbody tr").count()) < 60, "still few");
});

test("kit: fields say what is wrong with them to whoever cannot see it", async ({ page }) => {
  await kit(page);
  const field = page.locator("#kit-wrong");
  same(await field.getAttribute("aria-invalid"), "true", "it is wrong");
  const ids = (await field.getAttribute("aria-describedby")).split(" ");
  check((await page.locator(`#${ids.at(-1)}`).textContent()).length > 5, "it is told why");
  await page.focus("#kit-choice-erc20");
  await page.keyboard.press("ArrowDown");
  check(await page.isChecked("#kit-choice-erc721"), "arrows choose");
  await page.focus("#kit-check");
  await page.keyboard.press("Space");
  check(!(await page.isChecked("#kit-check")), "space unchecks");
});

test("kit: copying, and an explanation by focus", async ({ page }) => {
  await kit(page);
  await page.locator(".copy-button").first().press("Enter");
  await page.getByText("Copied", { exact: true }).first().waitFor({ state: "attached" });
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  same(copied, "0x52908400098527886E0F7030069857D2E4169EE7", "all of it, though it is shown shortened");
  await page.locator(".tip-word").focus();
  await page.locator("#kit-tip").waitFor({ state: "visible" });
});

test("kit: the palette finds pages, ids and DIDs", async ({ page }) => {
  await kit(page);
  await page.keyboard.press("Control+k");
  await page.waitForSelector("#palette[open]");
  same(await active(page), "palette-input", "one can write at once");
  await page.keyboard.type("did:key:z6Mk");
  same(await page.locator("[role=option]").count(), 1, "one hit");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#palette:not([open])", { state: "attached" });
  await page.keyboard.press("/");
  await page.keyboard.type("comp");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#palette:not([open])", { state: "attached" });
  check(page.url().endsWith("/console/kit"), "Enter goes there");
});

test("kit: the language is the browser's, then the one that was chosen", async ({ browser }) => {
  const context = await browser.newContext({ locale: "es-MX" });
  const page = await context.newPage();
  await page.goto(`${BASE}/console/kit`);
  await page.getByRole("heading", { level: 1, name: "Componentes" }).waitFor();
  same(await page.evaluate(() => document.documentElement.lang), "es", "the language of the page");
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("heading", { level: 1, name: "Components" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Components" }).waitFor();
  await context.close();
});
