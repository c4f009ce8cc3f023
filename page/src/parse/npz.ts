/** NumPy's .npz: a ZIP archive of .npy files. It is loaded when such a file is dropped. */

import { unzipSync } from "fflate";

import { parseNpy } from "./npy.ts";
import { type Tensor, UnreadableFile } from "./tensor.ts";

/** The arrays by name. Raises UnreadableFile. */
export function parseNpz(file: Uint8Array<ArrayBuffer>): Map<string, Tensor> {
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(file);
  } catch {
    throw new UnreadableFile("not_npz");
  }
  const arrays = Object.entries(entries).filter(([name]) => name.endsWith(".npy"));
  return new Map(arrays.map(([name, bytes]) => [name.slice(0, -".npy".length), parseNpy(bytes as Uint8Array<ArrayBuffer>)]));
}
