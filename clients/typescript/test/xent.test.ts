/** What is computed through the client is what the formulas say, and arrays go and come in every form. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type AnswerArray,
  createXent,
  type Dtype,
  type LossAnswer,
  type LossRequest,
  type LossResponse,
  type RecommendAnswer,
  type RecommendResponse,
  type SampledSoftmaxAnswer,
  type SampledSoftmaxResponse,
  tensor,
  type Tensor,
  type TypedArray,
  typedArray,
  type Xent,
  XentError,
} from "../src/index.js";
import { respond, type Running, startService, startStub } from "./service.js";

const LOGITS = [
  [2, 0.5, 1],
  [0.1, 1, 3],
];
const LABELS = [1, 2];

let service: Running;
let xent: Xent;

before(async () => {
  service = await startService();
  xent = createXent({ baseUrl: service.address });
});
after(() => service?.stop());

const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);
const mean = (numbers: number[]) => sum(numbers) / numbers.length;
const logSumExp = (row: number[]) => Math.log(sum(row.map(Math.exp)));
const softplus = (x: number) => Math.log1p(Math.exp(x));

const QUESTIONS = [
  [1, 0, 1],
  [0, 0, 1],
];
const DISTRIBUTIONS = [
  [0.2, 0.3, 0.5],
  [0.1, 0.6, 0.3],
];
const POS_WEIGHT = [2, 5, 1];

/** The losses of the rows of LOGITS, by a formula for one logit or one row. */
const rows = (loss: (row: number[], i: number) => number) => LOGITS.map(loss);
const at = <T>(array: T[], i: number) => array[i] as T;

const crossEntropy = (row: number[], c: number) => logSumExp(row) - at(row, c);
/** Σ_c y_c · term(−log p_c). */
const expected = (row: number[], i: number, term: (loss: number) => number) =>
  sum(row.map((_, c) => at(at(DISTRIBUTIONS, i), c) * term(crossEntropy(row, c))));
const focal = (loss: number) => (1 - Math.exp(-loss)) ** 2 * loss;
const sigmoidLoss = (x: number, label: number) => softplus(label === 1 ? -x : x);

const CASES: Record<NonNullable<LossRequest["loss_type"]>, [Omit<LossRequest, "logits">, number[]]> = {
  auto: [{ labels: LABELS }, rows((row, i) => logSumExp(row) - at(row, at(LABELS, i)))],
  sparse_softmax_cross_entropy: [{ labels: LABELS }, rows((row, i) => logSumExp(row) - at(row, at(LABELS, i)))],
  softmax_cross_entropy: [
    { labels: DISTRIBUTIONS },
    rows((row, i) => logSumExp(row) - sum(row.map((x, c) => x * at(at(DISTRIBUTIONS, i), c)))),
  ],
  sigmoid_cross_entropy: [
    { labels: QUESTIONS },
    rows((row, i) => mean(row.map((x, c) => softplus(at(at(QUESTIONS, i), c) === 1 ? -x : x)))),
  ],
  weighted_cross_entropy: [
    { labels: QUESTIONS, pos_weight: POS_WEIGHT },
    rows((row, i) =>
      mean(row.map((x, c) => (at(at(QUESTIONS, i), c) === 1 ? at(POS_WEIGHT, c) * softplus(-x) : softplus(x)))),
    ),
  ],
  sigmoid_focal_cross_entropy: [
    { labels: QUESTIONS },
    rows((row, i) => mean(row.map((x, c) => focal(sigmoidLoss(x, at(at(QUESTIONS, i), c)))))),
  ],
  softmax_focal_cross_entropy: [{ labels: DISTRIBUTIONS }, rows((row, i) => expected(row, i, focal))],
  sparse_softmax_focal_cross_entropy: [
    { labels: LABELS },
    rows((row, i) => focal(crossEntropy(row, at(LABELS, i)))),
  ],
  generalized_cross_entropy: [
    { labels: LABELS, q: 0.5 },
    rows((row, i) => (1 - Math.exp(-0.5 * crossEntropy(row, at(LABELS, i)))) / 0.5),
  ],
  poly_cross_entropy: [
    { labels: DISTRIBUTIONS, epsilon: 2 },
    rows((row, i) => expected(row, i, (loss) => loss + 2 * (1 - Math.exp(-loss)))),
  ],
  kl_divergence: [
    { labels: DISTRIBUTIONS },
    rows((row, i) => expected(row, i, (loss) => loss) + sum(at(DISTRIBUTIONS, i).map((y) => y * Math.log(y)))),
  ],
};

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-12): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of Array.from(actual).entries()) {
    assert.ok(Math.abs(value - (expected[i] as number)) <= tolerance, `[${i}] is ${value}, not ${expected[i]}`);
  }
}

