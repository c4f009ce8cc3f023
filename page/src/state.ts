/** The state of the front page, in one place, and what changes it. */

import { batch, computed, effect, signal } from "@preact/signals";

import type { Example } from "./examples.ts";
import { exampleInput } from "./examples.ts";
import { facts } from "./facts.ts";
import { ARRAYS, type ArrayName, EMPTY, type Fields, type Input, type Reading, isEmpty, readInput, rowsOfReading, valuesOf } from "./input.ts";
import { type LossResponse, type Outcome, type Problem, type Warning, key, postLoss } from "./service.ts";
import { largest, lossesOf } from "./losses.ts";
import { encode } from "./share.ts";

export const input = signal<Input>(exampleInput("twice"));
/** The example that the input is, unchanged. */
export const example = signal<Example | null>("twice");
export const reading = computed<Reading>(() => readInput(input.value));
export const isNothing = computed(() => isEmpty(input.value.logits) && isEmpty(input.value.labels));

/** An answer with the input that it is of. */
export type Answer = {
  readonly input: Input;
  readonly reading: Reading;
  readonly response: LossResponse;
  /** What each fix gives, by its warning's code, and each reduction by its name; they come after the answer itself. */
  readonly fixes: Readonly<Record<string, LossResponse>>;
  readonly reductions: Readonly<Record<string, LossResponse>>;
  /** The worst samples alone, with probabilities, of a batch that is too large for them all. */
  readonly worst: { readonly rows: readonly number[]; readonly answer: Answer } | null;
};

export const answer = signal<Answer | null>(null);
export const problem = signal<Problem | null>(null);
/** The request is under way for so long that the reader should know. */
export const busy = signal(false);
export const needsKey = signal<{ wrong: boolean } | null>(null);
/** The service does not answer: seconds until the next try. */
export const away = signal<number | null>(null);

/** What was applied last, and what it was before; any other change ends it. */
export const applied = signal<{ before: Input; beforeExample: Example | null; from: LossResponse; code: string; label: string } | null>(
  null,
);

/** Whether the answer is that of the input. */
export const isCurrent = computed(() => answer.value !== null && answer.value.input === input.value);

export function change(next: Partial<Input>): void {
  batch(() => {
    input.value = { ...input.value, ...next };
    example.value = null;
    applied.value = null;
  });
}

export function setParameter(name: string, value: string | number | boolean | null): void {
  const { [name]: _, ...others } = input.value.parameters;
  change({ parameters: value === null ? others : { ...others, [name]: value } });
}

/** Counts what replaces the whole input, as against what is typed. */
export const opened = signal(0);

export function openExample(name: Example): void {
  open(exampleInput(name), name);
}

export function open(next: Input, name: Example | null): void {
  batch(() => {
    input.value = next;
    example.value = name;
    applied.value = null;
    opened.value += 1;
  });
}

export function clear(): void {
  open(EMPTY, null);
}

/** A fix: what to set in the request, or arrays that the page can rewrite. */
export type Fix = {
  readonly code: string;
  readonly label: string;
  readonly next: Input;
};

export function apply(fix: Fix): void {
  const from = answer.value;
  if (from === null) return;
  const before = input.value;
  batch(() => {
    applied.value = { before, beforeExample: example.value, from: from.response, code: fix.code, label: fix.label };
    input.value = fix.next;
    example.value = null;
    opened.value += 1;
  });
}

export function undo(): void {
  const last = applied.value;
  if (last !== null) open(last.before, last.beforeExample);
}

/** The input with fields of a request set, as a warning's `change` has them; null takes a field out. */
export function withFields(before: Input, fields: Record<string, unknown>): Input {
  const next: Record<string, unknown> = { ...before };
  const parameters: Record<string, unknown> = { ...before.parameters };
  for (const [name, value] of Object.entries(fields)) {
    if ((ARRAYS as readonly string[]).includes(name)) {
      next[name as ArrayName] = { kind: "text", text: value === null ? "" : JSON.stringify(value) };
    } else if (value === null) delete parameters[name];
    else parameters[name] = value;
  }
  return { ...(next as Input), parameters: parameters as Input["parameters"] };
}

