// Looks at a page in light, in dark and on a phone: keeps pictures, and notes what a person would stumble over.

import { AxeBuilder } from "./parts.mjs";

/** What was looked at, by name, with what was found wrong: `axe`, `sideways`, `left` (in the browser) and `scripts`. */
export const looks = new Map();

/** Looks at the page that is shown. Every state is shown once; only the medium changes. */
export async function look(page, name) {
  const axe = await barriers(page, "light", new AxeBuilder({ page }));
  const sideways = [];
  await keep(page, `${name}.light`);
  await page.emulateMedia({ colorScheme: "dark" });
  await keep(page, `${name}.dark`);
  axe.push(...(await barriers(page, "dark", new AxeBuilder({ page }).withRules("color-contrast"))));
  await page.emulateMedia({ colorScheme: "light" });
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 780 });
    const reach = await page.evaluate(() => document.documentElement.scrollWidth);
    if (reach > width) sideways.push(`${reach} px wide on a screen of ${width}`);
    if (width === PHONE) await keep(page, `${name}.phone`);
  }
  await page.setViewportSize(DESK);
  const { left, scripts } = await page.evaluate(remains);
  looks.set(name, { axe, sideways, left, scripts });
}

/** Renders the HTML form of a letter, as a mail program does that runs no script, and looks at it. */
export async function lookAtLetter(page, name, html) {
  await page.setContent(html);
  await look(page, name);
}

async function barriers(page, medium, axe) {
  // A letter is part of a mail program's page, so the rules for whole pages do not apply to it.
  const isLetter = page.url() === "about:blank";
  if (isLetter && medium === "light") axe.disableRules(["region", "landmark-one-main"]);
  // Without the legacy mode axe opens a page of its own each time, for frames in frames; ours have none.
  const { violations } = await axe.setLegacyMode(true).analyze();
  return violations.map(({ id, nodes }) => `${medium}: ${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

/** What a script of the page could reach, or had left behind. */
function remains() {
  const stores = location.protocol === "about:" ? [] : [...Object.keys(localStorage), ...Object.keys(sessionStorage), document.cookie];
  return { left: stores.filter(Boolean), scripts: [...document.scripts].map((script) => script.outerHTML) };
}

const keep = (page, name) => page.screenshot({ path: `${process.env.ARTEFACTS ?? "artefacts"}/${name}.png`, fullPage: true });

const DESK = { width: 1280, height: 800 };
/** A small phone. WCAG 1.4.10 asks for 320 as well: 1280 pixels at four times the size. */
const PHONE = 360;
const WIDTHS = [PHONE, 320];
