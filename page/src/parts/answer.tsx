/** The right card: how large the loss is, which loss it is and why, what looks wrong, and what to paste. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { TABS, type Tab, codeOf, shortNumber } from "../code.ts";
import { type LossResponse, type Num, type Warning, asNumber, key } from "../service.ts";
import { encode } from "../share.ts";
import {
  type Answer,
  applied,
  apply,
  answer,
  away,
  busy,
  changeOf,
  example,
  fixesOf,
  input,
  isCurrent,
  isNothing,
  needsKey,
  problem,
  reading,
  tryNow,
  undo,
  useKey,
} from "../state.ts";
import { language, t, textIfAny } from "../text.ts";
import { Code, CopyButton } from "./snippet.tsx";
import { evidenceOf, warningTexts } from "./warning-texts.ts";

export function AnswerCard() {
  const shown = answer.value;
  const isStale = shown !== null && (!isCurrent.value || problem.value !== null || away.value !== null || needsKey.value !== null);
  const isGrey = isStale && (busy.value || problem.value !== null || away.value !== null || needsKey.value !== null || hasMistake());
  return (
    <section class={`card answer${isGrey ? " stale" : ""}`} id="answer" tabIndex={-1} aria-label={t("answer.label")} aria-busy={busy.value}>
      <Strip />
      {isNothing.value ? <Nothing /> : shown === null ? isWaiting() && <Waiting /> : <Shown shown={shown} isOff={isGrey} />}
    </section>
  );
}

function isWaiting(): boolean {
  return problem.value === null && away.value === null && needsKey.value === null && !hasMistake();
}

function hasMistake(): boolean {
  return reading.value.fields === null;
}

/** What keeps the answer from being that of the input. It is in the card, so that nothing moves under the hands. */
function Strip() {
  if (needsKey.value !== null) return <KeyField wrong={needsKey.value.wrong} />;
  if (away.value !== null) {
    return (
      <div class="strip" role="alert">
        <span>{t("states.away", { seconds: Math.max(0, away.value) })}</span>
        <button class="button quiet" type="button" onClick={tryNow}>
          {t("states.retry")}
        </button>
      </div>
    );
  }
  if (problem.value !== null && !isNothing.value) {
    const isShownAtField = answer.value !== null && problem.value.errors?.some(({ loc }) => loc.length > 1);
    return (
      <div class={isShownAtField ? "strip plain" : "strip"} role="alert">
        <span>{isShownAtField ? t("states.stale") : problem.value.detail}</span>
        {isShownAtField && <span class="hidden-label">{problem.value.detail}</span>}
      </div>
    );
  }
  if (hasMistake() && !isNothing.value && answer.value !== null) {
    return <div class="strip plain">{t(reading.value.arrays.labels === undefined ? "states.incomplete" : "states.stale")}</div>;
  }
  return null;
}

function KeyField({ wrong }: { wrong: boolean }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <div class="strip">
      <label for="key">{t(wrong ? "states.key_wrong" : "states.key")}</label>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          useKey(field.current?.value ?? "");
        }}
      >
        <input id="key" type="password" autocomplete="off" ref={field} defaultValue={key.get()} />
        <button class="button" type="submit">
          {t("states.key_b")}
        </button>
      </form>
    </div>
  );
}

function Nothing() {
  return (
    <div>
      <h2 class="small-title">{t("states.empty_h")}</h2>
      <p class="second">{t("states.empty")}</p>
      <pre class="forms">{"[[2, 0.5, 1], [0.1, 1, 3]]\n2, 0.5, 1\ntensor([[2.0000, 0.5000, 1.0000]])\narray([[2. , 0.5, 1. ]])"}</pre>
    </div>
  );
}

function Waiting() {
  return (
    <div class="waiting">
      <span class={busy.value ? "busy" : "note"}>{t("states.busy")}</span>
    </div>
  );
}

