// The pages as a person meets them: the real server and a real browser.
//
//   DOORWARD_BIN=…/doorward ARTEFACTS=… node tests/browser/run.mjs [part of a sentence]
//
// `cargo xtask test --only browser` builds the server and runs all of it. Every page is kept as pictures in ARTEFACTS.

import { mkdirSync } from "node:fs";
import { keepEvidence } from "./browser.mjs";
import { runAll } from "./runner.mjs";
import "./tests.mjs";

// Whoever ends this early ends the servers with it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const artefacts = process.env.ARTEFACTS ?? "artefacts";
mkdirSync(artefacts, { recursive: true });
const passed = await runAll(process.argv[2] ?? "", (failure) => keepEvidence(artefacts, failure));
process.exitCode = passed ? 0 : 1;
