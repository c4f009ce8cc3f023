/**
 * Numbers and names from text: JSON, CSV, and what NumPy, PyTorch, TensorFlow and JAX print.
 *
 * Nothing is repaired: what is not understood is a `Mistake` with its place. Whether rows are equally long, and whether
 * numbers make sense, is for the service to say; `spanOf` finds the place in the text that its answer names.
 */

export type Value = number | string | null | Name;
export type Nested = Value | Nested[];

/** A word that is no number: the name of a class. Numbers that JSON lacks are strings, as the service reads them. */
export class Name {
  constructor(readonly name: string) {}
}

export type Span = { readonly start: number; readonly end: number };
export type Table = { readonly content: Nested; readonly header: readonly string[] | null };

/** What is wrong with a text; `key` is that of a text of the page. */
export class Mistake extends Error {
  constructor(
    readonly key: string,
    readonly span: Span,
    readonly figures: Readonly<Record<string, string | number>> = {},
  ) {
    super(key);
  }
}

/** The content of a text. Raises Mistake. */
export function parseTable(text: string): Table {
  return new Reader(text, null).read();
}

/** Where in the text the value or row of a path is; null where the text has no such place. */
export function spanOf(text: string, path: readonly number[]): Span | null {
  const spans: Spans = { start: 0, end: text.length, parts: [] };
  new Reader(text, spans).read();
  let found: Spans | undefined = spans;
  for (const index of path) found = found?.parts[index];
  return found ?? null;
}

type Spans = { start: number; end: number; parts: Spans[] };

