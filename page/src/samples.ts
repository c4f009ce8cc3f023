/** An answer sample by sample, worst first: what the pictures and the table of the hardest show. */

import { flat, flatNumbers, lossesOf } from "./losses.ts";
import { type Tensor, numbersOf } from "./parse/tensor.ts";
import type { Answer } from "./state.ts";

export type Sample = {
  readonly index: number;
  readonly loss: number;
  readonly weight: number;
  /** One for each class; [] where they were not asked for. */
  readonly probabilities: readonly number[];
  readonly gradient: readonly number[];
  /** The label: a class index, or one value for each class. */
  readonly label: number | readonly number[];
  readonly predicted: number | readonly number[] | null;
  readonly isRight: boolean | null;
  /** The probability of the label, where it is one class. */
  readonly ofLabel: number | null;
};

export type Batch = {
  readonly samples: readonly Sample[];
  readonly isSoftmax: boolean;
  /** Each logit is a sample. */
  readonly isFlat: boolean;
  readonly classes: readonly string[];
};

export function isSoftmax(lossType: string): boolean {
  return !/sigmoid|^weighted_cross_entropy$/.test(lossType);
}

/** The worst samples of a large batch, under their own numbers; else null. */
export function worstOf({ worst }: Answer): Batch | null {
  const batch = worst === null ? null : batchOf(worst.answer);
  if (worst === null || batch === null) return null;
  return { ...batch, samples: batch.samples.map((sample) => ({ ...sample, index: worst.rows[sample.index] ?? sample.index })) };
}

/** The samples of an answer with probabilities; null where it is too large for them, or not [samples, classes]. */
export function batchOf(answer: Answer): Batch | null {
  const { response, reading } = answer;
  const logits = reading.arrays.logits;
  const shape = logits?.shape;
  if (response.probabilities === undefined || shape === null || shape === undefined) return null;
  const softmax = isSoftmax(response.loss_type);
  const isFlat = shape.length < 2 && !softmax;
  const axis = Number(answer.input.parameters["axis"] ?? -1);
  if (shape.length > 2 || (axis !== -1 && axis !== shape.length - 1)) return null;
  const losses = lossesOf(answer);
  const count = losses.length;
  const probabilities = flatNumbers(response.probabilities);
  const gradient = response.gradient === undefined ? [] : flatNumbers(response.gradient);
  const classes = probabilities.length / count;
  // Of shifted sequences there are fewer losses than rows.
  if (count !== (shape.length === 1 && softmax ? 1 : (shape[0] ?? 1))) return null;
  const labels = valuesOf(reading.arrays.labels, reading.fields?.["labels"]);
  const weights = valuesOf(reading.arrays.weights, reading.fields?.["weights"]);
  const samples = Array.from({ length: count }, (_, index): Sample => {
    const own = (values: ArrayLike<number>) => Array.from({ length: classes }, (_, c) => values[index * classes + c] ?? 0);
    const p = own(probabilities);
    const label =
      labels.length === 1 && count > 1
        ? (labels[0] ?? 0)
        : labels.length === count
          ? (labels[index] ?? Number.NaN)
          : simplified(own(labels), softmax);
    const isOne = typeof label === "number";
    const predicted = predictedOf(p, softmax, isFlat, isOne);
    const weight = weights.length === count ? (weights[index] ?? 1) : 1;
    return {
      index,
      loss: losses[index] ?? 0,
      weight,
      probabilities: p,
      gradient: gradient.length === 0 ? [] : own(gradient),
      label,
      predicted,
      isRight: isEqual(predicted, label, isFlat),
      ofLabel: !isOne ? null : isFlat || classes === 1 ? (label > 0.5 ? (p[0] ?? 0) : 1 - (p[0] ?? 0)) : (p[label] ?? null),
    };
  });
  return { samples: worstFirst(samples), isSoftmax: softmax, isFlat: isFlat || classes === 1, classes: reading.classes };
}

/** A one-hot row under a softmax is its class. */
function simplified(row: number[], softmax: boolean): number | number[] {
  const ones = row.filter((value) => value === 1).length;
  return softmax && ones === 1 && row.every((value) => value === 0 || value === 1) ? row.indexOf(1) : row;
}

function predictedOf(p: number[], softmax: boolean, isFlat: boolean, isOne: boolean): number | number[] {
  if (isFlat || p.length === 1) return (p[0] ?? 0) > 0.5 ? 1 : 0;
  const largest = p.indexOf(Math.max(...p));
  if (softmax) return isOne ? largest : p.map((_, c) => (c === largest ? 1 : 0));
  return p.map((value) => (value > 0.5 ? 1 : 0));
}

function isEqual(predicted: number | readonly number[], label: number | readonly number[], isFlat: boolean): boolean {
  if (typeof predicted === "number") return predicted === (isFlat && typeof label === "number" ? Math.round(label) : label);
  const values = typeof label === "number" ? predicted.map(() => label) : label;
  return predicted.every((value, c) => value === Math.round(values[c] ?? 0));
}

/** What does not count is last. */
export function worstFirst(samples: Sample[]): Sample[] {
  const isOut = (sample: Sample) => (sample.weight === 0 ? 1 : 0);
  return samples.toSorted((a, b) => isOut(a) - isOut(b) || b.loss - a.loss || a.index - b.index);
}

function valuesOf(read: { tensor: Tensor | null } | undefined, field: unknown): ArrayLike<number> {
  if (read === undefined) return [];
  if (read.tensor !== null) return numbersOf(read.tensor);
  return flat(field).map((value) => (value === null ? Number.NaN : Number(value)));
}

/** The name of a class, or of all classes that a row of 0 and 1 marks. */
export function nameOf(label: Sample["label"], batch: Batch): string {
  const name = (index: number) => (batch.isFlat ? String(index) : (batch.classes[index] ?? String(index)));
  if (typeof label === "number") return Number.isNaN(label) ? "–" : name(label);
  if (label.some((value) => value !== 0 && value !== 1)) return label.map((value) => Number(value.toPrecision(3))).join(" ");
  const marked = label.flatMap((value, index) => (value === 1 ? [name(index)] : []));
  return marked.length === 0 ? "–" : marked.join(", ");
}
