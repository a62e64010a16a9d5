// Brings every page to the screen once, in every state that a person can get it into, and looks at it.

import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { everyPageOfApps } from "./apps.mjs";
import { newVisitor } from "./browser.mjs";
import { connections, connectionsInTheConsole, lookingForOne } from "./connections.mjs";
import { DOMAIN_LOST, RECORD_GONE, domains, domainsInTheConsole, newResolver } from "./domains.mjs";
import { INVITED } from "./invited.mjs";
import { KEY_MADE, apiKeys } from "./keys.mjs";
import { look, lookAtLetter } from "./look.mjs";
import { organisation } from "./organisation.mjs";
import {
  SECOND_PASSWORD, askForAccount, heading, letterFor, linkFor, logIn, logOut, makeOrganisation, openLetter, press, says, signUp,
  tryToLogIn, withoutBrowserChecks, write,
} from "./person.mjs";
import { everyPageOfProviders, startWithProviders } from "./providers.mjs";
import { operate, startServer, until } from "./server.mjs";

const ADDRESS = "margarethe.oberholzer@a-rather-long-name.example.org";
const NEXT_ADDRESS = "margarethe@example.net";
const OPERATOR = "operator@example.com";
const GUEST = "bartholomew.featherstonehaugh@a-rather-long-name.example.org";

/** Every kind that this person is sent, and where to. */
const LETTERS = [
  ["Confirm your address", ADDRESS],
  ["You already have an account", ADDRESS],
  ["New login to your account", ADDRESS],
  ["Set a new password", ADDRESS],
  ["Your password was changed", ADDRESS],
  ["A change of your address was asked for", ADDRESS],
  ["Confirm your new address", NEXT_ADDRESS],
  [INVITED, GUEST],
  [KEY_MADE, ADDRESS],
  [RECORD_GONE, ADDRESS],
  [DOMAIN_LOST, ADDRESS],
];

/** What a person can come to who is logged in, beside the account's own page. */
const OWN_PAGES = [
  ["/auth/password/change", "password-change"],
  ["/auth/email/change", "email-change"],
  ["/auth/sessions", "sessions"],
  ["/auth/logout", "logout"],
];

/** Walks through all of them. */
export async function tour() {
  const resolver = await newResolver();
  const server = await startServer(resolver.settings);
  const page = await newVisitor(server);
  await beforeAnAccount(page);
  await loggedOut(page);
  await loggedIn(page, await newVisitor(server, { userAgent: PHONE_BROWSER }));
  await inAnOrganisation(page, await newVisitor(server));
  await inviting(server, page, await newVisitor(server));
  await apiKeys(page, "oberholzer", look);
  await everyPageOfApps(server, page, look);
  await domains(page, "oberholzer", resolver, look);
  await connections(page, "oberholzer", look);
  await lookingForOne(await newVisitor(server), look);
  await astray(page);
  await operatorsConsole(server, await newVisitor(server));
  await letters(page);
  await whenBroken(server, page);
  await inOtherColours(server.folder);
  const world = await startWithProviders();
  await everyPageOfProviders(world, await newVisitor(world.server), await newVisitor(world.server));
}

async function beforeAnAccount(page) {
  await page.goto("/auth/dev/mailbox");
  await look(page, "mailbox-empty");
  await page.goto("/auth/signup");
  await look(page, "signup");
  await refused(page, "signup-short", { "Email address": ADDRESS, "Password": "short" }, "Sign up");
  await refused(page, "signup-common", { "Email address": ADDRESS, "Password": "passwordpassword" }, "Sign up");
  await refused(page, "signup-no-address", { "Email address": "nobody", "Password": SECOND_PASSWORD }, "Sign up");
  await askForAccount(page, ADDRESS);
  await look(page, "signup-check-mail");
  await openLetter(page, ADDRESS, "Confirm your address");
  await look(page, "mailbox-letter");
  await page.goto("/auth/dev/mailbox");
  await look(page, "mailbox");
  await page.goto(await linkFor(page, ADDRESS, "Confirm your address"));
  await look(page, "confirm");
  const link = page.url();
  await refused(page, "confirm-wrong", { Password: "not what was chosen" }, "Confirm the address");
  await signUp(page, ADDRESS);
  await look(page, "account-welcome");
  await page.goto(link);
  await look(page, "confirm-spent");
  await page.goto("/auth/account");
  await logOut(page);
}

