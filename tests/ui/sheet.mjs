// The contact sheet: all pictures of a run on one page, and that page as a picture.

import { readdirSync, writeFileSync } from "node:fs";
import { OUT } from "./runner.mjs";

/** Writes target/ui/sheet.html and sheet.png. */
export async function sheet(browser) {
  const pictures = readdirSync(OUT).filter((name) => /\.(1280|390)\.png$/.test(name)).sort();
  const figure = (name) => `<figure><img src="${name}" loading="eager"><figcaption>${name}</figcaption></figure>`;
  const style = "body{font:11px system-ui;display:grid;grid-template-columns:repeat(8,1fr);gap:10px;margin:12px}"
    + "figure{margin:0}img{width:100%;border:1px solid #8886}figcaption{overflow-wrap:anywhere}";
  writeFileSync(`${OUT}/sheet.html`, `<!doctype html><meta charset="utf-8"><style>${style}</style>${pictures.map(figure).join("")}`);
  const page = await browser.newPage({ viewport: { width: 2000, height: 1200 } });
  await page.goto(`file://${OUT}/sheet.html`, { waitUntil: "load" });
  await page.screenshot({ path: `${OUT}/sheet.png`, fullPage: true });
  await page.close();
}
