/** Dropped files to what they fill in. What parses .npz and Arrow is loaded when such a file comes. */

import { ARRAYS, type ArrayName, EMPTY, type Input, NO_TEXT, type Source } from "./input.ts";
import { parseNpy } from "./parse/npy.ts";
import { Name, type Nested, Mistake, parseTable, shapeOf } from "./parse/table.ts";
import { type Tensor, UnreadableFile } from "./parse/tensor.ts";

/** Texts with more values are kept as arrays: an editor of so many lines is slow, and nobody edits them. */
export const MAX_EDITED_VALUES = 20_000;

/** By which names arrays and columns are known elsewhere. */
const KNOWN: Partial<Record<ArrayName, RegExp>> = {
  labels: /^(labels?|targets?|y|y_true|class|classes|truth|ground_truth)$/i,
  weights: /^(weights?|sample_weights?)$/i,
  logits: /^(logits?|scores?|outputs?|predictions?|y_pred|x|probs?|probabilities)$/i,
};

/**
 * What a file fills in. `onto` is the field that it was dropped on, which a file with a single array then fills; else
 * names of arrays and columns decide. Raises UnreadableFile, and Mistake for text.
 */
export async function readFile(file: File, onto: ArrayName | null): Promise<Partial<Input>> {
  const ending = /\.(\w+)$/.exec(file.name.toLowerCase())?.[1] ?? "";
  const bytes = () => file.arrayBuffer().then((buffer) => new Uint8Array(buffer));
  switch (ending) {
    case "npy": {
      const tensor = parseNpy(await bytes());
      return { [onto ?? fieldOf(tensor)]: { kind: "file", name: file.name, tensor } };
    }
    case "npz": {
      const { parseNpz } = await import("./parse/npz.ts");
      return assign(file.name, parseNpz(await bytes()));
    }
    case "arrow":
    case "feather":
    case "arrows": {
      const { parseArrow } = await import("./parse/arrow.ts");
      return assign(file.name, parseArrow(await bytes()));
    }
    case "csv":
    case "tsv":
    case "txt":
    case "json":
      return readText(file.name, await file.text(), onto);
    default:
      throw new UnreadableFile("unknown_kind", { ending: ending === "" ? file.name : `.${ending}` });
  }
}

/** A .npy that is dropped beside the fields: class indices are whole numbers of one dimension. */
function fieldOf({ dtype, shape }: Tensor): ArrayName {
  return /int|bool/.test(dtype) && shape.length < 2 ? "labels" : "logits";
}

type Column = Tensor | readonly string[];

/** Arrays by name to fields. What has no known name is one column of the logits. */
function assign(file: string, columns: ReadonlyMap<string, Column>): Partial<Input> {
  const filled: Partial<Record<ArrayName, Source>> = {};
  const others: [string, Column][] = [];
  for (const [name, column] of columns) {
    const field = ARRAYS.find((each) => each === name) ?? ARRAYS.find((each) => KNOWN[each]?.test(name));
    if (field === undefined || filled[field] !== undefined) others.push([name, column]);
    else filled[field] = asSource(`${file}: ${name}`, column);
  }
  if (filled.logits === undefined && others.length > 0) filled.logits = columnsAsLogits(file, others);
  else if (others.length > 0) {
    throw new UnreadableFile("unknown_names", { names: others.map(([name]) => name).join(", ") });
  }
  return { ...EMPTY, ...filled };
}

function asSource(name: string, column: Column): Source {
  return isNames(column) ? { kind: "text", text: column.join("\n") } : { kind: "file", name, tensor: column };
}

function isNames(column: Column): column is readonly string[] {
  return Array.isArray(column);
}

