/** What may pass is tried again, within bounds, and nothing waits for ever. */

import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { test } from "node:test";
import { createXent, type LossRequest, XentError, type XentErrorCode, type XentOptions } from "../src/index.js";
import { respond, die, drip, problem, stall, startStub, type Stub } from "./service.js";

const BATCH: LossRequest = { logits: [[2, 0.5, 1]], labels: [1] };
const RESULT = respond(200, { per_sample: [0.5] });

type Outcome = { stub: Stub; result?: unknown; code?: XentErrorCode; error?: unknown; took: number };

/** What a call comes to with a service that responds so. */
async function call(
  listeners: RequestListener[],
  options: Partial<XentOptions> = {},
  signal?: AbortSignal,
): Promise<Outcome> {
  const stub = await startStub(...listeners);
  const start = performance.now();
  const took = () => performance.now() - start;
  try {
    const xent = createXent({ baseUrl: stub.address, ...options });
    const result = await xent.loss(BATCH, signal && { signal });
    return { stub, result, took: took() };
  } catch (error) {
    return { stub, error, took: took(), ...(error instanceof XentError && { code: error.code }) };
  } finally {
    await stub.stop();
  }
}

const attempts = ({ stub }: Outcome) => stub.arrivals.length;

/** The milliseconds between one attempt and the next. */
const pauses = ({ stub: { arrivals } }: Outcome) =>
  arrivals.slice(1).map(({ at }, i) => at - (arrivals[i]?.at ?? Number.NaN));

for (const status of [429, 503]) {
  test(`a service that responds ${status} twice is asked a third time`, async () => {
    const outcome = await call([problem(status), problem(status), RESULT]);
    assert.deepEqual(outcome.result, { per_sample: [0.5] });
    assert.equal(attempts(outcome), 3);
    assert.deepEqual(
      outcome.stub.arrivals.map(({ body }) => JSON.parse(body)),
      [BATCH, BATCH, BATCH],
    );
  });
}

test("a service that dies in the middle of a response is asked again", async () => {
  const outcome = await call([die, RESULT]);
  assert.deepEqual(outcome.result, { per_sample: [0.5] });
  assert.equal(attempts(outcome), 2);
});

test("a service that dies every time is unreachable after the last attempt", async () => {
  const outcome = await call([die], { retries: 2 });
  assert.equal(outcome.code, "unreachable");
  assert.equal(attempts(outcome), 3);
});

test("a service that refuses every time is overloaded after four retries", async () => {
  const outcome = await call([problem(503)]);
  assert.equal(outcome.code, "overloaded");
  assert.equal(attempts(outcome), 5);
});

test("the pauses double, each less a random part", async () => {
  const found = pauses(await call([problem(503)], { retries: 4 }));
  assert.equal(found.length, 4);
  for (const [i, pause] of found.entries()) {
    const longest = 100 * 2 ** i;
    assert.ok(pause >= longest / 2 - 2, `pause ${i} is ${pause} ms`);
    assert.ok(pause <= longest + 250, `pause ${i} is ${pause} ms`); // the machine's own slowness in it
  }
  assert.ok(
    found.some((pause, i) => pause < 98 * 2 ** i),
    `all are as long as they can be: ${found}`,
  );
});

for (const status of [400, 401, 403, 408, 413, 422, 500, 502]) {
  test(`${status} is not asked again`, async () => {
    assert.equal(attempts(await call([problem(status), RESULT])), 1);
  });
}

test("a response that is not xent's is not asked again", async () => {
  assert.equal(attempts(await call([respond(200, "hello"), RESULT])), 1);
});

test("without retries there is one attempt", async () => {
  assert.equal(attempts(await call([problem(503)], { retries: 0 })), 1);
});

test("Retry-After in seconds is waited for", async () => {
  const [pause = 0] = pauses(await call([problem(503, { "Retry-After": "1" }), RESULT]));
  assert.ok(pause >= 1050 - 2, `the pause is ${pause} ms`);
});

test("Retry-After as a date is waited for", async () => {
  const date = new Date(Date.now() + 2000).toUTCString(); // in whole seconds, so at least one from now
  const [pause = 0] = pauses(await call([problem(429, { "Retry-After": date }), RESULT]));
  assert.ok(pause >= 900, `the pause is ${pause} ms`);
});

test("a Retry-After that has passed, or is none, asks for no more than the usual pause", async () => {
  for (const header of ["Fri, 01 Jan 2016 00:00:00 GMT", "soon"]) {
    const outcome = await call([problem(503, { "Retry-After": header }), RESULT]);
    assert.equal(attempts(outcome), 2);
    assert.ok(outcome.took < 1000);
  }
});

test("the error tells what Retry-After asked for", async () => {
  const asked = { "7": 7000, "Fri, 01 Jan 2016 00:00:00 GMT": 0, soon: undefined };
  for (const [header, ms] of Object.entries(asked)) {
    const { error } = await call([problem(503, { "Retry-After": header })], { retries: 0 });
    assert.ok(error instanceof XentError);
    assert.equal(error.retryAfterMs, ms);
  }
});

test("who is asked to wait for more than a minute is told so at once", async () => {
  const outcome = await call([problem(503, { "Retry-After": "61" }), RESULT]);
  assert.equal(attempts(outcome), 1);
  assert.ok(outcome.error instanceof XentError);
  assert.deepEqual([outcome.error.code, outcome.error.retryAfterMs], ["overloaded", 61_000]);
});

for (const [what, listener] of Object.entries({ stalls: stall, drips: drip })) {
  test(`a service that ${what} is given no more than its time, and is not asked again`, async () => {
    const outcome = await call([listener], { timeoutMs: 300 });
    assert.equal(outcome.code, "timed_out");
    assert.equal((outcome.error as Error).message, "there was no complete response within 300 ms");
    assert.equal(attempts(outcome), 1);
    assert.ok(outcome.took >= 295 && outcome.took < 2000, `it took ${outcome.took} ms`);
  });

  test(`a service that ${what} is given no more than its time where the call has a signal, too`, async () => {
    const outcome = await call([listener], { timeoutMs: 300 }, new AbortController().signal);
    assert.equal(outcome.code, "timed_out");
  });

  test(`a signal ends a call to a service that ${what}, with its own reason`, async () => {
    const reason = new Error("the user went away");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 100);
    const outcome = await call([listener], {}, controller.signal);
    assert.equal(outcome.error, reason);
    assert.ok(outcome.took < 2000, `it took ${outcome.took} ms`);
  });
}

test("a signal ends a pause", async () => {
  const reason = new Error("the user went away");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 200);
  const outcome = await call([problem(503, { "Retry-After": "30" })], {}, controller.signal);
  assert.equal(outcome.error, reason);
  assert.ok(outcome.took < 2000, `it took ${outcome.took} ms`);
});

test("a signal that was given already sends nothing", async () => {
  const outcome = await call([RESULT], {}, AbortSignal.abort());
  assert.equal((outcome.error as Error).name, "AbortError");
  assert.equal(attempts(outcome), 0);
});
