// What a person does on the pages, by what they read there: labels, headings, buttons.

import assert from "node:assert/strict";
import { until } from "./server.mjs";

/** A password that everybody in these tests may choose, and two to change it to. */
export const PASSWORD = "violet harbour 7 lanterns";
export const SECOND_PASSWORD = "quiet meadow 9 bicycles";
export const THIRD_PASSWORD = "amber kettle 4 dolphins";

/** Presses the button with this name; `within` narrows down where. */
export const press = (page, name, within = page) => within.getByRole("button", { name, exact: true }).click();

/** Follows the link with this name. */
export const follow = (page, name) => page.getByRole("link", { name, exact: true }).click();

/** Writes into the field with this label. */
export const write = (page, label, text) => page.getByLabel(label, { exact: true }).fill(text);

/** Waits until the page has this heading. */
export const heading = (page, name) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();

/** Waits until the page says `text` somewhere. */
export const says = (page, text) => page.getByText(text).first().waitFor();

/** Fills in the sign-up form and reads that there is mail. */
export async function askForAccount(page, address, password = PASSWORD) {
  await page.goto("/auth/signup");
  await write(page, "Email address", address);
  await write(page, "Password", password);
  await press(page, "Sign up");
  await heading(page, "Check your mail");
}

/** Signs up and confirms, and is logged in afterwards. */
export async function signUp(page, address, password = PASSWORD) {
  await askForAccount(page, address, password);
  await page.goto(await linkFor(page, address, "Confirm your address"));
  await write(page, "Password", password);
  await press(page, "Confirm the address");
  await heading(page, "Your account");
}

/** Sends the login form that is shown. */
export async function tryToLogIn(page, address, password) {
  await write(page, "Email address", address);
  await write(page, "Password", password);
  await press(page, "Log in");
}

/** Logs in and sees the account. */
export async function logIn(page, address, password = PASSWORD) {
  await page.goto("/auth/login");
  await tryToLogIn(page, address, password);
  await heading(page, "Your account");
}

/** Uses the button at the top of every page. */
export async function logOut(page) {
  await press(page, "Log out", page.getByRole("navigation", { name: "Account" }));
  await heading(page, "Log in");
  await says(page, "You are logged out.");
}

/** Walks to the mailbox over the ribbon and opens the newest letter to `address` with this subject. */
export async function openLetter(page, address, subject) {
  await follow(page, "Open the mailbox");
  const line = page.getByRole("link").filter({ hasText: address }).filter({ hasText: subject }).first();
  await until(`the letter “${subject}” to ${address}`, async () => {
    if (await line.count()) return true;
    await page.reload();
    return false;
  });
  await line.click();
  await heading(page, subject);
}

/** Follows the only link in the letter that is open. */
export const followLetter = (page) => page.locator(".letter a").click();

/** The newest letter to `address` with this subject, as a program reads it, once it has arrived. */
export async function letterFor(page, address, subject) {
  return until(`the letter “${subject}” to ${address}`, async () => {
    const answer = await page.request.get("/auth/dev/mailbox", { headers: { accept: "application/json" } });
    const { letters } = await answer.json();
    return letters.map(({ letter }) => letter).find((letter) => letter.to === address && letter.subject === subject);
  });
}

/** The first link in that letter. */
export async function linkFor(page, address, subject) {
  const { text } = await letterFor(page, address, subject);
  return text.split("\n").find((line) => line.startsWith("http"));
}

/** Makes an organisation that belongs to whoever is logged in, as a program does. */
export async function makeOrganisation(page, server, name, slug) {
  const { csrf_token: token } = await session(page);
  const headers = { accept: "application/json", origin: server.origin, "x-csrf-token": token };
  const answer = await page.request.post("/auth/tenants", { headers, form: { name, slug } });
  assert.ok(answer.ok(), await answer.text());
}

/** Who the server thinks is there, or null. */
export async function session(page) {
  const answer = await page.request.get("/auth/session", { headers: { accept: "application/json" } });
  return answer.ok() ? answer.json() : null;
}

/** Sees that nobody is logged in here any more. */
export async function seesLogin(page) {
  await page.goto("/auth/account");
  await heading(page, "Log in");
  assert.equal(await session(page), null);
}

/** Sends forms as they are, past the checks of the browser, as a program would. */
export const withoutBrowserChecks = (page) =>
  page.evaluate(() => [...document.forms].forEach((form) => (form.noValidate = true)));
