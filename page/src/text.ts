/** The texts of the page, by language and key. */

import { signal } from "@preact/signals";

export type Language = "en" | "zh-Hans" | "zh-Hant";
export type Texts = { readonly [key: string]: string | Texts };
export type Figures = Readonly<Record<string, string | number>>;

export const LANGUAGES: readonly Language[] = ["en", "zh-Hans", "zh-Hant"];

/** The language that is shown, and its texts. */
export const language = signal<Language>("en");
const texts = signal<Texts>({});

export function show(shown: Language, itsTexts: Texts): void {
  texts.value = itsTexts;
  language.value = shown;
}

/** The text of a key such as "header.guide", with its figures filled in; undefined where there is none. */
export function textIfAny(key: string, figures: Figures = {}): string | undefined {
  let found: string | Texts | undefined = texts.value;
  for (const part of key.split(".")) found = typeof found === "object" ? found[part] : undefined;
  return typeof found === "string" ? fill(found, figures) : undefined;
}

/** The text of a key. A key without a text is shown itself: a test finds it. */
export function t(key: string, figures: Figures = {}): string {
  return textIfAny(key, figures) ?? key;
}

function fill(text: string, figures: Figures): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(figures[name] ?? whole));
}
