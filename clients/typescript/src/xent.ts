/** The client: the service's endpoints as functions, with time limits, retries and errors that have names. */

import createClient from "openapi-fetch";
import { errorOf, XentError, type XentErrorDetails } from "./errors.js";
import {
  type EvaluateBatch,
  evaluateBatches,
  type EvaluateOptions,
  type EvaluateRequest,
  type Evaluation,
} from "./evaluate.js";
import type { components, paths } from "./schema.js";
import type { NumberList, Tensor } from "./tensor.js";

type Schemas = components["schemas"];

/** What `loss` takes: the fields of `POST /v1/loss`. Arrays are numbers, nested lists, or `tensor(…)`. */
export type LossRequest = Schemas["LossRequest"];
/** What `recommend` takes: the fields of `POST /v1/recommend`. */
export type RecommendRequest = Schemas["RecommendRequest"];
/** What `sampledSoftmax` takes: the fields of `POST /v1/sampled-softmax`. */
export type SampledSoftmaxRequest = Schemas["SampledSoftmaxRequest"];
/** What `compare` takes: the fields of `POST /v1/compare`. */
export type CompareRequest = Schemas["CompareRequest"];
/** The recommended loss type with its reasons, and warnings. */
export type RecommendResponse = Schemas["RecommendResponse"];
/** What a loss computes, when to use it, and its calls in the frameworks. */
export type CatalogueEntry = Schemas["CatalogueEntry"];

/** An array of a response: a list, or with `encoding: "base64"` a tensor object. `typedArray` reads both. */
export type ResponseArray<D extends "float32" | "float64" | "int64" = "float32" | "float64"> = NumberList | Tensor<D>;

/** The schema's response, with precise types of its arrays. */
type WithArrays<T, K extends keyof T, D extends "float32" | "float64" | "int64" = "float32" | "float64"> = {
  [P in keyof T]: P extends K ? ResponseArray<D> | Extract<T[P], null> : T[P];
};

/** The losses of one batch in nats, the loss type that its labels call for, and warnings. */
export type LossResponse = WithArrays<
  WithArrays<
    Schemas["LossResponse"],
    "per_sample" | "elements" | "gradient" | "probabilities" | "margin" | "entropy" | "logsumexp"
  >,
  "predictions" | "label_rank",
  "int64"
>;

/** What differs between two models; what needs labels, a softmax, or samples that count, is absent without. */
export type CompareResponse = WithArrays<Schemas["CompareResponse"], "per_sample">;

/** The draw of a sampler. It may stand as `sampled_values` in a later request. */
export interface SampledValues {
  /** The classes drawn, [S]. */
  candidates: ResponseArray<"int64">;
  /** How often each label is expected among them, [B, T]. */
  true_expected_count: ResponseArray<"float64">;
  /** How often each candidate is expected among them, [S]. */
  sampled_expected_count: ResponseArray<"float64">;
}

/** The losses of one batch against a sample of the classes, in nats. For training only. */
export type SampledSoftmaxResponse = Omit<Schemas["SampledSoftmaxResponse"], "per_sample" | "sampled_values"> & {
  per_sample: ResponseArray;
  sampled_values: SampledValues;
};

/** Where the service is, and how long to wait for it. */
export interface XentOptions {
  /** Such as `http://localhost:8000`. */
  baseUrl: string;
  /** Sent as `Authorization: Bearer …`. */
  apiKey?: string;
  /** The milliseconds that an attempt may take, up to the last byte of the response; 60 000 by default. */
  timeoutMs?: number;
  /**
   * How many times a call is repeated after 429, 503, or a connection that failed or broke; 4 by default. All calls are
   * pure computations, so repeating them is safe. Pauses double from 0.1 to 10 seconds, each less a random part, and
   * are added to `Retry-After`, if that is no more than a minute.
   */
  retries?: number;
  /** In place of the global one, for proxies, certificates or logging. */
  fetch?: (request: Request) => Promise<Response>;
}

