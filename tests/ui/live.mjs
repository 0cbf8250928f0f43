// A task that is followed as it happens: by a stream, by the clock where there is none, and from where it was left.

import { call, tenant } from "./platform.mjs";
import { BASE, check, same, test } from "./runner.mjs";

const WAIT = { steps: { go: { do: "wait.signal", with: { name: "go" } }, again: { do: "wait.signal", needs: ["go"], with: { name: "again" } } } };

/** A page with a task that waits, and what it asks. */
async function watched(page, context, name) {
  const key = await tenant(name);
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
  const task = await call(key, "POST", "/v1/tasks", { definition: WAIT, input: {} }, "wait");
  const asked = { streams: [], looks: 0 };
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.endsWith(`${task.id}/events`)) asked.streams.push(request.headers()["last-event-id"]);
    if (pathname.endsWith(task.id)) asked.looks += 1;
  });
  const says = (word) => page.locator(".follow .badge", { hasText: word }).waitFor({ timeout: 45_000 });
  const signal = (name) => call(key, "POST", `/v1/tasks/${task.id}/signal/${name}`, {}, name);
  const step = (name, state) => page.locator(".moment", { has: page.locator(".step-name", { hasText: name }) }).locator(".badge", { hasText: state }).waitFor();
  return { path: `${BASE}/console/tasks/${task.id}`, asked, says, signal, step };
}

test("a task is followed live and not asked for by the clock; it stops when a person pauses", async ({ page, context }) => {
  const { path, asked, says, signal, step } = await watched(page, context, "Followed");
  await page.goto(path);
  await says("Live");
  const before = asked.looks;
  await page.waitForTimeout(4_000);
  check(asked.looks - before <= 1, `nothing happens, and it was asked ${asked.looks - before} times`);
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await says("Paused");
  await signal("go");
  await page.waitForTimeout(2_500);
  same(await page.locator(".badge", { hasText: "Waits for a signal" }).count(), 1, "what was there stays");
  await page.getByRole("button", { name: "Resume" }).click();
  await says("Live");
  await step("go", "Done");
  check(Number(asked.streams.at(-1)) > 0, `it goes on after ${asked.streams.at(-1)}`);
  await signal("again");
  await page.locator(".summary .badge-good", { hasText: "Done" }).waitFor();
  await page.locator(".follow").waitFor({ state: "detached" });
});

test("without a stream a task is asked for by the clock, and that is said", async ({ page, context }) => {
  const { path, says, signal, step } = await watched(page, context, "Polled");
  await page.route("**/events", (route) => route.fulfill({ status: 503, body: "no" }));
  await page.goto(path);
  await says("Every second");
  await signal("go");
  await step("go", "Done");
  await page.unroute("**/events");
  await says("Live");
});

test("a task that was out of reach is taken up where it was left", async ({ page, context }) => {
  const { path, asked, says, signal, step } = await watched(page, context, "Offline");
  await page.goto(path);
  await says("Live");
  await context.setOffline(true);
  await says("Offline");
  await signal("go");
  await context.setOffline(false);
  await says("Live");
  await step("go", "Done");
  same(asked.streams[0], "0", "at first from the beginning");
  check(Number(asked.streams.at(-1)) > 0, `then from ${asked.streams.at(-1)}`);
});
