// A person's whole way: signs up, confirms, logs in, forgets, resets, looks after devices, changes name, password, address.

import assert from "node:assert/strict";
import {
  PASSWORD, SECOND_PASSWORD, THIRD_PASSWORD, askForAccount, follow, followLetter, heading, letterFor, logIn, logOut, openLetter,
  press, says, seesLogin, session, tryToLogIn, write,
} from "./person.mjs";

/** Walks all of it in `page`, with `elsewhere` as the same person's second browser. */
export async function wholeWay(page, elsewhere, name) {
  const address = `${name}@example.org`;
  await signsUp(page, address);
  await logsInAgain(page, address);
  await forgetsAndResets(page, elsewhere, address);
  await looksAfterDevices(page, elsewhere, address);
  await changesName(page);
  await changesPassword(page, elsewhere, address);
  await changesAddress(page, address, `new.${address}`);
}

async function signsUp(page, address) {
  await askForAccount(page, address);
  await says(page, address);
  await openLetter(page, address, "Confirm your address");
  await followLetter(page);
  await heading(page, "Confirm your address");
  await says(page, address);
  const link = page.url();
  await write(page, "Password", "not what was chosen");
  await press(page, "Confirm the address");
  await page.getByLabel("Password").and(page.locator("[aria-invalid=true]")).or(page.getByRole("alert")).first().waitFor();
  assert.equal(await session(page), null);
  await write(page, "Password", PASSWORD);
  await press(page, "Confirm the address");
  await heading(page, "Your account");
  await says(page, "Your address is confirmed. Welcome.");
  assert.equal((await session(page)).account.email, address);
  await page.goto(link);
  await heading(page, "This link does not work");
  await page.goto("/auth/account");
}

async function logsInAgain(page, address) {
  await logOut(page);
  await seesLogin(page);
  await tryToLogIn(page, address, "not my password at all");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("Email address").inputValue(), address);
  assert.equal(await page.getByLabel("Password").inputValue(), "", "a password never comes back in a page");
  await tryToLogIn(page, address, PASSWORD);
  await heading(page, "Your account");
}

async function forgetsAndResets(page, elsewhere, address) {
  await logIn(elsewhere, address);
  await letterFor(page, address, "New login to your account");
  await logOut(page);
  await follow(page, "Forgot your password?");
  await write(page, "Email address", address);
  await press(page, "Send the link");
  await heading(page, "Check your mail");
  await openLetter(page, address, "Set a new password");
  await followLetter(page);
  await heading(page, "Set a new password");
  const link = page.url();
  await write(page, "New password", SECOND_PASSWORD);
  await press(page, "Set the password");
  await heading(page, "Log in");
  await says(page, "Your new password is set");
  await letterFor(page, address, "Your password was changed");
  await seesLogin(elsewhere);
  await page.goto(link);
  await heading(page, "This link does not work");
  await page.goto("/auth/login");
  await tryToLogIn(page, address, PASSWORD);
  await page.getByRole("alert").waitFor();
  await tryToLogIn(page, address, SECOND_PASSWORD);
  await heading(page, "Your account");
}

async function looksAfterDevices(page, elsewhere, address) {
  const devices = page.getByRole("region", { name: "Devices" });
  const others = devices.getByRole("listitem").filter({ hasNotText: "This device" });
  await logIn(elsewhere, address, SECOND_PASSWORD);
  await page.goto("/auth/account");
  assert.equal(await others.count(), 1);
  assert.equal(await devices.getByText("This device", { exact: true }).count(), 1);
  await others.getByRole("button").click();
  await says(page, "That device is logged out.");
  assert.equal(await others.count(), 0);
  await seesLogin(elsewhere);
  await onTheirOwnPages(page, elsewhere, address);
  await logIn(elsewhere, address, SECOND_PASSWORD);
  await page.goto("/auth/account");
  await press(page, "Log out all other devices");
  await says(page, "All other devices are logged out.");
  await seesLogin(elsewhere);
  assert.ok(await session(page));
  await logIn(elsewhere, address, SECOND_PASSWORD);
  await page.goto("/auth/account");
  await press(page, "Log out everywhere");
  await says(page, "You are logged out on all devices.");
  await seesLogin(elsewhere);
  await logIn(page, address, SECOND_PASSWORD);
}

/** The same on the page that is nothing but the list, and the way out over a page that asks first. */
async function onTheirOwnPages(page, elsewhere, address) {
  await logIn(elsewhere, address, SECOND_PASSWORD);
  await page.goto("/auth/sessions");
  await page.getByRole("listitem").filter({ hasText: "Last seen" }).getByRole("button").click();
  await heading(page, "Your devices");
  await says(page, "That device is logged out.");
  await seesLogin(elsewhere);
  await logIn(elsewhere, address, SECOND_PASSWORD);
  await elsewhere.goto("/auth/logout");
  assert.ok(await session(elsewhere), "looking is not leaving");
  await press(elsewhere, "Log out on this device");
  await says(elsewhere, "You are logged out.");
  assert.ok(await session(page));
}

async function changesName(page) {
  await write(page, "Display name", "Zoë <b>& Co</b>");
  await press(page, "Save the name");
  await says(page, "Saved.");
  await page.locator(".intro").getByText("Zoë <b>& Co</b>").waitFor();
  assert.equal((await session(page)).account.name, "Zoë <b>& Co</b>");
}

async function changesPassword(page, elsewhere, address) {
  await logIn(elsewhere, address, SECOND_PASSWORD);
  await page.goto("/auth/account");
  await write(page, "New password", THIRD_PASSWORD);
  await press(page, "Change the password");
  await says(page, "Your password is changed and all other devices are logged out.");
  await seesLogin(elsewhere);
  await logOut(page);
  await tryToLogIn(page, address, SECOND_PASSWORD);
  await page.getByRole("alert").waitFor();
  await tryToLogIn(page, address, THIRD_PASSWORD);
  await heading(page, "Your account");
}

async function changesAddress(page, address, next) {
  await write(page, "New email address", next);
  await press(page, "Change the address");
  await heading(page, "Check your mail");
  await letterFor(page, address, "A change of your address was asked for");
  await page.goto("/auth/account");
  await says(page, `Waiting for confirmation: ${next}`);
  await openLetter(page, next, "Confirm your new address");
  await followLetter(page);
  await heading(page, "Confirm your new address");
  const link = page.url();
  await press(page, "Change the address");
  await heading(page, "Your account");
  await says(page, "Your address is changed.");
  assert.equal((await session(page)).account.email, next);
  await letterFor(page, address, "Your address was changed");
  await page.goto(link);
  await heading(page, "This link does not work");
  await page.goto("/auth/account");
  await logOut(page);
  await tryToLogIn(page, address, THIRD_PASSWORD);
  await page.getByRole("alert").waitFor();
  await tryToLogIn(page, next, THIRD_PASSWORD);
  await heading(page, "Your account");
}
