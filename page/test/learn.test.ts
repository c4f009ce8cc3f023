import assert from "node:assert/strict";
import { test } from "node:test";

import { shown } from "../src/learn/figures.ts";
import { resolved, valueAt } from "../src/learn/template.ts";

// The same as in tests/app/learn/test_live.py: both read requests by the same rules.
test("a template becomes a request", () => {
  const template = {
    logits: [{ var: "z" }, { var: "z", times: 0.5 }, 0],
    labels: { fill: { log: { var: "z" } }, count: 2 },
    weights: { of: "first.per_sample" },
    loss_type: "auto",
    pos_weight: null,
  };
  assert.deepEqual(resolved(template, { z: 2 }, { first: { per_sample: [7] } }), {
    logits: [2, 1, 0],
    labels: [Math.log(2), Math.log(2)],
    weights: [7],
    loss_type: "auto",
    pos_weight: null,
  });
});

test("a place names a value by request, field and indices", () => {
  const answers = { once: { probabilities: [[0.25, 0.75]], reduced: { value: "Infinity" } } };
  assert.equal(valueAt(answers, "once.probabilities.0.1"), 0.75);
  assert.equal(valueAt(answers, "once.reduced.value"), "Infinity");
  assert.throws(() => valueAt(answers, "once.gradient.0"), /nothing stands at once.gradient.0/);
});

test("a number is shown with its decimals and a minus sign", () => {
  assert.equal(shown(0.25, 3), "0.250");
  assert.equal(shown(-1.5, 1), "−1.5");
  assert.equal(shown(-1e-9, 4), "0.0000");
  assert.equal(shown(Infinity, 2), "∞");
  assert.equal(shown(-Infinity, 2), "−∞");
});
