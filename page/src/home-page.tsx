/** The front page. */

import { EXAMPLES } from "./examples.ts";
import { Header } from "./header.tsx";
import { AnswerCard, LiveRegion } from "./parts/answer.tsx";
import { Editor } from "./parts/editor.tsx";
import { OverBatch } from "./parts/over-batch.tsx";
import { Figure } from "./parts/figure.tsx";
import { Guide, OldNames } from "./parts/guide.tsx";
import { Hardest, Reductions } from "./parts/tables.tsx";
import { answer, example, isNothing, openExample, problem } from "./state.ts";
import { t } from "./text.ts";

export function Home() {
  return (
    <>
      <a class="skip" href="#answer">
        {t("header.skip")}
      </a>
      <Header page="loss" root="" />
      <main class="page">
        <section class="opening">
          <h1>{t("home.h1")}</h1>
          <p>{t("home.sub")}</p>
          <div class="chips" role="group" aria-labelledby="start">
            <span id="start">{t("home.start")}</span>
            {EXAMPLES.map((name) => (
              <button
                key={name}
                class="chip"
                type="button"
                data-example={name}
                aria-pressed={name === example.value}
                onClick={() => openExample(name)}
              >
                {t(`examples.${name}`)}
              </button>
            ))}
          </div>
        </section>
        <section class="grid bench">
          <Editor />
          <AnswerCard />
          <LiveRegion />
        </section>
        {!isNothing.value && (answer.value !== null || problem.value === null) && (
          <div class="of-batch">
            <h2 class="part">{t("pictures.pic")}</h2>
            <p class="second">{t("pictures.pic_p")}</p>
            <section class="grid">
              <Figure />
            </section>
            <section class="grid pair">
              <Reductions />
              <Hardest />
            </section>
            <OverBatch />
          </div>
        )}
        <h2 class="part" id="guide">
          {t("guide.guide")}
        </h2>
        <p class="second">{t("guide.guide_p")}</p>
        <section class="card">
          <Guide />
          <OldNames />
        </section>
      </main>
      <footer class="bottom">
        <div class="page">
          <span>{t("home.foot")}</span>
          <span>{t("home.foot2")}</span>
        </div>
      </footer>
    </>
  );
}
