/** The examples of the chips: situations that beginners' articles describe. */

import { EMPTY, type Input, NO_TEXT, type Parameters } from "./input.ts";

export const EXAMPLES = ["twice", "onehot", "imbalance", "several", "gan", "padded", "error"] as const;
export type Example = (typeof EXAMPLES)[number];

const ANIMALS = `
0.007, 0.821, 0.099, 0.073
0.025, 0.309, 0.627, 0.039
0.785, 0.013, 0.095, 0.107
0.939, 0.036, 0.006, 0.019
0.702, 0.008, 0.145, 0.145
0.646, 0.053, 0.181, 0.120
0.006, 0.018, 0.049, 0.927
0.009, 0.020, 0.955, 0.016
0.018, 0.026, 0.174, 0.782
0.007, 0.014, 0.020, 0.959
0.109, 0.266, 0.617, 0.008
0.229, 0.628, 0.083, 0.060
0.908, 0.025, 0.006, 0.061
0.216, 0.118, 0.005, 0.661
0.031, 0.346, 0.598, 0.025
0.056, 0.028, 0.070, 0.846
0.017, 0.015, 0.023, 0.945
0.043, 0.754, 0.049, 0.154
0.025, 0.069, 0.850, 0.056
0.748, 0.152, 0.046, 0.054
0.121, 0.023, 0.515, 0.341
0.083, 0.268, 0.511, 0.138
0.200, 0.024, 0.765, 0.011
0.016, 0.193, 0.022, 0.769`;
const ANIMAL_LABELS =
  "owl, fox, owl, cat, cat, cat, dog, fox, owl, owl, fox, dog, cat, owl, fox, owl, owl, owl, dog, cat, owl, dog, fox, owl";

const PADDED = `
-1.70,  3.00,  0.89,  0.57
-1.33,  1.19,  1.90, -0.89
 3.07, -1.02,  0.96,  1.08
 4.27,  1.00, -0.82,  0.37
 2.73, -1.77,  1.16,  1.16
 1.64, -0.87,  0.36, -0.05
-1.10, -0.03,  0.95,  3.89
-0.42,  0.31,  4.19,  0.13
 0.06,  0.46,  2.34,  3.85
-0.87, -0.18,  0.18,  4.03
 0.89,  1.79,  2.63, -1.72
 0.90,  1.90, -0.12, -0.45
 3.39, -0.20, -1.65,  0.69
 1.42,  0.81, -2.44,  2.54
-1.23,  1.20,  1.75, -1.44
-0.09, -0.76,  0.14,  2.64
-0.20, -0.35,  0.11,  3.82
-0.38,  2.50, -0.25,  0.91
-1.22, -0.22,  2.29, -0.43
 3.15,  1.56,  0.36,  0.52
-0.27, -1.91,  1.18,  0.77
-1.03,  0.14,  0.78, -0.52
 0.92, -1.20,  2.26, -1.95
-0.65,  1.86, -0.29,  3.24`;
const POSITIVES = `[
-2.66, -1.89, -2.63, -2.72, -3.33, -2.61, -1.29, -1.98,
-1.36, -2.15, -2.01, -0.85, -4.07, -1.54, -1.89, -1.90,
-4.09, -4.14, -3.29, -2.87, -2.09, -2.45, -1.88, -3.04,
-2.09, -2.01, -3.06, -0.68, -1.84, 0.40, -3.02, -3.14,
-2.74, -2.51, -1.77, -2.15, -2.85, -3.36, -2.92, -1.18]`;
const POSITIVE_LABELS = "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0";
const FACES = `
male, female, happy, angry, sad, glasses, beard
 2.1, -1.8, -0.9,  1.4, -0.6, -1.2,  1.9
-1.6,  2.4,  1.7, -1.1, -0.8,  1.3, -2.2
-0.7,  1.5, -0.4, -0.2,  0.9, -1.0, -1.9
 1.8, -2.0, -1.3,  0.6, -0.9,  0.8,  2.3`;
const FACE_LABELS = `
1, 0, 0, 1, 0, 0, 1
0, 1, 1, 0, 0, 1, 0
0, 1, 0, 0, 1, 0, 0
1, 0, 0, 1, 0, 1, 1`;
const DCGAN = "1.3, -0.4, 0.8, 2.1, 0.2, -1.1, 1.7, 0.6";

type Given = { logits: string; labels: string; weights?: string; parameters?: Parameters };

const GIVEN: Record<Example, Given> = {
  twice: { logits: ANIMALS, labels: ANIMAL_LABELS },
  onehot: { logits: "2.0, 0.5, 6.0\n0.1, 0.0, 3.0", labels: "0, 0, 1\n0, 1, 0" },
  imbalance: { logits: POSITIVES, labels: POSITIVE_LABELS, weights: "2" },
  several: { logits: FACES, labels: FACE_LABELS, parameters: { loss_type: "softmax_cross_entropy" } },
  gan: { logits: DCGAN, labels: "1" },
  padded: {
    logits: PADDED,
    labels: ANIMAL_LABELS,
    weights: "1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0",
  },
  error: { logits: ANIMALS.split("\n").slice(0, 7).join("\n"), labels: "1, 2, 4, 3, 1, 2" },
};

export function exampleInput(name: Example): Input {
  const { logits, labels, weights, parameters } = GIVEN[name];
  const text = (content: string) => ({ kind: "text", text: content.trim() }) as const;
  return {
    ...EMPTY,
    logits: text(logits),
    labels: text(labels),
    weights: weights === undefined ? NO_TEXT : text(weights),
    parameters: parameters ?? {},
  };
}

export function isExample(name: string): name is Example {
  return (EXAMPLES as readonly string[]).includes(name);
}
