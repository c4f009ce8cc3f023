/**
 * The client of xent, a service that computes classification losses: typed, with typed arrays in and out.
 *
 * @packageDocumentation
 */

export { type Problem, XentError, type XentErrorCode, type XentErrorDetails } from "./errors.js";
export type { EvaluateBatch, EvaluateOptions, EvaluateRequest, Evaluation } from "./evaluate.js";
export type { components, paths } from "./schema.js";
export {
  type Dtype,
  type DtypeOf,
  type NumberList,
  type Scalar,
  type Tensor,
  type TypedArray,
  type TypedArrayOf,
  tensor,
  typedArray,
} from "./tensor.js";
export {
  type CallOptions,
  type CatalogueEntry,
  type CompareRequest,
  type CompareResponse,
  createXent,
  type LossRequest,
  type LossResponse,
  type RecommendRequest,
  type RecommendResponse,
  type ResponseArray,
  type SampledSoftmaxRequest,
  type SampledSoftmaxResponse,
  type SampledValues,
  type Xent,
  type XentOptions,
} from "./xent.js";

import type { LossResponse, RecommendResponse, ResponseArray, SampledSoftmaxResponse } from "./xent.js";

/** @deprecated Use `LossResponse`. */
export type LossAnswer = LossResponse;
/** @deprecated Use `RecommendResponse`. */
export type RecommendAnswer = RecommendResponse;
/** @deprecated Use `SampledSoftmaxResponse`. */
export type SampledSoftmaxAnswer = SampledSoftmaxResponse;
/** @deprecated Use `ResponseArray`. */
export type AnswerArray<D extends "float32" | "float64" | "int64" = "float32" | "float64"> = ResponseArray<D>;
