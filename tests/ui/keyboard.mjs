// Each area by keyboard alone: it is gone to by the palette, and everything in it that can be used is reached.

import { furnished } from "./platform.mjs";
import { BASE, check, same, test } from "./runner.mjs";

/** What an area is called in the palette, its address, and what shows that it is there. */
const areas = (world) => [
  ["Overview", "/", ".part"],
  ["Tasks", "/console/tasks", ".table tbody tr"],
  [world.created, `/console/tasks/${world.created}`, ".moment"],
  ["Approvals", "/console/approvals", ".cards .table"],
  ["Wallets", "/console/wallets", ".table tbody tr"],
  ["Identities", "/console/identities", ".table tbody tr"],
  ["Tokens", "/console/tokens", ".table tbody tr"],
  ["Definitions", "/console/definitions", ".table tbody tr"],
  ["Plans", "/console/mind", ".table tbody tr"],
  ["Models and budgets", "/console/mind/models", ".table tbody tr"],
  ["Routes", "/console/edge/routes", ".table tbody tr"],
  ["API keys", "/console/keys", ".table tbody tr"],
];

/** Presses Tab until the focus comes round: how much there is, what was never reached in the page, and where the focus was not seen. */
async function round(page) {
  const total = await page.evaluate(() => {
    const usable = "a[href], button:not(:disabled), input:not(:disabled), select, textarea, summary";
    // Of tabs and choices one is reached by Tab and the others by arrows; what is in a closed part is not there.
    const one = (element) => element.matches('[tabindex="-1"], input[type="radio"]');
    const all = [...document.querySelector("main").querySelectorAll(usable)];
    globalThis.missed = new Set(all.filter((element) => !one(element) && element.checkVisibility()));
    globalThis.unseen = [];
    return globalThis.missed.size;
  });
  for (let pressed = 0; pressed < 400; pressed += 1) {
    await page.keyboard.press("Tab");
    const left = await page.evaluate(() => {
      const element = document.activeElement;
      if (globalThis.missed.delete(element)) {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        const seen = (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
        if (!seen) globalThis.unseen.push(element.outerHTML.slice(0, 120));
      }
      return globalThis.missed.size;
    });
    if (left === 0) break;
  }
  const told = await page.evaluate(() => [[...globalThis.missed].map((one) => one.outerHTML.slice(0, 120)), globalThis.unseen]);
  return [total, ...told];
}

test("twelve areas by keyboard alone", async ({ page, context }) => {
  const world = await furnished();
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), world.key);
  await page.goto(`${BASE}/console/settings`);
  await page.waitForSelector("#language");
  const list = areas(world);
  same(list.length, 12, "areas");
  let reached = 0;
  for (const [name, path, there] of list) {
    await page.keyboard.press("Control+k");
    await page.waitForSelector("#palette[open]");
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === path);
    await page.waitForSelector(there);
    const [total, missed, unseen] = await round(page);
    console.log(`  ${name}: ${total} by Tab`);
    reached += total;
    check(missed.length === 0, `${name}: never reached: ${missed.join(" ; ")}`);
    check(unseen.length === 0, `${name}: the focus is not seen: ${unseen.join(" ; ")}`);
  }
  check(reached >= 60, `there was something to reach: ${reached}`);
});
