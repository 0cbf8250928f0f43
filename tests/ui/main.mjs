// The console in a real browser, against the real platform.

import "./kit.mjs";
import "./journey.mjs";
import "./pages.mjs";
import { main } from "./runner.mjs";

await main();
