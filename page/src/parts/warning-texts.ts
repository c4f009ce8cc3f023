/** Warnings in the words of the page: by code, with the figures of the evidence filled in. */

import type { Warning } from "../service.ts";
import { type Figures, language, textIfAny } from "../text.ts";

export type WarningTexts = { title: string; text: string; fix: string };

/** A warning that has no text here is shown in the service's own words. */
export function warningTexts({ code, message, fix, evidence }: Warning): WarningTexts {
  const figures = evidenceOf(evidence);
  const variant = variantOf(code, evidence);
  const own = (part: string) => textIfAny(`warnings.${variant}.${part}`, figures) ?? textIfAny(`warnings.${code}.${part}`, figures);
  return {
    title: own("title") ?? (language.value === "en" ? code.replaceAll("_", " ") : code),
    text: own("text") ?? message,
    fix: own("fix") ?? fix,
  };
}

/** Some warnings say something else where their figures differ. */
function variantOf(code: string, evidence: Warning["evidence"]): string {
  const isPercent = code === "logits_look_like_probabilities" && Number(evidence["maximum"]) > 1;
  return isPercent ? `${code}_in_percent` : code;
}

/** The figures of an evidence as they are shown: at most four digits. */
export function evidenceOf(evidence: Warning["evidence"]): Figures {
  return Object.fromEntries(
    Object.entries(evidence).map(([name, value]) => [
      name,
      typeof value === "number" ? (Number.isInteger(value) ? value : Number(value.toPrecision(4))) : JSON.stringify(value),
    ]),
  );
}
