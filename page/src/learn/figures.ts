/** Numbers as readers see them. */

/** With so many decimals, a real minus sign, and no minus before a zero. */
export function shown(value: number, digits: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** A number as JSON has it: what is not finite is a string there. */
export function numberOf(value: unknown): number {
  return Number(value);
}
