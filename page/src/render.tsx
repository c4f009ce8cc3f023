/** All documents, rendered when the pages are built: `render` gives the name and text of each HTML file. */

import { type Made, htmlDocument } from "./document.tsx";
import { Home } from "./home-page.tsx";
import { Header } from "./header.tsx";
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
  show("en", texts["en"] ?? {});
  const docs = { language: "en" as const, title: "xent", root: "./", style: "style/docs.css", script: "src/docs.ts", preload: [] };
  yield ["docs.html", htmlDocument(made, docs, <Docs />)];
}

/** The API's documentation, which Swagger UI draws. Its files are in app/docs. */
function Docs() {
  return (
    <>
      <link rel="stylesheet" href="docs/swagger-ui.css" />
      <Header page="docs" root="./" />
      <main id="docs" />
      <noscript>
        This page needs JavaScript. The same in plain form: <a href="openapi.json">openapi.json</a>.
      </noscript>
      <script src="docs/swagger-ui-bundle.js" />
    </>
  );
}

/** The documents around what the service renders: it fills in what stands in double braces. */
export function* frames(texts: Record<string, Texts>, made: Made): Generator<[string, string]> {
  for (const language of LANGUAGES) {
    show(language, texts[language] ?? {});
    const head = { language, title: "{{title}}", root: "{{root}}", style: "style/learn.css", script: "src/learn.ts", preload: [] };
    yield [`frame.${language}.html`, htmlDocument(made, head, <Frame />)];
  }
}

function Frame() {
  return (
    <>
      <a class="skip" href="#lesson">
        {t("learn.skip")}
      </a>
      <Header page="learn" root="{{root}}" />
      <div class="page lesson">{"{{main}}"}</div>
      <footer class="bottom">
        <div class="page">
          <span>{t("home.foot")}</span>
          <span>{t("home.foot2")}</span>
        </div>
      </footer>
    </>
  );
}
