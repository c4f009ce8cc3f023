/** Many batches as one: their responses are added up exactly, in memory that does not grow with their number. */

import { XentError } from "./errors.js";
import { exactSum } from "./exact.js";
import { type Calibration, calibrationOf, mergedSums, type Summary, summaryOf } from "./merge.js";
import type { CallOptions, LossRequest, LossResponse } from "./xent.js";

/** Fields of `POST /v1/loss` that are the same for all batches; `include` may name what merges. */
export type EvaluateRequest = Partial<Omit<LossRequest, "logits" | "labels" | "include">> & {
  include?: ("summary" | "calibration")[];
};

/** One batch, and fields of its own. */
export type EvaluateBatch = EvaluateRequest & Pick<LossRequest, "logits" | "labels">;

/** Options of one evaluation. */
export interface EvaluateOptions extends CallOptions {
  /** How many requests are in flight at once; 4 by default. */
  concurrency?: number;
}

/** The loss of many batches as one, in nats. */
export interface Evaluation {
  reduced: { reduction: string; value: number; numerator: number; denominator: number };
  loss_type: LossResponse["loss_type"];
  /** How many there were. */
  batches: number;
  /** How many of them had each warning, by its code. */
  warnings: Record<string, number>;
  /** Without quantiles, which do not merge. Absent unless all batches have one. */
  summary?: Summary;
  /** Without a fitted temperature, which does not merge. Absent unless all batches have one. */
  calibration?: Calibration;
}

type Send = (request: LossRequest, options: CallOptions) => Promise<LossResponse>;

export async function evaluateBatches(
  send: Send,
  batches: Iterable<EvaluateBatch> | AsyncIterable<EvaluateBatch>,
  request: EvaluateRequest,
  { concurrency = 4, signal }: EvaluateOptions,
): Promise<Evaluation> {
  if (!(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new TypeError(`concurrency is ${concurrency}; a whole number of 1 or more was expected`);
  }
  const merge = new Merge();
  const stop = new AbortController();
  const signals = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const inFlight = new Set<Promise<void>>();
  let number = 0;
  try {
    for await (const batch of batches) {
      const call = one(send, mergeable({ ...request, ...batch }), number++, signals).then((response) => {
        inFlight.delete(call);
        merge.add(response);
      });
      // Where another fails first, nobody waits for this one.
      call.catch(() => {});
      inFlight.add(call);
      while (inFlight.size >= concurrency) {
        await Promise.race(inFlight);
      }
    }
    await Promise.all(inFlight);
  } finally {
    stop.abort();
  }
  return merge.evaluation();
}

/** Errors have the number of the batch, from 0. */
async function one(send: Send, request: LossRequest, number: number, signal: AbortSignal): Promise<LossResponse> {
  try {
    return await send(request, { signal });
  } catch (cause) {
    if (cause instanceof XentError) {
      const { code, message, status, problem, retryAfterMs } = cause;
      const details = { ...(status !== undefined && { status }), problem, retryAfterMs, cause };
      throw new XentError(code, `in batch ${number}: ${message}`, details);
    }
    throw cause;
  }
}

/** The request, if everything in `include` can be merged. */
function mergeable(request: LossRequest): LossRequest {
  for (const name of request.include ?? []) {
    if (name !== "summary" && name !== "calibration") {
      throw new TypeError(`include holds ${name}; evaluate merges summary and calibration only`);
    }
  }
  return request;
}

/** The sum of the batches so far. */
class Merge {
  #batches = 0;
  #kind: { loss_type: LossResponse["loss_type"]; reduction: string } | undefined;
  #numerator: number[] = [];
  #denominator: number[] = [];
  #warnings: Record<string, number> = {};
  #summaries: Figures | undefined;
  #calibrations: Figures | undefined;
  #edges: number[] = [];

  add({ loss_type, reduced, warnings, summary, calibration }: LossResponse): void {
    if (!reduced) {
      throw new XentError("invalid_input", "reduction is none; to evaluate, one that gives a value was expected");
    }
    const { reduction } = reduced;
    const isFirst = this.#kind === undefined;
    const kind = this.#kind ?? { loss_type, reduction };
    if (kind.loss_type !== loss_type || kind.reduction !== reduction) {
      const kinds = `${kind.loss_type}, ${kind.reduction} and ${loss_type}, ${reduction}`;
      throw new XentError("invalid_input", `batches are of two kinds: ${kinds}; name loss_type and reduction`);
    }
    this.#kind = kind;
    this.#batches += 1;
    for (const { code } of warnings ?? []) {
      this.#warnings[code] = (this.#warnings[code] ?? 0) + 1;
    }
    this.#numerator = exactSum([...this.#numerator, Number(reduced.numerator)]);
    this.#denominator = exactSum([...this.#denominator, Number(reduced.denominator)]);
    // What only some batches have would be none of the whole's.
    this.#summaries = together(this.#summaries, summary?.sums, isFirst);
    this.#calibrations = together(this.#calibrations, calibration?.sums, isFirst);
    this.#edges = calibration?.bins.edges ?? this.#edges;
  }

  evaluation(): Evaluation {
    if (!this.#kind) {
      throw new XentError("invalid_input", "there are no batches to evaluate");
    }
    const { loss_type, reduction } = this.#kind;
    const [numerator = 0] = this.#numerator;
    const denominator = reduction === "sum" ? 1 : (this.#denominator[0] ?? 0);
    if (Number.isNaN(numerator)) {
      throw new XentError("invalid_input", "batches have losses of both Infinity and -Infinity, which have no sum");
    }
    const value = denominator ? numerator / denominator : 0;
    return {
      reduced: { reduction, value, numerator, denominator },
      loss_type,
      batches: this.#batches,
      warnings: this.#warnings,
      ...(this.#summaries && { summary: summaryOf(this.#summaries) }),
      ...(this.#calibrations && { calibration: calibrationOf(this.#calibrations, this.#edges) }),
    };
  }
}

type Figures = ReturnType<typeof mergedSums>;

function together(soFar: Figures | undefined, sums: object | undefined, isFirst: boolean): Figures | undefined {
  if (!sums || (!soFar && !isFirst)) {
    return undefined;
  }
  return mergedSums(soFar ? [soFar, sums] : [sums]);
}