function Shown({ shown, isOff }: { shown: Answer; isOff: boolean }) {
  const { response } = shown;
  const { reduced } = response;
  const isNamed = shown.input.parameters["loss_type"] !== undefined && shown.input.parameters["loss_type"] !== "auto";
  const share = async () => {
    const fragment = await encode(input.value, example.value);
    return fragment === null ? "" : `${location.origin}${location.pathname}?lang=${language.value}${fragment}`;
  };
  return (
    <>
      <div class="verdict">
        <div class="value">
          <h2 class="what">
            {t(`reductions.${reduced?.reduction ?? "none"}`)}, {t("answer.nats")}
            {busy.value && <span class="busy">{t("states.busy")}</span>}
          </h2>
          <span class="big">{reduced === null ? "–" : shortNumber(reduced.value)}</span>
          <span class="full">{reduced === null ? "" : String(reduced.value)}</span>
        </div>
        <div class="type">
          <code>{breakable(response.loss_type)}</code>
          <span class="tag">{t(isNamed ? "answer.named" : "answer.chosen")}</span>
          <p>{whyOf(shown)}</p>
          <div class="links">
            <a href={`learn/${response.loss_type}?lang=${language.value}`}>{t("answer.about")}</a>
            <CopyButton plain text={share} label={t("answer.share")} />
          </div>
        </div>
        <Scale shown={shown} />
      </div>
      <Warnings shown={shown} isOff={isOff} />
      <CodeTabs shown={shown} />
    </>
  );
}

/** The name of a loss with places to break it. */
export function breakable(name: string) {
  const parts = name.split("_");
  return parts.flatMap((part, i) => (i < parts.length - 1 ? [`${part}_`, <wbr key={i} />] : [part]));
}

/** One sentence: what the labels are, and what follows from that. */
function whyOf({ response, reading: read, input: given }: Answer): string {
  const { loss_type, recommendation } = response;
  const shape = read.arrays.logits?.shape ?? [];
  const axis = Number(given.parameters["axis"] ?? -1);
  const classes = shape.at(axis) ?? 1;
  const samples = shape.length === 0 ? 1 : shape.reduce((a, b) => a * b, 1) / (shape.length > 1 ? classes : 1);
  const figures = { c: classes, n: samples };
  const kind = read.arrays.labels?.shape?.length === 0 && samples > 1 ? "scalar" : recommendation.label_kind;
  const own = textIfAny(`why.${loss_type}.${kind}`, figures) ?? textIfAny(`why.${loss_type}.any`, figures);
  return own ?? textIfAny(`why.${kind}`, figures) ?? recommendation.reasons.map(({ message }) => message).join(" ");
}

/** What the reduced loss would be if all logits were 0: the service's mean of that, under this reduction. */
function guessOf({ summary, reduced }: LossResponse): number | undefined {
  if (summary?.uniform === undefined || reduced === null || reduced.denominator === 0) return undefined;
  const weight = summary.sums.weight.reduce<number>((sum, part) => sum + asNumber(part), 0);
  return (asNumber(summary.uniform) * weight) / reduced.denominator;
}

/** From 0 to a guess: where the loss is, and where a fix would lead. */
function Scale({ shown }: { shown: Answer }) {
  const { reduced, warnings } = shown.response;
  const guess = guessOf(shown.response);
  const value = reduced === null ? Number.NaN : asNumber(reduced.value);
  const first = warnings.find(({ code }) => shown.fixes[code] !== undefined);
  const fixed = first === undefined ? undefined : shown.fixes[first.code]?.reduced?.value;
  const after = fixed === undefined ? Number.NaN : asNumber(fixed);
  if (!Number.isFinite(value) || value < 0) return null;
  const known = [value, guess, after].filter((each): each is number => each !== undefined && Number.isFinite(each));
  const end = Math.max(...known) * 1.12 || 1;
  const place = (at: number) => ({ left: `${((100 * at) / end).toFixed(2)}%` });
  const isSlip = warnings.some(({ severity }) => severity !== "hint");
  const mark = isSlip ? "slip" : "";
  const label = [`0: ${t("answer.perfect")}`, shortNumber(value), ...(guess === undefined ? [] : [`${guess.toFixed(3)}: ${t("answer.guess")}`])];
  return (
    <div class="scale">
      <div class="track" role="img" aria-label={label.join(". ")}>
        <span class={`fill ${mark}`} style={{ width: `${((100 * value) / end).toFixed(2)}%` }} />
        {Number.isFinite(after) && Math.abs(after - value) > 1e-9 && <span class="ghost-dot" style={place(after)} />}
        <span class={`dot ${mark}`} style={place(value)} />
        {guess !== undefined && Number.isFinite(guess) && <span class="guess" style={place(guess)} />}
      </div>
      <div class="ticks" aria-hidden="true">
        <span>0 {t("answer.perfect")}</span>
        {guess !== undefined && Number.isFinite(guess) && (
          <span style={{ left: `clamp(9rem, ${((100 * guess) / end).toFixed(2)}%, 100% - 4rem)` }}>
            {guess.toFixed(3)} {t("answer.guess")}
          </span>
        )}
      </div>
    </div>
  );
}

