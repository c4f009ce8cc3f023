/** The front page. */

import { Header } from "./header.tsx";
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
        </section>
      </main>
    </>
  );
}
