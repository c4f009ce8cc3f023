/** Why there is no result. */

import type { components } from "./schema.js";

/** What the service says of an error (RFC 9457); it never repeats the caller's arrays. */
export type Problem = components["schemas"]["Problem"];

/** Why there is no result, for programs. */
export type XentErrorCode =
  /** 400, 422: the input can't be computed; `errors` says where and why. */
  | "invalid_input"
  /** 401: the service wants a key, and none was sent. */
  | "unauthorized"
  /** 403: the key is not one that the service knows. */
  | "forbidden"
  /** 413: the batch is larger than the service accepts. */
  | "too_large"
  /** 429, 503: the service was full at every attempt, or asked to wait for too long. */
  | "overloaded"
  /** 500 and other 5xx: the service failed on this request. */
  | "server_failed"
  /** No whole answer, or (408) no whole request, in time. */
  | "timed_out"
  /** No connection, or one that broke, at every attempt. */
  | "unreachable"
  /** Anything that is none of xent's: another service at this address, a proxy's page. */
  | "unexpected_answer";

/** What is known of an error besides its code and message. */
export interface XentErrorDetails extends ErrorOptions {
  status?: number;
  problem?: Problem | undefined;
  retryAfterMs?: number | undefined;
}

/**
 * Why there is no result. All that a client throws on account of the service or the input, but for the reason of a
 * signal of the caller's own.
 *
 * @example
 * ```ts
 * try {
 *   await xent.loss({ logits, labels });
 * } catch (error) {
 *   if (!(error instanceof XentError) || error.code !== "invalid_input") throw error;
 *   for (const { loc, message } of error.errors) console.error(loc.join("."), message);
 * }
 * ```
 */
export class XentError extends Error {
  override readonly name = "XentError";
  readonly code: XentErrorCode;
  /** The HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;
  /** What the service said; undefined where it said nothing of the kind. */
  readonly problem: Problem | undefined;
  /** The milliseconds that the service asked to wait for; undefined where it didn't. */
  readonly retryAfterMs: number | undefined;

  constructor(code: XentErrorCode, message: string, details: XentErrorDetails = {}) {
    super(message, details);
    this.code = code;
    this.status = details.status;
    this.problem = details.problem;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** Each thing that is wrong, with `loc`, `code` and `message`; empty where the service named none. */
  get errors(): Problem["errors"] {
    return this.problem?.errors ?? [];
  }
}

const CODES: Record<number, XentErrorCode> = {
  400: "invalid_input",
  401: "unauthorized",
  403: "forbidden",
  408: "timed_out",
  413: "too_large",
  422: "invalid_input",
  429: "overloaded",
  503: "overloaded",
};

/** The error that an answer other than 200 is. */
export function refusal(response: Response, content: unknown): XentError {
  const { status, statusText, headers } = response;
  const problem = isProblem(content) ? content : undefined;
  return new XentError(
    CODES[status] ?? (status >= 500 ? "server_failed" : "unexpected_answer"),
    problem?.detail ?? `the answer was ${status} ${statusText}`.trimEnd(),
    { status, problem, retryAfterMs: retryAfterMs(headers.get("Retry-After")) },
  );
}

function isProblem(content: unknown): content is Problem {
  const { detail, errors } = (content ?? {}) as Partial<Problem>;
  return typeof detail === "string" && Array.isArray(errors);
}

/** The header may be seconds or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) {
    return undefined;
  }
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
