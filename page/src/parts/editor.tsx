/** The left card: logits, labels, and the settings. */

import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";

import { facts } from "../facts.ts";
import { asRequest, readFile } from "../files.ts";
import { type ArrayName, type Input, NO_TEXT, isEmpty } from "../input.ts";
import { Mistake, type Span, spanOf } from "../parse/table.ts";
import { UnreadableFile } from "../parse/tensor.ts";
import type { ProblemEntry } from "../service.ts";
import { change, clear, input, isNothing, opened, problem, reading, setParameter } from "../state.ts";
import { t } from "../text.ts";

/** Why a dropped file was not taken. */
const fileMistake = { text: "" };

export function Editor() {
  const refused = useSignal(fileMistake.text);
  const isOver = useSignal(false);
  const take = async (files: FileList | null | undefined, onto: ArrayName | null) => {
    refused.value = "";
    for (const file of files ?? []) {
      try {
        change(await readFile(file, onto));
      } catch (error) {
        refused.value = `${file.name}: ${explained(error)}`;
      }
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    isOver.value = false;
    const field = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-array]") : null;
    void take(event.dataTransfer?.files, (field?.dataset["array"] as ArrayName | undefined) ?? null);
  };
  return (
    <form
      class={`card editor${isOver.value ? " over" : ""}`}
      aria-label="logits, labels"
      onSubmit={(event) => event.preventDefault()}
      onDragOver={(event) => {
        event.preventDefault();
        isOver.value = true;
      }}
      onDragLeave={() => {
        isOver.value = false;
      }}
      onDrop={drop}
    >
      <ArrayField name="logits" tall />
      <ArrayField name="labels">
        <Classes />
      </ArrayField>
      <Options />
      {refused.value !== "" && (
        <div class="at" role="alert">
          {refused.value}
        </div>
      )}
      <div class="foot note">
        <span>
          <label class="link pick-file">
            {t("editor.choose")}
            <input
              type="file"
              class="hidden-label"
              multiple
              accept=".npy,.npz,.csv,.tsv,.txt,.json,.arrow,.arrows,.feather"
              onChange={(event) => {
                void take(event.currentTarget.files, null);
                event.currentTarget.value = "";
              }}
            />
          </label>{" "}
          {t("editor.drop")}
        </span>
        <span>{t("editor.privacy")}</span>
      </div>
    </form>
  );
}

function explained(error: unknown): string {
  if (error instanceof UnreadableFile) return t(`files.${error.key}`, error.figures);
  if (error instanceof Mistake) return t(`mistakes.${error.key}`, error.figures);
  throw error;
}

/** One array: its text, or the file that it comes from, and what is wrong with it. */
function ArrayField({ name, tall = false, children }: { name: ArrayName; tall?: boolean; children?: preact.ComponentChildren }) {
  const source = input.value[name];
  const at = mistakeOf(name);
  const set = (text: string) => change(wholeRequest(text) ?? { [name]: { kind: "text", text } });
  return (
    <div class={tall ? "field grow" : "field"} data-array={name}>
      <div class="head">
        <label for={name}>{name === "labels" || name === "logits" ? t(`editor.${name}`) : name}</label>
        <span class="shape">{shapeText(name)}</span>
        {name === "logits" && !isNothing.value && (
          <button class="link" type="button" onClick={clear}>
            {t("editor.clear")}
          </button>
        )}
      </div>
      {source.kind === "file" ? (
        <div class="file" id={name} tabIndex={-1}>
          <span class="mono">{source.name}</span>
          <span class="note">{source.tensor.dtype}</span>
          <button class="link" type="button" onClick={() => change({ [name]: NO_TEXT })}>
            {t("editor.remove")}
          </button>
        </div>
      ) : (
        <TextArea name={name} text={source.text} tall={tall} marked={at?.span ?? null} onText={set} />
      )}
      {at !== null && (
        <div class="at" id={`${name}-at`}>
          <span>
            {at.message}{" "}
            {at.fix !== null && (
              <button class="link" type="button" onClick={() => change(at.fix?.next ?? {})}>
                {at.fix.label}
              </button>
            )}
          </span>
        </div>
      )}
      {children}
    </div>
  );
}

function wholeRequest(text: string): Partial<Input> | null {
  try {
    return asRequest(text);
  } catch {
    return null; // it is being typed; what is wrong with it is said below the field
  }
}

type TextAreaProps = { name: ArrayName; text: string; tall: boolean; marked: Span | null; onText: (text: string) => void };

