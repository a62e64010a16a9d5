// Somebody without an account is invited, signs up on the way, and accepts.

import assert from "node:assert/strict";
import {
  PASSWORD, askForAccount, follow, heading, linkFor, makeOrganisation, press, says, session, signUp, write,
} from "./person.mjs";

export const INVITED = "You are invited to join an organisation";

/** Walks the whole of it: `owner` invites, `guest` is a browser in which nobody was ever logged in. */
export async function invitedWay(server, owner, guest) {
  const address = "guest@example.org";
  await signUp(owner, "host@example.org");
  await makeOrganisation(owner, server, "Clockworks", "clockworks");
  await owner.goto("/auth/tenants/clockworks/invitations");
  await write(owner, "Email address", address);
  await owner.getByLabel("Role").selectOption("billing");
  await press(owner, "Send the invitation");
  await says(owner, "The invitation is on its way.");
  const link = await linkFor(owner, address, INVITED);

  await guest.goto(link);
  await heading(guest, "Log in");
  await follow(guest, "Sign up");
  await heading(guest, "Sign up");
  await askForAccount(guest, address);
  await guest.goto(await linkFor(guest, address, "Confirm your address"));
  await write(guest, "Password", PASSWORD);
  await press(guest, "Confirm the address");
  await heading(guest, "Your account");
  assert.deepEqual(await asks(guest, server), 404, "the address alone makes nobody a member");

  await guest.goto(link);
  await heading(guest, "Join Clockworks?");
  await says(guest, "host@example.org");
  await press(guest, "Accept the invitation");
  await says(guest, "You are a member now.");
  assert.deepEqual(await asks(guest, server), 200);
  await guest.goto(link);
  await heading(guest, "This invitation does not work");

  // Logged out, with the link of somebody else: the login leads back to it, and it says whose it is not.
  const other = await owner.context().browser().newPage({ baseURL: server.origin });
  await owner.goto("/auth/tenants/clockworks/invitations");
  await write(owner, "Email address", "third@example.org");
  await owner.getByLabel("Role").selectOption("member");
  await press(owner, "Send the invitation");
  await says(owner, "The invitation is on its way.");
  await other.goto(await linkFor(owner, "third@example.org", INVITED));
  await write(other, "Email address", address);
  await write(other, "Password", PASSWORD);
  await press(other, "Log in");
  await heading(other, "This invitation is for another address");
  assert.equal(await other.getByText("third@example.org").count(), 0);
  await other.close();
}

/** What the server says to somebody who asks whether they belong to it. */
async function asks(page, server) {
  const data = { tenant: "clockworks", permission: "tenant:read" };
  const answer = await page.request.post("/auth/check", { data, headers: { origin: server.origin } });
  assert.ok(await session(page));
  return answer.status();
}
