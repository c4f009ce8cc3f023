/** Summaries and calibrations of many batches, merged exactly from the `sums` of their responses. */

import { XentError } from "./errors.js";
import { exactSum, quotient, sumOfUnits } from "./exact.js";
import type { components } from "./schema.js";

type Schemas = components["schemas"];
export type Summary = Schemas["Summary"];
export type Calibration = Schemas["Calibration"];
type PerClass = Schemas["PerClass"];

/** The sums of a response, with infinities as numbers. */
interface Sums {
  [name: string]: number | number[] | number[][] | Sums;
}

/** Lists of whole numbers, one for each class, column or bin. */
const COUNTS = new Set(["count", "positives", "hits"]);
const LIMITS: Record<string, (...values: number[]) => number> = { minimum: Math.min, maximum: Math.max };

/** The sums of several responses as one. */
export function mergedSums(all: readonly object[]): Sums {
  return merged(all.map((each) => withNumbers(each) as Sums));
}

function merged(all: readonly Sums[]): Sums {
  const kinds = new Set(all.map((sums) => Object.keys(sums).filter((name) => !(name in LIMITS)).sort().join()));
  if (kinds.size > 1) {
    throw differs();
  }
  const names = new Set(all.flatMap(Object.keys));
  return Object.fromEntries([...names].map((name) => [name, mergedField(name, valuesOf(all, name))]));
}

function valuesOf(all: readonly Sums[], name: string): Sums[string][] {
  return all.flatMap((sums) => (Object.hasOwn(sums, name) ? [sums[name] as Sums[string]] : []));
}

function mergedField(name: string, values: readonly Sums[string][]): Sums[string] {
  const [first] = values;
  if (typeof first === "number") {
    const numbers = values as number[];
    return LIMITS[name]?.(...numbers) ?? numbers.reduce((total, each) => total + each);
  }
  if (!Array.isArray(first)) {
    return merged(values as Sums[]);
  }
  if (Array.isArray(first[0])) {
    return mergedColumns((values as number[][][]).flat());
  }
  return COUNTS.has(name)
    ? columns(values as number[][]).map((each) => each.reduce((total, count) => total + count))
    : exactSum((values as number[][]).flat());
}

/** Exact sums, one for each class, from any number of components. */
function mergedColumns(components: readonly number[][]): number[][] {
  const sums = columns(components).map(exactSum);
  const longest = Math.max(...sums.map((sum) => sum.length));
  return Array.from({ length: longest }, (_, place) => sums.map((sum) => sum[place] ?? 0));
}

/** The numbers at each place of lists of one length. */
function columns(lists: readonly number[][]): number[][] {
  if (new Set(lists.map((list) => list.length)).size > 1) {
    throw differs();
  }
  return (lists[0] ?? []).map((_, place) => lists.map((list) => list[place] as number));
}

function differs(): XentError {
  return new XentError(
    "invalid_input",
    "summaries of different kinds of losses or numbers of classes can't be merged; name loss_type",
  );
}

/** "Infinity" and "-Infinity" as the numbers that they stand for. */
function withNumbers(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withNumbers);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withNumbers(each)]));
  }
  return typeof value === "string" ? Number(value) : value;
}

/** The figures that follow from sums: all but the quantiles, which do not merge. */
export function summaryOf(sums: Sums): Summary {
  const the = (name: string) => sums[name] as number;
  const total = (name: string) => (sums[name] as number[])[0] as number;
  const numbers = {
    samples: the("samples"),
    counted: the("counted"),
    ignored: the("ignored"),
    zero_weight: the("zero_weight"),
    sums: sums as unknown as Summary["sums"],
  };
  const classes = sums["per_class"] as Sums | undefined;
  const perClass = classes && { per_class: perClassOf(classes) };
  const counted = the("counted");
  if (Number.isNaN(total("loss"))) {
    throw new XentError("invalid_input", "batches have losses of both Infinity and -Infinity, which have no mean");
  }
  if (!counted) {
    return { ...numbers, ...perClass };
  }
  const weight = total("weight");
  const mean = ratio(total("loss"), weight);
  const error = standardError(sums);
  const prior = classes && priorOf(classes, weight);
  return {
    ...numbers,
    mean,
    ...(error !== undefined && { standard_error: error }),
    minimum: the("minimum"),
    maximum: the("maximum"),
    accuracy: the("hits") / counted,
    uniform: ratio(total("uniform"), weight),
    ...(prior !== undefined && { prior }),
    ...("top5_hits" in sums && {
      perplexity: Math.exp(mean),
      bits: mean / Math.LN2,
      top5_accuracy: the("top5_hits") / counted,
      mean_entropy: total("entropy") / counted,
    }),
    ...("label_entropy" in sums && { label_entropy: ratio(total("label_entropy"), weight) }),
    ...perClass,
  };
}