const CLOSED = new Map<string, Value>([
  ["nan", null],
  ["none", null],
  ["null", null],
  ["na", null],
  ["inf", "Infinity"],
  ["+inf", "Infinity"],
  ["infinity", "Infinity"],
  ["-inf", "-Infinity"],
  ["-infinity", "-Infinity"],
  ["true", 1],
  ["false", 0],
]);

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** What stands before a bracket in a print: `tensor(`, `array(`, `<tf.Tensor: shape=(2,), dtype=float32, numpy=array(`. */
const OPENING = /^\s*(?:<tf\.\w+[^[]*?numpy=\s*)?(?:[A-Za-z_][\w.]*\s*=\s*)?(?:(?:[A-Za-z_][\w.]*)\(\s*)?/;
/** What follows the last bracket: `, dtype=float32)`, `, device='cuda:0', grad_fn=<AddmmBackward0>)`, `>`. */
const CLOSING = /^\s*(?:,\s*[A-Za-z_]\w*\s*=\s*(?:<[^>]*>|\([^)]*\)|'[^']*'|[\w.]+)\s*)*,?\s*\)?\s*>?\s*;?\s*$/;
/** NumPy 2 prints `np.float64(0.5)` for its numbers in a list of Python. */
const SCALAR = /^(?:np|numpy)\.\w+\(([^()]*)\)/;
/** How deep lists may be; the service's own limit is lower. */
const MAX_DEPTH = 64;

class Reader {
  at = 0;

  constructor(
    readonly text: string,
    readonly spans: Spans | null,
  ) {}

  read(): Table {
    if (this.text.trim() === "") throw new Mistake("nothing", { start: 0, end: this.text.length });
    const opening = OPENING.exec(this.text)?.[0] ?? "";
    const printed = /[(=]\s*$/.test(opening);
    if (this.text[opening.length] === "[" || printed) return this.readBrackets(opening.length, printed);
    if (/^\s*[{]/.test(this.text)) throw new Mistake("object", { start: 0, end: 1 });
    return this.readLines();
  }

  private readBrackets(start: number, printed: boolean): Table {
    this.at = start;
    const content = this.text[start] === "[" ? this.readList(this.spans, 1) : this.readValue(this.spans, "),]>");
    const rest = this.text.slice(this.at);
    if (!(printed ? CLOSING : /^\s*,?\s*;?\s*$/).test(rest)) {
      // `[1, 2], [3, 4]` or one row after the other, each in brackets of its own: rows without the outer brackets.
      if (!printed && this.spans !== null) this.spans.parts = [];
      if (!printed) return this.readRows(start);
      const end = this.at + (/^[\s,)>]*/.exec(rest)?.[0].length ?? 0);
      throw new Mistake("after_end", { start: end, end: this.text.length });
    }
    return { content, header: null };
  }

  private readRows(start: number): Table {
    this.at = start;
    const rows: Nested[] = [];
    while (this.at < this.text.length) {
      if (this.text[this.at] !== "[") {
        throw new Mistake("after_end", { start: this.at, end: this.text.length });
      }
      rows.push(this.readList(this.child(this.spans), 2));
      this.at = this.skip(this.at);
    }
    return { content: rows, header: null };
  }

  private child(spans: Spans | null): Spans | null {
    if (spans === null) return null;
    const part = { start: this.at, end: this.at, parts: [] };
    spans.parts.push(part);
    return part;
  }

  /** The place of what comes next, after blanks and commas. */
  private skip(at: number): number {
    while (at < this.text.length && /[\s,]/.test(this.text.charAt(at))) at += 1;
    return at;
  }

  private readList(spans: Spans | null, depth: number): Nested[] {
    if (depth > MAX_DEPTH) throw new Mistake("too_deep", { start: this.at, end: this.at + 1 });
    const start = this.at;
    const content: Nested[] = [];
    this.at += 1;
    for (;;) {
      this.at = this.skip(this.at);
      const next = this.text[this.at];
      if (next === undefined) throw new Mistake("not_closed", { start, end: start + 1 });
      if (next === "]") {
        this.at += 1;
        if (spans !== null) Object.assign(spans, { start, end: this.at });
        return content;
      }
      const part = this.child(spans);
      content.push(next === "[" ? this.readList(part, depth + 1) : this.readValue(part, ",]"));
    }
  }

  /** One number or name, which ends at a blank or at one of the characters. */
  private readValue(spans: Spans | null, ends: string): Value {
    const start = this.at;
    const quote = this.text[start];
    let value: Value;
    if (quote === '"' || quote === "'") {
      const close = this.text.indexOf(quote, start + 1);
      if (close < 0) throw new Mistake("quote_not_closed", { start, end: start + 1 });
      this.at = close + 1;
      value = asValue(this.text.slice(start + 1, close), true);
    } else {
      const scalar = SCALAR.exec(this.text.slice(start, start + 80));
      if (scalar !== null) {
        this.at += scalar[0].length;
        value = asValue((scalar[1] ?? "").replace(/^'(.*)'$/, "$1"), false);
      } else {
        while (this.at < this.text.length && !ends.includes(this.text.charAt(this.at)) && !this.isBlank()) this.at += 1;
        value = asValue(this.text.slice(start, this.at), false);
      }
    }
    if (value instanceof Name && /^(\.\.\.|…)$/.test(value.name)) throw new Mistake("abridged", { start, end: this.at });
    if (spans !== null) Object.assign(spans, { start, end: this.at });
    return value;
  }

  private isBlank(): boolean {
    return this.text.charCodeAt(this.at) <= 32;
  }

  /** Lines of values between commas, semicolons, tabs or blanks. One line, or one value a line, is a flat list. */
  private readLines(): Table {
    const lines: { cells: Value[]; spans: Span[] }[] = [];
    for (let start = 0; start <= this.text.length; ) {
      let end = this.text.indexOf("\n", start);
      if (end < 0) end = this.text.length;
      const line = this.cellsOf(start, end);
      if (line.cells.length > 0) lines.push(line);
      start = end + 1;
    }
    const [first, second] = lines;
    const isHeader =
      first !== undefined &&
      second !== undefined &&
      first.cells.length === second.cells.length &&
      first.cells.every((cell) => cell instanceof Name) &&
      second.cells.some((cell) => !(cell instanceof Name));
    const header = isHeader ? first.cells.map((cell) => (cell instanceof Name ? cell.name : "")) : null;
    const rows = isHeader ? lines.slice(1) : lines;
    const isFlat = rows.every(({ cells }) => cells.length === 1) || (rows.length === 1 && !isHeader);
    if (this.spans !== null) {
      const parts = rows.map(({ spans }) => ({
        start: spans[0]?.start ?? 0,
        end: spans.at(-1)?.end ?? 0,
        parts: spans.map((span) => ({ ...span, parts: [] })),
      }));
      this.spans.parts = isFlat ? parts.flatMap((row) => row.parts) : parts;
    }
    if (!isFlat) return { content: rows.map(({ cells }) => cells), header };
    const cells = rows.flatMap((row) => row.cells);
    const [only] = cells;
    return { content: cells.length === 1 && only !== undefined ? only : cells, header };
  }

  private cellsOf(start: number, end: number): { cells: Value[]; spans: Span[] } {
    const line = this.text.slice(start, end);
    const separator = /[\t;,]/.exec(line)?.[0] ?? " ";
    const cells: Value[] = [];
    const spans: Span[] = [];
    const pattern = separator === " " ? /"([^"]*)"|[^\s]+/g : new RegExp(`\\s*(?:"([^"]*)"|([^${separator}]*))(?:${separator}|$)`, "g");
    for (const found of line.matchAll(pattern)) {
      if (found.index >= line.length && cells.length > 0) break; // after the last separator
      const word = (found[1] ?? found[2] ?? found[0]).trim();
      const offset = start + found.index + Math.max(0, found[0].indexOf(word));
      if (word === "" && line.trim() === "") break;
      if (word === "...") throw new Mistake("abridged", { start: offset, end: offset + 3 });
      cells.push(asValue(word, found[1] !== undefined));
      spans.push({ start: offset, end: offset + word.length });
    }
    return { cells, spans };
  }
}

function asValue(word: string, isQuoted: boolean): Value {
  if (!isQuoted && NUMBER.test(word)) return Number(word);
  const closed = CLOSED.get(word.toLowerCase());
  if (closed !== undefined && (!isQuoted || typeof closed === "string")) return closed;
  return word === "" && !isQuoted ? null : new Name(word);
}

/** The shape of a rectangular content, [] for one value; null where rows differ in length or depth. */
export function shapeOf(content: Nested): number[] | null {
  if (!Array.isArray(content)) return [];
  const shapes = content.map(shapeOf);
  const [first] = shapes;
  if (first === undefined) return [0];
  if (first === null) return null;
  const isEqual = (shape: number[] | null) => shape?.length === first.length && shape.every((size, i) => size === first[i]);
  return shapes.every(isEqual) ? [content.length, ...first] : null;
}

/** All names of classes in a content, in order of appearance and each once. */
export function namesIn(content: Nested): string[] {
  const found = new Set<string>();
  const visit = (part: Nested): void => {
    if (Array.isArray(part)) part.forEach(visit);
    else if (part instanceof Name) found.add(part.name);
  };
  visit(content);
  return [...found];
}

/** The content with each name replaced by its place in `classes`; a name that is not there stays a string. */
export function withIndices(content: Nested, classes: readonly string[]): Nested {
  const index = new Map(classes.map((name, place) => [name, place]));
  const replace = (part: Nested): Nested => {
    if (Array.isArray(part)) return part.map(replace);
    return part instanceof Name ? (index.get(part.name) ?? part.name) : part;
  };
  return replace(content);
}
