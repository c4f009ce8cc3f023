/** The HTML document around each page. */

import type { ComponentChildren } from "preact";
import { renderToString } from "preact-render-to-string";

import type { Language } from "./text.ts";

/** What the build made of each source file: its fingerprinted name, and the files that it imports at once. */
export type Made = Readonly<Record<string, { file: string; imports: string[] }>>;

export type Head = {
  language: Language;
  title: string;
  /** From the document to the service's first path: "" or "../". */
  root: string;
  /** Source files, as the build names them. */
  style: string;
  script: string;
  /** Source files that the script will import. */
  preload: string[];
};

export function htmlDocument(made: Made, head: Head, body: ComponentChildren): string {
  const url = (source: string) => `${head.root}assets/${of(made, source).file}`;
  const preloaded = new Set(
    [head.script, ...head.preload].flatMap((source) => [of(made, source).file, ...of(made, source).imports]),
  );
  return `<!doctype html>\n${renderToString(
    <html lang={head.language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{head.title}</title>
        <link rel="icon" type="image/svg+xml" href={url("src/icon.svg")} />
        <link rel="stylesheet" href={url(head.style)} />
        <script src={url("src/theme.ts")} />
        {[...preloaded].map((file) => (
          <link key={file} rel="modulepreload" href={`${head.root}assets/${file}`} />
        ))}
        <script type="module" src={url(head.script)} />
      </head>
      <body>{body}</body>
    </html>,
  )}\n`;
}

function of(made: Made, source: string): Made[string] {
  const found = made[source];
  if (found === undefined) throw new Error(`the build made nothing of ${source}: ${Object.keys(made).join(", ")}`);
  return found;
}
