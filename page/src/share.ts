/** The state as the fragment of an address, so that a colleague sees the same. It is never sent to the server. */

import { type Example, exampleInput, isExample } from "./examples.ts";
import { ARRAYS, EMPTY, type Input, type Source, isEmpty } from "./input.ts";

/** Longer addresses are cut by chats and mail. */
export const MAX_LENGTH = 16_000;

export type Shared = { readonly input: Input; readonly example: Example | null };

type Plain = { arrays: Record<string, string>; classes?: readonly string[]; parameters?: Input["parameters"] };

/** The fragment; null where the state is too large for one or holds a file. */
export async function encode(input: Input, example: Example | null): Promise<string | null> {
  if (example !== null) return `#example=${example}`;
  const arrays: Record<string, string> = {};
  for (const name of ARRAYS) {
    const source = input[name];
    if (source.kind === "file") return null;
    if (!isEmpty(source)) arrays[name] = source.text;
  }
  const plain: Plain = { arrays, classes: input.classes, parameters: input.parameters };
  const packed = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(JSON.stringify(plain)));
  const text = btoa(String.fromCharCode(...packed.subarray(0, MAX_LENGTH)));
  if (packed.length > MAX_LENGTH || text.length > MAX_LENGTH) return null;
  return `#s=${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** The state of a fragment; null where it holds none, or one that can't be read. */
export async function decode(fragment: string): Promise<Shared | null> {
  const example = /^#example=(\w+)$/.exec(fragment)?.[1];
  if (example !== undefined && isExample(example)) return { input: exampleInput(example), example };
  const packed = /^#s=([\w-]+)$/.exec(fragment)?.[1];
  if (packed === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(packed.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const unpacked = await through(new DecompressionStream("deflate-raw"), bytes);
    return { input: inputOf(JSON.parse(new TextDecoder().decode(unpacked))), example: null };
  } catch {
    return null;
  }
}

function inputOf(plain: Partial<Plain>): Input {
  const input: Record<string, Source> = {};
  for (const name of ARRAYS) {
    const text = plain.arrays?.[name];
    if (typeof text === "string") input[name] = { kind: "text", text };
  }
  const classes = Array.isArray(plain.classes) ? plain.classes.map(String) : [];
  const parameters = Object.entries(plain.parameters ?? {}).filter(([, value]) =>
    ["string", "number", "boolean"].includes(typeof value),
  );
  return { ...EMPTY, ...input, classes, parameters: Object.fromEntries(parameters) };
}

/** Unpacked, a state has at most so many bytes: a few of a fragment could unpack to gigabytes. */
const MAX_UNPACKED = 1 << 20;

async function through(
  transform: CompressionStream | DecompressionStream,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    parts.push(value);
    size += value.length;
    if (size > MAX_UNPACKED) throw new Error("too large");
  }
}
