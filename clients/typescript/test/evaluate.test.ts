/** Many batches have exactly the figures of one batch that holds them all. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  createXent,
  type EvaluateBatch,
  type EvaluateRequest,
  type LossRequest,
  type Xent,
  XentError,
} from "../src/index.js";
import { exactSum, quotient } from "../src/exact.js";
import { problem, type Running, startService, startStub } from "./service.js";

let service: Running;
let xent: Xent;

before(async () => {
  service = await startService();
  xent = createXent({ baseUrl: service.address });
});
after(() => service?.stop());

/** The same numbers at each run, between -3 and 3. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield (state / 2 ** 32) * 6 - 3;
  }
}

const source = numbers(1);
const next = () => source.next().value;
const SIZE = 60;
const LOGITS = Array.from({ length: SIZE }, () => [next(), next(), next()]);
const INDICES = LOGITS.map(() => Math.floor(((next() + 3) / 6) * 3));
const YES_OR_NO = LOGITS.map(() => [next() > 0, next() > 0, next() > 1].map(Number));
const DISTRIBUTIONS = LOGITS.map(() => {
  const row = [next() + 3, next() + 3, next() + 4];
  const total = row.reduce((a, b) => a + b);
  return row.map((each) => each / total);
});
const WEIGHTS = LOGITS.map((_, i) => (i % 7 ? Math.abs(next()) : 0));
const CUTS = [0, 1, 4, 31, SIZE];

function parts(labels: unknown[], weights?: number[]): EvaluateBatch[] {
  return CUTS.slice(1).map((stop, i) => {
    const range: [number, number] = [CUTS[i] as number, stop];
    const own = weights ? { weights: weights.slice(...range) } : {};
    return { logits: LOGITS.slice(...range), labels: labels.slice(...range) as LossRequest["labels"], ...own };
  });
}

const CASES: Record<string, [unknown[], EvaluateRequest, number[]?]> = {
  "class indices": [INDICES, { loss_type: "sparse_softmax_cross_entropy" }],
  "weighted class indices, some ignored": [
    INDICES,
    { loss_type: "sparse_softmax_cross_entropy", reduction: "weighted_mean", ignore_index: 1, class_weights: [1, 2, 3] },
    WEIGHTS,
  ],
  distributions: [DISTRIBUTIONS, { loss_type: "softmax_cross_entropy", reduction: "sum" }],
  "focal losses": [INDICES, { loss_type: "sparse_softmax_focal_cross_entropy" }],
  "yes or no": [YES_OR_NO, { loss_type: "weighted_cross_entropy", pos_weight: [2, 5, 1] }],
};

/** What does not merge. */
const LEFT_OUT = ["q50", "q90", "q99", "fitted"];

/** To the last bits of a number, as sums over classes are rounded in another order here; exact sums are the same. */
function same(actual: unknown, expected: unknown, path: string, tolerance = 1e-13): void {
  if (typeof expected === "object" && expected !== null) {
    const names = Object.keys(expected).filter((name) => !LEFT_OUT.includes(name));
    assert.deepEqual(Object.keys(actual as object).sort(), names.sort(), path);
    for (const name of names) {
      const exact = path.endsWith("sums") || path.includes("sums.");
      same((actual as never)[name], (expected as never)[name], `${path}.${name}`, exact ? 0 : tolerance);
    }
    return;
  }
  const apart = Math.abs(Number(actual) - Number(expected));
  const isNear = actual === expected || apart <= tolerance * Math.abs(Number(expected));
  assert.ok(isNear, `${path}: ${actual}, not ${expected}`);
}

for (const [name, [labels, request, weights]] of Object.entries(CASES)) {
  test(`batches of ${name} have the figures of the whole`, async () => {
    const include: ["summary", "calibration"] = ["summary", "calibration"];
    const whole = await xent.loss({
      logits: LOGITS,
      labels: labels as LossRequest["labels"],
      ...(weights && { weights }),
      ...request,
      include,
    });
    const found = await xent.evaluate(parts(labels, weights), { ...request, include });
    assert.equal(found.batches, 4);
    assert.equal(found.loss_type, whole.loss_type);
    same(found.reduced, whole.reduced, "reduced");
    same(found.summary, whole.summary, "summary");
    same(found.calibration, whole.calibration, "calibration");
  });
}

test("batches may come from an asynchronous iterable, and are asked for as they are needed", async () => {
  let given = 0;
  let answered = 0;
  let most = 0;
  const counting = createXent({
    baseUrl: service.address,
    fetch: async (request) => {
      const response = await fetch(request);
      answered += 1;
      return response;
    },
  });
  async function* batches() {
    for (const batch of Array.from({ length: 5 }, () => parts(INDICES)).flat()) {
      most = Math.max(most, ++given - answered);
      yield batch;
    }
  }
  const found = await counting.evaluate(batches(), {}, { concurrency: 2 });
  assert.equal(found.batches, 20);
  assert.equal(found.summary, undefined);
  assert.ok(most <= 2, `${most} batches were held`);
});

