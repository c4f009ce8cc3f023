import assert from "node:assert/strict";
import { test } from "node:test";

import { wrap } from "../src/code.ts";
import { cividis } from "../src/draw/colours.ts";
import { histogram, tickLabel, ticks } from "../src/draw/scale.ts";
import { EXAMPLES, exampleInput } from "../src/examples.ts";
import { EMPTY, type Input, readInput, rowsOfReading } from "../src/input.ts";
import { flatNumbers, largest } from "../src/losses.ts";
import { batchOf, nameOf, worstFirst } from "../src/samples.ts";
import type { LossResponse } from "../src/service.ts";
import { decode, encode } from "../src/share.ts";
import { type Answer, changeOf, withFields } from "../src/state.ts";

const text = (content: string) => ({ kind: "text", text: content }) as const;
const given = (logits: string, labels: string, others: Partial<Input> = {}): Input => ({
  ...EMPTY,
  logits: text(logits),
  labels: text(labels),
  ...others,
});

test("names become indices in alphabetical order, in that of the header, or in the reader's", () => {
  const labels = (input: Input) => readInput(input).fields?.["labels"];
  assert.deepEqual(labels(given("1,2\n3,4", "owl, fox")), [1, 0]);
  assert.deepEqual(labels(given("owl,fox\n1,2\n3,4", "owl, fox")), [0, 1]);
  assert.deepEqual(labels(given("1,2,0\n3,4,0", "owl, fox", { classes: ["cat", "owl", "fox"] })), [1, 2]);
});

test("an order that lacks a name of the labels is not followed", () => {
  assert.deepEqual(readInput(given("1,2\n3,4", "owl, fox", { classes: ["owl", "cat"] })).classes, ["fox", "owl"]);
});

test("without labels, or with a mistake, there is no request", () => {
  assert.equal(readInput(given("1, 2", "")).fields, null);
  const { fields, mistakes } = readInput(given("[1, 2", "0"));
  assert.equal(fields, null);
  assert.equal(mistakes.logits?.key, "not_closed");
});

test("parameters and further arrays are in the request", () => {
  const input = given("1,2\n3,4", "0, 1", { weights: text("[1, 0]"), parameters: { reduction: "sum" } });
  assert.deepEqual(readInput(input).fields, {
    logits: [[1, 2], [3, 4]],
    labels: [0, 1],
    weights: [1, 0],
    reduction: "sum",
  });
});

test("of some samples alone, each array has those", () => {
  const tensor = { dtype: "float32" as const, shape: [3, 2], bytes: new Uint8Array(Float32Array.of(0, 1, 10, 11, 20, 21).buffer) };
  const input = given("", "0, 1, 1", { weights: text("2"), logits: { kind: "file", name: "a.npy", tensor } });
  const { fields } = rowsOfReading(readInput(input), [2, 0], 3);
  assert.deepEqual((fields?.["logits"] as typeof tensor).shape, [2, 2]);
  assert.deepEqual(fields?.["labels"], [1, 0]);
  assert.deepEqual(fields?.["weights"], 2);
});

for (const name of EXAMPLES) {
  test(`the example ${name} makes a request`, () => assert.ok(readInput(exampleInput(name)).fields));
}

test("a link carries the whole state, and an example its name", async () => {
  const input = given("cat,dog\n1,2\n3,4", "cat, dog", { classes: ["dog", "cat"], parameters: { from_logits: false, gamma: 2 } });
  const fragment = await encode(input, null);
  assert.match(fragment ?? "", /^#s=[\w-]+$/);
  assert.deepEqual(await decode(fragment ?? ""), { input, example: null });
  assert.equal(await encode(exampleInput("gan"), "gan"), "#example=gan");
  assert.deepEqual(await decode("#example=gan"), { input: exampleInput("gan"), example: "gan" });
});

test("a link that is none opens nothing", async () => {
  for (const fragment of ["", "#guide", "#example=none", "#s=", "#s=AAAA", "#s=%00"]) assert.equal(await decode(fragment), null);
});

test("what is too large for a link, or a file, has none", async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => Math.sin(i)).join(",");
  assert.equal(await encode(given(many, "0"), null), null);
  const tensor = { dtype: "bool" as const, shape: [1], bytes: new Uint8Array(1) };
  assert.equal(await encode(given("1", "", { labels: { kind: "file", name: "a", tensor } }), null), null);
});

test("a fix sets fields of the request, and takes out what it sets to null", () => {
  const input = given("1", "1", { weights: text("2"), parameters: { reduction: "sum", clip: 0.1 } });
  const fixed = withFields(input, { weights: null, pos_weight: 19, loss_type: "weighted_cross_entropy", clip: null });
  assert.deepEqual(readInput(fixed).fields, {
    logits: 1,
    labels: 1,
    pos_weight: 19,
    reduction: "sum",
    loss_type: "weighted_cross_entropy",
  });
});