async function loggedOut(page) {
  await look(page, "login-after-logout");
  await page.goto("/auth/login");
  await look(page, "login");
  await refused(page, "login-wrong", { "Email address": ADDRESS, "Password": "not my password" }, "Log in");
  await page.goto("/auth/login");
  const throttled = page.getByText("Too many attempts");
  await until("too many attempts", async () => {
    await tryToLogIn(page, "nobody@example.org", "not my password");
    await heading(page, "Log in");
    return throttled.isVisible();
  });
  await look(page, "login-throttled");
  await page.goto("/auth/password/forgot");
  await look(page, "forgot");
  await refused(page, "forgot-no-address", { "Email address": "nobody" }, "Send the link");
  await write(page, "Email address", ADDRESS);
  await press(page, "Send the link");
  await look(page, "forgot-check-mail");
  await page.goto(await linkFor(page, ADDRESS, "Set a new password"));
  await look(page, "reset");
  const link = page.url();
  await refused(page, "reset-common", { "New password": "passwordpassword" }, "Set the password");
  await write(page, "New password", SECOND_PASSWORD);
  await press(page, "Set the password");
  await look(page, "login-after-reset");
  await page.goto(link);
  await look(page, "reset-spent");
}

async function loggedIn(page, phone) {
  await logIn(phone, ADDRESS, SECOND_PASSWORD);
  await logIn(page, ADDRESS, SECOND_PASSWORD);
  await look(page, "account");
  await refused(page, "password-change-short", { "New password": "short" }, "Change the password");
  await page.goto("/auth/account");
  await refused(page, "email-change-no-address", { "New email address": "nobody" }, "Change the address");
  for (const [path, name] of OWN_PAGES) {
    await page.goto(path);
    await look(page, name);
  }
  await page.goto("/auth/account");
  await write(page, "Display name", "Margarethe von und zu Oberholzer");
  await press(page, "Save the name");
  await look(page, "account-saved");
  await write(page, "New email address", NEXT_ADDRESS);
  await press(page, "Change the address");
  await look(page, "email-change-check-mail");
  await page.goto("/auth/email/change");
  await look(page, "email-change-waiting");
  await page.goto("/auth/account");
  await look(page, "account-waiting");
  await page.goto(await linkFor(page, NEXT_ADDRESS, "Confirm your new address"));
  await look(page, "email-confirm");
  await page.goto(`/auth/email/confirm?token=${"A".repeat(43)}`);
  await look(page, "email-spent");
  await page.goto("/auth/reauthenticate");
  await look(page, "reauthenticate");
  await refused(page, "reauthenticate-wrong", { Password: "not my password" }, "Continue");
}

async function inAnOrganisation(page, other) {
  await signUp(other, "somebody.else@a-rather-long-name.example.org");
  // With a proof that is young enough for what follows.
  await page.goto("/auth/account");
  await logOut(page);
  await logIn(page, ADDRESS, SECOND_PASSWORD);
  await organisation(page, other, look);
}

async function inviting(server, page, guest) {
  await makeOrganisation(page, server, "Oberholzer Clockworks & Daughters", "oberholzer");
  const list = "/auth/tenants/oberholzer/invitations";
  await page.goto(list);
  await look(page, "invitations-empty");
  await refused(page, "invitations-no-address", { "Email address": "nobody" }, "Send the invitation");
  for (const address of ["kim@example.net", GUEST]) {
    await page.goto(list);
    await write(page, "Email address", address);
    await page.getByLabel("Role").selectOption("billing");
    await press(page, "Send the invitation");
    await says(page, "The invitation is on its way.");
  }
  await look(page, "invitations");
  await page.getByLabel("Role").selectOption("member");
  await refused(page, "invitations-twice", { "Email address": GUEST }, "Send the invitation");
  await page.goto(list);
  await press(page, `Send again ${GUEST}`);
  await look(page, "invitations-resent");
  await press(page, "Take back kim@example.net");
  await look(page, "invitations-revoked");
  const link = await linkFor(page, GUEST, INVITED);
  await page.goto(link);
  await look(page, "invitation-other");
  await signUp(guest, GUEST);
  await guest.goto(await linkFor(page, GUEST, INVITED));
  await look(guest, "invitation-accept");
  await press(guest, "Accept the invitation");
  await look(guest, "invitation-accepted");
  await guest.goto(link);
  await look(guest, "invitation-spent");
}