// ---- asking

/** Above so many logits a heat map shows nothing, and probabilities are not asked for. */
export const SMALL_VALUES = 20_000;
/** Above so many, what comes beside the answer is asked for only on demand. */
export const MEDIUM_VALUES = 500_000;
const DEBOUNCE_MS = 120;
const BUSY_MS = 300;

let running: AbortController | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let retry: ReturnType<typeof setInterval> | undefined;

/** What is asked for beside the losses. */
function withDetail(fields: Fields, values: number): Fields {
  // Figures of the whole count against the service's limit of elements, as much as a third of a large batch.
  const wanted = values <= MEDIUM_VALUES ? ["summary", "calibration"] : [];
  const figures = wanted.filter((name) => facts.include.includes(name));
  return values <= SMALL_VALUES
    ? { ...fields, include: ["probabilities", "gradient", ...figures] }
    : { ...fields, include: figures, encoding: "base64" };
}

/** Ask for the answer of the input as it is now. The last request wins. */
async function ask(): Promise<void> {
  const asked = input.value;
  const read = reading.value;
  running?.abort();
  clearInterval(retry);
  if (read.fields === null) {
    busy.value = false;
    problem.value = null;
    return;
  }
  const controller = new AbortController();
  running = controller;
  const slow = setTimeout(() => {
    busy.value = true;
  }, BUSY_MS);
  try {
    const values = valuesOf(read.arrays.logits);
    const outcome = await postLoss(withDetail(read.fields, values), controller.signal);
    if (running !== controller) return;
    settle(outcome, asked, read);
    if (outcome.kind === "answer") {
      remember();
      if (values > SMALL_VALUES) await askOfWorst(controller);
      if (values <= MEDIUM_VALUES) await askBeside(controller);
    }
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  } finally {
    clearTimeout(slow);
    if (running === controller) busy.value = false;
  }
}

const NOTHING_BESIDE = { fixes: {}, reductions: {}, worst: null };

function settle(outcome: Outcome, asked: Input, read: Reading): void {
  batch(() => {
    busy.value = false;
    needsKey.value = outcome.kind === "key" ? { wrong: outcome.wrong } : null;
    problem.value = outcome.kind === "problem" ? outcome.problem : null;
    away.value = outcome.kind === "away" ? outcome.retrySeconds : null;
    if (outcome.kind === "answer") {
      answer.value = { input: asked, reading: read, response: outcome.response, ...NOTHING_BESIDE };
    }
  });
  if (outcome.kind === "away") {
    retry = setInterval(() => {
      away.value = (away.value ?? 1) - 1;
      if (away.value <= 0) void ask();
    }, 1000);
  }
}

export const WORST_ROWS = 50;

/** What the model believed of the worst samples. */
async function askOfWorst(controller: AbortController): Promise<void> {
  const current = answer.value;
  const shape = current?.reading.arrays.logits?.shape;
  if (current === null || shape === null || shape === undefined || shape.length > 2 || "axis" in current.input.parameters) return;
  const rows = largest(lossesOf(current), WORST_ROWS);
  if (shape[0] !== lossesOf(current).length) return;
  const read = rowsOfReading(current.reading, rows, shape[0] ?? 0);
  const fields = { ...read.fields, loss_type: current.response.loss_type, include: ["probabilities"], advice: "none" };
  const outcome = await postLoss(fields, controller.signal);
  if (running !== controller || answer.value !== current || outcome.kind !== "answer") return;
  const ofRows = { input: current.input, reading: read, response: outcome.response, ...NOTHING_BESIDE };
  answer.value = { ...current, worst: { rows, answer: ofRows } };
}

