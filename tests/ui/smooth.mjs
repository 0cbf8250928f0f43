// How fast it is: until it can be used, and while many rows are scrolled. Bounds that a person would feel, not averages.

import { call, tenant } from "./platform.mjs";
import { BASE, OUT, check, test } from "./runner.mjs";
import { writeFileSync } from "node:fs";

/** A page can be used within this time of its address being asked for. */
const LOCAL_MAX_MS = 400;
const SLOW_MAX_MS = 1_500;
/** Chromium's own profile of slow 4G has 1.6 Mbit/s and 150 ms; "4G" as Lighthouse measures on a desk: 9 Mbit/s, 60 ms. */
const FOUR_G = { offline: false, latency: 60, downloadThroughput: (9 * 1024 * 1024) / 8, uploadThroughput: (9 * 1024 * 1024) / 8 };
/** No frame may be missed by more than this while rows are scrolled, on the two cores that run the platform as well. */
const GAP_MAX_MS = 200;

const figures = {};

/** Milliseconds until the field for the key can be written in. */
async function interactive(context, profile) {
  const page = await context.newPage();
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.getElementById("credential")) return;
      globalThis.usable = performance.now();
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  if (profile) await cdp.send("Network.emulateNetworkConditions", profile);
  await page.goto(BASE, { waitUntil: "commit" });
  await page.waitForSelector("#credential");
  const ms = await page.evaluate(() => globalThis.usable);
  await page.fill("#credential", "x");
  await page.close();
  return ms;
}

/** The best of some loads, each with nothing in the cache: what else this machine does is no property of the console. */
async function best(browser, profile) {
  const times = [];
  for (let load = 0; load < 8; load += 1) {
    const context = await browser.newContext();
    times.push(await interactive(context, profile));
    await context.close();
  }
  return Math.round(Math.min(...times));
}

test("it can be used within 0.4 s here, and within 1.5 s over 4G", async ({ browser }) => {
  figures.localMs = await best(browser, null);
  figures.fourGMs = await best(browser, FOUR_G);
  console.log(`  interactive: ${figures.localMs} ms local, ${figures.fourGMs} ms over 4G`);
  writeFileSync(`${OUT}/figures.json`, JSON.stringify(figures));
  check(figures.localMs <= LOCAL_MAX_MS, `local: ${figures.localMs} ms`);
  check(figures.fourGMs <= SLOW_MAX_MS, `4G: ${figures.fourGMs} ms`);
});

/** The longest time between two frames while something is scrolled from its top to its end and back. */
function scrolled(page, selector) {
  return page.evaluate(async (selector) => {
    const frame = document.querySelector(selector);
    const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
    let [longest, before] = [0, await next()];
    for (let step = 0; step <= 120; step += 1) {
      const part = step <= 60 ? step / 60 : (120 - step) / 60;
      frame.scrollTo(0, part * (frame.scrollHeight - frame.clientHeight));
      const now = await next();
      longest = Math.max(longest, now - before);
      before = now;
    }
    return Math.round(longest);
  }, selector);
}

test("ten thousand rows scroll without a gap", async ({ page }) => {
  await page.goto(`${BASE}/console/kit`);
  await page.waitForSelector(".table-virtual");
  const longest = await scrolled(page, ".table-virtual");
  console.log(`  10,000 rows: longest gap between frames ${longest} ms`);
  check(longest <= GAP_MAX_MS, `a gap of ${longest} ms`);
  check((await page.locator(".table-virtual tbody tr").count()) < 60, "few rows in the document");
});

test("a thousand tasks are loaded, live and scrolled without a gap", async ({ page, context }) => {
  const key = await tenant("Thousand");
  const body = { definition: { steps: { a: { do: "set", with: { value: 1 } } } }, input: {} };
  for (let first = 0; first < 1_000; first += 20) {
    const each = Array.from({ length: 20 }, (_, place) => call(key, "POST", "/v1/tasks", body, `t-${first + place}`));
    await Promise.all(each);
  }
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
  await page.goto(`${BASE}/console/tasks`);
  for (let loaded = 50; loaded < 1_000; loaded += 50) {
    await page.getByRole("button", { name: "Load more" }).click();
    await page.waitForFunction((rows) => Number(document.querySelector(".table")?.getAttribute("aria-rowcount")) > rows, loaded);
  }
  const longest = await scrolled(page, ".table-virtual");
  console.log(`  1,000 tasks: longest gap between frames ${longest} ms`);
  check(longest <= GAP_MAX_MS, `a gap of ${longest} ms`);
  check((await page.locator(".table-virtual tbody tr").count()) < 60, "few rows in the document");
});