/** The figures that follow from sums; `fitted` is none of them. */
export function calibrationOf(sums: Sums, edges: number[]): Calibration {
  const counted = sums["counted"] as number;
  const count = sums["count"] as number[];
  const [confidence = []] = sums["confidence"] as number[][];
  const [hits = []] = sums["hits"] as number[][];
  const perCount = (totals: number[]) => totals.map((each, bin) => each / Math.max(count[bin] as number, 1));
  const apart = confidence.reduce((total, each, bin) => total + Math.abs(each - (hits[bin] as number)), 0);
  return {
    ...(counted > 0 && {
      expected_error: apart / counted,
      brier_score: ((sums["brier"] as number[])[0] as number) / counted,
    }),
    bins: { edges, count, mean_confidence: perCount(confidence), accuracy: perCount(hits) },
    sums: sums as unknown as Calibration["sums"],
  };
}

/** √(n / (n − 1) · Σ (a − m·b)²) / Σ b, with m = Σ a / Σ b; undefined where it is not defined. */
function standardError(sums: Sums): number | undefined {
  const n = sums["counted_samples"] as number;
  const [a, b, aa, ab, bb] = ["loss", "weight", "loss_squared", "loss_weight", "weight_squared"].map((name) =>
    sumOfUnits(sums[name] as number[]),
  );
  if (n < 2 || !b || a === undefined || aa === undefined || ab === undefined || bb === undefined) {
    return undefined;
  }
  // Of third degree over one of fourth degree, in units of 2⁻¹⁰⁷⁴.
  const above = (aa * b * b - 2n * a * ab * b + a * a * bb) * BigInt(n);
  return above <= 0n ? 0 : Math.sqrt(quotient(above << 1074n, BigInt(n - 1) * b ** 4n));
}

/** The least mean that one constant prediction has: that of the labels' own frequencies. */
function priorOf(classes: Sums, weight: number): number | undefined {
  if (!("target" in classes)) {
    return undefined;
  }
  const [target = []] = classes["target"] as number[][];
  const [opposite] = (classes["opposite"] ?? []) as number[][];
  const whole = target.reduce((total, each) => total + each, 0);
  const parts = opposite
    ? target.flatMap((yes, column) => {
        const no = opposite[column] as number;
        return [[yes, yes + no] as const, [no, yes + no] as const];
      })
    : target.map((each) => [each, whole] as const);
  if (!parts.every(([part]) => part >= 0 && Number.isFinite(part))) {
    return undefined;
  }
  const terms = parts.map(([part, all]) => (part > 0 ? part * Math.log(all / part) : 0));
  return ratio(
    terms.reduce((total, each) => total + each, 0),
    weight,
  );
}

function perClassOf(sums: Sums): PerClass {
  const count = sums["count"] as number[];
  const [loss = []] = sums["loss"] as number[][];
  const [weight = []] = sums["weight"] as number[][];
  const positives = sums["positives"] as number[] | undefined;
  return {
    count,
    ...(positives && { positives }),
    mean: loss.map((each, index) => ratio(each, weight[index] as number)),
    accuracy: (sums["hits"] as number[]).map((hits, index) => hits / Math.max(count[index] as number, 1)),
  };
}

function ratio(numerator: number, denominator: number): number {
  return denominator ? numerator / denominator : 0;
}
