/** Sums without rounding: a number is a whole multiple of the least number above 0, and those are added as bigints. */

const LEAST_EXPONENT = -1074;
/** Bits of a bigint that are rounded to the 53 of a number; the last says whether any below was set. */
const KEPT_BITS = 64n;
const view = new DataView(new ArrayBuffer(8));

/** A finite number as a multiple of 2⁻¹⁰⁷⁴. */
export function units(value: number): bigint {
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const size = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return bits >> 63n ? -size : size;
}

/** The exact sum of numbers as a multiple of 2⁻¹⁰⁷⁴; undefined where one of them is not finite. */
export function sumOfUnits(numbers: Iterable<number>): bigint | undefined {
  let total = 0n;
  for (const each of numbers) {
    if (!Number.isFinite(each)) {
      return undefined;
    }
    total += units(each);
  }
  return total;
}

/** above / below, rounded once; below is positive. */
export function quotient(above: bigint, below: bigint): number {
  const size = above < 0n ? -above : above;
  const shift = KEPT_BITS + bitLength(below) - bitLength(size);
  const [scaled, divisor] = shift > 0n ? [size << shift, below] : [size, below << -shift];
  const whole = scaled / divisor;
  const rounded = rounding(whole * divisor === scaled ? whole : whole | 1n, -Number(shift));
  return above < 0n ? -rounded : rounded;
}

/** Σ of numbers in the form of the service's exact sums: the sum rounded, what that leaves rounded, and so on. */
export function exactSum(numbers: readonly number[]): number[] {
  let rest = sumOfUnits(numbers);
  if (rest === undefined) {
    return [numbers.reduce((total, each) => total + each, 0)];
  }
  const components: number[] = [];
  do {
    const rounded = rounding(rest < 0n ? -rest : rest, LEAST_EXPONENT) * (rest < 0n ? -1 : 1);
    components.push(rounded);
    if (!Number.isFinite(rounded)) {
      break;
    }
    rest -= units(rounded);
  } while (rest !== 0n);
  return components;
}

/** The number nearest to size · 2^exponent; size is 0 or more. */
function rounding(size: bigint, exponent: number): number {
  const dropped = bitLength(size) - KEPT_BITS;
  if (dropped <= 0n) {
    return timesPower(Number(size), exponent);
  }
  const kept = size >> dropped;
  const last = kept << dropped === size ? 0n : 1n;
  return timesPower(Number(kept | last), exponent + Number(dropped));
}

/** In two steps, as 2^exponent may be too small for a number where the product is not. */
function timesPower(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return value * 2 ** half * 2 ** (exponent - half);
}

function bitLength(size: bigint): bigint {
  return size === 0n ? 0n : BigInt(size.toString(2).length);
}
