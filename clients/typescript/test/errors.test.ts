/** Whatever goes wrong has a name, the status, and what the service said. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createXent, type LossRequest, type XentOptions, XentError, type XentErrorCode } from "../src/index.js";
import { respond, problem, type Running, startService, startStub } from "./service.js";

const BATCH = { logits: [[2, 0.5, 1]], labels: [1] } satisfies LossRequest;

let service: Running;

before(async () => {
  service = await startService({ XENT_MAX_BODY_BYTES: "1000" });
});
after(() => service?.stop());

async function failure(options: XentOptions, request: LossRequest = BATCH): Promise<XentError> {
  const error = await createXent({ retries: 0, ...options }).loss(request).catch((reason: unknown) => reason);
  assert.ok(error instanceof XentError, String(error));
  assert.ok(error instanceof Error);
  return error;
}

/** A fetch that sends what no call of the client would: the service's responses to it must be understood all the same. */
function changing(change: (request: Request) => Request): (request: Request) => Promise<Response> {
  return (request) => fetch(change(request));
}

const JSON_TYPE = { "Content-Type": "application/json" };

const REFUSED: Record<string, [XentErrorCode, number, Partial<XentOptions>, LossRequest?]> = {
  "a body that is not JSON": [
    "invalid_input",
    400,
    { fetch: changing(({ url }) => new Request(url, { method: "POST", body: "{", headers: JSON_TYPE })) },
  ],
  "a path that isn't there": ["unexpected_answer", 404, { fetch: changing(({ url }) => new Request(`${url}/s`)) }],
  "a method that isn't meant": ["unexpected_answer", 405, { fetch: changing(({ url }) => new Request(url)) }],
  "a body that is too large": ["too_large", 413, {}, { logits: Array(500).fill(0.5), labels: Array(500).fill(1) }],
  "a body of another type": [
    "unexpected_answer",
    415,
    { fetch: changing((request) => new Request(request, { headers: { "Content-Type": "text/csv" } })) },
  ],
  "input that can't be computed": ["invalid_input", 422, {}, { logits: [[1, 2]], labels: [2] }],
};

for (const [what, [code, status, options, request]] of Object.entries(REFUSED)) {
  test(`${what} gets ${status} from the service and is ${code}`, async () => {
    const error = await failure({ baseUrl: service.address, ...options }, request);
    assert.equal(error.code, code);
    assert.equal(error.status, status);
    assert.equal(error.problem?.status, status);
    const hint = code === "too_large" ? "; send fewer samples at once; GET /v1/limits tells the limits" : "";
    assert.equal(error.message, `${error.problem?.detail}${hint}`);
    assert.equal(error.name, "XentError");
  });
}

test("what is wrong with the input is said with its place", async () => {
  const error = await failure({ baseUrl: service.address }, { logits: [[1, 2]], labels: [2] });
  assert.deepEqual(error.errors, [
    {
      loc: ["body", "labels", 0],
      code: "label_out_of_range",
      message: "is 2; a class index from 0 to 1 was expected",
    },
  ]);
});

const CODES: [number, XentErrorCode][] = [
  [400, "invalid_input"],
  [401, "unauthorized"],
  [403, "forbidden"],
  [408, "timed_out"],
  [413, "too_large"],
  [418, "unexpected_answer"],
  [422, "invalid_input"],
  [429, "overloaded"],
  [500, "server_failed"],
  [502, "server_failed"],
  [503, "overloaded"],
];

for (const [status, code] of CODES) {
  test(`${status} is ${code}`, async () => {
    const stub = await startStub(problem(status));
    const error = await failure({ baseUrl: stub.address }).finally(stub.stop);
    assert.deepEqual([error.code, error.status], [code, status]);
    assert.ok(error.message.startsWith(`no: ${status}`));
    assert.equal(error.problem?.detail, `no: ${status}`);
    assert.equal(error.retryAfterMs, undefined);
  });
}

const OBJECTS: [string, unknown, string][] = [
  ["class_weights", { 0: 1, 1: 2 }, "class_weights is an object (Object); a number, a nested list or tensor(…) was expected"],
  ["weights", new Map([[0, 1]]), "weights is an object (Map); a number, a nested list or tensor(…) was expected"],
  ["pos_weight", Object.create(null), "pos_weight is an object (undefined); a number, a nested list or tensor(…) was expected"],
  ["logits", Float32Array.of(1), "logits is an object (Float32Array); tensor(array, shape) was expected"],
];

for (const [name, value, message] of OBJECTS) {
  test(`an object in place of ${name} is a TypeError that names it, before anything is sent`, async () => {
    const stub = await startStub(respond(200, {}));
    const xent = createXent({ baseUrl: stub.address });
    const request = { ...BATCH, [name]: value };
    await assert.rejects(xent.loss(request), { name: "TypeError", message });
    await assert.rejects(xent.recommend(request), { name: "TypeError", message }).finally(stub.stop);
    assert.equal(stub.arrivals.length, 0);
  });
}

for (const content of ["<h1>Bad Gateway</h1>", "null", '{"detail": "Not enough"}', ""]) {
  test(`an error of a proxy's, ${JSON.stringify(content)}, is told by its status`, async () => {
    const stub = await startStub(respond(502, content));
    const error = await failure({ baseUrl: stub.address }).finally(stub.stop);
    assert.deepEqual([error.code, error.status, error.problem], ["server_failed", 502, undefined]);
    assert.equal(error.message, "the response has the status 502 Bad Gateway");
    assert.deepEqual(error.errors, []);
  });
}

for (const content of ["<h1>Welcome</h1>", "null", "[]", "1", '{"loss": 0.5}', ""]) {
  test(`a response that is not xent's, ${JSON.stringify(content)}, is no result`, async () => {
    const stub = await startStub(respond(200, content));
    const error = await failure({ baseUrl: stub.address }).finally(stub.stop);
    assert.deepEqual([error.code, error.status], ["unexpected_answer", 200]);
  });
}

test("every call tells its own response from another's", async () => {
  const stub = await startStub(respond(200, { status: "ok" }));
  const xent = createXent({ baseUrl: stub.address });
  const layer = { weights: [[1], [2]], biases: [0, 0], inputs: [[1]], labels: [0], num_sampled: 1 };
  try {
    for (const call of [
      () => xent.loss(BATCH),
      () => xent.recommend(BATCH),
      () => xent.sampledSoftmax(layer),
      () => xent.losses(),
    ]) {
      await assert.rejects(call, { name: "XentError", code: "unexpected_answer" });
    }
  } finally {
    await stub.stop();
  }
});

test("where nobody listens the service is unreachable, and the error says where and why", async () => {
  const stub = await startStub();
  await stub.stop();
  const error = await failure({ baseUrl: stub.address });
  assert.deepEqual([error.code, error.status], ["unreachable", undefined]);
  assert.ok(error.message.startsWith(`${stub.address}: connect ECONNREFUSED`), error.message);
  assert.ok(error.cause instanceof TypeError);
});

for (const baseUrl of ["localhost", "localhost:8000", "ftp://localhost"]) {
  test(`${baseUrl} is no address, rather than a service that can't be reached`, () => {
    assert.throws(() => createXent({ baseUrl }), { name: "TypeError", message: /http/ });
  });
}

test("a request that can't be written is a TypeError, before anything is sent", async () => {
  const stub = await startStub(respond(200, {}));
  const xent = createXent({ baseUrl: stub.address });
  await assert.rejects(xent.loss({ logits: [[1n]], labels: [0] }), TypeError).finally(stub.stop);
  assert.equal(stub.arrivals.length, 0);
});
