/** Axes. */

/** The distance of ticks so that at most `most` stand between 0 and `end`: 1, 2 or 5 times a power of ten. */
export function tickStep(end: number, most = 5): number {
  if (!(end > 0) || !Number.isFinite(end)) return 1;
  const power = 10 ** Math.floor(Math.log10(end / most));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => end / step <= most) ?? 10 * power;
}

export function ticks(end: number, most = 5): number[] {
  const step = tickStep(end, most);
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => i * step);
}

/** A tick's label with as many decimals as its step needs. */
export function tickLabel(value: number, step: number): string {
  if (step >= 1e5 || step < 1e-4) return value === 0 ? "0" : value.toExponential(0);
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

/** How many values fall into each of `bins` equal parts of [0, end]; what is not finite is left out. */
export function histogram(values: Iterable<number>, end: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const bin = Math.max(0, Math.min(bins - 1, Math.floor((value / end) * bins)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** With a minus sign, not a hyphen. */
export function minus(text: string): string {
  return text.replace("-", "−");
}