for (const [lossType, [request, losses]] of Object.entries(CASES)) {
  test(`${lossType} is computed as its formula says`, async () => {
    const loss_type = lossType as keyof typeof CASES;
    const result = await xent.loss({ logits: LOGITS, loss_type, ...request });
    near(typedArray(result.per_sample), losses);
    near([Number(result.reduced?.value)], [mean(losses)]);
    assert.equal(result.loss_type, lossType === "auto" ? "sparse_softmax_cross_entropy" : lossType);
    assert.ok(result.checked?.length);
  });
}

describe("arrays go in from every typed array", () => {
  const numbers = [2, 1, 0, 3, 4, 1];
  const big = numbers.map(BigInt);
  const tensors: Record<Dtype, Tensor> = {
    float32: tensor(Float32Array.from(numbers), [2, 3]),
    float64: tensor(Float64Array.from(numbers), [2, 3]),
    int8: tensor(Int8Array.from(numbers), [2, 3]),
    int16: tensor(Int16Array.from(numbers), [2, 3]),
    int32: tensor(Int32Array.from(numbers), [2, 3]),
    int64: tensor(BigInt64Array.from(big), [2, 3]),
    uint8: tensor(Uint8Array.from(numbers), [2, 3]),
    uint16: tensor(Uint16Array.from(numbers), [2, 3]),
    uint32: tensor(Uint32Array.from(numbers), [2, 3]),
    uint64: tensor(BigUint64Array.from(big), [2, 3]),
    float16: tensor(Uint16Array.of(0x4000, 0x3c00, 0, 0x4200, 0x4400, 0x3c00), [2, 3], "float16"),
    bfloat16: tensor(Uint16Array.of(0x4000, 0x3f80, 0, 0x4040, 0x4080, 0x3f80), [2, 3], "bfloat16"),
    bool: tensor(Uint8Array.of(1, 0, 1, 0, 0, 1), [2, 3], "bool"),
  };
  const { bool, ...numeric } = tensors;

  for (const [dtype, logits] of Object.entries(numeric)) {
    test(`${dtype} logits have the losses of the list of their numbers`, async () => {
      const fromList = await xent.loss({ logits: [numbers.slice(0, 3), numbers.slice(3)], labels: LABELS });
      const result = await xent.loss({ logits, labels: LABELS });
      const in32 = ["float16", "bfloat16", "float32"].includes(dtype);
      near(typedArray(result.per_sample), typedArray(fromList.per_sample), in32 ? 1e-6 : 0);
    });
  }

  test("booleans are labels", async () => {
    const result = await xent.loss({ logits: LOGITS, labels: bool });
    const fromList = await xent.loss({ logits: LOGITS, labels: QUESTIONS });
    assert.deepEqual(result.per_sample, fromList.per_sample);
  });
});