/** The other reductions, and what each fix would give. */
async function askBeside(controller: AbortController): Promise<void> {
  const current = answer.value;
  const fields = current?.reading.fields;
  if (current === null || fields === null || fields === undefined) return;
  const told = current.response.reduced?.reduction ?? "none";
  const wanted = REDUCTIONS.filter((name) => name !== told && name !== "none").map(async (reduction) => {
    const outcome = await postLoss({ ...fields, reduction, encoding: "base64", advice: "none" }, controller.signal);
    return outcome.kind === "answer" ? [[reduction, outcome.response] as const] : [];
  });
  const fixes = current.response.warnings.flatMap((warning) => fixesOf(warning, current)).map(async ({ code, next }) => {
    const read = readInput(next);
    if (read.fields === null) return [];
    const outcome = await postLoss({ ...read.fields, encoding: "base64", advice: "none" }, controller.signal);
    return outcome.kind === "answer" ? [[code, outcome.response] as const] : [];
  });
  const [reductions, outcomes] = await Promise.all([Promise.all(wanted), Promise.all(fixes)]);
  if (running !== controller || answer.value !== current) return;
  answer.value = {
    ...current,
    reductions: { ...Object.fromEntries(reductions.flat()), [told]: current.response },
    fixes: Object.fromEntries(outcomes.flat()),
  };
}

/** The reductions of a batch that is too large to ask for them unasked. */
export async function askForReductions(): Promise<void> {
  if (running !== null) await askBeside(running).catch(() => undefined);
}

export const REDUCTIONS = ["mean", "mean_by_nonzero_weights", "weighted_mean", "sum", "none"] as const;

/** How a warning is fixed, with the fix's label left open; none where the client has to change what it computes. */
export function fixesOf(warning: Warning, { input: given, reading: read, response }: Answer): Omit<Fix, "label">[] {
  const { code } = warning;
  if (code === "one_hot_labels_could_be_indices") {
    const content = read.arrays.labels?.content;
    const isTwoDimensional = read.arrays.labels?.shape?.length === 2;
    if (!isTwoDimensional || !Array.isArray(content)) return [];
    const indices = content.map((row) => (Array.isArray(row) ? row.indexOf(1) : -1));
    const { loss_type: _, ...parameters } = given.parameters;
    return [{ code, next: { ...given, parameters, labels: { kind: "text", text: indices.join(", ") } } }];
  }
  const fields = changeOf(warning, response);
  return fields === null ? [] : [{ code, next: withFields(given, fields) }];
}

/** The fields that fix a warning: its own, or, where one weight was to balance classes, what the service suggests. */
export function changeOf(warning: Warning, response: LossResponse): Record<string, unknown> | null {
  if (warning.change !== null) return warning.change;
  const { suggested, loss_type } = response.recommendation;
  const isBalance = warning.code === "scalar_weight_only_rescales" || warning.code === "weights_enlarge_imbalance";
  if (isBalance && suggested !== null) {
    return { ...(warning.code === "scalar_weight_only_rescales" ? { weights: null } : {}), loss_type, ...suggested };
  }
  return warning.code === "scalar_weight_only_rescales" ? { weights: null } : null;
}

export function useKey(value: string): void {
  key.set(value);
  void ask();
}

export function tryNow(): void {
  void ask();
}

/** Keep the address in step with the input, so that reloading the page loses nothing. */
function remember(): void {
  const { value } = input;
  void encode(value, example.value).then((fragment) => {
    if (input.value !== value) return;
    const { pathname, search, hash } = location;
    const isUntouched = hash === "" && fragment === "#example=twice";
    if (!isUntouched) history.replaceState(null, "", `${pathname}${search}${fragment ?? ""}`);
  });
}

/** Ask now, and again whenever the input has changed for a moment. */
export function start(): void {
  let isFirst = true;
  effect(() => {
    const isTyped = applied.value === null && example.value === null;
    input.value;
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), isFirst || !isTyped ? 0 : DEBOUNCE_MS);
    isFirst = false;
  });
}
