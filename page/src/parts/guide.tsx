/** Two questions that lead to a loss, and the search for old names. */

import { useSignal } from "@preact/signals";

import type { Example } from "../examples.ts";
import { type OldName, facts } from "../facts.ts";
import { openExample } from "../state.ts";
import { language, t } from "../text.ts";
import { breakable } from "./answer.tsx";

const ANSWERS = ["one", "several", "yesno"] as const;
const FORMS = ["index", "hot", "dist"] as const;
type Answers = (typeof ANSWERS)[number];
type Form = (typeof FORMS)[number];

type Lead = { loss: string; labels: string; shape: string; tensorflow: string; example: Example; note?: string };

const SPARSE = { loss: "sparse_softmax_cross_entropy", tensorflow: "tf.nn.sparse_softmax_cross_entropy_with_logits" };
const SOFTMAX = { loss: "softmax_cross_entropy", tensorflow: "tf.nn.softmax_cross_entropy_with_logits" };
const SIGMOID = { loss: "sigmoid_cross_entropy", tensorflow: "tf.nn.sigmoid_cross_entropy_with_logits" };

const LEADS: Record<Answers, Record<Form, Lead>> = {
  one: {
    index: { ...SPARSE, labels: "[2, 0, 1]", shape: "[B]", example: "twice" },
    hot: { ...SOFTMAX, labels: "[[0, 0, 1], …]", shape: "[B, C]", example: "onehot" },
    dist: { ...SOFTMAX, labels: "[[0.1, 0.2, 0.7], …]", shape: "[B, C]", example: "onehot" },
  },
  several: {
    index: { ...SIGMOID, labels: "[[1, 0, 1], …]", shape: "[B, C]", example: "several", note: "convert" },
    hot: { ...SIGMOID, labels: "[[1, 0, 1], …]", shape: "[B, C]", example: "several" },
    dist: { ...SIGMOID, labels: "[[0.9, 0.1, 0.8], …]", shape: "[B, C]", example: "several" },
  },
  yesno: {
    index: { ...SIGMOID, labels: "[1, 0, 0, 1]", shape: "[B]", example: "imbalance" },
    hot: { ...SOFTMAX, labels: "[[0, 1], [1, 0], …]", shape: "[B, 2]", example: "onehot" },
    dist: { ...SIGMOID, labels: "[0.9, 0.2, 0.1]", shape: "[B]", example: "gan" },
  },
};

export function Guide() {
  const answers = useSignal<Answers>("one");
  const form = useSignal<Form>("index");
  const lead = LEADS[answers.value][form.value];
  return (
    <div class="guide">
      <fieldset class="pick">
        <legend>
          <span>1</span>
          {t("guide.q1")}
        </legend>
        {ANSWERS.map((each, i) => (
          <label key={each}>
            <input
              type="radio"
              name="answers"
              value={each}
              checked={answers.value === each}
              onChange={() => {
                answers.value = each;
              }}
            />
            <span>{t(`guide.q1${"abc"[i]}`)}</span>
            <small>{t(`guide.q1${"abc"[i]}_s`)}</small>
          </label>
        ))}
      </fieldset>
      <fieldset class="pick">
        <legend>
          <span>2</span>
          {t("guide.q2")}
        </legend>
        {FORMS.map((each, i) => (
          <label key={each}>
            <input
              type="radio"
              name="form"
              value={each}
              checked={form.value === each}
              onChange={() => {
                form.value = each;
              }}
            />
            <span>{t(`guide.q2${"abc"[i]}`)}</span>
            <small class="mono">{["2", "0 0 1 0", "0.1 0.1 0.7 0.1"][i]}</small>
          </label>
        ))}
      </fieldset>
      <div class="lead-to" aria-live="polite">
        <span class="note">{t("guide.g_then")}</span>
        <code>{breakable(lead.loss)}</code>
        <dl>
          <dt>{t("guide.g_labels")}</dt>
          <dd>{lead.labels}</dd>
          <dt>{t("guide.g_shape")}</dt>
          <dd>{lead.shape}</dd>
          <dt>{t("guide.g_was")}</dt>
          <dd>{breakable(lead.tensorflow)}</dd>
        </dl>
        {lead.note !== undefined && <p class="note">{t(`guide.${lead.note}`)}</p>}
        <div class="links">
          <button
            class="button"
            type="button"
            onClick={() => {
              openExample(lead.example);
              document.querySelector("#logits")?.scrollIntoView({ block: "center" });
              document.querySelector<HTMLElement>("#answer")?.focus({ preventScroll: true });
            }}
          >
            {t("guide.g_try")}
          </button>
          <a href={`learn/${lead.loss}?lang=${language.value}`}>{t("answer.about")}</a>
        </div>
      </div>
    </div>
  );
}

const SHOWN_NAMES = 6;

/** A name as it is written in code. */
function fullName({ framework, name }: OldName): string {
  const prefixes: Record<string, string> = { Keras: "keras.losses.", Optax: "optax.", "scikit-learn": "sklearn.metrics." };
  return name.includes(".") ? name : `${prefixes[framework] ?? ""}${name}`;
}

export function OldNames() {
  const searched = useSignal("tf.losses");
  const words = searched.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = facts.names.filter((row) => words.every((word) => `${fullName(row)} ${row.framework}`.toLowerCase().includes(word)));
  return (
    <div class="names">
      <label for="old">{t("guide.old")}</label>
      <input
        id="old"
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder={t("guide.old_ph")}
        value={searched.value}
        onInput={(event) => {
          searched.value = event.currentTarget.value;
        }}
      />
      <p class="note" role="status">
        {found.length === 0 ? t("guide.old_none") : t("guide.old_found", { n: found.length })}
      </p>
      {found.length > 0 && (
        <div class="scroller" tabIndex={0} role="region" aria-label={t("guide.old")}>
          <table id="names">
            <thead>
              <tr>
                <th scope="col">{t("guide.old_th1")}</th>
                <th scope="col">{t("guide.old_th2")}</th>
                <th scope="col">{t("guide.old_th3")}</th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, SHOWN_NAMES).map((row) => (
                <tr key={`${fullName(row)} ${row.when} ${row.ours}`}>
                  <td>
                    <code>
                      <Marked text={fullName(row)} word={words[0] ?? ""} />
                    </code>
                    {row.when !== "" && <span class="note"> {row.when}</span>}
                  </td>
                  <td>
                    <code>{row.ours}</code>
                    {row.send !== "" && <code class="note"> {row.send}</code>}
                  </td>
                  <td>
                    <code>{row.reduction}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

function Marked({ text, word }: { text: string; word: string }) {
  const at = word === "" ? -1 : text.toLowerCase().indexOf(word);
  if (at < 0) return <>{text}</>;
  return (
    <>
      {text.slice(0, at)}
      <b>{text.slice(at, at + word.length)}</b>
      {text.slice(at + word.length)}
    </>
  );
}
