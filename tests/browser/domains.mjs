// A domain of an organisation: added, looked for, proved by its record, and missed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once as event } from "node:events";
import { connect } from "node:net";
import { heading, press, says, withoutBrowserChecks, write } from "./person.mjs";
import { atEnd } from "./runner.mjs";
import { until } from "./server.mjs";

export const DOMAIN = "oberholzer-clockworks-and-daughters.example";
export const RECORD_GONE = `The record of ${DOMAIN} is gone`;
export const DOMAIN_LOST = `${DOMAIN} is not yours any more`;

/** Where a server under test asks the DNS, and what it is told there. */
export async function newResolver() {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await event(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return {
    settings: { DOORWARD_DOMAINS__RESOLVERS: `["127.0.0.1:${port}"]`, DOORWARD_DOMAINS__TIMEOUT_SECS: "2" },
    tells: (records) => tells(port, records),
  };
}

/** Starts a dnsmasq that knows these TXT records; what is returned ends it. */
async function tells(port, records) {
  const options = ["--conf-file=/dev/null", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces", "--pid-file="];
  const texts = records.map(([name, value]) => `--txt-record=${name},${value}`);
  const own = ["--user=", "--local=/example/", "--listen-address=127.0.0.1", `--port=${port}`, ...texts];
  const child = spawn("dnsmasq", [...options, ...own], { stdio: "ignore" });
  const end = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await event(child, "exit");
  };
  atEnd(end);
  await until("dnsmasq to answer", () => {
    assert.equal(child.exitCode, null, "dnsmasq has ended");
    return new Promise((resolve) => {
      const asking = connect(port, "127.0.0.1", () => (asking.destroy(), resolve(true))).on("error", () => resolve(false));
    });
  });
  return end;
}

/** Does all of it in the organisation `slug`, whose owner has just logged in; `seen` is told of every state by its name. */
export async function domains(page, slug, resolver, seen = async () => {}) {
  await page.goto(`/auth/tenants/${slug}`);
  await page.getByRole("navigation", { name: "Organisation", exact: true }).getByRole("link", { name: "Domains" }).click();
  await heading(page, "Domains");
  await says(page, "There is no domain.");
  await seen(page, "domains-empty");
  await withoutBrowserChecks(page);
  await write(page, "Domain", "gmail.com");
  await press(page, "Add the domain");
  await says(page, "Anybody may have an address there");
  await seen(page, "domains-refused");
  for (const domain of ["more.example", DOMAIN]) {
    await write(page, "Domain", domain);
    await press(page, "Add the domain");
    await says(page, "The domain is on the list.");
  }
  await seen(page, "domains-added");
  const [name, value] = await page.locator("li", { hasText: DOMAIN }).locator("dd code").allInnerTexts();
  assert.equal(name, `_doorward-challenge.${DOMAIN}`);
  let end = await resolver.tells([]);
  await press(page, `Check now ${DOMAIN}`);
  await says(page, "There is no such record.");
  await seen(page, "domains-no-record");
  await end();
  end = await resolver.tells([[name, value]]);
  await press(page, `Check now ${DOMAIN}`);
  await says(page, "The domain is proved.");
  await seen(page, "domains");
  await end();
  end = await resolver.tells([]);
  await press(page, `Check now ${DOMAIN}`);
  await says(page, "It still counts as yours for 7 days.");
  await seen(page, "domains-record-gone");
  await end();
  await press(page, "Remove more.example");
  await says(page, "The domain is removed.");
}

/** What an operator does to them. */
export async function domainsInTheConsole(page, slug, seen = async () => {}) {
  await page.goto(`/auth/admin/tenants/${slug}`);
  await page.getByRole("link", { name: "Domains" }).click();
  await heading(page, "Domains");
  await seen(page, "console-domains");
  await withoutBrowserChecks(page);
  await write(page, "Domain", "co.uk");
  await press(page, "Prove the domain");
  await says(page, "Anybody may have a name below this one.");
  await seen(page, "console-domain-refused");
  await write(page, "Domain", "clockworks.example");
  await press(page, "Prove the domain");
  await says(page, "The domain counts as the organisation's from now on.");
  await press(page, `Withdraw ${DOMAIN}`);
  await says(page, "The domain does not count as the organisation's any more.");
  await seen(page, "console-domain-withdrawn");
}
