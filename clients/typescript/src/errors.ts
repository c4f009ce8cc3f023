/** Why there is no result. */

import type { components } from "./schema.js";

/** What the service says of an error (RFC 9457); it never repeats the request's arrays. */
export type Problem = components["schemas"]["Problem"];

/** Why there is no result, for programs. */
export type XentErrorCode =
  /** 400, 422: the input can't be computed; `errors` says where and why. */
  | "invalid_input"
  /** 401: the service requires a key, and the request had none. */
  | "unauthorized"
  /** 403: the service does not know the key. */
  | "forbidden"
  /** 413: the request exceeds a limit of the service; `GET /v1/limits` tells the limits. */
  | "too_large"
  /** 429, 503: the service shed the request at every attempt, or asked to wait for more than a minute. */
  | "overloaded"
  /** 500 and other 5xx: the service failed on this request. */
  | "server_failed"
  /** No complete response, or (408) no complete request, in time. */
  | "timed_out"
  /** No connection could be made, or it broke, at every attempt. */
  | "unreachable"
  /** The response is not xent's: another service at this address, a proxy's page. (Its name stays, as programs compare it.) */
  | "unexpected_answer";

/** Details of an error besides its code and message. */
export interface XentErrorDetails extends ErrorOptions {
  status?: number;
  problem?: Problem | undefined;
  retryAfterMs?: number | undefined;
}

/**
 * Why there is no result. All errors about the service or the input; an aborted call rejects with its signal's reason
 * instead.
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
  /** The HTTP status; undefined where there was no response. */
  readonly status: number | undefined;
  /** The service's problem details; undefined where the response held none. */
  readonly problem: Problem | undefined;
  /** The milliseconds of the header `Retry-After`; undefined where there was none. */
  readonly retryAfterMs: number | undefined;

  constructor(code: XentErrorCode, message: string, details: XentErrorDetails = {}) {
    super(message, details);
    this.code = code;
    this.status = details.status;
    this.problem = details.problem;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** The service's list of errors, each with `loc`, `code` and `message`; empty where it sent none. */
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

const SMALLER = "; send fewer samples at once; GET /v1/limits tells the limits";

/** The error of a response other than 200. */
export function errorOf(response: Response, content: unknown): XentError {
  const { status, statusText, headers } = response;
  const problem = isProblem(content) ? content : undefined;
  return new XentError(
    CODES[status] ?? (status >= 500 ? "server_failed" : "unexpected_answer"),
    (problem?.detail ?? `the response has the status ${status} ${statusText}`.trimEnd()) + (status === 413 ? SMALLER : ""),
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
