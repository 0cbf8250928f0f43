// The smallest runner that the suite needs: tests one after the other, each with a browser context of its own, none
// longer than its bound, and a closing line that xtask counts.

import { chromium } from "playwright-core";
import { sheet } from "./sheet.mjs";

/** No test takes longer. */
const TEST_MAX_MS = 180_000;
/** Where everything is; xtask says so. */
export const BASE = process.env.AION_BASE_URL;
export const OPERATOR = process.env.AION_OPERATOR_TOKEN;
export const OUT = process.env.AION_OUT;
/** The harness, which stops and starts parts; the system that stands for a provider of models. */
export const CONTROL = process.env.AION_CONTROL;
export const ORIGIN = process.env.AION_ORIGIN;
/** Only tests whose name matches this. */
const ONLY = new RegExp(process.env.AION_ONLY ?? "");

const tests = [];

/** Adds a test. */
export function test(name, run) {
  if (ONLY.test(name)) tests.push({ name, run });
}

/** Fails with what was expected. */
export function check(condition, message) {
  if (!condition) throw new Error(message);
}

/** Fails unless both are the same. */
export function same(found, expected, message) {
  check(found === expected, `${message}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

/** What the browser complained of; empty at the end of every test. */
export function listen(page, complaints) {
  page.on("console", (message) => {
    // A refused request is an answer that the console shows, and so is no connection; its own errors and its policy's
    // are faults.
    const answers = ["the server responded", "net::ERR_INTERNET_DISCONNECTED"];
    const answered = answers.some((answer) => message.text().startsWith(`Failed to load resource: ${answer}`));
    if (["error", "warning"].includes(message.type()) && !answered) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`a script of a name ran: ${dialog.message()}`);
    dialog.dismiss();
  });
}

/** Runs all tests, and ends the process with their result. */
export async function main() {
  const browser = await chromium.launch({
    executablePath: process.env.AION_CHROMIUM,
    // As root, Chromium starts without its sandbox only; it meets nothing but our own pages here.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  let passed = 0;
  let failed = 0;
  for (const { name, run } of tests) {
    const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 900 } });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: BASE });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complaints = [];
    listen(page, complaints);
    let timer;
    const bound = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("it takes too long")), TEST_MAX_MS);
    });
    try {
      await Promise.race([run({ page, context, browser }), bound]);
      check(complaints.length === 0, `the browser complained: ${complaints.join(" | ")}`);
      passed += 1;
      console.log(`test ${name} ... ok`);
    } catch (error) {
      failed += 1;
      console.log(`test ${name} ... FAILED\n${error.stack}`);
      await page.screenshot({ path: `${OUT}/failed-${failed}.png` }).catch(() => {});
    } finally {
      clearTimeout(timer);
      await context.close();
    }
  }
  await sheet(browser);
  await browser.close();
  console.log(`test result: ${failed ? "FAILED" : "ok"}. ${passed} passed; ${failed} failed;`);
  process.exit(failed ? 1 : 0);
}