async function astray(page) {
  await page.goto("/auth/nowhere");
  await look(page, "not-found");
  await page.goto("/auth/account");
  await page.evaluate(() => document.querySelectorAll("[name=csrf_token]").forEach((field) => (field.value = "old")));
  await press(page, "Save the name");
  await look(page, "stale-form");
  await page.goto("/auth/account");
  await page.evaluate(() => (document.querySelector("[action$=revoke]").action = "/auth/sessions/0123456789abcdef/revoke"));
  await page.locator("[action$=revoke] button").click();
  await look(page, "no-such-session");
}

/** Every panel of the operator's console, and what its pages ask and complain about. */
async function operatorsConsole(server, page) {
  await signUp(page, OPERATOR);
  await operate(server, "operator", "grant", OPERATOR, "admin");
  await page.goto("/auth/account");
  await look(page, "account-operator");
  await page.getByRole("link", { name: "Operator's console" }).click();
  await look(page, "console");
  await page.getByText("The same as a table").click();
  await look(page, "console-table");
  await page.goto("/auth/admin?span=week");
  await look(page, "console-week");
  await page.goto("/auth/admin/tenants");
  await look(page, "console-tenants");
  await refused(page, "console-tenant-refused", { Name: "Acme", Address: "Not an address" }, "Make the organisation");
  await write(page, "Address", "acme-of-a-rather-long-name");
  await write(page, "Name", "Acme and its many subsidiaries");
  await write(page, "Its owner", NEXT_ADDRESS);
  await refused(page, "console-tenant-no-owner", {}, "Make the organisation");
  await write(page, "Its owner", ADDRESS);
  await press(page, "Make the organisation");
  await says(page, "The organisation is made.");
  await look(page, "console-tenant");
  await refused(page, "console-member-refused", { "Email address": OPERATOR, "Roles": "nothing" }, "Add the member");
  await page.goto("/auth/admin/tenants");
  await look(page, "console-tenants-one");
  await page.goto("/auth/admin/tenants/acme-of-a-rather-long-name");
  await page.getByRole("link", { name: ADDRESS }).click();
  await look(page, "console-member");
  await page.goto("/auth/admin/tenants/acme-of-a-rather-long-name/invitations");
  await refused(page, "console-invite-refused", { "Email address": ADDRESS, "Roles": "member" }, "Send the invitation");
  await write(page, "Email address", "somebody.who.is.invited@a-rather-long-name.example.org");
  await press(page, "Send the invitation");
  await says(page, "The invitation is on its way.");
  await look(page, "console-invitations");
  for (const [act, name] of [["suspend", "console-suspend"], ["delete", "console-delete"]]) {
    await page.goto(`/auth/admin/tenants/acme-of-a-rather-long-name/${act}`);
    await look(page, name);
  }
  await refused(page, "console-delete-refused", { "Its address, to confirm": "acme" }, "Delete it");
  await domainsInTheConsole(page, "oberholzer", look);
  await connectionsInTheConsole(page, "oberholzer", look);
  await clientsOf(page);
  await page.goto("/auth/admin/accounts?search=nobody-begins-so");
  await look(page, "console-accounts-none");
  await page.goto("/auth/admin/accounts");
  await look(page, "console-accounts");
  await page.getByRole("link", { name: ADDRESS }).click();
  await look(page, "console-account");
  await page.getByRole("link", { name: "Disable the account" }).click();
  await look(page, "console-disable");
  await keysOf(page);
  for (const panel of ["providers", "sessions", "audit", "system"]) {
    await page.goto(`/auth/admin/${panel}`);
    await look(page, `console-${panel}`);
  }
}

