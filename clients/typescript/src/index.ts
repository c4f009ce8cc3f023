/**
 * The client of xent, a service that computes classification losses: typed, with typed arrays in and out.
 *
 * @packageDocumentation
 */

export { type Problem, XentError, type XentErrorCode, type XentErrorDetails } from "./errors.js";
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
  type AnswerArray,
  type CallOptions,
  type CatalogueEntry,
  createXent,
  type LossAnswer,
  type LossRequest,
  type RecommendAnswer,
  type RecommendRequest,
  type SampledSoftmaxAnswer,
  type SampledSoftmaxRequest,
  type SampledValues,
  type Xent,
  type XentOptions,
} from "./xent.js";
