/** Starts Swagger UI, whose bundle the page loads before, and keeps its dark mode that of our header. */
export {}; // a module: the names of other scripts are not its own


declare const SwaggerUIBundle: (options: Record<string, unknown>) => {
  layoutActions: { show: (thing: string[], shown: boolean) => void };
};

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

function follow(): void {
  const theme = root.dataset["theme"] ?? (system.matches ? "dark" : "light");
  root.classList.toggle("dark-mode", theme === "dark");
}

follow();
system.addEventListener("change", follow);
new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });

const ui = SwaggerUIBundle({
  dom_id: "#docs",
  url: "openapi.json", // relative to the page, so that a prefix in front of the service does no harm
  deepLinking: true,
  validatorUrl: null, // the default asks another host
  defaultModelRendering: "model", // the fields of a request are what people look for first
  defaultModelExpandDepth: 3,
  defaultModelsExpandDepth: 0,
  onComplete: () => {
    // The Open Inference Protocol has more operations than all else, and its clients know them.
    if (!location.hash.startsWith("#/inference")) ui.layoutActions.show(["operations-tag", "inference"], false);
  },
});