describe("arrays come back in base64 as they do in lists", () => {
  const request: LossRequest = { logits: LOGITS, labels: LABELS, include: ["elements", "gradient", "probabilities"] };

  test("float64 from lists", async () => {
    const lists = await xent.loss(request);
    const tensors = await xent.loss({ ...request, encoding: "base64" });
    for (const name of ["per_sample", "elements", "gradient", "probabilities"] as const) {
      const [list, sent] = [lists[name], tensors[name]];
      assert.ok(Array.isArray(list) && typeof sent === "object" && sent !== null && !Array.isArray(sent));
      assert.ok(typedArray(sent) instanceof Float64Array);
      assert.deepEqual(typedArray(sent), typedArray(list));
      assert.deepEqual(sent.shape, Array.isArray(list[0]) ? [2, 3] : [2]);
    }
  });

  test("float32 from float32", async () => {
    const logits = tensor(Float32Array.from(LOGITS.flat()), [2, 3]);
    const { per_sample, reduced } = await xent.loss({ ...request, logits, encoding: "base64" });
    const losses: Float32Array | Float64Array = typedArray(per_sample);
    assert.ok(losses instanceof Float32Array);
    near(losses, CASES.auto[1], 1e-6);
    near([Number(reduced?.value)], [mean([...losses])], 1e-6);
  });

  test("and a thousand rows of a thousand classes", async () => {
    const logits = Float32Array.from({ length: 1024 * 1000 }, (_, i) => Math.sin(i));
    const labels = Int32Array.from({ length: 1024 }, (_, i) => i % 1000);
    const sent = { logits: tensor(logits, [1024, 1000]), labels: tensor(labels), encoding: "base64" } as const;
    const { per_sample, gradient } = await xent.loss({ ...sent, include: ["gradient"], reduction: "sum" });
    assert.ok(gradient);
    assert.equal(typedArray(gradient).length, logits.length);
    const row = [...logits.subarray(5000, 6000)];
    near([typedArray(per_sample)[5] as number], [logSumExp(row) - at(row, 5)], 1e-5);
  });
});

test("infinities go and come as numbers", async () => {
  const logits = [[2, Number.NEGATIVE_INFINITY], [1, 0]];
  const result = await xent.loss({ logits, labels: [1, 0] });
  assert.deepEqual(result.per_sample, ["Infinity", Math.log1p(Math.exp(-1))]);
  assert.equal(typedArray(result.per_sample)[0], Number.POSITIVE_INFINITY);
  assert.equal(Number(result.reduced?.value), Number.POSITIVE_INFINITY);
  const inBase64 = await xent.loss({ logits, labels: [1, 0], encoding: "base64" });
  assert.deepEqual(typedArray(inBase64.per_sample), typedArray(result.per_sample));
});

test("NaN is refused where it stands, and nowhere taken for an absent field", async () => {
  const codes = async (request: LossRequest) => {
    const error = await xent.loss(request).catch((reason: unknown) => reason);
    assert.ok(error instanceof XentError);
    return error.errors.map(({ loc, code }) => [loc.join("."), code]);
  };
  assert.deepEqual(await codes({ logits: [[1, Number.NaN]], labels: [0] }), [["body.logits.0.1", "nan"]]);
  assert.deepEqual(await codes({ logits: [[1, 2]], labels: [0], weights: Number.NaN }), [["body.weights", "nan"]]);
});

test("a typed array by itself is no array of a request", () => {
  // @ts-expect-error: it must go through tensor(…), which knows its shape
  const request: LossRequest = { logits: new Float32Array(3), labels: 0 };
  assert.ok(request);
});

test("suggested class weights can be sent back as they are", async () => {
  const labels = [...Array(30).fill(0), 1, 2, 2];
  const logits = labels.map(() => [0, 0, 0]);
  const { recommendation } = await xent.loss({ logits, labels });
  const class_weights = recommendation?.suggested?.class_weights;
  assert.ok(class_weights);
  const { per_sample } = await xent.loss({ logits, labels, class_weights });
  near(typedArray(per_sample), labels.map((label) => (33 / (3 * [30, 1, 2][label as number]!)) * Math.log(3)));
});

test("the types of 0.1 have their names still", () => {
  const response: LossAnswer = {} as LossResponse;
  const array: AnswerArray = [1, "Infinity"];
  const recommended: RecommendAnswer = {} as RecommendResponse;
  const sampled: SampledSoftmaxAnswer = {} as SampledSoftmaxResponse;
  assert.ok(response && array && recommended && sampled);
});

test("a reduction of none gives no reduced loss", async () => {
  assert.equal((await xent.loss({ logits: LOGITS, labels: LABELS, reduction: "none" })).reduced, null);
});

test("labels are recommended a loss from their form and the logits' shape", async () => {
  const { recommendation } = await xent.recommend({ labels: QUESTIONS, logits_shape: [2, 3] });
  assert.equal(recommendation.loss_type, "sigmoid_cross_entropy");
  assert.equal(recommendation.label_kind, "multi_hot");
  assert.match(recommendation.equivalents!.pytorch, /binary_cross_entropy_with_logits/);
});

