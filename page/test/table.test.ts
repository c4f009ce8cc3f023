import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Mistake, Name, type Nested, namesIn, parseTable, shapeOf, spanOf, withIndices } from "../src/parse/table.ts";

const contentOf = (text: string) => parseTable(text).content;

/** Texts as frameworks print them, with the numbers that were printed: test/prints.py makes the file. */
type Print = { framework: string; version: string; what: string; text: string; values: Nested };
const prints = JSON.parse(readFileSync("test/prints.json", "utf8")) as Print[];

for (const { framework, version, what, text, values } of prints) {
  test(`${framework} ${version} prints ${what}`, () => assert.deepEqual(contentOf(text), values));
}

test("the corpus holds prints of each framework", () => {
  assert.deepEqual([...new Set(prints.map(({ framework }) => framework))].sort(), ["jax", "numpy", "tensorflow", "torch"]);
});

const FORMS: [string, string, unknown][] = [
  ["JSON", "[[2, 0.5], [1e-3, -4]]", [[2, 0.5], [0.001, -4]]],
  ["JSON with null and infinities", '[null, "-Infinity", "Infinity"]', [null, "-Infinity", "Infinity"]],
  ["a number", "0.5", 0.5],
  ["a line of numbers", "1, 2, 3", [1, 2, 3]],
  ["numbers one a line", "1\n2\n3\n", [1, 2, 3]],
  ["numbers between blanks", "1  2.5 -3", [1, 2.5, -3]],
  ["CSV", "1,2\n3,4\n", [[1, 2], [3, 4]]],
  ["CSV with Windows' line ends", "1,2\r\n3,4\r\n", [[1, 2], [3, 4]]],
  ["semicolons", "1;2\n3;4", [[1, 2], [3, 4]]],
  ["tabs", "1\t2\n3\t4", [[1, 2], [3, 4]]],
  ["blank lines between rows", "1,2\n\n3,4", [[1, 2], [3, 4]]],
  ["an empty cell", "1,,3\n4,5,6", [[1, null, 3], [4, 5, 6]]],
  ["rows in brackets without an outer pair", "[1, 2]\n[3, 4]", [[1, 2], [3, 4]]],
  ["rows in brackets with commas between them", "[1, 2], [3, 4]", [[1, 2], [3, 4]]],
  ["numbers as Python writes them", "[1., .5, +2, 1E5]", [1, 0.5, 2, 100000]],
  ["Python's None, nan and inf", "[None, nan, inf, -inf]", [null, null, "Infinity", "-Infinity"]],
  ["Python's booleans", "[True, False]", [1, 0]],
  ["an assignment", "labels = [1, 2]", [1, 2]],
  ["NumPy's numbers in a list of Python", "[np.float64(0.5), np.int64(2)]", [0.5, 2]],
  ["three dimensions", "[[[1], [2]], [[3], [4]]]", [[[1], [2]], [[3], [4]]]],
  ["ragged rows, for the service to refuse", "[[1, 2], [3]]", [[1, 2], [3]]],
  ["an empty list", "[]", []],
];
for (const [form, text, content] of FORMS) test(`reads ${form}`, () => assert.deepEqual(contentOf(text), content));

test("words are names of classes, quoted or not", () => {
  const names = ["owl", "fox", "polar bear"].map((name) => new Name(name));
  assert.deepEqual(contentOf('owl, fox, "polar bear"'), names);
  assert.deepEqual(contentOf("['owl', 'fox', 'polar bear']"), names);
});

test("a first line of words above numbers is a header", () => {
  const table = parseTable("cat,dog\n0.1,0.9\n0.8,0.2");
  assert.deepEqual(table, { content: [[0.1, 0.9], [0.8, 0.2]], header: ["cat", "dog"] });
  assert.equal(parseTable("cat,dog\nfox,owl").header, null);
});

const MISTAKES: [string, string, string, string][] = [
  ["nothing", "  \n", "nothing", "  \n"],
  ["an open bracket", "[[1, 2], [3", "not_closed", "["],
  ["an open quote", "['cat]", "quote_not_closed", "'"],
  ["text behind the end", "tensor([1, 2]) and more", "after_end", "and more"],
  ["NumPy's abridged print", "[1. 2. ... 8. 9.]", "abridged", "..."],
  ["an abridged print in lines", "1 2\n...\n3 4", "abridged", "..."],
  ["an object", '{"a": 1}', "object", "{"],
  ["lists without end", "[".repeat(100), "too_deep", "["],
];
for (const [what, text, key, place] of MISTAKES) {
  test(`${what} is a mistake with its place`, () => {
    assert.throws(
      () => parseTable(text),
      (mistake) => mistake instanceof Mistake && mistake.key === key && text.slice(mistake.span.start, mistake.span.end).trimEnd() === place.trimEnd(),
    );
  });
}

const PLACES: [string, number[], string | null][] = [
  ["[[1, 22], [3, 44]]", [1, 1], "44"],
  ["[[1, 22], [3, 44]]", [0], "[1, 22]"],
  ["tensor([[1.5000, -2.0000],\n        [3.0000, 4.2500]])", [1, 0], "3.0000"],
  ["1, 2, 4, 3", [2], "4"],
  ["1, 11, 1", [2], "1"],
  ["a,b\n1,2\n3,44", [1, 1], "44"],
  ["5\n6\n77", [2], "77"],
  ["[1, 2]\n[3, 44]", [1, 1], "44"],
  ["1, 2", [7], null],
];
for (const [text, path, found] of PLACES) {
  test(`finds [${path.join("][")}] in ${JSON.stringify(text)}`, () => {
    const span = spanOf(text, path);
    assert.equal(span === null ? null : text.slice(span.start, span.end), found);
  });
}

test("the same value elsewhere is not taken for the place", () => {
  assert.deepEqual(spanOf("1, 11, 1", [2]), { start: 7, end: 8, parts: [] });
});

test("the shape is that of a rectangle, or null", () => {
  assert.deepEqual(shapeOf([[1, 2, 3], [4, 5, 6]]), [2, 3]);
  assert.deepEqual(shapeOf(7), []);
  assert.deepEqual(shapeOf([]), [0]);
  assert.equal(shapeOf([[1, 2], [3]]), null);
  assert.equal(shapeOf([[1], 2]), null);
});

test("names become indices in the order of the classes, and unknown ones are sent as they are", () => {
  const content = contentOf("owl, cat, emu, 3");
  assert.deepEqual(namesIn(content), ["owl", "cat", "emu"]);
  assert.deepEqual(withIndices(content, ["cat", "owl"]), [1, 0, "emu", 3]);
});

test("a hundred thousand numbers are read within a second", () => {
  const text = Array.from({ length: 10_000 }, (_, i) => Array.from({ length: 10 }, (_, j) => (i * j) / 7).join(",")).join("\n");
  const before = process.cpuUsage();
  assert.deepEqual(shapeOf(contentOf(text)), [10_000, 10]);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 1e6, `${user} µs`);
});