const ORDER = { certain: 0, likely: 1, hint: 2 };
/** Of two warnings that one fix settles, the one that says why stands first. */
const FIRST = ["multi_hot_labels_with_softmax", "labels_may_be_padded_one_hot"];

function rank({ code, severity }: Warning): number {
  return ORDER[severity] - (FIRST.includes(code) ? 0.5 : 0);
}

function Warnings({ shown, isOff }: { shown: Answer; isOff: boolean }) {
  const { warnings, checked } = shown.response;
  const sorted = warnings.toSorted((a, b) => rank(a) - rank(b));
  const [first, ...others] = sorted;
  return (
    <>
      {applied.value !== null && isCurrent.value && <Applied shown={shown} />}
      {first !== undefined && <OpenWarning key={first.code} warning={first} shown={shown} isOff={isOff} />}
      {others.map((warning) => (
        <details key={warning.code} class={`warning more ${warning.severity}`}>
          <summary>
            <b>{warningTexts(warning).title}</b> <span class="severity">{t(`severity.${warning.severity}`)}</span>
          </summary>
          <WarningBody warning={warning} shown={shown} isOff={isOff} />
        </details>
      ))}
      {first === undefined && applied.value === null && <div class="clean">{t("answer.clean", { n: checked.length })}</div>}
    </>
  );
}

function OpenWarning({ warning, shown, isOff }: { warning: Warning; shown: Answer; isOff: boolean }) {
  return (
    <div class={`warning ${warning.severity}`} data-code={warning.code}>
      <h3>
        {warningTexts(warning).title} <span class="severity">{t(`severity.${warning.severity}`)}</span>
      </h3>
      <WarningBody warning={warning} shown={shown} isOff={isOff} />
    </div>
  );
}

function WarningBody({ warning, shown, isOff }: { warning: Warning; shown: Answer; isOff: boolean }) {
  const { text, fix } = warningTexts(warning);
  const [found] = fixesOf(warning, shown);
  const label = found === undefined ? "" : labelOf(warning, shown.response);
  const after = shown.fixes[warning.code]?.reduced;
  const before = shown.response.reduced;
  return (
    <>
      <p>
        {text} {found === undefined && fix}{" "}
        <a class="about" href={`learn/${warning.code}?lang=${language.value}`}>
          {t("answer.more")}
        </a>
      </p>
      {found !== undefined && (
        <div class="fix">
          <button
            class={`button${warning.severity === "hint" ? " quiet" : ""}`}
            type="button"
            disabled={isOff}
            onClick={() => apply({ ...found, label })}
          >
            {label}
          </button>
          {before !== null && after !== undefined && after !== null && (
            <Change from={before.value} to={after.value} isCalm={warning.severity === "hint"} />
          )}
        </div>
      )}
    </>
  );
}

/** What a fix's button says: the fields that it sets. */
function labelOf(warning: Warning, response: LossResponse): string {
  const fields = changeOf(warning, response);
  if (fields === null) return t("fix.indices");
  const { loss_type, reduction, ...others } = fields;
  const set = Object.entries(others).filter(([, value]) => value !== null);
  const removed = Object.entries(others).filter(([, value]) => value === null);
  if (set.length > 0) {
    return t("fix.set", { what: set.map(([name, value]) => `${name} = ${rounded(value)}`).join(", ") });
  }
  if (loss_type !== undefined) return t("fix.loss_type", { what: String(loss_type) });
  if (reduction !== undefined) return t("fix.reduction", { what: String(reduction) });
  return t("fix.remove", { what: removed.map(([name]) => name).join(", ") });
}

