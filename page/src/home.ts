/** The script of the front page: the page is painted as it was rendered before scripts take it over. */

/** A hidden page has no frames. */
function firstFrame(): Promise<unknown> {
  if (document.hidden) return Promise.resolve();
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

await firstFrame();
await import("./home-start.tsx");

export {};
