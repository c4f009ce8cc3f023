/** The service's endpoints, as everybody has them. */

import type { Fields } from "./input.ts";
import type { Tensor } from "./parse/tensor.ts";

export type Reduced = { reduction: string; value: Num; numerator: Num; denominator: number };
/** A number, or one of the strings that stand for infinities. */
export type Num = number | "Infinity" | "-Infinity";
export type NumArray = Num | NumArray[];
export type TensorObject = { dtype: string; shape: number[]; data: string };

export type Warning = {
  code: string;
  severity: "certain" | "likely" | "hint";
  message: string;
  evidence: Record<string, unknown>;
  fix: string;
  change: Record<string, unknown> | null;
};

export type Summary = {
  uniform?: Num;
  per_class?: { count: number[]; positives?: number[]; mean: Num[]; accuracy: number[] };
  sums: { weight: Num[] };
};

export type Calibration = {
  expected_error?: number;
  brier_score?: Num;
  bins: { edges: number[]; count: number[]; mean_confidence: number[]; accuracy: number[] };
  fitted?: { temperature: number; loss_before: Num; loss_after: Num };
  sums: { counted: number };
};

export type LossResponse = {
  loss_type: string;
  per_sample: NumArray | TensorObject;
  reduced: Reduced | null;
  equivalents: Record<string, string>;
  recommendation: {
    loss_type: string;
    label_kind: string;
    reasons: { code: string; message: string }[];
    alternatives: { loss_type: string; when: string }[];
    suggested: Record<string, unknown> | null;
  };
  warnings: Warning[];
  checked: string[];
  probabilities?: NumArray;
  gradient?: NumArray;
  summary?: Summary;
  calibration?: Calibration;
};

export type ProblemEntry = { loc: (string | number)[]; code: string; message: string };
export type Problem = { status: number; title: string; detail: string; errors?: ProblemEntry[] };

/** What came of a request. */
export type Outcome =
  | { readonly kind: "answer"; readonly response: LossResponse }
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "key"; readonly wrong: boolean }
  | { readonly kind: "away"; readonly retrySeconds: number };

const RETRY_SECONDS = 4;
const KEY = "xent.key";

/** The key, kept for as long as the tab is open. */
export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value: string) => sessionStorage.setItem(KEY, value),
};

/** POST /v1/loss, relative to the page, so that a prefix in front of the service does no harm. */
export async function postLoss(fields: Fields, signal: AbortSignal): Promise<Outcome> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (key.get() !== "") headers["Authorization"] = `Bearer ${key.get()}`;
  let answer: Response;
  let body: unknown;
  try {
    answer = await fetch("v1/loss", { method: "POST", headers, body: await encode(fields), signal });
    body = await answer.json();
  } catch (error) {
    if (signal.aborted) throw error;
    return { kind: "away", retrySeconds: RETRY_SECONDS };
  }
  if (answer.ok) return { kind: "answer", response: body as LossResponse };
  if (answer.status === 401 || answer.status === 403) return { kind: "key", wrong: key.get() !== "" };
  if (answer.status >= 500) {
    return { kind: "away", retrySeconds: Number(answer.headers.get("Retry-After")) || RETRY_SECONDS };
  }
  return { kind: "problem", problem: body as Problem };
}

/** The body as JSON. A file's bytes are made base64 by the browser, beside what else the page does. */
async function encode(fields: Fields): Promise<Blob> {
  const parts: BlobPart[] = [];
  for (const [name, value] of Object.entries(fields)) {
    parts.push(`${parts.length ? "," : "{"}${JSON.stringify(name)}:`);
    if (isTensor(value)) {
      const { dtype, shape, bytes } = value;
      parts.push(`{"dtype":"${dtype}","shape":${JSON.stringify(shape)},"data":"`, ...(await base64(bytes)), '"}');
    } else {
      parts.push(JSON.stringify(value));
    }
  }
  return new Blob([...parts, "}"], { type: "application/json" });
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "bytes" in value;
}

/** In parts whose length is a multiple of 3, so that no padding stands between them. */
const PART_BYTES = 3 << 19;

async function base64(bytes: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; start += PART_BYTES) {
    parts.push(await asDataUrl(new Blob([bytes.subarray(start, start + PART_BYTES)])));
  }
  return parts;
}

function asDataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).slice(String(reader.result).indexOf(",") + 1));
    reader.onerror = () => reject(reader.error ?? new Error("the file can't be read"));
    reader.readAsDataURL(blob);
  });
}

/** The bytes of a tensor object of a response. */
export function bytesOf({ data }: TensorObject): Uint8Array<ArrayBuffer> {
  const text = atob(data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** A number of a response for arithmetic. */
export function asNumber(value: Num): number {
  return Number(value);
}
