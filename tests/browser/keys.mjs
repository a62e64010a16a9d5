// A key for a program: made, shown once, used and taken back.

import assert from "node:assert/strict";
import { heading, press, says, withoutBrowserChecks, write } from "./person.mjs";

export const KEY_MADE = "A new API key was made with your account";

/** Does all of it in the organisation `slug`, whose owner has just logged in; `seen` is told of every state by its name. */
export async function apiKeys(page, slug, seen = async () => {}) {
  const list = `/auth/tenants/${slug}/api-keys`;
  await page.goto(list);
  await heading(page, "API keys");
  await says(page, "There is no key.");
  await seen(page, "api-keys-empty");
  await withoutBrowserChecks(page);
  await write(page, "Name", "The build of every night, on a machine with a rather long name");
  await press(page, "Make the key");
  await says(page, "Choose what it may do");
  await seen(page, "api-keys-refused");
  await page.getByLabel("See which organisation this is and what it is called.", { exact: true }).check();
  await page.getByLabel("See who belongs to the organisation and who is invited.", { exact: true }).check();
  await press(page, "Make the key");
  await heading(page, "Your new API key");
  await says(page, "Copy it now.");
  const key = await page.locator("#key").inputValue();
  assert.match(key, /^dwk_[A-Za-z0-9_-]{70}$/);
  await seen(page, "api-key-made");
  await page.getByRole("link", { name: "I have copied it" }).click();
  await heading(page, "API keys");
  assert.ok(!(await page.content()).includes(key));
  await write(page, "Name", "Billing");
  await page.getByLabel(/^For (?!me)/).check();
  await page.getByLabel("See which organisation this is and what it is called.", { exact: true }).check();
  await press(page, "Make the key");
  await heading(page, "Your new API key");
  assert.equal(await exchanged(page, key), 200);
  await page.goto(list);
  await says(page, "last used just now");
  await seen(page, "api-keys");
  await press(page, "Take back The build of every night, on a machine with a rather long name");
  await says(page, "The API key is taken back.");
  await seen(page, "api-key-revoked");
  assert.equal(await exchanged(page, key), 400);
}

async function exchanged(page, key) {
  const form = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token_type: "urn:doorward:params:oauth:token-type:api-key",
    subject_token: key,
  };
  return (await page.request.post("/auth/oauth/token", { form })).status();
}
