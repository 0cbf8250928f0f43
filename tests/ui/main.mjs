// The console in a real browser, against the real platform.

import "./kit.mjs";
import "./journey.mjs";
import "./people.mjs";
import "./signing.mjs";
import "./entrance.mjs";
import "./passkeys.mjs";
import "./keyboard.mjs";
import "./live.mjs";
import "./chat.mjs";
import "./edge.mjs";
import "./pages.mjs";
import "./smooth.mjs";
import "./lighthouse.mjs";
import { main } from "./runner.mjs";

await main();
