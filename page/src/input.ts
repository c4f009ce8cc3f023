/** What the reader has entered, and the request that it makes. */

import { type Mistake, Name, type Nested, type Span, namesIn, parseTable, shapeOf, withIndices } from "./parse/table.ts";
import { type Tensor, rowsOf, sizeOf } from "./parse/tensor.ts";

/** Text that was typed or pasted, or an array from a file. */
export type Source =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly name: string; readonly tensor: Tensor };

export const ARRAYS = ["logits", "labels", "weights", "pos_weight", "class_weights"] as const;
export type ArrayName = (typeof ARRAYS)[number];

export type Parameters = Readonly<Record<string, string | number | boolean>>;

export type Input = {
  readonly logits: Source;
  readonly labels: Source;
  readonly weights: Source;
  readonly pos_weight: Source;
  readonly class_weights: Source;
  /** The order of class names, where the reader has set it. */
  readonly classes: readonly string[];
  readonly parameters: Parameters;
};

export const NO_TEXT: Source = { kind: "text", text: "" };
export const EMPTY: Input = {
  logits: NO_TEXT,
  labels: NO_TEXT,
  weights: NO_TEXT,
  pos_weight: NO_TEXT,
  class_weights: NO_TEXT,
  classes: [],
  parameters: {},
};

/** The fields of a request to POST /v1/loss, with files as they are. */
export type Fields = Readonly<Record<string, unknown>>;

/** What a source holds: `content` of a text, `tensor` of a file. */
export type Read = {
  readonly shape: readonly number[] | null;
  readonly content: Nested | null;
  readonly tensor: Tensor | null;
  readonly header: readonly string[] | null;
};

export type Reading = {
  readonly arrays: Partial<Record<ArrayName, Read>>;
  /** The names of classes, by index; [] where the labels are numbers and the logits have no header. */
  readonly classes: readonly string[];
  readonly mistakes: Partial<Record<ArrayName, Mistake>>;
  /** Null where an array is missing or has a mistake. */
  readonly fields: Fields | null;
};

export function isEmpty(source: Source): boolean {
  return source.kind === "text" && source.text.trim() === "";
}

/** Read all that was entered. It computes nothing and asks nobody. */
export function readInput(input: Input): Reading {
  const arrays: Partial<Record<ArrayName, Read>> = {};
  const mistakes: Partial<Record<ArrayName, Mistake>> = {};
  for (const name of ARRAYS) {
    if (isEmpty(input[name])) continue;
    try {
      arrays[name] = readSource(input[name]);
    } catch (mistake) {
      mistakes[name] = mistake as Mistake;
    }
  }
  const classes = classesOf(input, arrays);
  const { logits, labels } = arrays;
  if (logits === undefined || labels === undefined || Object.keys(mistakes).length > 0) {
    return { arrays, classes, mistakes, fields: null };
  }
  const fields: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(arrays)) {
    fields[name] = read.tensor ?? (name === "labels" ? withIndices(read.content, classes) : withoutNames(read.content));
  }
  return { arrays, classes, mistakes, fields: { ...fields, ...input.parameters } };
}

/** Texts are read again on each keystroke; only one that has changed is parsed again. */
const parsed = new Map<string, Read>();
const KEPT_TEXTS = 16;

function readSource(source: Source): Read {
  if (source.kind === "file") return { shape: source.tensor.shape, content: null, tensor: source.tensor, header: null };
  const known = parsed.get(source.text);
  if (known !== undefined) return known;
  const { content, header } = parseTable(source.text);
  const read = { shape: shapeOf(content), content, tensor: null, header };
  if (parsed.size >= KEPT_TEXTS) parsed.delete(parsed.keys().next().value ?? "");
  parsed.set(source.text, read);
  return read;
}

/** Names that are no numbers are sent as they are: the service says what it expects in their place. */
function withoutNames(content: Nested | null): unknown {
  return content === null ? null : withIndices(content, []);
}

/**
 * The classes by index: as the reader has ordered them; else as the header of the logits has them, if it has all names
 * of the labels; else the names of the labels in alphabetical order, as scikit-learn's LabelEncoder has them.
 */
function classesOf(input: Input, arrays: Partial<Record<ArrayName, Read>>): readonly string[] {
  const header = arrays.logits?.header ?? [];
  const content = arrays.labels?.content ?? null;
  const names = content === null ? [] : namesIn(content);
  const holdsAll = (classes: readonly string[]) => names.every((name) => classes.includes(name));
  if (input.classes.length > 0 && holdsAll(input.classes)) return input.classes;
  if (header.length > 0 && holdsAll(header)) return header;
  return names.toSorted();
}

/** The reading of some samples alone: of arrays with an entry for each of `count` samples, those of `rows`. */
export function rowsOfReading(reading: Reading, rows: readonly number[], count: number): Reading {
  const picked = Object.entries(reading.arrays).map(([name, read]) => {
    const field = reading.fields?.[name];
    if (read.shape?.[0] !== count || name === "pos_weight" || name === "class_weights") return [name, read, field] as const;
    const shape = [rows.length, ...read.shape.slice(1)];
    if (read.tensor !== null) {
      const tensor = rowsOf(read.tensor, rows);
      return [name, { ...read, shape, tensor }, tensor] as const;
    }
    const content = rows.map((row) => (field as Nested[])[row] ?? null);
    return [name, { ...read, shape, content }, content] as const;
  });
  const fields = Object.fromEntries(picked.map(([name, , field]) => [name, field]));
  return {
    ...reading,
    arrays: Object.fromEntries(picked.map(([name, read]) => [name, read])),
    fields: { ...reading.fields, ...fields },
  };
}

/** How many numbers a source holds, to decide what is worth asking for. */
export function valuesOf(read: Read | undefined): number {
  return read?.shape ? sizeOf(read.shape) : 0;
}

export { type Nested, type Span, Name };
