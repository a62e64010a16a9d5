// Issues a throw-away certificate for loopback, signed by an equally throw-away authority.
//
// Authority and server key are separate, because strict verifiers refuse an authority's own certificate as a server's.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const LEAF_EXTENSIONS = [
  "basicConstraints=critical,CA:FALSE",
  "keyUsage=critical,digitalSignature",
  "extendedKeyUsage=serverAuth",
  "subjectAltName=DNS:localhost,IP:127.0.0.1",
];

/** Makes `{folder, caPath, key, cert}`; the caller removes `folder` when done. */
export function issueCertificate() {
  const folder = mkdtempSync(join(tmpdir(), "doorward-smtp-"));
  const file = (name) => join(folder, name);
  writeFileSync(file("leaf.ext"), `${LEAF_EXTENSIONS.join("\n")}\n`);
  const request = (name) => ["req", ...NEW_KEY, "-keyout", file(`${name}.key`)];
  openssl(...request("ca"), "-x509", "-days", "2", "-subj", "/CN=Doorward test authority", "-out", file("ca.pem"));
  openssl(...request("leaf"), "-subj", "/CN=localhost", "-out", file("leaf.csr"));
  const signing = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-extfile", file("leaf.ext")];
  openssl("x509", "-req", "-in", file("leaf.csr"), ...signing, "-out", file("leaf.pem"), "-days", "2");
  return { folder, caPath: file("ca.pem"), key: readFileSync(file("leaf.key")), cert: readFileSync(file("leaf.pem")) };
}

function openssl(...args) {
  try {
    execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    throw new Error(`openssl ${args[0]} failed (is openssl installed?): ${error.stderr ?? error.message}`);
  }
}
