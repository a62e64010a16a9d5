// Somebody who has a keyboard and nothing else.

import assert from "node:assert/strict";
import { PASSWORD, heading, letterFor } from "./person.mjs";

/** Signs up, confirms, logs out and in again; after the first page, every way is found with Tab and Enter. */
export async function keyboardOnly(page, address) {
  await page.goto("/auth/signup");
  await type(page, "Email address", address);
  await tabTo(page, "Password");
  await type(page, "Password", PASSWORD);
  await page.keyboard.press("Enter");
  await heading(page, "Check your mail");
  await letterFor(page, address, "Confirm your address");
  await enter(page, "Open the mailbox", "Mailbox");
  await enter(page, address, "Confirm your address");
  await enter(page, "/auth/email/verify", "Confirm your address");
  await type(page, "Password", PASSWORD);
  await enter(page, "Confirm the address", "Your account");
  await everythingCanBeReached(page);
  await enter(page, "Log out", "Log in");
  await type(page, "Email address", address);
  await tabTo(page, "Password");
  await type(page, "Password", PASSWORD);
  await enter(page, "Log in", "Your account");
}

/** Types into the field that has the focus already, because it is the one that comes next. */
async function type(page, label, text) {
  const { name, ring } = await focused(page);
  assert.equal(name, label);
  assert.ok(ring, `the focus on “${label}” can be seen`);
  await page.keyboard.type(text);
}

/** Walks to the link or button whose name contains `name`, presses Enter, and waits for the next page. */
async function enter(page, name, next) {
  await tabTo(page, name);
  const left = page.waitForEvent("framenavigated");
  await page.keyboard.press("Enter");
  await left;
  await heading(page, next);
}

async function tabTo(page, wanted) {
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press("Tab");
    const { name, ring } = await focused(page);
    assert.ok(ring, `the focus on “${name}” can be seen`);
    if (name.includes(wanted)) return;
  }
  assert.fail(`Tab never comes to “${wanted}”`);
}

/** Tab comes to every control once, in the order in which they are read. */
async function everythingCanBeReached(page) {
  const controls = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden])")];
    return all.filter((one) => one.checkVisibility()).map((one, index) => (one.dataset.order = String(index)));
  });
  await page.evaluate(() => document.activeElement.blur());
  const reached = [];
  for (const _ of controls) {
    await page.keyboard.press("Tab");
    const { order, name, ring } = await focused(page);
    assert.ok(ring, `the focus on “${name}” can be seen`);
    reached.push(order);
  }
  assert.deepEqual(reached, controls);
}

/** What has the focus, what it is called, and whether somebody who looks would see that. */
function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    // After the last control the focus goes to the browser's own, and then begins at the top.
    if (element === document.body) return { name: "", ring: true };
    const style = getComputedStyle(element);
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && !/, 0\)$/.test(style.outlineColor);
    const name = (element.labels?.[0] ?? element).textContent.trim().replace(/\s+/g, " ");
    return { name, ring, order: element.dataset.order };
  });
}