/** Options of one call. */
export interface CallOptions {
  /** Aborts the call and its pauses; it then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * The service. Each call rejects with a `XentError`, whose `code` says why there is no result; with a TypeError, before
 * anything is sent, where an object or a bare typed array stands in place of an array.
 */
export interface Xent {
  /**
   * The losses of one batch in nats, the loss type that its labels call for, and warnings.
   *
   * Logits are [d0 … dn, C] with the classes on `axis`, or for sigmoid losses of any shape; labels are class indices
   * [d0 … dn], or of the logits' shape. Logits in float16, bfloat16 or float32 are computed and returned in float32,
   * all others, lists too, in float64. `class_weights` is a list, [C], and not an object of weights by class.
   *
   * @example
   * ```ts
   * const logits = tensor(new Float32Array([2, 0.5, 1, 0.1, 1, 3]), [2, 3]);
   * const response = await xent.loss({ logits, labels: [1, 2], include: ["gradient"] });
   * response.reduced?.value; // 1.0693…
   * ```
   */
  loss(request: LossRequest, options?: CallOptions): Promise<LossResponse>;

  /**
   * The loss of many batches as one, in nats: numerators and denominators are added exactly and divided once.
   *
   * Each batch holds `logits`, `labels` and fields of its own; `request` is the fields that all have. At most
   * `concurrency` batches are held. `include` may name "summary" and "calibration", which merge exactly. Batches may
   * differ in their labels' form, so name the `loss_type`. Stops at the first error, whose message names the batch.
   *
   * @example
   * ```ts
   * async function* batches() {
   *   yield { logits: [[2, 0.5, 1]], labels: [1] };
   *   yield { logits: [[0.1, 1, 3]], labels: [2] };
   * }
   * const loss_type = "sparse_softmax_cross_entropy";
   * const { reduced, summary } = await xent.evaluate(batches(), { loss_type, include: ["summary"] });
   * reduced.value; // 1.0693…
   * ```
   */
  evaluate(
    batches: Iterable<EvaluateBatch> | AsyncIterable<EvaluateBatch>,
    request?: EvaluateRequest,
    options?: EvaluateOptions,
  ): Promise<Evaluation>;

  /** The loss type that labels call for, and warnings: from labels with `logits`, or with only `logits_shape`. */
  recommend(request: RecommendRequest, options?: CallOptions): Promise<RecommendResponse>;

  /**
   * Two models on the same samples: the paired difference of their losses, and how far their predictions differ.
   *
   * `logits` and `other_logits` have one shape; `labels` are as for `loss`. Without labels there are divergences and
   * agreement only, of a softmax.
   */
  compare(request: CompareRequest, options?: CallOptions): Promise<CompareResponse>;

  /**
   * The sampled softmax losses of one batch in nats, for training over very many classes.
   *
   * `weights` [C, d], `biases` [C], `inputs` [B, d], `labels` [B] or [B, T], and `num_sampled` or `sampled_values`.
   */
  sampledSoftmax(request: SampledSoftmaxRequest, options?: CallOptions): Promise<SampledSoftmaxResponse>;

