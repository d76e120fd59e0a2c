// The console in Debian's Chromium, by Playwright: signs in with the keyboard, looks at every page, says what is wrong.
// node console.mjs < {"url", "nom", "motDePasse", "pages": {name: path}, "images": folder}
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const { url, nom, motDePasse, pages, images } = JSON.parse(readFileSync(0, "utf8"));
const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const found = { erreurs: [], axe: {}, largeurs: {}, titres: {}, clavier: [] };

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: "fr-FR", timezoneId: "Europe/Paris" });
// What the policy refuses is said there too.
page.on("console", (said) => said.type() === "error" && found.erreurs.push(said.text()));
page.on("pageerror", (raised) => found.erreurs.push(String(raised)));

async function look(name) {
  found.titres[name] = await page.title();
  await page.evaluate(axe);
  found.axe[name] = (await page.evaluate("axe.run()")).violations.map((one) => `${one.id} ${one.nodes[0].html}`);
  await page.screenshot({ path: `${images}/${name}.png`, fullPage: true });
  await page.setViewportSize({ width: 320, height: 800 });
  found.largeurs[name] = await page.evaluate("document.documentElement.scrollWidth");
  await page.screenshot({ path: `${images}/${name}-320.png`, fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });
}

const focused = () => page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id");

await page.goto(url + "/traces");
await look("connexion");
// Skip link, brand, then the form: no mouse.
for (let tab = 0; tab < 3; tab++) await page.keyboard.press("Tab");
await page.keyboard.type(nom);
await page.keyboard.press("Tab");
await page.keyboard.type(motDePasse);
await page.keyboard.press("Enter");
await page.waitForURL("**/traces");
for (let tab = 0; tab < 4; tab++) {
  await page.keyboard.press("Tab");
  found.clavier.push(await focused());
}
for (const [name, path] of Object.entries(pages)) {
  await page.goto(url + path);
  await look(name);
}
await browser.close();
console.log(JSON.stringify(found));
