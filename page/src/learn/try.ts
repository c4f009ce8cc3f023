/** Requests that readers edit and send: the answer is written as `_outcome` of `app/learn/pages.py` writes it. */

import { ask } from "./ask.ts";
import { numberOf, shown } from "./figures.ts";

type Warned = { code: string; severity: string; message: string; evidence: Record<string, unknown> };
type Answered = { reduced?: { value: unknown } | null; warnings?: Warned[] };
type Refused = { detail: string; errors: { code: string; loc: (string | number)[]; message: string }[] };

export function start(form: HTMLFormElement): void {
  const body = form.querySelector("textarea") as HTMLTextAreaElement;
  const outcome = form.querySelector(".outcome") as HTMLElement;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send();
  });

  async function send(): Promise<void> {
    try {
      const reply = await ask(form.dataset["endpoint"] ?? "", body.value);
      if (reply.status === 200) outcome.replaceChildren(...answered(form, reply.body as Answered));
      else if (reply.status === 401 || reply.status === 403) outcome.replaceChildren(paragraph(form.dataset["key"] ?? ""));
      else outcome.replaceChildren(...refused(form, reply.status, reply.body as Refused));
    } catch {
      outcome.replaceChildren(paragraph(form.dataset["away"] ?? ""));
    }
  }
}

function answered(form: HTMLFormElement, answer: Answered): Node[] {
  const warnings = answer.warnings ?? [];
  const value = answer.reduced ? shown(numberOf(answer.reduced.value), 4) : "–";
  const isWrong = warnings.some(({ severity }) => severity !== "hint");
  return [
    result(form.dataset["loss"] ?? "", value, isWrong),
    ...warnings.map((warning) => {
      const severity = element("span", `severity ${warning.severity}`, form.dataset[warning.severity] ?? "");
      const parts = [link(form, warning.code), " ", severity, " ", messageOf(form, warning)];
      return element("p", warning.severity === "hint" ? "found" : "found slip", ...parts);
    }),
  ];
}

/** In the page's language where the warning is the page's own and has all figures; else as the service writes it. */
function messageOf(form: HTMLFormElement, warning: Warned): string {
  const text = form.dataset["message"];
  if (text === undefined || warning.code !== form.dataset["code"]) return warning.message;
  const message = text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const figure = warning.evidence[name];
    return figure === undefined ? whole : typeof figure === "number" ? fourDigits(figure) : String(figure);
  });
  return /\{\w+\}/.test(message) ? warning.message : message;
}

function fourDigits(figure: number): string {
  return (Number.isInteger(figure) ? String(figure) : String(Number(figure.toPrecision(4)))).replace("-", "−");
}

function refused(form: HTMLFormElement, status: number, problem: Refused): Node[] {
  const found = problem.errors.slice(0, 1).map((error) => {
    const place = error.loc.slice(1).map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`));
    const text = `${place.join("").replace(/^\./, "")} ${error.message}`.trim();
    return element("p", "found slip", link(form, error.code), " ", text);
  });
  const told = found.length > 0 ? found : [paragraph(problem.detail)];
  return [result(form.dataset["status"] ?? "", String(status), true), ...told];
}

function result(name: string, value: string, isWrong: boolean): Node {
  return element("p", isWrong ? "result bad" : "result", element("span", "", name), element("b", "", value));
}

function link(form: HTMLFormElement, code: string): Node {
  const anchor = element("a", "", element("code", "", code)) as HTMLAnchorElement;
  anchor.href = `${code}?lang=${form.dataset["lang"] ?? "en"}`;
  return anchor;
}

function paragraph(text: string): Node {
  return element("p", "found", text);
}

function element(tag: string, kind: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (kind !== "") made.className = kind;
  made.append(...children);
  return made;
}