function TextArea({ name, text, tall, marked, onText }: TextAreaProps) {
  const rows = useRef<HTMLDivElement>(null);
  const back = useRef<HTMLPreElement>(null);
  return (
    <div class={`area ${tall ? "tall" : "one"}`}>
      {tall && (
        <div class="rows" aria-hidden="true" ref={rows}>
          {rowNumbers(name, text)}
        </div>
      )}
      <div class="text">
        <pre aria-hidden="true" ref={back}>
          {marked !== null && (
            <>
              {text.slice(0, marked.start)}
              <mark>{text.slice(marked.start, marked.end)}</mark>
              {text.slice(marked.end)}
            </>
          )}
        </pre>
        <textarea
          id={name}
          rows={tall ? undefined : Math.min(4, Math.max(1, text.split("\n").length, Math.ceil(text.length / 48)))}
          spellcheck={false}
          autocomplete="off"
          wrap={tall ? "off" : "soft"}
          value={text}
          placeholder={tall ? "[[2, 0.5, 1], [0.1, 1, 3]]" : undefined}
          aria-invalid={marked !== null}
          aria-describedby={marked !== null ? `${name}-at` : undefined}
          onInput={(event) => onText(event.currentTarget.value)}
          onScroll={(event) => {
            const { scrollTop, scrollLeft } = event.currentTarget;
            if (rows.current !== null) rows.current.scrollTop = scrollTop;
            if (back.current !== null) Object.assign(back.current, { scrollTop, scrollLeft });
          }}
        />
      </div>
    </div>
  );
}

const MAX_NUMBERED_LINES = 20_000;

/** The sample that each line begins with, counted from 0 as in the service's messages. */
function rowNumbers(name: ArrayName, text: string): string {
  const lines = text.split("\n");
  if (lines.length > MAX_NUMBERED_LINES) return "";
  const read = reading.value.arrays[name];
  const first = read?.header ? 1 : 0;
  if (read?.shape?.length === 1 && lines.length > 1) {
    let count = 0;
    return lines
      .map((line) => {
        const before = count;
        const values = line.match(/[^\s,;[\]]+/g)?.length ?? 0;
        count += values;
        return values === 0 ? "" : before;
      })
      .join("\n");
  }
  let row = -first;
  return lines
    .map((line) => {
      const isRow = /[^\s[\](),]/.test(line);
      const number = isRow && row >= 0 ? String(row) : "";
      if (isRow) row += 1;
      return number;
    })
    .join("\n");
}

function shapeText(name: ArrayName): string {
  const shape = reading.value.arrays[name]?.shape;
  if (shape === null || shape === undefined) return "";
  if (shape.length === 0) return t("editor.scalar");
  return shape.length === 1 ? t("editor.values", { a: shape[0] ?? 0 }) : shape.join(" × ");
}

type At = { message: string; span: Span | null; fix: { label: string; next: Partial<Input> } | null };

/** What is wrong with an array: what the page can't read, or what the service says of it. */
function mistakeOf(name: ArrayName): At | null {
  const own = reading.value.mistakes[name];
  if (own !== undefined) return { message: t(`mistakes.${own.key}`, own.figures), span: own.span, fix: null };
  const entry = problem.value?.errors?.find(({ loc }) => loc[1] === name);
  if (entry === undefined || problem.value === null) return null;
  const source = input.value[name];
  const path = entry.loc.slice(2).filter((part) => typeof part === "number");
  const span = source.kind === "text" && path.length > 0 ? safeSpan(source.text, path) : null;
  return { message: messageOf(entry), span, fix: fixOf(name, entry) };
}

function safeSpan(text: string, path: number[]): Span | null {
  try {
    return spanOf(text, path);
  } catch {
    return null;
  }
}

/** The service's own words, behind what the error is called in the page's language. */
export function messageOf({ loc, code, message }: ProblemEntry): string {
  const [, field, ...path] = loc;
  const place = `${field ?? ""}${path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("")}`;
  const title = t(`errors.${code}`);
  return `${title === `errors.${code}` || title === "" ? "" : `${title} `}${place} ${message}`;
}

/** Labels that count from 1 can be counted from 0, if the service has seen that they do. */
function fixOf(name: ArrayName, { message }: ProblemEntry): At["fix"] {
  const source = input.value[name];
  if (name !== "labels" || source.kind !== "text" || !message.includes("do they count from 1?")) return null;
  const text = source.text.replace(/\d+/g, (digits) => String(Number(digits) - 1));
  return { label: t("errors.subtract"), next: { labels: { kind: "text", text } } };
}

/** The classes by index, and their order to be changed, where labels are names. */
function Classes() {
  const { classes } = reading.value;
  const isEdited = useSignal(false);
  if (classes.length === 0) return null;
  const set = (text: string) => change({ classes: text.split(",").map((name) => name.trim()).filter(Boolean) });
  return (
    <div class="map">
      <span>{t("editor.classes")}</span>
      {isEdited.value ? (
        <input
          class="order"
          aria-label={t("editor.order")}
          value={classes.join(", ")}
          onChange={(event) => {
            set(event.currentTarget.value);
            isEdited.value = false;
          }}
        />
      ) : (
        <>
          {classes.map((name, index) => (
            <span key={name}>
              <b>{name}</b> {index}
            </span>
          ))}
          <button
            class="link"
            type="button"
            onClick={() => {
              isEdited.value = true;
            }}
          >
            {t("editor.order")}
          </button>
        </>
      )}
    </div>
  );
}

const FIRST = ["loss_type", "reduction", "from_logits"];

