/** Arrays in files: bytes as they are, which the service takes as tensor objects. */

export type Dtype =
  | "float16"
  | "float32"
  | "float64"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "bool";

export type Tensor = { readonly dtype: Dtype; readonly shape: readonly number[]; readonly bytes: Uint8Array<ArrayBuffer> };

/** Why a file can't be read; `key` is that of a text of the page. */
export class UnreadableFile extends Error {
  constructor(
    readonly key: string,
    readonly figures: Readonly<Record<string, string | number>> = {},
  ) {
    super(key);
  }
}

export const ITEM_BYTES: Record<Dtype, number> = {
  float16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
};

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The values as numbers; integers above 2^53 lose digits, so it is for drawing, not for sending. */
export function numbersOf({ dtype, bytes }: Tensor): ArrayLike<number> {
  const aligned = bytes.byteOffset % ITEM_BYTES[dtype] === 0 ? bytes : bytes.slice();
  const count = bytes.length / ITEM_BYTES[dtype];
  const { buffer, byteOffset } = aligned;
  switch (dtype) {
    case "float16":
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), fromHalf);
    case "float32":
      return new Float32Array(buffer, byteOffset, count);
    case "float64":
      return new Float64Array(buffer, byteOffset, count);
    case "int8":
      return new Int8Array(buffer, byteOffset, count);
    case "int16":
      return new Int16Array(buffer, byteOffset, count);
    case "int32":
      return new Int32Array(buffer, byteOffset, count);
    case "int64":
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case "uint16":
      return new Uint16Array(buffer, byteOffset, count);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, count);
    case "uint64":
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, count), Number);
    case "uint8":
    case "bool":
      return aligned;
  }
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Some rows of a tensor, along its first dimension. */
export function rowsOf(tensor: Tensor, rows: readonly number[]): Tensor {
  const [, ...rest] = tensor.shape;
  const step = sizeOf(rest) * ITEM_BYTES[tensor.dtype];
  const bytes = new Uint8Array(rows.length * step);
  rows.forEach((row, i) => bytes.set(tensor.bytes.subarray(row * step, (row + 1) * step), i * step));
  return { dtype: tensor.dtype, shape: [rows.length, ...rest], bytes };
}
