/** What goes into a tensor object comes out of it, with or without Node's help. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { littleEndian } from "../src/bytes.js";
import { tensor, type TypedArray, typedArray } from "../src/index.js";

const ARRAYS: TypedArray[] = [
  Float32Array.of(2, -0.5, Number.NEGATIVE_INFINITY, 1e-45),
  Float64Array.of(0.1, -1e300, Number.POSITIVE_INFINITY, 5e-324),
  Int8Array.of(1, -1, 127, -128),
  Int16Array.of(1, -1, 32767, -32768),
  Int32Array.of(1, -1, 2147483647, -2147483648),
  BigInt64Array.of(1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)),
  Uint8Array.of(1, 0, 255, 2),
  Uint16Array.of(1, 0, 65535, 2),
  Uint32Array.of(1, 0, 4294967295, 2),
  BigUint64Array.of(1n, 0n, 2n ** 64n - 1n, 2n),
];

/** As in a browser, which has no Buffer. */
function withoutBuffer<T>(run: () => T): T {
  const { Buffer } = globalThis;
  Reflect.deleteProperty(globalThis, "Buffer");
  try {
    return run();
  } finally {
    globalThis.Buffer = Buffer;
  }
}

for (const array of ARRAYS) {
  const kind = array[Symbol.toStringTag];
  test(`a ${kind} comes back as it went`, () => {
    assert.deepEqual(typedArray(tensor(array)), array);
    assert.deepEqual(
      withoutBuffer(() => typedArray(tensor(array))),
      array,
    );
  });

  test(`a ${kind} has its own dtype`, () => {
    assert.equal(tensor(array).dtype, kind.replace("Big", "").replace("Array", "").toLowerCase());
  });
}

test("the bytes are little-endian, in base64 with padding", () => {
  const expected = { dtype: "float32", shape: [2], data: "AAAAQAAAAD8=" };
  assert.deepEqual(tensor(Float32Array.of(2, 0.5)), expected);
  assert.deepEqual(
    withoutBuffer(() => tensor(Float32Array.of(2, 0.5))),
    expected,
  );
});

test("a big-endian machine turns the bytes of each number round, both ways", () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  assert.deepEqual([...littleEndian(bytes, 1, false)], [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual([...littleEndian(bytes, 2, false)], [2, 1, 4, 3, 6, 5, 8, 7]);
  assert.deepEqual([...littleEndian(bytes, 4, false)], [4, 3, 2, 1, 8, 7, 6, 5]);
  assert.deepEqual([...littleEndian(bytes, 8, false)], [8, 7, 6, 5, 4, 3, 2, 1]);
});

test("only the part of a buffer is sent that the array sees", () => {
  const part = Int16Array.of(1, 2, 3, 4).subarray(1, 3);
  assert.deepEqual(typedArray(tensor(part)), Int16Array.of(2, 3));
  assert.deepEqual(
    withoutBuffer(() => typedArray(tensor(part))),
    Int16Array.of(2, 3),
  );
});

test("arrays of every length and of megabytes come back without Buffer", () => {
  for (const length of [0, 1, 2, 3, 24575, 24576, 24577, 3_000_000]) {
    const array = Uint8Array.from({ length }, (_, i) => i * 7);
    const sent = withoutBuffer(() => tensor(array));
    assert.equal(sent.data, tensor(array).data);
    assert.ok(Buffer.from(withoutBuffer(() => typedArray(sent))).equals(array));
  }
});

test("Node's Buffer is an array of uint8", () => {
  assert.equal(tensor(Buffer.of(1, 2)).dtype, "uint8");
});

test("bits of half precision and booleans are sent under their own dtype", () => {
  assert.deepEqual(tensor(Uint16Array.of(0x3c00), [1], "float16"), { dtype: "float16", shape: [1], data: "ADw=" });
  assert.deepEqual(tensor(Uint16Array.of(0x3f80), [1], "bfloat16"), { dtype: "bfloat16", shape: [1], data: "gD8=" });
  assert.deepEqual(tensor(Uint8Array.of(1, 0), [2], "bool"), { dtype: "bool", shape: [2], data: "AQA=" });
});

test("an array can't be sent under a dtype that it doesn't hold", () => {
  // @ts-expect-error: the compiler says so, too
  assert.throws(() => tensor(Float32Array.of(1), [1], "float64"), {
    name: "TypeError",
    message: "the dtype is float64; of a Float32Array float32 was expected",
  });
});

test("a shape must have room for just the numbers that there are", () => {
  assert.deepEqual(tensor(Float32Array.of(1), []).shape, []);
  assert.throws(() => tensor(new Float32Array(5), [2, 3]), {
    name: "RangeError",
    message: "the shape [2, 3] has room for 6 numbers; there are 5",
  });
});

test("lists and numbers become a Float64Array, their infinities numbers", () => {
  assert.deepEqual(typedArray([[1, "Infinity"], [0.5, "-Infinity"]]), Float64Array.of(1, Infinity, 0.5, -Infinity));
  assert.deepEqual(typedArray(0.25), Float64Array.of(0.25));
  assert.deepEqual(typedArray("-Infinity"), Float64Array.of(-Infinity));
});
