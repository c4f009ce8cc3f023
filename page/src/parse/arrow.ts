/** Arrow IPC files and streams. It is loaded when such a file is dropped. */

import { type Column, tableFromIPC } from "@uwdata/flechette";

import { type Dtype, type Tensor, UnreadableFile } from "./tensor.ts";

/** A column as an array, or as the names of classes. */
export type ArrowColumn = Tensor | readonly string[];

/** The columns by name. Raises UnreadableFile. */
export function parseArrow(file: Uint8Array<ArrayBuffer>): Map<string, ArrowColumn> {
  try {
    const table = tableFromIPC(file, { useBigInt: true });
    return new Map(table.names.map((name) => [name, read(name, table.getChild(name))]));
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile("not_arrow", { reason: error instanceof Error ? error.message : String(error) });
  }
}

function read(name: string, column: Column<unknown>): ArrowColumn {
  if (column.nullCount > 0) throw new UnreadableFile("arrow_nulls", { name });
  const [first] = column;
  if (typeof first === "string") return [...column] as string[];
  if (ArrayBuffer.isView(first) || Array.isArray(first)) {
    const rows = [...column] as ArrayLike<number>[];
    const width = rows[0]?.length ?? 0;
    if (rows.some((row) => row.length !== width)) throw new UnreadableFile("arrow_ragged", { name });
    const dtype = dtypeOf(first);
    const flat = empty(dtype, rows.length * width);
    rows.forEach((row, i) => flat.set(row as never, i * width));
    return { dtype, shape: [rows.length, width], bytes: new Uint8Array(flat.buffer) };
  }
  if (typeof first === "boolean") {
    return { dtype: "bool", shape: [column.length], bytes: Uint8Array.from([...column] as boolean[], Number) };
  }
  if (typeof first !== "number" && typeof first !== "bigint") throw new UnreadableFile("arrow_type", { name });
  const values = column.toArray() as ArrayLike<number>;
  const dtype = dtypeOf(values);
  const flat = empty(dtype, column.length);
  flat.set(values as never, 0);
  return { dtype, shape: [column.length], bytes: new Uint8Array(flat.buffer) };
}

const ARRAYS = {
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
} as const;

type Known = keyof typeof ARRAYS & Dtype;

function dtypeOf(values: unknown): Known {
  const entries = Object.entries(ARRAYS) as [Known, (typeof ARRAYS)[Known]][];
  return entries.find(([, type]) => values instanceof type)?.[0] ?? "float64";
}

function empty(dtype: Known, length: number) {
  return new ARRAYS[dtype](length);
}