for (const encoding of ["list", "base64"] as const) {
  test(`a sample drawn by seed gives the same again when it is sent back as a ${encoding}`, async () => {
    const layer = {
      weights: tensor(Float64Array.of(0.4, 0.1, 0.2, -0.3, -0.5, 0.6), [3, 2]),
      biases: [0.2, 0.1, 0],
      inputs: [[1, 0.5]],
      labels: tensor(BigInt64Array.of(2n)),
      encoding,
    };
    const drawn = await xent.sampledSoftmax({ ...layer, num_sampled: 2, seed: 7 });
    const given = await xent.sampledSoftmax({ ...layer, sampled_values: drawn.sampled_values });
    assert.equal(drawn.seed, 7);
    assert.deepEqual(given.per_sample, drawn.per_sample);
    assert.deepEqual(given.reduced, drawn.reduced);
    const candidates = typedArray(drawn.sampled_values.candidates);
    assert.ok(encoding === "list" || candidates instanceof BigInt64Array);
    assert.equal(candidates.length, 2);
    assert.deepEqual(
      drawn.warnings.map(({ code }) => code),
      ["train_only"],
    );
  });
}

test("the catalogue names every loss type", async () => {
  const names = (await xent.losses()).map((entry) => entry.loss_type);
  assert.deepEqual(
    [...names, "auto"].sort(),
    [...Object.keys(CASES), "sampled_softmax"].sort(),
  );
});

test("a key is sent as a bearer's, and none unless given", async () => {
  const stub = await startStub(respond(200, { losses: [] }));
  try {
    await createXent({ baseUrl: stub.address, apiKey: "secret" }).losses();
    await createXent({ baseUrl: stub.address }).losses();
  } finally {
    await stub.stop();
  }
  assert.deepEqual(
    stub.arrivals.map(({ request }) => request.headers.authorization),
    ["Bearer secret", undefined],
  );
});

test("arrays of every kind are told apart by the compiler", () => {
  const float32: Float32Array = typedArray(tensor(Float32Array.of(1)));
  const int64: BigInt64Array = typedArray(tensor(BigInt64Array.of(1n)));
  const any: TypedArray[] = [float32, int64];
  assert.deepEqual(
    any.map((each) => each.constructor),
    [Float32Array, BigInt64Array],
  );
});

describe("figures", () => {
  const OTHER = [
    [2, 1.5, 1],
    [0.1, 1, 4],
  ];

  test("an evaluation has its summary, its calibration and predictions", async () => {
    const response = await xent.loss({
      logits: LOGITS,
      labels: LABELS,
      include: ["predictions", "label_rank", "summary", "calibration"],
      encoding: "base64",
    });
    assert.deepEqual(response.predictions && typedArray(response.predictions), BigInt64Array.from([0n, 2n]));
    assert.deepEqual(response.label_rank && typedArray(response.label_rank), BigInt64Array.from([2n, 0n]));
    assert.equal(response.summary?.accuracy, 0.5);
    assert.ok(Math.abs(((response.summary?.mean ?? 0) as number) - mean(losses(LOGITS))) < 1e-12);
    assert.equal(sum(response.calibration?.bins.count ?? []), 2);
  });

  test("two models are compared", async () => {
    const response = await xent.compare({
      logits: LOGITS,
      other_logits: OTHER,
      labels: LABELS,
      include: ["per_sample"],
    });
    const expected = mean(losses(OTHER)) - mean(losses(LOGITS));
    assert.ok(Math.abs((response.difference?.mean as number) - expected) < 1e-12);
    assert.equal(response.per_sample && typedArray(response.per_sample).length, 2);
    assert.equal(response.same_top1, 1);
  });

  test("a bare typed array for the other logits is refused before anything is sent", async () => {
    const other_logits = new Float32Array(6) as unknown as number[];
    await assert.rejects(xent.compare({ logits: LOGITS, other_logits }), /other_logits is an object \(Float32Array\)/);
  });

  const losses = (logits: number[][]) =>
    logits.map((row, i) => logSumExp(row) - at(row, at(LABELS, i)));
});
