// A proof that grows old. The clock is the real one, so it is begun before everything else and waited for at the end.

import assert from "node:assert/strict";
import { newVisitor } from "./browser.mjs";
import { look } from "./look.mjs";
import { PASSWORD, SECOND_PASSWORD, follow, heading, logIn, press, says, session, signUp, write } from "./person.mjs";
import { startServer, until } from "./server.mjs";

const ADDRESS = "eve@example.org";

/** Somebody who has just signed up where a proof is good for half a minute, and left with a form filled in. */
export async function leaveWithAProof() {
  const page = await newVisitor(await startServer({ DOORWARD_REAUTHENTICATION__VALID_SECS: "30" }));
  await signUp(page, ADDRESS);
  await write(page, "New password", SECOND_PASSWORD);
  return page;
}

/** Comes back when the proof is old: nothing that matters happens before a new one. */
export async function comeBack(page) {
  const ends = (await session(page)).session.proof_expires_at;
  await until("the proof to be old", () => Date.now() / 1000 > ends + 1, 60_000);
  await press(page, "Change the password");
  await heading(page, "Is it you?");
  await page.goto("/auth/account");
  assert.equal(await page.getByLabel("New password").count() + await page.getByLabel("New email address").count(), 0);
  await look(page, "account-unproven");
  await follow(page, "Change the address");
  await prove(page);
  await heading(page, "Change your address");
  await follow(page, "Leave it as it is");
  await write(page, "New password", SECOND_PASSWORD);
  await press(page, "Change the password");
  await says(page, "Your password is changed");
  await logIn(page, ADDRESS, SECOND_PASSWORD);
}

async function prove(page) {
  await heading(page, "Is it you?");
  await write(page, "Password", "not my password");
  await press(page, "Continue");
  await page.getByRole("alert").waitFor();
  await write(page, "Password", PASSWORD);
  await press(page, "Continue");
}
