// What the pages promise.

import assert from "node:assert/strict";
import { appsWay } from "./apps.mjs";
import { mishaps, newVisitor, shown } from "./browser.mjs";
import { framesPages, readsAnswers, sendsForms, sendsLogin } from "./hostile.mjs";
import { invitedWay } from "./invited.mjs";
import { keyboardOnly } from "./keyboard.mjs";
import { looks } from "./look.mjs";
import { organisationOf } from "./organisation.mjs";
import {
  cancelThere, comeInByEach, comeWithoutPassword, linkAndUnlink, logOutThere, proveThere, recheckThere, startWithProviders,
} from "./providers.mjs";
import { once, test } from "./runner.mjs";
import { startServer } from "./server.mjs";
import { keepsOnlyCookies, staysHere } from "./site.mjs";
import { comeBack, leaveWithAProof } from "./stale.mjs";
import { tour } from "./tour.mjs";
import { wholeWay } from "./whole_way.mjs";

const server = once(startServer);
const hostileGround = once(startServer);
const away = once(leaveWithAProof);
const everyPage = once(tour);
const world = once(() => startWithProviders({ DOORWARD_REAUTHENTICATION__VALID_SECS: "30" }));
const withoutPassword = once(async () => comeWithoutPassword(await withProviders()));
const withProviders = async (options = { javaScriptEnabled: false }) => newVisitor((await world()).server, options);

// Promise: `render/whole-way`
test("a person signs up, logs in, resets, looks after devices and changes everything", async () => {
  // Begun now, so that this person's proof is old by the time the test about it comes.
  await away();
  await wholeWay(await newVisitor(await server()), await newVisitor(await server()), "ann");
});

// Promise: `render/no-javascript`
test("the whole way works without JavaScript", async () => {
  const options = { javaScriptEnabled: false };
  await wholeWay(await newVisitor(await server(), options), await newVisitor(await server(), options), "bob");
});

// Promise: `tenant_page/whole-way`
test("an organisation is made, shared, ended and kept on the pages, without JavaScript", async () => {
  const options = { javaScriptEnabled: false };
  await organisationOf(await newVisitor(await server(), options), await newVisitor(await server(), options), "flora");
});

// Promise: `render/whole-way`
test("somebody without an account is invited, signs up and accepts, without JavaScript", async () => {
  const [started, options] = [await server(), { javaScriptEnabled: false }];
  await invitedWay(started, await newVisitor(started, options), await newVisitor(started, options));
});

// Promise: `render/whole-way`, `authorization/asked`, `authorization/withdrawn`
test("an app is turned away, let in, disconnected and asks again, without JavaScript", async () => {
  const started = await server();
  await appsWay(started, await newVisitor(started, { javaScriptEnabled: false }), "ida");
});

// Promise: `federation/real-forms`, `federation/clean-address`
test("people come in through the forms of three providers, for the first time and again", async () => {
  // Begun now, so that this person's proof is old by the time the test about it comes.
  await withoutPassword();
  await comeInByEach(await world(), () => withProviders({}));
});

// Promise: `federation/real-forms`
test("whoever says no at a provider is told so, and chooses another way, without JavaScript", async () => {
  await cancelThere(await world(), await withProviders());
});

// Promise: `federation/never-merged`, `federation/linked-by-its-person`
test("an address that is taken is proved first, then linked, then unlinked, without JavaScript", async () => {
  await linkAndUnlink(await withProviders());
});

// Promise: `federation/proved-anew`, `federation/last-way-in`
test("somebody without a password proves at the provider that it is them, without JavaScript", async () => {
  await proveThere(await world(), await withoutPassword());
});

// Promise: `federation/rechecked`
test("whoever is to be rechecked is led to the provider and back, without JavaScript", async () => {
  await recheckThere(await world(), await withProviders());
});

// Promise: `federation/logged-out-there`
test("whoever logs out at the provider is logged out here", async () => {
  await logOutThere(await world(), await withProviders());
});

// Promise: `render/keyboard`
test("a keyboard is enough, and it is always visible where one is", async () => {
  await keyboardOnly(await newVisitor(await server()), "kim@example.org");
});

// Promise: `render/cookies-only`
test("a browser keeps nothing but cookies that no script and no other site can use", async () => {
  await keepsOnlyCookies(await server());
});

// Promise: `render/stay-here`
test("the way back after a login never leads to another site", async () => {
  await staysHere(await server());
});

// Promise: `render/foreign-forms`
test("a form sent by another site does nothing to somebody who is logged in", async () => {
  await sendsForms(await hostileGround());
});

// Promise: `render/foreign-forms`
test("another site cannot log somebody in as somebody else", async () => {
  await sendsLogin(await hostileGround());
});

// Promise: `render/no-frames`
test("no page is shown in another site's frame", async () => {
  await framesPages(await hostileGround());
});

// Promise: `render/foreign-scripts`
test("another site's script reads no answer", async () => {
  await readsAnswers(await hostileGround());
});

// Promise: `render/stale-proof`
test("a form left open for too long asks who is there before it does anything", async () => {
  await comeBack(await away());
});

// Promise: `render/axe-clean`
test("axe finds nothing on any page, in light or in dark", async () => {
  await everyPage();
  nothing("axe");
});

// Promise: `render/fits-phone`
test("no page scrolls sideways on a phone", async () => {
  await everyPage();
  nothing("sideways");
});

// Promise: `render/no-scripts`
test("no page has a script or leaves anything where one could find it", async () => {
  await everyPage();
  nothing("scripts");
  nothing("left");
});

// Promise: `render/quiet`
test("no page logs an error, breaks its own policy or asks another site for anything", async () => {
  await everyPage();
  assert.ok(shown.documents >= EVERY_PAGE, `only ${shown.documents} pages were watched`);
  assert.equal([...new Set(mishaps)].join("\n"), "");
});

/** Fails with a line for each thing of this kind that is wrong with a page. */
function nothing(what) {
  assert.ok(looks.size >= EVERY_PAGE, `only ${looks.size} pages were looked at`);
  const wrong = [...looks].flatMap(([page, found]) => found[what].map((one) => `${page}: ${one}`));
  assert.equal(wrong.join("\n"), "");
}

/** In every state that the tour comes to. */
const EVERY_PAGE = 169;
