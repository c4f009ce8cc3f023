/** The script of the front page. */

import { hydrate } from "preact";

import { Home } from "./home-page.tsx";
import { loadTexts } from "./load-texts.ts";
import type { Language } from "./text.ts";

await loadTexts(document.documentElement.lang as Language);
hydrate(<Home />, document.body);
