/** What needs many samples: calibration, and the loss of each class. */

import { shortNumber } from "../code.ts";
import { minus } from "../draw/scale.ts";
import { isSoftmax } from "../samples.ts";
import { type Calibration, type LossResponse, type Summary, asNumber } from "../service.ts";
import { answer } from "../state.ts";
import { t } from "../text.ts";

/** With fewer, each bin of confidences would hold a handful, and each class too. */
export const MIN_COUNTED = 50;
const MIN_CLASSES = 2;
const MAX_CLASSES = 30;

export function OverBatch() {
  const response = answer.value?.response;
  if (response === undefined) return null;
  const calibration = calibrationOf(response);
  const classes = classesOf(response);
  if (calibration === null && classes === null) return null;
  return (
    <section class="grid pair">
      {calibration !== null && <CalibrationCard calibration={calibration} lossType={response.loss_type} />}
      {classes !== null && <ClassesCard perClass={classes} names={answer.value?.reading.classes ?? []} />}
    </section>
  );
}

function calibrationOf({ calibration }: LossResponse): Calibration | null {
  return calibration !== undefined && calibration.sums.counted >= MIN_COUNTED ? calibration : null;
}

type PerClass = NonNullable<Summary["per_class"]>;

function classesOf({ summary }: LossResponse): PerClass | null {
  const found = summary?.per_class;
  const counted = found?.count.reduce((sum, count) => sum + count, 0) ?? 0;
  return found !== undefined && found.count.length >= MIN_CLASSES && counted >= MIN_COUNTED ? found : null;
}

const SIZE = 260;
const LEFT = 34;
const TOP = 10;

function CalibrationCard({ calibration, lossType }: { calibration: Calibration; lossType: string }) {
  const { bins, expected_error, brier_score, fitted } = calibration;
  const most = Math.max(1, ...bins.count);
  const x = (share: number) => LEFT + SIZE * share;
  const y = (share: number) => TOP + SIZE * (1 - share);
  const what = isSoftmax(lossType) ? "softmax" : "sigmoid";
  return (
    <div class="card" id="calibration">
      <header>
        <h3>{t("calibration.title")}</h3>
        <p>{t(`calibration.${what}`)}</p>
      </header>
      <div class="table calibration">
        <svg viewBox={`0 0 ${LEFT + SIZE + 10} ${TOP + SIZE + 34}`} role="img" aria-label={described(calibration)}>
          {[0, 0.5, 1].map((share) => (
            <g key={share}>
              <line class="axis" x1={x(0)} x2={x(1)} y1={y(share)} y2={y(share)} />
              <text x={x(0) - 8} y={y(share) + 4} text-anchor="end">
                {share}
              </text>
              <text x={x(share)} y={y(0) + 16} text-anchor="middle">
                {share}
              </text>
            </g>
          ))}
          <line class="lead" stroke-dasharray="4 3" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
          {bins.count.map((count, k) => {
            const confidence = bins.mean_confidence[k] ?? 0;
            const accuracy = bins.accuracy[k] ?? 0;
            if (count === 0) return null;
            return (
              <g key={k}>
                <title>{`${confidence.toFixed(3)} → ${accuracy.toFixed(3)}, ${count}`}</title>
                <line class="miss" x1={x(confidence)} x2={x(confidence)} y1={y(confidence)} y2={y(accuracy)} />
                <circle class="good" cx={x(confidence)} cy={y(accuracy)} r={3 + 7 * Math.sqrt(count / most)} opacity=".85" />
              </g>
            );
          })}
          <text x={x(1)} y={y(0) + 30} text-anchor="end">
            {t("calibration.confidence")}
          </text>
          <text class="haloed" x={x(0) + 4} y={TOP + 14}>
            {t("calibration.accuracy")}
          </text>
        </svg>
        <dl class="figures">
          {expected_error !== undefined && <Figure name={t("calibration.expected_error")} value={expected_error.toFixed(4)} />}
          {brier_score !== undefined && <Figure name={t("calibration.brier_score")} value={shortNumber(brier_score)} />}
          {fitted !== undefined && (
            <Figure
              name={t("calibration.fitted")}
              value={fitted.temperature.toPrecision(3)}
              note={t("calibration.fitted_note", { before: shortNumber(fitted.loss_before), after: shortNumber(fitted.loss_after) })}
            />
          )}
        </dl>
      </div>
    </div>
  );
}

function described({ expected_error, sums }: Calibration): string {
  return `${t("calibration.title")} ${sums.counted}, ${t("calibration.expected_error")} ${expected_error?.toFixed(4) ?? ""}`;
}

function Figure({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {minus(value)}
        {note !== undefined && <small>{note}</small>}
      </dd>
    </div>
  );
}

function ClassesCard({ perClass, names }: { perClass: PerClass; names: readonly string[] }) {
  const rows = perClass.count
    .map((count, c) => ({ c, count, mean: asNumber(perClass.mean[c] ?? 0), accuracy: perClass.accuracy[c] ?? 0 }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.mean - a.mean);
  const top = Math.max(1e-12, ...rows.map(({ mean }) => mean).filter(Number.isFinite));
  return (
    <div class="card">
      <header>
        <h3>{t("calibration.classes")}</h3>
        <p>{t("calibration.classes_p")}</p>
      </header>
      <div class="table scroller" tabIndex={0} role="region" aria-label={t("calibration.classes")}>
        <table id="classes">
          <thead>
            <tr>
              <th scope="col">{t("calibration.class")}</th>
              <th scope="col" class="r">
                {t("calibration.count")}
              </th>
              <th scope="col" class="r">
                {t("calibration.right")}
              </th>
              <th scope="col" class="r">
                {t("pictures.h_loss")}
              </th>
              <td class="bars" />
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MAX_CLASSES).map(({ c, count, mean, accuracy }) => (
              <tr key={c}>
                <th scope="row">{names[c] ?? c}</th>
                <td class="r">{count.toLocaleString("en")}</td>
                <td class="r">{accuracy.toFixed(3)}</td>
                <td class="r v">{shortNumber(perClass.mean[c] ?? mean)}</td>
                <td class="bars">
                  <span class="bar" style={{ width: `${Number.isFinite(mean) ? Math.max(0, (100 * mean) / top) : 100}%` }} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