test("one weight for all is replaced by what the service suggests", () => {
  const warning = { code: "scalar_weight_only_rescales", change: null } as never;
  const response = (suggested: unknown) =>
    ({ recommendation: { loss_type: "weighted_cross_entropy", suggested } }) as unknown as LossResponse;
  assert.deepEqual(changeOf(warning, response({ pos_weight: 19 })), { weights: null, loss_type: "weighted_cross_entropy", pos_weight: 19 });
  assert.deepEqual(changeOf(warning, response(null)), { weights: null });
});

test("the largest are found in order, of equals the first", () => {
  assert.deepEqual(largest([1, 5, 3, 5, 2], 3), [1, 3, 2]);
  assert.deepEqual(largest([2, 1], 5), [0, 1]);
  const values = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
  assert.deepEqual(largest(values, 50), values.map((_, i) => i).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0)).slice(0, 50));
});

test("numbers of a response are read from lists and from base64", () => {
  assert.deepEqual(Array.from(flatNumbers([[1, "Infinity"], [-2, 0.5]])), [1, Infinity, -2, 0.5]);
  const data = Buffer.from(Float32Array.of(1.5, -2).buffer).toString("base64");
  assert.deepEqual(Array.from(flatNumbers({ dtype: "float32", shape: [2], data })), [1.5, -2]);
});

function answerOf(input: Input, response: Partial<LossResponse>): Answer {
  return { input, reading: readInput(input), response: response as LossResponse, fixes: {}, reductions: {}, worst: null };
}

test("samples stand worst first, with what was predicted", () => {
  const input = given("cat,dog\n2,0\n1,0\n3,0", "cat, dog, cat", { weights: text("1, 1, 0") });
  const batch = batchOf(
    answerOf(input, { loss_type: "sparse_softmax_cross_entropy", per_sample: [0.1, 1.3, 0], probabilities: [[0.9, 0.1], [0.7, 0.3], [0.95, 0.05]] }),
  );
  assert.ok(batch);
  assert.deepEqual(batch.samples.map(({ index, isRight, ofLabel, weight }) => [index, isRight, ofLabel, weight]), [
    [1, false, 0.3, 1],
    [0, true, 0.9, 1],
    [2, true, 0.95, 0],
  ]);
  assert.equal(nameOf(1, batch), "dog");
});

test("several labels are right only all together", () => {
  const input = given("a,b,c\n1,1,-1\n1,-1,-1", "[[1, 1, 0], [1, 1, 0]]");
  const batch = batchOf(
    answerOf(input, { loss_type: "sigmoid_cross_entropy", per_sample: [0.3, 0.6], probabilities: [[0.7, 0.7, 0.2], [0.7, 0.2, 0.2]] }),
  );
  assert.ok(batch);
  assert.deepEqual(batch.samples.map(({ index, isRight }) => [index, isRight]), [[1, false], [0, true]]);
  assert.equal(nameOf(batch.samples[0]?.label ?? [], batch), "a, b");
});

test("one label may stand for all logits", () => {
  const batch = batchOf(answerOf(given("0.5, -0.5", "1"), { loss_type: "sigmoid_cross_entropy", per_sample: [0.47, 0.97], probabilities: [0.62, 0.38] }));
  assert.deepEqual(batch?.samples.map(({ index, isRight, ofLabel }) => [index, isRight, ofLabel]), [[1, false, 0.38], [0, true, 0.62]]);
});

test("samples of weight 0 come last", () => {
  const sample = (index: number, loss: number, weight: number) => ({ index, loss, weight }) as never;
  assert.deepEqual(worstFirst([sample(0, 0, 0), sample(1, 1, 1), sample(2, 2, 1)]).map(({ index }) => index), [2, 1, 0]);
});

test("code is wrapped as Black wraps it", () => {
  const call = "loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))";
  assert.equal(
    wrap(call),
    `loss = tf.reduce_mean(
    tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=logits
    )
)`,
  );
  assert.equal(wrap("loss = f(a, b)"), "loss = f(a, b)");
  const long = "loss = function_of_a_long_name(first_argument=1, second_argument=2, third_argument=[1, 2, 3])";
  assert.equal(
    wrap(long),
    `loss = function_of_a_long_name(
    first_argument=1,
    second_argument=2,
    third_argument=[1, 2, 3],
)`,
  );
});

test("axes have round ticks", () => {
  assert.deepEqual(ticks(1.7), [0, 0.5, 1, 1.5]);
  assert.deepEqual(ticks(20), [0, 5, 10, 15, 20]);
  assert.deepEqual([0, 0.5, 1].map((value) => tickLabel(value, 0.5)), ["0.0", "0.5", "1.0"]);
  assert.equal(tickLabel(10, 5), "10");
});

test("a histogram counts each finite value once", () => {
  assert.deepEqual(histogram([0, 0.5, 1, 2, Infinity], 2, 4), [1, 1, 1, 1]);
});

test("cividis runs from dark blue to yellow", () => {
  assert.equal(cividis(0), "rgb(0 34 78)");
  assert.equal(cividis(1), "rgb(254 232 56)");
  assert.equal(cividis(7), cividis(1));
});
