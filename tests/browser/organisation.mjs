// An organisation from its beginning to its end, by its owner and by somebody who joins it.

import assert from "node:assert/strict";
import { follow, heading, press, says, signUp, withoutBrowserChecks, write } from "./person.mjs";

/**
 * Makes an organisation, lets `other` join, gives them roles, and ends and keeps it; `seen` is told of every state by its name.
 * Both have just logged in.
 */
export async function organisation(page, other, seen = async () => {}) {
  await makes(page, seen);
  await isJoined(page, other, seen);
  await givesRoles(page, other, seen);
  await readsTheLog(page, seen);
  await leaves(page, other, seen);
  await endsAndKeeps(page, other, seen);
}

/** The same for two people who sign up first. */
export async function organisationOf(page, other, name) {
  await signUp(page, `${name}@example.org`);
  await signUp(other, `${name}.other@example.org`);
  await organisation(page, other);
}

async function makes(page, seen) {
  await follow(page, "Organisations");
  await heading(page, "Organisations");
  await says(page, "You do not belong to any organisation yet.");
  await seen(page, "tenants-none");
  await write(page, "Name", "Blumen & Söhne <Süd>");
  await write(page, "Address", "No Slug");
  await press(page, "Make the organisation");
  await page.locator(".error").waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Blumen & Söhne <Süd>");
  await seen(page, "tenants-refused");
  await write(page, "Address", "");
  await press(page, "Make the organisation");
  await heading(page, "Blumen & Söhne <Süd>");
  await says(page, "Your organisation is ready.");
  await seen(page, "tenant");
  await follow(page, "Organisations");
  await seen(page, "tenants");
  await follow(page, "Blumen & Söhne <Süd>");
}

async function isJoined(page, other, seen) {
  await tab(page, "Settings");
  await heading(page, "Settings");
  await seen(page, "tenant-settings");
  await withoutBrowserChecks(page);
  await write(page, "Name", "");
  await press(page, "Save name and address");
  await page.locator(".error").waitFor();
  await seen(page, "tenant-settings-refused");
  await write(page, "Name", "Blumen");
  await write(page, "Address", "blumen");
  await press(page, "Save name and address");
  await says(page, "Saved.");
  await page.getByLabel("Anybody with an account, as member").check();
  await press(page, "Save who may join");
  await says(page, "They join at");
  await seen(page, "tenant-settings-open");
  await other.goto("/auth/tenants/blumen/join");
  await heading(other, "Join Blumen");
  await seen(other, "tenant-join");
  await press(other, "Join");
  await heading(other, "Blumen");
  await says(other, "Welcome. You are a member now.");
  assert.equal(await other.getByRole("link", { name: "Settings" }).count(), 0);
}

async function givesRoles(page, other, seen) {
  await tab(page, "Roles");
  await heading(page, "Roles");
  await seen(page, "tenant-roles");
  await tab(page, "Members");
  await heading(page, "Members");
  await seen(page, "tenant-members");
  await page.getByRole("listitem").filter({ hasNotText: "This is you" }).getByRole("link", { name: /^Change/ }).last().click();
  await page.getByRole("heading", { name: "Removal" }).waitFor();
  await seen(page, "tenant-member");
  await page.getByLabel("member", { exact: true }).uncheck();
  await press(page, "Save the roles");
  await says(page, "Choose one role at least.");
  await seen(page, "tenant-member-refused");
  await page.getByLabel("admin", { exact: true }).check();
  await press(page, "Save the roles");
  await says(page, "The roles are changed.");
  await other.goto("/auth/tenants/blumen/members");
  await heading(other, "Members");
  await other.getByRole("link", { name: /^Change/ }).first().click();
  await says(other, "Not yours to take:");
  await seen(other, "tenant-member-foreign");
  await press(other, "Remove " + (await other.locator("h1").innerText()));
  await says(other, "You may not give or take this role.");
}

async function readsTheLog(page, seen) {
  await tab(page, "Audit log");
  await heading(page, "Audit log");
  await says(page, "Member: roles changed · admin");
  await seen(page, "tenant-log");
  await page.getByLabel("What").selectOption("member.removed");
  await press(page, "Show");
  await says(page, "Nothing that fits has happened.");
  await seen(page, "tenant-log-empty");
  const download = page.waitForEvent("download");
  await follow(page, "CSV");
  assert.equal((await download).suggestedFilename(), "blumen-audit.csv");
}

async function leaves(page, other, seen) {
  await other.goto("/auth/tenants/blumen");
  await press(other, "Leave Blumen");
  await heading(other, "Organisations");
  await says(other, "You are not a member any more.");
  await tab(page, "Overview");
  await press(page, "Leave Blumen");
  await says(page, "Make another member one first.");
  await seen(page, "tenant-last-owner");
}

async function endsAndKeeps(page, other, seen) {
  await follow(page, "Delete it…");
  await heading(page, "Delete Blumen?");
  await seen(page, "tenant-delete");
  await press(page, "Delete the organisation");
  await says(page, "The organisation is closed.");
  await seen(page, "tenants-closing");
  await page.goto("/auth/tenants/blumen");
  await says(page, "This is going to be deleted");
  await other.goto("/auth/tenants/blumen/join");
  await heading(other, "Not found");
  await page.goto("/auth/tenants");
  await page.getByRole("link", { name: /^Keep it/ }).click();
  await heading(page, "Blumen will be deleted");
  await seen(page, "tenant-delete-waits");
  await press(page, "Keep the organisation");
  await heading(page, "Blumen");
  await says(page, "The organisation is kept, and open again.");
}

const tab = (page, name) => {
  const tabs = page.getByRole("navigation", { name: "Organisation", exact: true });
  return tabs.getByRole("link", { name, exact: true }).click();
};
