/** Loads the texts of one language, which are a file of their own. */

import { type Language, type Texts, show } from "./text.ts";

const FILES: Record<Language, () => Promise<{ default: Texts }>> = {
  en: () => import("text:en"),
  "zh-Hans": () => import("text:zh-Hans"),
  "zh-Hant": () => import("text:zh-Hant"),
};

export async function loadTexts(language: Language): Promise<void> {
  show(language, (await FILES[language]()).default);
}
