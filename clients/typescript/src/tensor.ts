/** Typed arrays to tensor objects, and the arrays of responses to typed arrays. */

import { fromBase64, littleEndian, toBase64 } from "./bytes.js";
import type { components } from "./schema.js";

/** What the numbers of a tensor object are. */
export type Dtype = components["schemas"]["TensorObject"]["dtype"];

/** An array as base64 of its bytes (little-endian, C order): several times smaller and faster than a list. */
export interface Tensor<D extends Dtype = Dtype> {
  dtype: D;
  shape: number[];
  data: string;
}

/** A number as JSON has it, which has no infinities. */
export type Scalar = components["schemas"]["Number"];

/** A number, or a nested list of numbers. */
export type NumberList = Scalar | NumberList[];

/** What a typed array may be sent as: its own dtype first, then those that it may hold the bits of. */
const DTYPES = {
  Float32Array: ["float32"],
  Float64Array: ["float64"],
  Int8Array: ["int8"],
  Int16Array: ["int16"],
  Int32Array: ["int32"],
  BigInt64Array: ["int64"],
  Uint8Array: ["uint8", "bool"],
  Uint8ClampedArray: ["uint8"],
  Uint16Array: ["uint16", "float16", "bfloat16"],
  Uint32Array: ["uint32"],
  BigUint64Array: ["uint64"],
} as const;

const ARRAYS = {
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<Dtype, unknown>;

/** The typed array that holds numbers of this dtype; float16 and bfloat16 as their bits, bool as 0 and 1. */
export type TypedArrayOf<D extends Dtype> = InstanceType<(typeof ARRAYS)[D]>;

/** Any of the typed arrays that a tensor can be made of. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** The dtypes that a typed array may be sent as. */
export type DtypeOf<A extends TypedArray> = (typeof DTYPES)[A[typeof Symbol.toStringTag]][number];

/**
 * A typed array as a tensor object, to stand wherever a request takes an array.
 *
 * @param data - The numbers in C order: the last index runs fastest.
 * @param shape - Its lengths; `[data.length]` unless given, `[]` for a single number.
 * @param dtype - Where it isn't the array's own: "bool" for a Uint8Array of 0 and 1; "float16" or "bfloat16" for a
 *   Uint16Array of their bits.
 * @throws RangeError if the shape has room for more or fewer numbers; TypeError if the array can't hold that dtype.
 * @example
 * ```ts
 * tensor(new Float32Array([2, 0.5, 1, 0.1, 1, 3]), [2, 3]); // two samples, three classes
 * ```
 */
export function tensor<A extends TypedArray>(
  data: A,
  shape: readonly number[] = [data.length],
  dtype?: DtypeOf<A>,
): Tensor<DtypeOf<A>> {
  // By its name rather than its class: it may come from another window, or be a subclass such as Node's Buffer.
  const kind: keyof typeof DTYPES = data[Symbol.toStringTag];
  const possible: readonly Dtype[] = DTYPES[kind];
  const chosen = dtype ?? possible[0];
  if (chosen === undefined || !possible.includes(chosen)) {
    throw new TypeError(`the dtype is ${chosen}; of a ${kind} ${possible.join(" or ")} was expected`);
  }
  const room = shape.reduce((product, length) => product * length, 1);
  if (room !== data.length) {
    throw new RangeError(`the shape [${shape.join(", ")}] has room for ${room} numbers; there are ${data.length}`);
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return {
    dtype: chosen as DtypeOf<A>,
    shape: [...shape],
    data: toBase64(littleEndian(bytes, data.BYTES_PER_ELEMENT)),
  };
}

/**
 * The numbers of a response's array in C order, in whichever form it came.
 *
 * A tensor object (`encoding: "base64"`) gives the typed array of its dtype. A list or a number gives a Float64Array,
 * in which "Infinity" and "-Infinity" are the numbers that they stand for.
 *
 * @example
 * ```ts
 * const response = await xent.loss({ logits, labels, encoding: "base64" });
 * const losses = typedArray(response.per_sample); // Float32Array | Float64Array, in nats
 * ```
 */
export function typedArray<D extends Dtype>(array: Tensor<D>): TypedArrayOf<D>;
export function typedArray(array: NumberList): Float64Array;
export function typedArray<D extends Dtype>(array: Tensor<D> | NumberList): TypedArrayOf<D> | Float64Array;
export function typedArray(array: Tensor | NumberList): unknown {
  if (Array.isArray(array)) {
    const numbers: unknown[] = (array as unknown[]).flat(Number.POSITIVE_INFINITY);
    return Float64Array.from(numbers, Number);
  }
  if (typeof array !== "object") {
    return Float64Array.of(Number(array));
  }
  const kind = ARRAYS[array.dtype];
  const bytes = fromBase64(array.data);
  return new kind(littleEndian(bytes, kind.BYTES_PER_ELEMENT).buffer);
}
