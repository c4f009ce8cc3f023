/** The reductions side by side, and the hardest samples. */

import { shortNumber } from "../code.ts";
import { facts } from "../facts.ts";
import { largest, lossesOf } from "../losses.ts";
import { type Batch, batchOf, isSoftmax, nameOf, worstOf } from "../samples.ts";
import type { Num } from "../service.ts";
import { type Answer, MEDIUM_VALUES, REDUCTIONS, answer, askForReductions } from "../state.ts";
import { valuesOf } from "../input.ts";
import { t } from "../text.ts";
import { breakable } from "./answer.tsx";

const FRAMEWORKS = [
  ["tf.losses", "TensorFlow 1"],
  ["Keras", "Keras 3"],
  ["PyTorch", "PyTorch"],
] as const;

export function Reductions() {
  const shown = answer.value;
  if (shown === null) return null;
  const current = shown.response.reduced?.reduction ?? "none";
  const isAsked = valuesOf(shown.reading.arrays.logits) <= MEDIUM_VALUES || Object.keys(shown.reductions).length > 1;
  return (
    <div class="card">
      <header>
        <h3>{t("pictures.red")}</h3>
        <p>{t("pictures.red_p")}</p>
      </header>
      <div class="table scroller" tabIndex={0} role="region" aria-label={t("pictures.red")}>
        <table id="reductions">
          <thead>
            <tr>
              <th scope="col">{t("pictures.r_red")}</th>
              <th scope="col" class="r">
                {t("pictures.r_val")}
              </th>
              <th scope="col">{t("pictures.r_how")}</th>
              {FRAMEWORKS.map(([, title]) => (
                <th scope="col" key={title}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {REDUCTIONS.map((name) => (
              <ReductionRow key={name} name={name} shown={shown} isCurrent={name === current} />
            ))}
          </tbody>
        </table>
        {!isAsked && (
          <button class="button quiet" type="button" onClick={() => void askForReductions()}>
            {t("pictures.ask_reductions")}
          </button>
        )}
      </div>
    </div>
  );
}

function ReductionRow({ name, shown, isCurrent }: { name: string; shown: Answer; isCurrent: boolean }) {
  const reduced = (isCurrent ? shown.response : shown.reductions[name])?.reduced ?? null;
  const losses = name === "none" ? lossesOf(shown).length : 0;
  const how =
    reduced === null
      ? name === "none"
        ? `[${losses.toLocaleString("en")}]`
        : ""
      : name === "sum"
        ? figure(reduced.numerator)
        : `${figure(reduced.numerator)} / ${figure(reduced.denominator)}`;
  return (
    <tr aria-current={isCurrent ? "true" : undefined} data-reduction={name}>
      <th scope="row">
        <code>{name}</code>
      </th>
      <td class="r v">{reduced === null ? "–" : shortNumber(reduced.value)}</td>
      <td class="how">{how}</td>
      {FRAMEWORKS.map(([framework]) => (
        <td key={framework}>{frameworkName(name, framework, shown)}</td>
      ))}
    </tr>
  );
}

/** What a framework calls it: the first of the names that the service knows. `none` and `sum` are called so everywhere. */
function frameworkName(name: string, framework: string, shown: Answer) {
  const rows = (facts.reductions[name] ?? []).filter((row) => row.framework === framework);
  const plain = rows.find(({ name: theirs }) => !theirs.startsWith("weighted_") && theirs !== "auto");
  const same = framework !== "tf.losses" && (name === "none" || name === "sum") ? name : undefined;
  if (plain === undefined && same === undefined) return "–";
  if (plain?.when && framework === "PyTorch") {
    return isSoftmax(shown.response.loss_type) ? (
      <>
        <code>{plain.name}</code> <code>(weight=…)</code>
      </>
    ) : (
      "–"
    );
  }
  return <code>{breakable(plain?.name ?? same ?? "")}</code>;
}

function figure(value: Num): string {
  if (typeof value !== "number") return value;
  return Number.isInteger(value) ? value.toLocaleString("en").replaceAll(",", " ") : String(Number(value.toFixed(4)));
}

const HARDEST = 5;

export function Hardest() {
  const shown = answer.value;
  if (shown === null) return null;
  const batch = batchOf(shown) ?? worstOf(shown);
  return (
    <div class="card">
      <header>
        <h3>{t("pictures.hard")}</h3>
        <p>{t("pictures.hard_p")}</p>
      </header>
      <div class="table">{batch === null ? <LossesOnly shown={shown} /> : <OfBatch batch={batch} />}</div>
    </div>
  );
}

function OfBatch({ batch }: { batch: Batch }) {
  const rows = batch.samples.slice(0, HARDEST);
  const top = rows[0]?.loss ?? 1;
  const hasShare = rows.every(({ ofLabel }) => ofLabel !== null);
  return (
    <table id="hardest">
      <thead>
        <tr>
          <th scope="col">{t("pictures.h_no")}</th>
          <th scope="col">{t("pictures.h_label")}</th>
          <th scope="col">{t("pictures.h_pred")}</th>
          {hasShare && (
            <th scope="col" class="r">
              {t("pictures.h_p")}
            </th>
          )}
          <th scope="col" class="r">
            {t("pictures.h_loss")}
          </th>
          <td class="bars" />
        </tr>
      </thead>
      <tbody>
        {rows.map((sample) => (
          <tr key={sample.index}>
            <th scope="row">{sample.index}</th>
            <td>{nameOf(sample.label, batch)}</td>
            <td class={sample.isRight ? "" : "wrong"}>{sample.predicted === null ? "–" : nameOf(sample.predicted, batch)}</td>
            {hasShare && <td class="r">{sample.ofLabel?.toFixed(3)}</td>}
            <td class="r v">{shortNumber(sample.loss)}</td>
            <td class="bars">
              <span class={`bar${sample.isRight ? "" : " slip"}`} style={{ width: `${Number.isFinite(sample.loss) && top > 0 ? Math.max(0, (100 * sample.loss) / top) : 100}%` }} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Of a batch that is too large for probabilities, or of more dimensions: places and losses. */
function LossesOnly({ shown }: { shown: Answer }) {
  const losses = lossesOf(shown);
  const worst = largest(losses, HARDEST);
  const top = losses[worst[0] ?? 0] ?? 1;
  return (
    <table id="hardest">
      <thead>
        <tr>
          <th scope="col">{t("pictures.h_no")}</th>
          <th scope="col" class="r">
            {t("pictures.h_loss")}
          </th>
          <td class="bars" />
        </tr>
      </thead>
      <tbody>
        {worst.map((index) => (
          <tr key={index}>
            <th scope="row">{index}</th>
            <td class="r v">{shortNumber(losses[index] ?? 0)}</td>
            <td class="bars">
              <span class="bar" style={{ width: `${(100 * (losses[index] ?? 0)) / (top || 1)}%` }} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
