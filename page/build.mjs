// node build.mjs FOLDER makes the pages: FOLDER/assets, whose names hold a hash of their content, FOLDER/html, and
// FOLDER/parts, of which the service makes the pages under /learn.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { pathToFileURL } from "node:url";

import { build } from "esbuild";
import temml from "temml";

const HERE = import.meta.dirname;
const LANGUAGES = ["en", "zh-Hans", "zh-Hant"];
// What only pages need that are rendered here, and no script: it stays out of the scripts.
const RENDERED_ONLY = ["learn", "lessons", "losses", "parameters"];
const OF_LEARN = [...RENDERED_ONLY, "warnings", "severity"];

const folder = process.argv[2];
const texts = {};
for (const language of LANGUAGES) texts[language] = JSON.parse(await readFile(join(HERE, "text", `${language}.json`)));

/** `import text from "text:en"` in a script: the texts of a language that scripts need. */
const scriptTexts = {
  name: "texts",
  setup(build) {
    build.onResolve({ filter: /^text:/ }, ({ path }) => ({ path: path.slice(5), namespace: "text" }));
    build.onLoad({ filter: /.*/, namespace: "text" }, ({ path }) => {
      const kept = Object.entries(texts[path]).filter(([part]) => !RENDERED_ONLY.includes(part));
      return { contents: JSON.stringify(Object.fromEntries(kept)), loader: "json" };
    });
  },
};

const common = {
  absWorkingDir: HERE,
  bundle: true,
  charset: "utf8",
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
  metafile: true,
};

const { metafile } = await build({
  ...common,
  entryPoints: [
    ...["src/docs.ts", "src/home.ts", "src/learn.ts", "src/theme.ts", "src/icon.svg"],
    ...["style/docs.css", "style/home.css", "style/learn.css"],
  ],
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  legalComments: "external",
  loader: { ".svg": "copy" },
  assetNames: "[name]-[hash]",
  minify: true,
  outdir: join(folder, "assets"),
  plugins: [scriptTexts],
  splitting: true,
  target: ["chrome123", "firefox120", "safari17.5"], // the first with light-dark()
});

/** The name of what was made of a source file, and of all that it imports at once. */
const made = {};
for (const [path, output] of Object.entries(metafile.outputs)) {
  const source = output.entryPoint ?? (path.endsWith(".svg") ? Object.keys(output.inputs)[0] : undefined);
  if (source === undefined) continue;
  const file = basename(path);
  const imports = output.imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => basename(path));
  made[source.replace("text:", "text/")] = { file, imports };
}

/** The licences of the packages that scripts contain, which go along with them. */
const packages = new Set(
  Object.keys(metafile.inputs).flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
);
const licences = await Promise.all(
  [...packages].sort().map(async (name) => {
    const { version, license } = JSON.parse(await readFile(join(HERE, "node_modules", name, "package.json")));
    return `${name} ${version}, ${license}\n\n${await readFile(join(HERE, "node_modules", name, "LICENSE"), "utf8")}`;
  }),
);

// The pages are rendered by the same components that draw them in the browser.
const renderer = join(tmpdir(), `xent-page-${process.pid}.mjs`);
try {
  await build({ ...common, entryPoints: ["src/render.tsx"], outfile: renderer, platform: "node", metafile: false });
  const { render, frames } = await import(pathToFileURL(renderer));
  await mkdir(join(folder, "html"), { recursive: true });
  await writeFile(join(folder, "html/licenses.txt"), licences.join("\n\n"));
  for (const [name, html] of render(texts, made)) await writeFile(join(folder, "html", name), html);
  await mkdir(join(folder, "parts"), { recursive: true });
  for (const [name, html] of frames(texts, made)) await writeFile(join(folder, "parts", name), html);
} finally {
  await rm(renderer, { force: true });
}

for (const language of LANGUAGES) {
  const kept = Object.fromEntries(OF_LEARN.map((part) => [part, texts[language][part]]));
  await writeFile(join(folder, "parts", `texts.${language}.json`), JSON.stringify(kept));
}

// Formulas as MathML, which browsers draw. Inline styles, which the policy forbids, are rules of style/learn.css.
const { catalogue } = JSON.parse(await readFile(join(HERE, "generated", "facts.json")));
const formulas = {};
for (const { latex, gradient_latex } of Object.values(catalogue))
  for (const formula of [latex, gradient_latex])
    formulas[formula] = temml
      .renderToString(formula, { displayMode: true, throwOnError: true })
      .replaceAll(/ style="[^"]*"/g, "");
await writeFile(join(folder, "parts", "formulas.json"), JSON.stringify(formulas));

const sizes = Object.entries(metafile.outputs).map(([path, { bytes }]) => `${relative(folder, join(HERE, path))} ${bytes}`);
if (process.env.VERBOSE) console.log(sizes.join("\n"));
