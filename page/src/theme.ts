/** The theme that was chosen, set before anything is painted; without a choice it is the system's. */

const KEY = "xent.theme";

/** Storage may be switched off; then a choice lasts as long as the page. */
function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The choice is not kept.
  }
}

const root = document.documentElement;
const chosen = stored();
if (chosen === "light" || chosen === "dark") root.dataset["theme"] = chosen;

// The button is in the header of every page, drawn when the page was built.
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || event.target.closest("#theme") === null) return;
  const theme = root.dataset["theme"] ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const next = theme === "dark" ? "light" : "dark";
  root.dataset["theme"] = next;
  store(next);
});
