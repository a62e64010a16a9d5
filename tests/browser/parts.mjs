// The npm packages of these tests, installed under tests/parts and nowhere else.

import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where they are, and the programs of the test kit beside them. */
export const parts = process.env.DOORWARD_TEST_NODE_PARTS ?? fileURLToPath(new URL("../parts", import.meta.url));
const require = createRequire(join(parts, "package.json"));

export const { chromium } = require("playwright-core");
export const { AxeBuilder } = require("@axe-core/playwright");
