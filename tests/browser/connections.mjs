// A provider of an organisation: brought, set up, joined by, and demanded; and where people look for it.

import assert from "node:assert/strict";
import { heading, press, says, withoutBrowserChecks, write } from "./person.mjs";

/** Does all of it in the organisation `slug`, whose owner has just logged in; `seen` is told of every state by its name. */
export async function connections(page, slug, seen = async () => {}) {
  await page.goto(`/auth/tenants/${slug}`);
  await page.getByRole("navigation", { name: "Organisation", exact: true }).getByRole("link", { name: "Login", exact: true }).click();
  await heading(page, "Login");
  await says(page, "There is none, so your people log in as everybody does.");
  await seen(page, "connections-empty");
  await withoutBrowserChecks(page);
  await press(page, "Bring it");
  await says(page, "Write what people call it");
  await seen(page, "connections-refused");
  await write(page, "Name", "Oberholzer Clockworks and Daughters, the whole of the group");
  await press(page, "Bring it");
  await says(page, "To be set up");
  const uri = await page.locator("dd code").first().innerText();
  assert.match(uri, /\/auth\/providers\/org-[0-9a-f]{16}\/callback$/u);
  await seen(page, "connection-new");
  await withoutBrowserChecks(page);
  await write(page, "Issuer", "http://10.0.0.1");
  await write(page, "Client id", "doorward");
  await write(page, "Client secret", "a secret of the provider's");
  await press(page, "Save");
  await says(page, "it must be a public address");
  await seen(page, "connection-refused");
  await write(page, "Issuer", "https://id.oberholzer.example");
  await write(page, "Client secret", "a secret of the provider's");
  await press(page, "Save");
  await says(page, "It is set up.");
  await seen(page, "connections");
  assert.ok(!(await page.content()).includes("a secret of the provider's"));
  await page.getByRole("link", { name: "Oberholzer Clockworks" }).click();
  await page.getByRole("button", { name: /^Try it/u }).click();
  await says(page, "nobody can come in");
  await seen(page, "connection-tried");
  await write(page, "Claim", "groups");
  await write(page, "Value", "the engineers of the whole group");
  await press(page, "Add the rule");
  await says(page, "The rule is added.");
  await seen(page, "connection");
  await page.goto(`/auth/tenants/${slug}/connections`);
  await page.getByLabel("Only people who come by a provider of ours").check();
  await press(page, "Save who is let in");
  await says(page, "Name an owner first");
  await page.goto(`/auth/tenants/${slug}/connections`);
  await page.getByRole("button", { name: /^Name /u }).first().click();
  await says(page, "May come in without it");
  await page.getByLabel("Only people who come by a provider of ours").check();
  await press(page, "Save who is let in");
  await says(page, "by its own login only");
  await seen(page, "door");
  await press(page, "Come in without it");
  await page.goto(`/auth/tenants/${slug}/connections`);
  await seen(page, "connections-demanded");
  await page.getByLabel("Only people who come by a provider of ours").uncheck();
  await press(page, "Save who is let in");
  await says(page, "Saved who is let in.");
}

/** Where somebody who is not logged in looks for the provider of their organisation. */
export async function lookingForOne(page, seen = async () => {}) {
  await page.goto("/auth/login");
  await page.getByRole("link", { name: "Log in through your organisation" }).click();
  await heading(page, "Log in through your organisation");
  await seen(page, "organisation");
  await write(page, "Email address at work", "somebody@nowhere.example");
  await press(page, "Go on");
  await says(page, "No organisation with this domain");
  await seen(page, "organisation-unknown");
}

/** The same providers as operators see them. */
export async function connectionsInTheConsole(page, slug, seen = async () => {}) {
  await page.goto(`/auth/admin/tenants/${slug}/connections`);
  await heading(page, "Providers");
  await seen(page, "console-connections");
}
