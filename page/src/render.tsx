/** All documents, rendered when the pages are built: `render` gives the name and text of each HTML file. */

import { type Made, htmlDocument } from "./document.tsx";
import { Home } from "./home-page.tsx";
import { LANGUAGES, type Texts, show, t } from "./text.ts";

export function* render(texts: Record<string, Texts>, made: Made): Generator<[string, string]> {
  for (const language of LANGUAGES) {
    show(language, texts[language] ?? {});
    const head = {
      language,
      title: `xent: ${t("home.h1")}`,
      root: "",
      style: "style/home.css",
      script: "src/home.ts",
      preload: ["src/home-start.tsx", `text/${language}`],
    };
    yield [`home.${language}.html`, htmlDocument(made, head, <Home />)];
  }
}