/** The programs that may ask for tokens, one of which is registered. */
async function clientsOf(page) {
  await page.goto("/auth/admin/clients");
  await look(page, "console-clients-none");
  await page.getByRole("link", { name: "Register a client" }).click();
  await look(page, "console-registration");
  await write(page, "Sends people back to", "http://localhost/callback");
  await refused(page, "console-registration-refused", { Name: "The shop", Id: "shop", "Belongs to": "" }, "Register the client");
  await write(page, "Sends people back to", "https://shop.of-a-rather-long-name.example.com/callback/after/logging/in");
  await press(page, "Register the client");
  await look(page, "console-client-secret");
  await page.goto("/auth/admin/clients/shop");
  await look(page, "console-client");
  for (const act of ["disable", "delete"]) {
    await page.goto(`/auth/admin/clients/shop/${act}`);
    await look(page, `console-client-${act}`);
  }
  await page.goto("/auth/admin/clients/shop/disable");
  await press(page, "Keep it out");
  await says(page, "The client is kept out from its next request on.");
  await look(page, "console-client-out");
  await page.goto("/auth/admin/clients");
  await look(page, "console-clients");
}

/** The keys of everybody, one of which is taken back. */
async function keysOf(page) {
  await page.goto("/auth/admin/api-keys?tenant=acme-of-a-rather-long-name");
  await look(page, "console-api-keys-none");
  await page.goto("/auth/admin/api-keys");
  await look(page, "console-api-keys");
  await press(page, "Take back Billing");
  await says(page, "The API key is taken back.");
  await look(page, "console-api-keys-revoked");
}

/** The HTML form of a letter, as a mail program shows it. */
async function letters(page) {
  await askForAccount(page, ADDRESS);
  for (const [subject, address] of LETTERS) {
    const { html } = await letterFor(page, address, subject);
    await page.goto("about:blank");
    await lookAtLetter(page, `letter-${subject.toLowerCase().replaceAll(" ", "-")}`, html);
  }
}

/** The page for a store that cannot answer: its files turn to rubbish, the index in shared memory included. */
async function whenBroken(server, page) {
  for (const ending of ["", "-wal", "-shm"]) {
    const file = join(server.folder, `doorward.db${ending}`);
    writeFileSync(file, Buffer.alloc(statSync(file).size, "rubbish "), { flag: "r+" });
  }
  await page.goto(`/auth/password/reset?token=${"A".repeat(43)}`);
  await says(page, "quote this reference");
  await look(page, "unavailable");
}

/** Somebody else's name, logo and colour. */
async function inOtherColours(folder) {
  const logo = join(folder, "logo.svg");
  writeFileSync(logo, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4.5" cy="4.5" r="4" fill="#7a1fa2"/></svg>`);
  const server = await startServer({
    DOORWARD_SITE__NAME: "Müller & Sons <Ltd>",
    DOORWARD_SITE__ACCENT: "#7a1fa2",
    DOORWARD_SITE__LOGO: logo,
  });
  const page = await newVisitor(server);
  await page.goto("/auth/login");
  assert.equal(await page.title(), "Log in · Müller & Sons <Ltd>");
  await page.waitForFunction(() => document.querySelector(".brand img").naturalWidth > 0);
  const colour = await page.getByRole("button", { name: "Log in" }).evaluate((button) => getComputedStyle(button).backgroundColor);
  assert.equal(colour, "rgb(122, 31, 162)");
  await look(page, "login-themed");
}

/** Fills in the form with what will not do, and looks at the complaint. */
async function refused(page, name, fields, button) {
  await withoutBrowserChecks(page);
  for (const [label, text] of Object.entries(fields)) await write(page, label, text);
  const answered = page.waitForResponse((response) => response.request().method() === "POST");
  await press(page, button);
  await answered;
  await page.locator(".problem, .error").first().waitFor();
  await look(page, name);
}

const PHONE_BROWSER =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1";
