/** What moves on the pages under /learn, which can be read without it. */

import { start as startLive } from "./learn/live.ts";
import { start as startTrying } from "./learn/try.ts";

for (const form of document.querySelectorAll<HTMLFormElement>("form.live")) startLive(form);
for (const form of document.querySelectorAll<HTMLFormElement>("form.try")) startTrying(form);
