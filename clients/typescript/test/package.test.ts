/** What is packed installs in an empty project, type-checks there, and does what the README says. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CLIENT, ROOT, type Running, startService, TSC } from "./service.js";

const STRICT = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"];
const README = readFileSync(join(CLIENT, "README.md"), "utf8");
const LOCALHOST = "http://localhost:8000";

let project: string;
let packed: string[];
let service: Running;

const run = (program: string, ...options: string[]) =>
  execFileSync(program, options, { cwd: project, encoding: "utf8" });

before(async () => {
  service = await startService();
  project = mkdtempSync(join(tmpdir(), "xent-"));
  const [tarball] = JSON.parse(run("npm", "pack", "--json", "--silent", CLIENT));
  packed = tarball.files.map(({ path }: { path: string }) => path);
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  run("npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--silent", `./${tarball.filename}`);
});
after(async () => {
  await service?.stop();
  rmSync(project, { recursive: true });
});

/** What a program prints, once it has been type-checked: as for a browser, unless Node's types are given. */
function output(name: string, source: string, types: string[] = [], ...options: string[]): string {
  writeFileSync(join(project, `${name}.ts`), source);
  const target = ["--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext"];
  run(process.execPath, TSC, ...STRICT, ...target, ...types, `${name}.ts`);
  return run(process.execPath, `${name}.js`, ...options);
}

const NODES_TYPES = ["--typeRoots", join(CLIENT, "node_modules/@types"), "--types", "node"];

const blocks = (language: string) =>
  [...README.matchAll(/^```(\w+)\n(.*?)^```/gms)]
    .filter(([, name]) => name === language)
    .map(([, , text = ""]) => text);

test("only what is needed is packed", () => {
  const modules = ["bytes", "errors", "evaluate", "exact", "index", "merge", "schema", "tensor", "xent"];
  const made = modules.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
  assert.deepEqual(packed.sort(), ["LICENSE", "README.md", "package.json", ...made].sort());
});

test("the README's example prints what the README says", () => {
  const [example = "", other] = blocks("ts");
  assert.ok(example.includes(LOCALHOST) && other?.includes(LOCALHOST));
  assert.equal(output("example", example.replace(LOCALHOST, service.address)), blocks("text")[0]);
});

test("so do the generated types by themselves", () => {
  const [, example = ""] = blocks("ts");
  assert.match(output("paths", example.replace(LOCALHOST, service.address)), /^Softmax cross-entropy$/m);
});

test("examples/loss.ts prints the mean loss", () => {
  const example = readFileSync(join(ROOT, "examples/loss.ts"), "utf8");
  assert.equal(output("loss", example, NODES_TYPES, service.address), "1.069312 nats (sparse_softmax_cross_entropy)\n");
});

test("a bundler's project type-checks, too", () => {
  writeFileSync(join(project, "bundled.ts"), blocks("ts")[0] ?? "");
  const bundler = ["--target", "es2022", "--lib", "es2022,dom", "--module", "preserve", "--noEmit"];
  run(process.execPath, TSC, ...STRICT, ...bundler, "bundled.ts");
});

test("what the types forbid does not compile", () => {
  const wrong = 'import { createXent } from "xent-client";\nawait createXent({ baseUrl: "" }).loss({ logits: [1] });\n';
  assert.throws(() => output("wrong", wrong), { stdout: /Property 'labels' is missing/ });
});

test("the lock names no place to load from", () => {
  const { packages } = JSON.parse(readFileSync(join(CLIENT, "package-lock.json"), "utf8"));
  for (const [path, entry] of Object.entries<Record<string, unknown>>(packages)) {
    assert.ok(!("resolved" in entry), path);
    assert.ok(path === "" || "integrity" in entry, path);
  }
});

test("the licence is the service's", () => {
  assert.ok(readFileSync(join(CLIENT, "LICENSE")).equals(readFileSync(join(ROOT, "LICENSE"))));
});
