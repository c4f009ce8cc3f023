import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readdirSync } from "node:fs";
import { test } from "node:test";

import { errors, warnings } from "../generated/facts.json";
import { LANGUAGES, type Texts } from "../src/text.ts";

const TEXTS = Object.fromEntries(LANGUAGES.map((each) => [each, JSON.parse(readFileSync(`text/${each}.json`, "utf8")) as Texts]));

/** Every text by its whole key. */
function flat(texts: Texts, before = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === "string") found.set(before + key, value);
    else for (const [deeper, text] of flat(value, `${before}${key}.`)) found.set(deeper, text);
  }
  return found;
}

const figures = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
/** The pages under /learn take much of their English from the catalogue: tests/app/learn looks at their texts. */
const OF_LEARN = /^(learn|losses|parameters)\./;
const english = flat(TEXTS["en"] ?? {});
const keys = (texts: Map<string, string>) => [...texts.keys()].filter((key) => !OF_LEARN.test(key)).sort();

for (const language of LANGUAGES.slice(1)) {
  test(`${language} has the keys of English, and every text the same figures`, () => {
    const translated = flat(TEXTS[language] ?? {});
    assert.deepEqual(keys(translated), keys(english));
    for (const key of keys(translated)) {
      assert.deepEqual(figures(translated.get(key) ?? ""), figures(english.get(key) ?? ""), key);
    }
  });
}

test("every warning and every error of xent_core has its texts", () => {
  for (const code of Object.keys(warnings)) {
    for (const part of ["title", "text"]) assert.ok(english.has(`warnings.${code}.${part}`), `${code}.${part}`);
  }
  for (const code of errors) assert.ok(english.has(`errors.${code}`), code);
});

test("every key that the sources name is in the texts", () => {
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  const named = sources.flatMap((name) =>
    [...readFileSync(`src/${name}`, "utf8").matchAll(/\bt\(\s*"([\w.]+)"/g)].map((found) => found[1] ?? ""),
  );
  assert.ok(named.length > 50);
  assert.deepEqual(
    named.filter((key) => !english.has(key)),
    [],
  );
});