  /** The catalogue of losses. */
  losses(options?: CallOptions): Promise<CatalogueEntry[]>;
}

const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;
/** A client that would have to wait for longer gets the error `overloaded` instead. */
const MAX_RETRY_AFTER_MS = 60_000;

/**
 * A client of the service at `baseUrl`. It holds no connection of its own and needs no closing.
 *
 * @throws TypeError if `baseUrl` is no address.
 * @example
 * ```ts
 * const xent = createXent({ baseUrl: "http://localhost:8000" });
 * const { loss_type, per_sample } = await xent.loss({ logits: [[2, 0.5, 1], [0.1, 1, 3]], labels: [1, 2] });
 * ```
 */
export function createXent({ baseUrl, apiKey, timeoutMs = 60_000, retries = 4, fetch }: XentOptions): Xent {
  // Refused at once, rather than reported as unreachable. In a browser it may be relative to the page.
  if (!isAddress(baseUrl)) {
    throw new TypeError(`baseUrl is ${baseUrl}; an address such as http://localhost:8000 was expected`);
  }
  const client = createClient<paths>({
    baseUrl,
    ...(fetch && { fetch }),
    headers: apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` },
  });

  /** The response, after retries, if it has the field that only xent's responses have. */
  async function send<T extends object>(call: Call<T>, field: keyof T, { signal }: CallOptions): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await once(call, field, signal);
      if (!(outcome instanceof XentError)) {
        return outcome;
      }
      const pause = attempt < retries ? pauseMs(outcome, attempt) : undefined;
      if (pause === undefined) {
        throw outcome;
      }
      await sleep(pause, signal);
    }
  }

  async function once<T extends object>(call: Call<T>, field: keyof T, signal?: AbortSignal): Promise<T | XentError> {
    signal?.throwIfAborted();
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const { data, error, response } = await call(signal ? AbortSignal.any([signal, timeout]) : timeout);
      if (response.status !== 200) {
        return errorOf(response, error);
      }
      return data && Object.hasOwn(data, field) ? data : unexpected({ status: 200 });
    } catch (cause) {
      signal?.throwIfAborted();
      if (timeout.aborted) {
        return new XentError("timed_out", `there was no complete response within ${timeoutMs} ms`, { cause });
      }
      if (cause instanceof SyntaxError) {
        return unexpected({ status: 200, cause });
      }
      return new XentError("unreachable", reason(cause), { cause });
    }
  }

  /** The address, and the connection's error, which fetch in Node keeps in the error's cause. */
  function reason(error: unknown): string {
    const { cause, message } = error as { cause?: { message?: string; code?: string }; message?: string };
    return `${baseUrl}: ${cause?.message || cause?.code || message || error}`;
  }

  async function loss(request: LossRequest, options: CallOptions = {}): Promise<LossResponse> {
    const body = written(request);
    const call = (signal: AbortSignal) => client.POST("/v1/loss", { ...body, signal });
    return (await send(call, "per_sample", options)) as LossResponse;
  }

  return {
    loss,
    async evaluate(batches, request = {}, options = {}) {
      return evaluateBatches(loss, batches, request, options);
    },
    async recommend(request, options = {}) {
      const body = written(request);
      return send((signal) => client.POST("/v1/recommend", { ...body, signal }), "recommendation", options);
    },
    async compare(request, options = {}) {
      const body = written(request);
      const call = (signal: AbortSignal) => client.POST("/v1/compare", { ...body, signal });
      return (await send(call, "sums", options)) as CompareResponse;
    },
    async sampledSoftmax(request, options = {}) {
      const body = written(request);
      const call = (signal: AbortSignal) => client.POST("/v1/sampled-softmax", { ...body, signal });
      return (await send(call, "sampled_values", options)) as SampledSoftmaxResponse;
    },
    async losses(options = {}) {
      return (await send((signal) => client.GET("/v1/losses", { signal }), "losses", options)).losses;
    },
  };
}

type Call<T> = (signal: AbortSignal) => Promise<{ data?: T; error?: unknown; response: Response }>;

/** The fields that hold an array. */
const ARRAY_FIELDS = [
  "logits",
  "other_logits",
  "labels",
  "weights",
  "pos_weight",
  "class_weights",
  "biases",
  "inputs",
  "sample_weights",
];

/** Refuses objects in place of arrays: JSON would write a typed array, or weights by class, as an object. */
function checkArrays(body: object): void {
  for (const name of ARRAY_FIELDS) {
    const value = (body as Record<string, unknown>)[name];
    if (typeof value === "object" && value !== null && !Array.isArray(value) && !Object.hasOwn(value, "dtype")) {
      const expected = ArrayBuffer.isView(value) ? "tensor(array, shape)" : "a number, a nested list or tensor(…)";
      throw new TypeError(`${name} is an object (${value.constructor?.name}); ${expected} was expected`);
    }
  }
}

/** The body, serialized once for all attempts. Infinities and NaN become strings, as JSON would make them null. */
function written<T extends object>(body: T): { body: T; bodySerializer: () => string } {
  checkArrays(body);
  const text = JSON.stringify(body, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
  return { body, bodySerializer: () => text };
}

function isAddress(baseUrl: string): boolean {
  try {
    return new Request(`${baseUrl}/v1/loss`).url.startsWith("http");
  } catch {
    return false;
  }
}

function unexpected(details: XentErrorDetails): XentError {
  return new XentError("unexpected_answer", "the response is not one of xent's", details);
}

/** The pause before the next attempt; undefined where there is none to make. */
function pauseMs({ code, retryAfterMs = 0 }: XentError, attempt: number): number | undefined {
  if ((code !== "overloaded" && code !== "unreachable") || retryAfterMs > MAX_RETRY_AFTER_MS) {
    return undefined;
  }
  return retryAfterMs + (0.5 + Math.random() / 2) * Math.min(MIN_PAUSE_MS * 2 ** attempt, MAX_PAUSE_MS);
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
