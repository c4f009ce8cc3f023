/** The losses of the samples of an answer, as arrays of numbers. */

import { type Tensor, numbersOf } from "./parse/tensor.ts";
import { type LossResponse, type Num, type NumArray, type TensorObject, asNumber, bytesOf } from "./service.ts";

const read = new WeakMap<LossResponse, ArrayLike<number>>();

/** The losses of samples as they come, flat. */
export function lossesOf({ response }: { readonly response: LossResponse }): ArrayLike<number> {
  const losses = read.get(response) ?? flatNumbers(response.per_sample);
  read.set(response, losses);
  return losses;
}

export function flatNumbers(array: NumArray | TensorObject): ArrayLike<number> {
  if (typeof array === "object" && !Array.isArray(array)) {
    return numbersOf({ dtype: array.dtype as Tensor["dtype"], shape: array.shape, bytes: bytesOf(array) });
  }
  return flat(array).map((value) => asNumber(value as Num));
}

export function flat(nested: unknown): unknown[] {
  return Array.isArray(nested) ? nested.flatMap(flat) : [nested];
}

/** The places of the largest values, the largest first, and of equals the first. */
export function largest(values: ArrayLike<number>, count: number): number[] {
  const found: number[] = [];
  const value = (place: number) => values[place] ?? Number.NEGATIVE_INFINITY;
  for (let place = 0; place < values.length; place += 1) {
    if (found.length === count && value(place) <= value(found[count - 1] ?? 0)) continue;
    let at = found.length;
    while (at > 0 && value(found[at - 1] ?? 0) < value(place)) at -= 1;
    found.splice(at, 0, place);
    found.length = Math.min(found.length, count);
  }
  return found;
}