function rounded(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  if (Array.isArray(value)) return value.length > 4 ? "[…]" : `[${value.map(rounded).join(", ")}]`;
  return String(value);
}

function Change({ from, to, isCalm }: { from: Num; to: Num; isCalm: boolean }) {
  if (Math.abs(asNumber(from) - asNumber(to)) < 1e-9 || from === to) {
    return (
      <>
        <span class="change">
          <span class="to">{shortNumber(to)}</span>
        </span>
        <span class="note">{t("answer.same")}</span>
      </>
    );
  }
  return (
    <span class={`change${isCalm ? " calm" : ""}`}>
      <span class="hidden-label">{t("answer.before")}</span>
      <span class="from">{shortNumber(from)}</span>
      <span class="arrow" aria-hidden="true">
        →
      </span>
      <span class="hidden-label">{t("answer.after")}</span>
      <span class="to">{shortNumber(to)}</span>
    </span>
  );
}

function Applied({ shown }: { shown: Answer }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus({ preventScroll: true }), []);
  const last = applied.value;
  if (last === null) return null;
  const from = last.from.reduced?.value;
  const to = shown.response.reduced?.value;
  return (
    <div class="done" role="status">
      <span>
        {t("answer.applied")} <b>{last.label}</b>
      </span>
      {from !== undefined && to !== undefined && <Change from={from} to={to} isCalm={false} />}
      <button class="link" type="button" ref={button} onClick={undo}>
        {t("answer.undo")}
      </button>
    </div>
  );
}

const LABELS: Partial<Record<Tab, string>> = {
  tensorflow2: "TensorFlow 2",
  tensorflow1: "TensorFlow 1",
  keras: "Keras",
  pytorch: "PyTorch",
  optax: "Optax",
  curl: "curl",
};
const TAB_KEY = "xent.tab";

function storedTab(): Tab {
  try {
    const stored = localStorage.getItem(TAB_KEY);
    return TABS.find((tab) => tab === stored) ?? "tensorflow2";
  } catch {
    return "tensorflow2";
  }
}

function CodeTabs({ shown }: { shown: Answer }) {
  const chosen = useSignal<Tab>(storedTab());
  const tabs = useRef<HTMLDivElement>(null);
  const choose = (tab: Tab) => {
    chosen.value = tab;
    try {
      localStorage.setItem(TAB_KEY, tab);
    } catch {
      // The choice is not kept.
    }
  };
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = TABS[(TABS.indexOf(chosen.value) + step + TABS.length) % TABS.length] ?? "tensorflow2";
    choose(next);
    tabs.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  const address = location.href.replace(/[?#].*$/, "").replace(/\/$/, "");
  const code = codeOf(chosen.value, shown, address);
  return (
    <div class="code">
      <div class="tabs" role="tablist" aria-label={t("answer.code")} ref={tabs} onKeyDown={move}>
        {TABS.map((tab) => (
          <button
            key={tab}
            id={`tab-${tab}`}
            role="tab"
            type="button"
            aria-controls="snippet"
            aria-selected={tab === chosen.value}
            tabIndex={tab === chosen.value ? 0 : -1}
            onClick={() => choose(tab)}
          >
            {LABELS[tab] ?? t("answer.client")}
          </button>
        ))}
      </div>
      <div class="snippet" id="snippet" role="tabpanel" aria-labelledby={`tab-${chosen.value}`}>
        <Code code={code} />
        <CopyButton text={() => code} />
      </div>
    </div>
  );
}

/** What a screen reader says when the answer has changed. */
export function LiveRegion() {
  const shown = answer.value;
  const [first] = shown?.response.warnings ?? [];
  const parts =
    shown === null || !isCurrent.value
      ? []
      : [
          `${t(`reductions.${shown.response.reduced?.reduction ?? "none"}`)} ${shown.response.reduced === null ? "" : shortNumber(shown.response.reduced.value)}`,
          shown.response.loss_type,
          ...(first === undefined ? [] : [warningTexts(first).title]),
        ];
  return (
    <div class="hidden-label" role="status">
      {parts.join(". ")}
    </div>
  );
}

export { evidenceOf };
