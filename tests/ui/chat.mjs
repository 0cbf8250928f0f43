// A conversation with a model: in pieces, as text, stopped, failed; and an agent's memory by hand.

import { HOSTILE, call, furnished, provider, tenant } from "./platform.mjs";
import { BASE, check, same, test } from "./runner.mjs";

async function chat(page, context, name, wishes) {
  const key = await tenant(name);
  const set = await provider(key, wishes);
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
  await page.goto(`${BASE}/console/mind/chat`);
  return { key, set, answers: page.locator(".turn:not(.turn-asks)") };
}

test("a model answers in pieces, its text is text, and the conversation goes on", async ({ page, context }) => {
  const says = `${HOSTILE} <script>alert(1)</script> and more`;
  const hex = Buffer.from(says).toString("hex");
  const { answers } = await chat(page, context, "Talks", `says=${hex}&pause=400`);
  const sent = [];
  page.on("request", (request) => request.url().endsWith("/v1/mind/chat") && sent.push(request.postDataJSON()));
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForSelector("#message-error");
  await page.fill("#message", "Hi");
  await page.locator("#message").press("Enter");
  await page.locator(".chat[aria-busy=true]").waitFor();
  await page.waitForFunction(() => document.querySelectorAll(".turn-text")[1]?.textContent.length > 0);
  const early = await answers.first().locator(".turn-text").textContent();
  check(early.length < says.length, `the first words come before the last: ${early}`);
  await page.locator(".chat[aria-busy=false]").waitFor();
  same(await answers.first().locator(".turn-text").textContent(), says, "all of it, as text");
  await answers.first().getByText("10 tokens read, 5 written").waitFor();
  same(await page.evaluate(() => document.activeElement.id), "message", "the next message can be written at once");
  await page.fill("#message", "And then?");
  await page.locator("#message").press("Enter");
  await answers.nth(1).getByText("10 tokens read").waitFor();
  const roles = sent[1].messages.map(({ role, parts }) => `${role}: ${parts[0].text}`);
  same(roles.join(" | "), `user: Hi | assistant: ${says} | user: And then?`, "what was said before goes along");
  same(await page.locator("body img, body .chat script").count(), 0, "nothing of it became an element");
});

test("the models that can be named come late, and nobody's writing is disturbed", async ({ page, context }) => {
  let go;
  const late = new Promise((resolve) => { go = resolve; });
  await context.route("**/v1/mind/providers", async (route) => {
    await late;
    await route.continue();
  });
  await chat(page, context, "Late", "");
  await page.fill("#chat-model", "");
  await page.locator("#chat-model").pressSequentially("plan");
  go();
  await page.locator("#chat-model-list option").first().waitFor({ state: "attached" });
  await page.keyboard.type("ner");
  same(await page.inputValue("#chat-model"), "planner", "it is written on");
});

test("an answer is stopped by the person who asked", async ({ page, context }) => {
  const { answers } = await chat(page, context, "Stops", "words=400&pause=100");
  await page.fill("#message", "Tell me everything");
  await page.getByRole("button", { name: "Send" }).click();
  await answers.first().getByText("Hello", { exact: false }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await answers.first().getByText("you stopped it", { exact: false }).waitFor();
  same(await page.locator(".problem").count(), 0, "to stop is no failure");
  await page.getByRole("button", { name: "Send" }).waitFor();
});

test("what fails is told with its page and its request, and can be asked again", async ({ page, context }) => {
  const { key, set, answers } = await chat(page, context, "Fails", "cut=1");
  await page.fill("#chat-model", "nobody");
  await page.fill("#message", "Hi");
  await page.locator("#message").press("Enter");
  const problem = page.locator(".problem");
  await problem.getByRole("link", { name: "model.unknown" }).waitFor();
  check(/[0-9a-zA-Z-]{8,}/.test(await problem.locator("code").last().textContent()), "its request id");
  same(await page.inputValue("#message"), "Hi", "what was asked is there to be sent again");
  same(await page.locator(".turn").count(), 0, "nothing was said");
  await page.fill("#chat-model", "auto");
  await page.locator("#message").press("Enter");
  await problem.getByText("The answer did not come whole").waitFor();
  check(/[0-9a-zA-Z-]{8,}/.test(await problem.locator("code").last().textContent()), "its request id");
  await set("");
  await page.fill("#message", "Hi again");
  await page.locator("#message").press("Enter");
  await answers.last().getByText("10 tokens read").waitFor();
  same(await problem.count(), 0, "the failure is over");
  await call(key, "POST", "/v1/mind:stop", {});
  await page.fill("#message", "Hi?");
  await page.locator("#message").press("Enter");
  await problem.getByRole("link", { name: "mind.stopped" }).waitFor();
});

test("an agent's memory is edited as a document", async ({ page, context }) => {
  const { key } = await furnished();
  await context.addInitScript((key) => sessionStorage.setItem("aion.credential", key), key);
  await page.goto(`${BASE}/console/mind/agents/payer`);
  await page.getByRole("button", { name: "Memory" }).click();
  await page.locator("label", { hasText: "Memory" }).waitFor();
  const save = async (memory) => {
    await page.fill("#paper", JSON.stringify(memory));
    await page.getByRole("button", { name: "Save", exact: true }).first().click();
    await page.locator("#save-paper").getByRole("button", { name: "Save" }).click();
  };
  await save({ payday: { says: { form: "wish", answer: 1 }, plan: "pln_1", atMs: 1 } });
  await page.locator("#save-paper .problem").waitFor();
  await page.locator("#save-paper").getByRole("button", { name: "Back" }).click();
  const memory = { payday: { says: { form: "number", answer: 25 }, plan: "pln_1", atMs: 1 } };
  await save(memory);
  await page.locator(".json-name", { hasText: "payday" }).waitFor({ state: "attached" });
  same(JSON.stringify(await call(key, "GET", "/v1/mind/agents/payer/memory")), JSON.stringify(memory), "what the API keeps");
  await page.locator("label", { hasText: "Memory" }).waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Memory" }).click();
  await page.waitForFunction(() => document.querySelector("#paper")?.value.includes("payday"));
  await save({});
  await page.locator(".json-name", { hasText: "payday" }).waitFor({ state: "detached" });
});
