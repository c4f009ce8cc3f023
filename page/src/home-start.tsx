/** Takes over the front page as it was rendered, and keeps it in step with the service. */

import { hydrate } from "preact";

import { Home } from "./home-page.tsx";
import { loadTexts } from "./load-texts.ts";
import { decode } from "./share.ts";
import { open, start } from "./state.ts";
import { LANGUAGES, type Language, t } from "./text.ts";

await loadTexts(document.documentElement.lang as Language);
hydrate(<Home />, document.body);

/** The state that the address carries, if it does. */
async function openFragment(): Promise<void> {
  const shared = await decode(location.hash);
  if (shared !== null) open(shared.input, shared.example);
}

await openFragment();
addEventListener("hashchange", () => void openFragment());
start();

// The links of the languages work without this, but would lose a file that was dropped.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest<HTMLElement>("a[data-language]") : null;
  const chosen = LANGUAGES.find((each) => each === link?.dataset["language"]);
  if (chosen === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  void loadTexts(chosen).then(() => {
    document.documentElement.lang = chosen;
    document.title = `xent: ${t("home.h1")}`;
    history.replaceState(null, "", `?lang=${chosen}${location.hash}`);
  });
});
