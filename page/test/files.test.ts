import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { readFile } from "../src/files.ts";
import { type Input, NO_TEXT, type Source } from "../src/input.ts";
import { type Dtype, UnreadableFile, numbersOf, rowsOf } from "../src/parse/tensor.ts";

// Files that NumPy and PyArrow wrote: test/files.py makes them.
const files = JSON.parse(readFileSync("test/files.json", "utf8")) as Record<string, string>;

const fileOf = (name: string) => new File([Buffer.from(files[name] ?? "", "base64")], name);
const textFile = (name: string, text: string) => new File([text], name);

type Plain = { dtype: string; shape: readonly number[]; values: number[] } | string;

function plain(source: Source | undefined): Plain {
  assert.ok(source !== undefined);
  if (source.kind === "text") return source.text;
  const { dtype, shape } = source.tensor;
  return { dtype, shape, values: Array.from(numbersOf(source.tensor)) };
}

const LOGITS = [1.5, -2, 0.25, 0, 3, -1];
const array = (dtype: string, values: number[], ...shape: number[]) => ({ dtype, shape, values });

for (const dtype of ["float16", "float32", "float64"] satisfies Dtype[]) {
  test(`reads a .npy of ${dtype}`, async () => {
    assert.deepEqual(plain((await readFile(fileOf(`${dtype}.npy`), null)).logits), array(dtype, LOGITS, 2, 3));
  });
}

for (const dtype of ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"] satisfies Dtype[]) {
  test(`reads a .npy of ${dtype}`, async () => {
    assert.deepEqual(plain((await readFile(fileOf(`${dtype}.npy`), "labels")).labels), array(dtype, [1, 2, 0, 0, 3, 1], 2, 3));
  });
}

test("whole numbers of one dimension are labels, wherever they are dropped beside the fields", async () => {
  assert.deepEqual(plain((await readFile(fileOf("bool.npy"), null)).labels), array("bool", [1, 0], 2));
  assert.deepEqual(plain((await readFile(fileOf("bool.npy"), "weights")).weights), array("bool", [1, 0], 2));
});

test("an array in Fortran's order comes in C's", async () => {
  const values = Array.from({ length: 24 }, (_, i) => i);
  assert.deepEqual(plain((await readFile(fileOf("fortran.npy"), null)).logits), array("float64", values, 2, 3, 4));
});

test("reads a .npy without dimensions, and one of version 2", async () => {
  assert.deepEqual(plain((await readFile(fileOf("scalar.npy"), null)).logits), array("float32", [2.5]));
  assert.deepEqual(plain((await readFile(fileOf("version-2.npy"), null)).logits), array("float64", LOGITS, 2, 3));
});

for (const name of ["plain.npz", "compressed.npz"]) {
  test(`${name} fills both fields by the arrays' names`, async () => {
    const { logits, labels } = await readFile(fileOf(name), null);
    assert.deepEqual(plain(logits), array("float64", LOGITS, 2, 3));
    assert.deepEqual(plain(labels), array("int64", [2, 0], 2));
  });
}

for (const name of ["lists.arrow", "stream.arrows"]) {
  test(`${name} has a row of logits in each list`, async () => {
    const { logits, labels } = await readFile(fileOf(name), null);
    assert.deepEqual(plain(logits), array("float32", LOGITS, 2, 3));
    assert.deepEqual(plain(labels), array(name.endsWith("s") ? "int32" : "int64", [2, 0], 2));
  });
}

test("Arrow's columns that are no labels are the columns of the logits", async () => {
  const { logits, labels } = await readFile(fileOf("columns.arrow"), null);
  assert.deepEqual(plain(logits), array("float64", LOGITS, 2, 3));
  assert.equal(plain(labels), "owl\ncat");
});

test("Arrow's dictionaries are names of classes", async () => {
  assert.equal(plain((await readFile(fileOf("dictionary.arrow"), null)).labels), "owl\ncat");
});

const REFUSED: [string, string][] = [
  ["big-endian.npy", "npy_order"],
  ["complex.npy", "npy_dtype"],
  ["text.npy", "npy_dtype"],
  ["short.npy", "npy_short"],
  ["unnamed.npz", "unknown_names"],
  ["nulls.arrow", "arrow_nulls"],
  ["ragged.arrow", "arrow_ragged"],
  ["zstd.arrow", "not_arrow"],
];
for (const [name, key] of REFUSED) {
  test(`${name} is refused: ${key}`, async () => {
    await assert.rejects(readFile(fileOf(name), null), (error) => error instanceof UnreadableFile && error.key === key);
  });
}

test("a file that is not what its name says is refused", async () => {
  for (const [name, key] of [["a.npy", "not_npy"], ["a.npz", "not_npz"], ["a.arrow", "not_arrow"], ["a.pkl", "unknown_kind"]] as const) {
    await assert.rejects(readFile(textFile(name, "nonsense"), null), (error) => error instanceof UnreadableFile && error.key === key, name);
  }
});

const shown = (input: Partial<Input>) => [input.logits, input.labels].map((source) => plain(source ?? NO_TEXT));

test("a CSV with a column of labels fills both fields", async () => {
  const file = textFile("batch.csv", "cat,dog,label\n0.5,1,dog\n2,-1,cat\n");
  assert.deepEqual(shown(await readFile(file, null)), ["cat, dog\n0.5, 1\n2, -1", "dog\ncat"]);
});

test("a CSV without such a column fills the field that it is dropped on", async () => {
  assert.deepEqual(shown(await readFile(textFile("a.csv", "1,2\n3,4"), null)), ["1,2\n3,4", ""]);
  assert.deepEqual(shown(await readFile(textFile("a.csv", "0\n1"), "labels")), ["", "0\n1"]);
});

test("a long CSV is kept as an array", async () => {
  const text = Array.from({ length: 3000 }, (_, i) => Array.from({ length: 10 }, (_, j) => i + j).join(",")).join("\n");
  const { logits } = await readFile(textFile("long.csv", text), null);
  assert.equal(logits?.kind === "file" && logits.tensor.shape.join(), "3000,10");
});

test("a request as JSON fills each field that it names", async () => {
  const request = { logits: [[1, 2], [3, 4]], labels: [0, 1], weights: null, reduction: "sum", from_logits: false };
  const input = await readFile(textFile("request.json", JSON.stringify(request)), null);
  assert.deepEqual(shown(input), ["[[1, 2],\n [3, 4]]", "[0,1]"]);
  assert.deepEqual(input.parameters, { reduction: "sum", from_logits: false });
});

test("rows are taken along the first dimension", () => {
  const tensor = { dtype: "float32" as const, shape: [3, 2], bytes: new Uint8Array(Float32Array.of(0, 1, 10, 11, 20, 21).buffer) };
  assert.deepEqual(Array.from(numbersOf(rowsOf(tensor, [2, 0]))), [20, 21, 0, 1]);
});
