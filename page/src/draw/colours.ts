/** Colours of heat maps. */

const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];
const CHANNELS = CIVIDIS.map((hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));

/** Cividis, which is read alike with and without colour vision: 0 dark blue, 1 yellow. */
export function cividis(share: number): string {
  const at = Math.max(0, Math.min(1, share)) * (CHANNELS.length - 1);
  const below = Math.min(CHANNELS.length - 2, Math.floor(at));
  const mixed = (CHANNELS[below] ?? []).map((from, channel) => {
    const to = CHANNELS[below + 1]?.[channel] ?? from;
    return Math.round(from + (to - from) * (at - below));
  });
  return `rgb(${mixed.join(" ")})`;
}

/** Blue below 0, orange above, the card's own colour at 0. */
export function diverging(value: number, largest: number): string {
  const share = Math.round(100 * Math.min(1, Math.abs(value) / largest));
  return `color-mix(in oklab, var(${value < 0 ? "--accent-mark" : "--slip-mark"}) ${share}%, var(--card))`;
}

/** The colour of text and rings on a cell of `cividis`. */
export function onCividis(share: number): string {
  return share > 0.55 ? "#14181c" : "#fff";
}

export const STOPS = CIVIDIS;
