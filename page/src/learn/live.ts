/** Figures that move: when a slider is moved, the requests are made again and every place shows what is answered. */

import { ask } from "./ask.ts";
import { numberOf, shown } from "./figures.ts";
import { type Answers, type Json, type Variables, resolved, valueAt } from "./template.ts";

class Unanswered extends Error {
  constructor(readonly needsKey: boolean) {
    super();
  }
}

/** Only what has moved is asked for: a request without a variable keeps its answer. */
type Requests = { [name: string]: { [field: string]: Json } };

export function start(form: HTMLFormElement): void {
  const requests = JSON.parse(form.dataset["requests"] ?? "{}") as Requests;
  const trouble = form.querySelector<HTMLElement>(".trouble");
  let latest = new AbortController();

  async function update(): Promise<void> {
    latest.abort();
    latest = new AbortController();
    const { signal } = latest;
    const variables = variablesOf(form);
    showVariables(form, variables);
    try {
      const answers = await answersTo(requests, variables, signal);
      if (!signal.aborted) showAnswers(form, answers, variables);
      if (trouble) trouble.hidden = true;
    } catch (error) {
      if (signal.aborted || trouble === null) return;
      const needsKey = error instanceof Unanswered && error.needsKey;
      trouble.textContent = form.dataset[needsKey ? "key" : "away"] ?? "";
      trouble.hidden = false;
    }
  }

  form.addEventListener("input", () => void update());
  form.addEventListener("submit", (event) => event.preventDefault());
}

function variablesOf(form: HTMLFormElement): Variables {
  const sliders = form.querySelectorAll<HTMLInputElement>("input[type=range]");
  return Object.fromEntries([...sliders].map((slider) => [slider.name, slider.valueAsNumber]));
}

/** Requests are made in their order, as one may be made of another's answer. */
async function answersTo(requests: Requests, variables: Variables, signal: AbortSignal): Promise<Answers> {
  const answers: Answers = {};
  for (const [name, request] of Object.entries(requests)) {
    const body = JSON.stringify(resolved(request, variables, answers));
    const reply = await ask("/v1/loss", body, signal);
    if (reply.status !== 200) throw new Unanswered(reply.status === 401 || reply.status === 403);
    answers[name] = reply.body as Json;
  }
  return answers;
}

function showVariables(form: HTMLFormElement, variables: Variables): void {
  for (const place of form.querySelectorAll<HTMLElement>("[data-variable]")) {
    place.textContent = shown(variables[place.dataset["variable"] ?? ""] ?? NaN, digitsOf(place));
  }
}

function showAnswers(form: HTMLFormElement, answers: Answers, variables: Variables): void {
  for (const place of form.querySelectorAll<HTMLElement>("[data-place]")) {
    place.textContent = shown(numberOf(valueAt(answers, place.dataset["place"] ?? "")), digitsOf(place));
  }
  for (const bar of form.querySelectorAll<SVGElement>("[data-bar]")) {
    bar.setAttribute("width", `${100 * numberOf(valueAt(answers, bar.dataset["bar"] ?? ""))}%`);
  }
  for (const curve of form.querySelectorAll<SVGElement>("[data-curve]")) drawCurve(curve, answers);
  for (const dot of form.querySelectorAll<SVGElement>("[data-dot]")) drawDot(dot, answers, variables);
}

function digitsOf(place: HTMLElement): number {
  return Number(place.dataset["digits"] ?? 4);
}

/** The picture is 1000 × 300, as `app/learn/plot.py` draws it. */
const WIDTH = 1000;
const HEIGHT = 300;

function scaleOf(element: SVGElement): { left: (x: number) => number; top: (y: number) => number } {
  const { x0, x1, low, high } = (element.ownerSVGElement as SVGSVGElement).dataset;
  const [first, last, bottom, most] = [x0, x1, low, high].map(Number) as [number, number, number, number];
  return {
    left: (x) => ((x - first) / (last - first)) * WIDTH,
    // Far outside is as good as infinite: a path may hold no such number.
    top: (y) => Math.min(Math.max((most - y) / (most - bottom), -9), 9) * HEIGHT,
  };
}

function drawCurve(curve: SVGElement, answers: Answers): void {
  const { top } = scaleOf(curve);
  const [first, count] = [Number(curve.dataset["first"]), Number(curve.dataset["count"])];
  const values = (valueAt(answers, curve.dataset["curve"] ?? "") as Json[]).slice(first, first + count);
  const points = values.map((value, at) => `${((at / (count - 1)) * WIDTH).toFixed(1)} ${top(numberOf(value)).toFixed(1)}`);
  curve.setAttribute("d", `M${points.join("L")}`);
}

function drawDot(dot: SVGElement, answers: Answers, variables: Variables): void {
  const { left, top } = scaleOf(dot);
  const x = left(variables[dot.dataset["at"] ?? ""] ?? NaN);
  const y = top(numberOf(valueAt(answers, dot.dataset["dot"] ?? "")));
  dot.setAttribute("d", `M${x.toFixed(1)} ${y.toFixed(1)}h0`);
}
