// node test.mjs bundles the tests, which are TypeScript, and runs them.
import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { build } from "esbuild";

const HERE = import.meta.dirname;
const OUT = join(HERE, "build");
const tests = (await readdir(join(HERE, "test"))).filter((name) => name.endsWith(".test.ts"));

await rm(OUT, { recursive: true, force: true });
await build({
  absWorkingDir: HERE,
  entryPoints: tests.map((name) => join("test", name)),
  bundle: true,
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
  outdir: OUT,
  outExtension: { ".js": ".mjs" },
  packages: "external",
  platform: "node",
  sourcemap: "inline",
});
const files = tests.map((name) => join(OUT, name.replace(/\.ts$/, ".mjs")));
const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...files], {
  cwd: HERE,
  stdio: "inherit",
});
process.exit(run.status ?? 1);
