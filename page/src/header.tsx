/** The header of all pages. Links are relative to `root`, the way to the service's first path ("" or "../"). */

import { LANGUAGES, type Language, language, t } from "./text.ts";

export type Page = "loss" | "learn" | "docs";

const SHORT: Record<Language, string> = { en: "EN", "zh-Hans": "简体", "zh-Hant": "繁體" };

export function Header({ page, root }: { page: Page; root: string }) {
  const home = `${root || "./"}?lang=${language.value}`;
  const links: [Page | "guide", string][] = [
    ["loss", home],
    ["guide", page === "loss" ? "#guide" : `${home}#guide`],
    ["learn", `${root}learn?lang=${language.value}`],
    ["docs", `${root}docs`],
  ];
  return (
    <header class="top">
      <div class="page">
        <a class="brand" href={home}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M3 3v18h18" fill="none" stroke="var(--edge)" stroke-width="1.5" stroke-linecap="round" />
            <path d="M6 4c.6 8 3.6 13 14 13.6" fill="none" stroke="var(--accent)" stroke-width="2.4" stroke-linecap="round" />
          </svg>
          xent
        </a>
        <nav aria-label="xent">
          <ul>
            {links.map(([name, href]) => (
              <li key={name}>
                <a href={href} aria-current={name === page ? "page" : undefined}>
                  {t(`header.${name}`)}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="controls">
          {page !== "docs" && <LanguageChoice />}
          <button class="round" id="theme" type="button" aria-label={t("header.theme")}>
            <svg viewBox="0 0 20 20" aria-hidden="true">
              <circle cx="10" cy="10" r="6.6" fill="none" stroke="currentColor" stroke-width="1.5" />
              <path d="M10 3.4a6.6 6.6 0 0 1 0 13.2z" fill="currentColor" />
            </svg>
          </button>
        </div>
      </div>
    </header>
  );
}

/** Links, so that they work without scripts; the front page changes its language without a new request for a page. */
function LanguageChoice() {
  return (
    <div class="choice" role="group" aria-label={t("header.language")}>
      {LANGUAGES.map((each) => (
        <a
          key={each}
          href={`?lang=${each}`}
          lang={each}
          hreflang={each}
          data-language={each}
          aria-current={each === language.value ? "true" : undefined}
        >
          {SHORT[each]}
        </a>
      ))}
    </div>
  );
}