/** The settings that people change, and all others behind one row. */
function Options() {
  const { parameters } = input.value;
  const type = String(parameters["loss_type"] ?? "auto");
  const numbers = numericParameters(type);
  const arrays = MORE_ARRAYS.filter((name) => isTaken(type, name));
  // What was in use when the input came is in sight; it does not move while one types.
  const inUse = useMemo(() => namesInUse(input.peek()), [opened.value]);
  const field = (name: string) =>
    arrays.includes(name as MoreArray) ? <SmallArray key={name} name={name as MoreArray} /> : <NumberField key={name} name={name} />;
  const all = [...arrays, ...numbers];
  return (
    <>
      <div class="options">
        <Choice name="loss_type" kind="long" values={["auto", ...facts.loss_types]} fallback="auto" />
        <Choice name="reduction" kind="mid" values={Object.keys(facts.reductions)} fallback="mean" />
        <label class="tick">
          <input
            type="checkbox"
            id="from_logits"
            checked={parameters["from_logits"] !== false}
            onChange={(event) => setParameter("from_logits", event.currentTarget.checked ? null : false)}
          />
          from_logits
        </label>
        {(facts.parameters[type] ?? []).includes("labels_are_logits") && (
          <label class="tick">
            <input
              type="checkbox"
              id="labels_are_logits"
              checked={parameters["labels_are_logits"] === true}
              onChange={(event) => setParameter("labels_are_logits", event.currentTarget.checked ? true : null)}
            />
            labels_are_logits
          </label>
        )}
      </div>
      {inUse.length > 0 && <div class="options">{inUse.filter((name) => all.includes(name)).map(field)}</div>}
      <details class="more">
        <summary>{t("editor.more")}</summary>
        <div class="options">{all.filter((name) => !inUse.includes(name)).map(field)}</div>
      </details>
    </>
  );
}

const MORE_ARRAYS = ["weights", "pos_weight", "class_weights"] as const;
type MoreArray = (typeof MORE_ARRAYS)[number];
const NOT_NUMBERS = new Set<string>([...FIRST, ...MORE_ARRAYS, "labels_are_logits"]);

/** Whether a loss takes an array; one that is entered is shown in any case, with what the service says of it. */
function isTaken(type: string, name: MoreArray): boolean {
  return type === "auto" || !isEmpty(input.value[name]) || (facts.parameters[type] ?? []).includes(name);
}

function namesInUse(given: Input): string[] {
  return [...MORE_ARRAYS.filter((name) => !isEmpty(given[name])), ...Object.keys(given.parameters).filter((name) => !FIRST.includes(name))];
}

function numericParameters(type: string): string[] {
  const types = type === "auto" ? ["sigmoid_cross_entropy", "sparse_softmax_cross_entropy"] : [type];
  const names = new Set(types.flatMap((each) => facts.parameters[each] ?? []));
  for (const name of Object.keys(input.value.parameters)) names.add(name);
  return [...names].filter((name) => !NOT_NUMBERS.has(name));
}

function Choice({ name, kind, values, fallback }: { name: string; kind: string; values: string[]; fallback: string }) {
  const value = String(input.value.parameters[name] ?? fallback);
  return (
    <label class={kind}>
      {name}
      <select
        id={name}
        value={value}
        onChange={(event) => setParameter(name, event.currentTarget.value === fallback ? null : event.currentTarget.value)}
      >
        {values.map((each) => (
          <option key={each} selected={each === value}>
            {each}
          </option>
        ))}
      </select>
    </label>
  );
}

function NumberField({ name }: { name: string }) {
  const value = input.value.parameters[name];
  const wrong = problem.value?.errors?.find(({ loc }) => loc[1] === name);
  return (
    <label class="mid">
      {name}
      <input
        id={name}
        inputMode="decimal"
        autocomplete="off"
        value={value === undefined ? "" : String(value)}
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong === undefined ? undefined : `${name}-at`}
        onChange={(event) => {
          const text = event.currentTarget.value.trim();
          setParameter(name, text === "" ? null : Number.isNaN(Number(text)) ? text : Number(text));
        }}
      />
      {wrong !== undefined && (
        <span class="at" id={`${name}-at`}>
          {messageOf(wrong)}
        </span>
      )}
    </label>
  );
}

function SmallArray({ name }: { name: MoreArray }) {
  const source = input.value[name];
  const at = mistakeOf(name);
  return (
    <label class="long" data-array={name}>
      <span>
        {name} <span class="shape">{shapeText(name)}</span>
      </span>
      {source.kind === "file" ? (
        <span class="file">
          <span class="mono">{source.name}</span>
          <button class="link" type="button" onClick={() => change({ [name]: NO_TEXT })}>
            {t("editor.remove")}
          </button>
        </span>
      ) : (
        <input
          id={name}
          autocomplete="off"
          spellcheck={false}
          value={source.text}
          aria-invalid={at !== null}
          aria-describedby={at === null ? undefined : `${name}-at`}
          onInput={(event) => change({ [name]: { kind: "text", text: event.currentTarget.value } })}
        />
      )}
      {at !== null && (
        <span class="at" id={`${name}-at`}>
          {at.message}
        </span>
      )}
    </label>
  );
}