test("warnings are counted by their codes", async () => {
  const batch = { logits: [[2, 0.5, 1]], labels: [1] };
  const { warnings } = await xent.evaluate([batch, { ...batch, weights: 0 }, { ...batch, weights: 0 }]);
  assert.equal(warnings["all_weights_zero"], 2);
});

describe("what has no sum is an error", () => {
  const invalid = (message: RegExp) => (error: unknown) =>
    error instanceof XentError && error.code === "invalid_input" && message.test(error.message);
  const [first, second] = parts(INDICES) as [EvaluateBatch, EvaluateBatch];

  test("no batches", () => assert.rejects(xent.evaluate([]), invalid(/no batches/)));
  test("no reduction", () =>
    assert.rejects(xent.evaluate([first], { reduction: "none" }), invalid(/reduction is none/)));
  test("two kinds of losses", () =>
    assert.rejects(xent.evaluate([first, { logits: [1, 2], labels: [0, 1] }]), invalid(/two kinds/)));
  test("different numbers of classes", () =>
    assert.rejects(
      xent.evaluate([first, { logits: [[1, 2]], labels: [0] }], { include: ["summary"] }),
      invalid(/numbers of classes/),
    ));
  test("losses of both infinities", () => {
    const logits = [[0, "-Infinity"]] as LossRequest["logits"];
    const both = [{ logits, labels: [[2, -1]] }, { logits, labels: [[0, 1]] }];
    return assert.rejects(xent.evaluate(both, { loss_type: "softmax_cross_entropy" }), invalid(/both Infinity/));
  });
  test("an input that is refused, with the number of its batch", () =>
    assert.rejects(
      xent.evaluate([first, second, { logits: [[1, 2]], labels: [7] }]),
      (error) => invalid(/^in batch 2: /)(error) && (error as XentError).errors[0]?.code === "label_out_of_range",
    ));
  test("outputs that do not merge, before anything is sent", () =>
    assert.rejects(xent.evaluate([first], { include: ["gradient"] as never }), TypeError));
  test("a concurrency of 0", () => assert.rejects(xent.evaluate([first], {}, { concurrency: 0 }), TypeError));
});

test("a summary that only some batches have is left out", async () => {
  const [first, second] = parts(INDICES) as [EvaluateBatch, EvaluateBatch];
  const { summary } = await xent.evaluate([first, { ...second, include: ["summary"] }]);
  assert.equal(summary, undefined);
});

test("batches in which nothing counts have no mean", async () => {
  const batch = { logits: [[1, 2]], labels: [0], weights: [0] };
  const { reduced, summary } = await xent.evaluate([batch, batch], { include: ["summary"], reduction: "weighted_mean" });
  assert.equal(reduced.value, 0);
  assert.deepEqual([summary?.samples, summary?.counted, summary?.mean], [2, 0, undefined]);
});

test("after an error no more is sent", async () => {
  const stub = await startStub(problem(422));
  try {
    const client = createXent({ baseUrl: stub.address });
    const batches = Array.from({ length: 50 }, () => ({ logits: [[1, 2]], labels: [0] }));
    await assert.rejects(client.evaluate(batches, {}, { concurrency: 2 }), /^XentError: in batch 0|in batch/);
    assert.ok(stub.arrivals.length <= 3, `${stub.arrivals.length} requests were sent`);
  } finally {
    await stub.stop();
  }
});

test("an aborted evaluation rejects with the signal's reason", async () => {
  const reason = new Error("enough");
  await assert.rejects(xent.evaluate(parts(INDICES), {}, { signal: AbortSignal.abort(reason) }), reason);
});

describe("exact sums", () => {
  test("are the sum rounded, and what that leaves rounded", () => {
    assert.deepEqual(exactSum([1, 2 ** -53, 2 ** -107]), [1 + 2 ** -52, -(2 ** -53), 2 ** -107]);
    assert.deepEqual(exactSum([1e300, 1, -1e300]), [1]);
    assert.deepEqual(exactSum([0.1, 0.2]), [0.30000000000000004, -2.7755575615628914e-17]);
    assert.deepEqual(exactSum([5e-324, 5e-324, -5e-324]), [5e-324]);
    assert.deepEqual(exactSum([]), [0]);
  });
  test("have infinities, and those of what is too large", () => {
    assert.deepEqual(exactSum([Infinity, 1]), [Infinity]);
    assert.deepEqual(exactSum([Infinity, -Infinity]), [NaN]);
    assert.deepEqual(exactSum([1.7e308, 1.7e308]), [Infinity]);
    assert.deepEqual(exactSum([-1.7e308, -1.7e308]), [-Infinity]);
  });
  test("have quotients that are rounded once", () => {
    assert.equal(quotient(1n, 3n), 1 / 3);
    assert.equal(quotient(-2n, 7n), -2 / 7);
    assert.equal(quotient(10n ** 400n, 10n ** 398n), 100);
    assert.equal(quotient((1n << 53n) + 1n, 1n), 2 ** 53);
  });
});
