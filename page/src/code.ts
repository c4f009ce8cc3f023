/** The code to copy: a call in each framework, wrapped as Black does, and the request itself. */

import type { Answer } from "./state.ts";
import type { Num } from "./service.ts";

export const TABS = ["tensorflow2", "tensorflow1", "keras", "pytorch", "optax", "curl", "client"] as const;
export type Tab = (typeof TABS)[number];

const IMPORTS: Partial<Record<Tab, string>> = {
  tensorflow2: "import tensorflow as tf",
  tensorflow1: "import tensorflow as tf",
  keras: "import keras",
  pytorch: "import torch\nimport torch.nn.functional as F",
  optax: "import jax\nimport jax.numpy as jnp\nimport optax",
};
const WIDTH = 64;
/** As many values stand in a request to copy; what is longer is left out. */
const SHOWN_VALUES = 60;

/** The code of a tab. `origin` is the service's address. */
export function codeOf(tab: Tab, { reading, input, response }: Answer, origin: string): string {
  const value = response.reduced === null ? "" : `# ${shortNumber(response.reduced.value)}`;
  if (tab === "curl") return curl(reading.fields ?? {}, origin);
  if (tab === "client") {
    const given = Object.keys(reading.fields ?? {}).filter((name) => name !== "logits" && name !== "labels");
    const set = given.map((name) => `${name}=${name in input.parameters ? python(input.parameters[name]) : name}`);
    const call = wrap(`loss = Xent("${origin}").loss(${["logits", "labels", ...set].join(", ")})`);
    return `from xent_client import Xent\n\n${call}\n${response.reduced === null ? "loss.per_sample" : `loss.reduced.value  ${value}`}`;
  }
  const text = response.equivalents[tab] ?? "";
  const lines = text.split("\n");
  if (!/^\w+ = /.test(lines.at(-1) ?? "")) lines[lines.length - 1] = `loss = ${lines.at(-1)}`;
  const imports = (IMPORTS[tab] ?? "").split("\n").filter((line) => isUsed(line, text));
  return [...imports, "", ...lines.map(wrap), value].join("\n").trimEnd();
}

function isUsed(line: string, text: string): boolean {
  const name = line.split(" ").at(-1) ?? "";
  return new RegExp(`(^|[^\\w.])${name.replaceAll(".", "\\.")}\\.`).test(text);
}

function curl(fields: Record<string, unknown>, origin: string): string {
  const parts = Object.entries(fields).map(([name, value]) => `  ${JSON.stringify(name)}: ${shortened(value)}`);
  return `curl ${origin}/v1/loss --json '{\n${parts.join(",\n")}\n}'`;
}

function shortened(value: unknown): string {
  if (typeof value === "object" && value !== null && "bytes" in value) return "…";
  const text = JSON.stringify(value);
  const count = text.split(",").length;
  if (count <= SHOWN_VALUES / 6) return text.replaceAll(",", ", ");
  if (!text.startsWith("[[")) return count <= SHOWN_VALUES ? broken(text.slice(1, -1).split(",")) : "[…]";
  const rows = (value as unknown[]).map((row) => `    ${JSON.stringify(row).replaceAll(",", ", ")}`);
  return count <= SHOWN_VALUES * 4 ? `[\n${rows.join(",\n")}]` : "[…]";
}

function broken(values: string[]): string {
  const lines = [];
  for (let i = 0; i < values.length; i += 10) lines.push(`    ${values.slice(i, i + 10).join(", ")}`);
  return `[\n${lines.join(",\n")}]`;
}

function python(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

export function shortNumber(value: Num): string {
  return typeof value === "number" ? value.toFixed(4) : value;
}

/** A line of Python in lines of at most WIDTH characters, broken at brackets and commas. */
export function wrap(line: string): string {
  return wrapped(line, "");
}

function wrapped(line: string, indent: string): string {
  if (indent.length + line.length <= WIDTH) return indent + line;
  const open = lastTopLevelBracket(line);
  if (open === null) return indent + line;
  const head = line.slice(0, open.start + 1);
  const inner = line.slice(open.start + 1, open.end);
  const tail = line.slice(open.end);
  const deeper = `${indent}    `;
  const parts = split(inner);
  const whole = parts.join(", ");
  const body =
    deeper.length + whole.length <= WIDTH
      ? deeper + whole
      : parts.length === 1
        ? wrapped(whole, deeper)
        : parts.map((part) => `${wrapped(part, deeper)},`).join("\n");
  return `${indent}${head}\n${body}\n${indent}${tail}`;
}

/** The longest pair of round brackets that no other encloses. */
function lastTopLevelBracket(line: string): { start: number; end: number } | null {
  let depth = 0;
  let start = 0;
  let best: { start: number; end: number } | null = null;
  for (let i = 0; i < line.length; i += 1) {
    const character = line.charAt(i);
    if ("([{".includes(character)) {
      if (depth === 0) start = i;
      depth += 1;
    } else if (")]}".includes(character)) {
      depth -= 1;
      if (depth === 0 && line.charAt(start) === "(" && (best === null || i - start > best.end - best.start)) {
        best = { start, end: i };
      }
    }
  }
  return best;
}

function split(inner: string): string[] {
  const parts = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < inner.length; i += 1) {
    const character = inner.charAt(i);
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    else if (character === "," && depth === 0) {
      parts.push(inner.slice(start, i).trim());
      start = i + 1;
    }
  }
  const rest = inner.slice(start).trim();
  return rest === "" ? parts : [...parts, rest];
}

export type Piece = { readonly text: string; readonly kind: "" | "k" | "st" | "n" | "c" };

const TOKEN = /("(?:[^"\\]|\\.)*"|'[^']*')|(#.*$)|\b(import|from|as)\b|(?<![\w.])(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|True|False|None|true|false|null)\b/gm;

/** The code in pieces for colouring: k keyword, st string, n number, c comment. */
export function paint(code: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const found of code.matchAll(TOKEN)) {
    if (found.index > at) pieces.push({ text: code.slice(at, found.index), kind: "" });
    const kind = found[1] !== undefined ? "st" : found[2] !== undefined ? "c" : found[3] !== undefined ? "k" : "n";
    pieces.push({ text: found[0], kind });
    at = found.index + found[0].length;
  }
  if (at < code.length) pieces.push({ text: code.slice(at), kind: "" });
  return pieces;
}
