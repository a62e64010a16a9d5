// A real SMTP server for tests, with a small HTTP API to read what arrived and to make it refuse.
//
//   node smtp.mjs [--tls none|starttls|implicit] [--auth user:password] [--fail 4xx:N[:rcpt|data]] [--fail 5xx:N[:rcpt|data]]
//
// When it listens it prints one line of JSON, for instance {"smtp":40001,"http":40002,"ca":"/…/ca.pem"}; `ca` is null without TLS.
// A client trusts the server by adding the certificate in `ca` to its roots; the names are localhost and 127.0.0.1.
//
//   GET    /messages  a list, oldest first, of {from, to, subject, text, html, headers, envelope, user, secure, raw}
//   DELETE /messages  forgets them all
//   POST   /fail      {"class": "4xx"|"5xx", "count": N, "at": "rcpt"|"data"}: the next N such commands are refused; 0 ends it
//
// It listens on loopback only and exits when its standard input closes, so it never outlives the test that started it.

import { createServer } from "node:http";
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { issueCertificate } from "./certificate.mjs";

const LOOPBACK = "127.0.0.1";
const TLS_MODES = ["none", "starttls", "implicit"];
const REPLIES = { "4xx": { rcpt: 451, data: 451 }, "5xx": { rcpt: 550, data: 554 } };

const options = readOptions(process.argv.slice(2));
const certificate = options.tls === "none" ? null : issueCertificate();
const messages = [];
const fault = { class: "4xx", at: "rcpt", count: 0, ...options.fault };

process.on("exit", () => certificate && rmSync(certificate.folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
process.stdin.on("close", () => process.exit(0)).resume();

const [smtp, http] = await Promise.all([listen(mailServer().server), listen(createServer(answer))]);
process.stdout.write(`${JSON.stringify({ smtp, http, ca: certificate?.caPath ?? null })}\n`);

function mailServer() {
  const server = new SMTPServer({
    name: "localhost",
    secure: options.tls === "implicit",
    key: certificate?.key,
    cert: certificate?.cert,
    disabledCommands: [options.tls !== "starttls" && "STARTTLS", !options.auth && "AUTH"].filter(Boolean),
    disableReverseLookup: true,
    authOptional: !options.auth,
    // AUTH in clear text exists only where a test asks for a server without TLS.
    allowInsecureAuth: options.tls === "none",
    logger: false,
    onAuth: checkPassword,
    onRcptTo: (address, session, done) => done(refusal("rcpt")),
    onData: receive,
  });
  // A client which hangs up or refuses the certificate is part of some tests, never a reason to stop serving.
  server.on("error", (error) => process.stderr.write(`smtp: ${error.message}\n`));
  return server;
}

function checkPassword(auth, session, done) {
  const known = options.auth && auth.username === options.auth.user && auth.password === options.auth.password;
  if (known) return done(null, { user: auth.username });
  return done(Object.assign(new Error("authentication failed"), { responseCode: 535 }));
}

// The body is read to its end even when it is refused: SMTP has no other place to say so.
async function receive(stream, session, done) {
  try {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const refused = refusal("data");
    if (!refused) messages.push(await describe(Buffer.concat(chunks), session));
    done(refused);
  } catch (error) {
    done(error);
  }
}

function refusal(command) {
  if (fault.at !== command || fault.count === 0) return null;
  fault.count -= 1;
  const responseCode = REPLIES[fault.class][command];
  return Object.assign(new Error("refused on purpose"), { responseCode });
}

async function describe(raw, session) {
  const mail = await simpleParser(raw, { skipTextToHtml: true, skipHtmlToText: true });
  return {
    from: addresses(mail.from)[0] ?? null,
    to: addresses(mail.to),
    subject: mail.subject ?? "",
    text: mail.text ?? "",
    html: mail.html || null,
    headers: headers(mail.headerLines),
    envelope: { from: session.envelope.mailFrom.address, to: session.envelope.rcptTo.map((to) => to.address) },
    user: session.user ?? null,
    secure: session.secure,
    raw: raw.toString("utf8"),
  };
}

function addresses(field) {
  return [field ?? []].flat().flatMap((list) => list.value.map((entry) => entry.address));
}

// Raw, unfolded values by lower-case name; a header that occurs twice shows both, so that an injected one is seen.
function headers(lines) {
  const found = {};
  for (const { key, line } of lines) {
    const value = line.slice(line.indexOf(":") + 1).replace(/\r?\n(?=[ \t])/g, "").trim();
    found[key] = key in found ? `${found[key]}, ${value}` : value;
  }
  return found;
}

async function answer(request, response) {
  const route = `${request.method} ${request.url}`;
  if (route === "GET /messages") return reply(response, 200, messages);
  if (route === "DELETE /messages") {
    messages.length = 0;
    return reply(response, 204);
  }
  if (route === "POST /fail") {
    const wanted = await readFault(request);
    return wanted ? reply(response, 200, Object.assign(fault, wanted)) : reply(response, 400, { error: "not a fault" });
  }
  return reply(response, 404, { error: `no such route: ${route}` });
}

function reply(response, status, body) {
  if (body === undefined) return response.writeHead(status).end();
  return response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readFault(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  try {
    return checkedFault({ at: "rcpt", ...JSON.parse(text) });
  } catch {
    return null;
  }
}

function checkedFault({ class: kind, count, at }) {
  const sound = kind in REPLIES && at in REPLIES[kind] && Number.isInteger(count) && count >= 0;
  return sound ? { class: kind, count, at } : null;
}

function readOptions(args) {
  const strings = { tls: { type: "string", default: "none" }, auth: { type: "string" }, fail: { type: "string" } };
  const { values } = parseArgs({ args, options: strings });
  if (!TLS_MODES.includes(values.tls)) usage(`--tls takes one of ${TLS_MODES.join(", ")}, not "${values.tls}"`);
  return { tls: values.tls, auth: readAuth(values.auth), fault: readFailOption(values.fail) };
}

function readAuth(text) {
  if (text === undefined) return null;
  const colon = text.indexOf(":");
  if (colon < 1) usage(`--auth takes user:password, not "${text}"`);
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function readFailOption(text) {
  if (text === undefined) return {};
  const [kind, count, at = "rcpt"] = text.split(":");
  const checked = checkedFault({ class: kind, count: Number(count || NaN), at });
  return checked ?? usage(`--fail takes 4xx:N or 5xx:N, optionally followed by :rcpt or :data, not "${text}"`);
}

function usage(problem) {
  process.stderr.write(`smtp.mjs: ${problem}\n`);
  process.exit(2);
}

function listen(server) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, LOOPBACK, () => resolve(server.address().port));
  });
}
