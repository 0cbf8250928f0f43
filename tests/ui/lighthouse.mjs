// Lighthouse: accessibility without a flaw, best practices above their bound, on pages that need no credential.

import { createServer } from "node:net";
import lighthouse from "lighthouse";
import { chromium } from "playwright-core";
import { BASE, check, test } from "./runner.mjs";

/** A port that nobody uses. */
function free() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

test("Lighthouse: accessibility 1.0, best practices at least 0.95", async () => {
  const port = await free();
  const browser = await chromium.launch({
    executablePath: process.env.AION_CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage", `--remote-debugging-port=${port}`],
  });
  try {
    for (const path of ["/", "/console/kit"]) {
      const options = { port, output: "json", logLevel: "error", onlyCategories: ["accessibility", "best-practices"] };
      const { lhr } = await lighthouse(BASE + path, options);
      const { accessibility, "best-practices": practices } = lhr.categories;
      const weighed = [...accessibility.auditRefs, ...practices.auditRefs].filter(({ weight }) => weight > 0);
      const flaws = weighed.filter(({ id }) => ![null, 1].includes(lhr.audits[id].score)).map(({ id }) => id);
      console.log(`  ${path}: accessibility ${accessibility.score}, best practices ${practices.score}`);
      check(accessibility.score === 1, `${path}: accessibility ${accessibility.score}: ${flaws}`);
      check(practices.score >= 0.95, `${path}: best practices ${practices.score}: ${flaws}`);
    }
  } finally {
    await browser.close();
  }
});