function columnsAsLogits(file: string, columns: [string, Column][]): Source {
  const [first] = columns;
  if (columns.length === 1 && first !== undefined && !isNames(first[1])) return asSource(`${file}: ${first[0]}`, first[1]);
  const values = columns.map(([name, column]) => {
    if (isNames(column) || column.shape.length !== 1 || column.dtype !== "float64" && column.dtype !== "float32") {
      throw new UnreadableFile("unknown_names", { names: name });
    }
    return column.dtype === "float64"
      ? new Float64Array(column.bytes.buffer, column.bytes.byteOffset, column.shape[0])
      : new Float32Array(column.bytes.buffer, column.bytes.byteOffset, column.shape[0]);
  });
  const rows = values[0]?.length ?? 0;
  const isDouble = values.some((each) => each instanceof Float64Array);
  const flat = isDouble ? new Float64Array(rows * values.length) : new Float32Array(rows * values.length);
  values.forEach((each, c) => {
    for (let row = 0; row < rows; row += 1) flat[row * values.length + c] = each[row] ?? 0;
  });
  const names = columns.map(([name]) => name).join(", ");
  return {
    kind: "file",
    name: `${file}: ${names}`,
    tensor: { dtype: isDouble ? "float64" : "float32", shape: [rows, values.length], bytes: new Uint8Array(flat.buffer) },
  };
}

/** A CSV with a column of labels fills both fields; other text fills the field that it was dropped on. */
function readText(name: string, text: string, onto: ArrayName | null): Partial<Input> {
  const request = asRequest(text);
  if (request !== null) return request;
  const { content, header } = parseTable(text);
  const place = header?.findIndex((column) => KNOWN.labels?.test(column)) ?? -1;
  if (header === null || place < 0 || !Array.isArray(content)) {
    return { [onto ?? "logits"]: kept(name, text, content) };
  }
  const rows = content.map((row) => (Array.isArray(row) ? row : [row]));
  const classes = header.filter((_, column) => column !== place);
  const logits = rows.map((row) => row.filter((_, column) => column !== place));
  const labels = rows.map((row) => row[place] ?? null);
  const logitsText = [classes, ...logits.map((row) => row.map(written))].map((row) => row.join(", ")).join("\n");
  return {
    ...EMPTY,
    logits: kept(name, logitsText, logits),
    labels: kept(name, labels.map(written).join("\n"), labels),
  };
}

function written(value: Nested): string {
  if (value instanceof Name) return /[\s,;]/.test(value.name) ? `"${value.name}"` : value.name;
  return value === null ? "null" : String(value);
}

/** As text, to be edited, or as an array where it is long. */
function kept(name: string, text: string, content: Nested): Source {
  const shape = shapeOf(content);
  const values = (content as unknown[]).flat?.(Number.POSITIVE_INFINITY) ?? [];
  if (values.length <= MAX_EDITED_VALUES || shape === null || !values.every((value) => typeof value === "number")) {
    return { kind: "text", text: text.trim() };
  }
  const bytes = new Uint8Array(Float64Array.from(values as number[]).buffer);
  return { kind: "file", name, tensor: { dtype: "float64", shape, bytes } };
}

/** A request as JSON, as `curl` sends it: each of its fields goes where it belongs. Null for any other text. */
export function asRequest(text: string): Partial<Input> | null {
  if (!/^\s*\{/.test(text)) return null;
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    throw new Mistake("object", { start: 0, end: text.length });
  }
  if (typeof request !== "object" || request === null || !("logits" in request)) {
    throw new Mistake("object", { start: 0, end: text.length });
  }
  const arrays: Partial<Record<ArrayName, Source>> = {};
  const parameters: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(request)) {
    if ((ARRAYS as readonly string[]).includes(name)) {
      const rows = Array.isArray(value) && Array.isArray(value[0]) && !Array.isArray(value[0][0]);
      const plain = rows ? `[${value.map((row) => JSON.stringify(row).replaceAll(",", ", ")).join(",\n ")}]` : JSON.stringify(value);
      arrays[name as ArrayName] = value === null ? NO_TEXT : { kind: "text", text: plain };
    } else if (["string", "number", "boolean"].includes(typeof value)) parameters[name] = value as string | number | boolean;
  }
  return { ...EMPTY, ...arrays, parameters };
}
