/** The types are those of openapi.json, and a check that fails names what mends it. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { CLIENT, ROOT } from "./service.js";

let folder: string;
let client: string;
let document: string;
let types: string;

/** The client and the document as they are checked in, to be spoilt. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xent-"));
  client = join(folder, "clients/typescript");
  document = join(folder, "openapi.json");
  types = join(client, "src/schema.ts");
  mkdirSync(join(client, "src"), { recursive: true });
  cpSync(join(ROOT, "openapi.json"), document);
  cpSync(join(CLIENT, "package.json"), join(client, "package.json"));
  cpSync(join(CLIENT, "src/schema.ts"), types);
  symlinkSync(join(CLIENT, "node_modules"), join(client, "node_modules"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function npm(script: string): { status: number | null; stderr: string } {
  return spawnSync("npm", ["run", "--silent", script], { cwd: client, encoding: "utf8" });
}

function assertRed(): void {
  const { status, stderr } = npm("check-generated");
  assert.notEqual(status, 0);
  assert.match(stderr, /^xent: .*`make generate` mends it$/m);
}

test("the types that are checked in are the document's", () => {
  assert.equal(npm("check-generated").status, 0);
});

test("a changed byte is seen, and generating mends it", () => {
  const content = readFileSync(types, "utf8");
  writeFileSync(types, content.replace("per_sample", "per_simple"));
  assertRed();
  assert.equal(npm("generate").status, 0);
  assert.equal(readFileSync(types, "utf8"), content);
});

test("a byte more at the end is seen", () => {
  writeFileSync(types, "\n", { flag: "a" });
  assertRed();
});

test("a removed file is seen, and generating mends it", () => {
  const content = readFileSync(types, "utf8");
  rmSync(types);
  assertRed();
  assert.equal(npm("generate").status, 0);
  assert.equal(readFileSync(types, "utf8"), content);
});

test("a changed document is seen", () => {
  writeFileSync(document, readFileSync(document, "utf8").replaceAll('"per_sample"', '"per_simple"'));
  assertRed();
});
