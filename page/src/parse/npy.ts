/** NumPy's .npy: its header is text, and its data the array's bytes. */

import { type Dtype, ITEM_BYTES, type Tensor, UnreadableFile, sizeOf } from "./tensor.ts";

const MAGIC = "\x93NUMPY";
const KINDS: Record<string, Dtype> = {
  f2: "float16",
  f4: "float32",
  f8: "float64",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  b1: "bool",
};

/** The array of a file. Raises UnreadableFile. */
export function parseNpy(file: Uint8Array<ArrayBuffer>): Tensor {
  const text = (start: number, end: number) => String.fromCharCode(...file.subarray(start, end));
  if (text(0, MAGIC.length) !== MAGIC) throw new UnreadableFile("not_npy");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isFirstVersion = file[6] === 1;
  const start = isFirstVersion ? 10 : 12;
  const end = start + (isFirstVersion ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = text(start, Math.min(end, start + 10_000));
  const [, order, kind] = /'descr':\s*'([<>|=])(\w+)'/.exec(header) ?? [];
  const shapeText = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  const dtype = KINDS[kind ?? ""];
  if (dtype === undefined || shapeText === undefined) {
    throw new UnreadableFile("npy_dtype", { dtype: /'descr':\s*([^,}]*)/.exec(header)?.[1] ?? header });
  }
  if (order === ">") throw new UnreadableFile("npy_order");
  const shape = shapeText.split(",").map((size) => size.trim()).filter(Boolean).map(Number);
  const bytes = file.subarray(end, end + sizeOf(shape) * ITEM_BYTES[dtype]);
  if (bytes.length < sizeOf(shape) * ITEM_BYTES[dtype]) throw new UnreadableFile("npy_short");
  const tensor = { dtype, shape, bytes };
  return /'fortran_order':\s*True/.test(header) ? inCOrder(tensor) : tensor;
}

/** An array whose first index runs fastest, in the order that the service reads. */
function inCOrder({ dtype, shape, bytes }: Tensor): Tensor {
  const item = ITEM_BYTES[dtype];
  const ordered = new Uint8Array(bytes.length);
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  for (let to = 0; to < bytes.length; to += item) {
    const from = item * index.reduce((sum, place, axis) => sum + place * (strides[axis] ?? 0), 0);
    for (let byte = 0; byte < item; byte += 1) ordered[to + byte] = bytes[from + byte] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (shape[axis] ?? 0)) break;
      index[axis] = 0;
    }
  }
  return { dtype, shape, bytes: ordered };
}
