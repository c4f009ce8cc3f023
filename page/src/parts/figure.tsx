/** The picture of a batch: columns are samples, worst first; loss above, probabilities or gradient of the same below. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

import { shortNumber } from "../code.ts";
import { STOPS, cividis, diverging, onCividis } from "../draw/colours.ts";
import { histogram, minus, tickLabel, tickStep, ticks } from "../draw/scale.ts";
import { lossesOf } from "../losses.ts";
import { type Batch, type Sample, batchOf, worstOf } from "../samples.ts";
import { asNumber } from "../service.ts";
import { type Answer, WORST_ROWS, answer } from "../state.ts";
import { t } from "../text.ts";

type Heat = "probabilities" | "gradient";
const HEATS: readonly Heat[] = ["probabilities", "gradient"];
/** More columns than these are a line, and of more classes than these there is no heat map. */
const MAX_COLUMNS = 400;
const MAX_CLASSES = 40;
const FEW = 12;
const BINS = 12;

export function Figure() {
  const heat = useSignal<Heat>("probabilities");
  const width = useSignal(0);
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (box.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry?.contentRect.width ?? 0);
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const shown = answer.value;
  const whole = shown === null ? null : batchOf(shown);
  const batch = shown === null ? null : (whole ?? worstOf(shown));
  const hasHeat = batch !== null && (batch.samples[0]?.probabilities.length ?? 0) <= MAX_CLASSES;
  return (
    <figure class="card">
      <header>
        <h3>{t("pictures.persample")}</h3>
        <span class="legend">
          {batch !== null && (
            <>
              <span>
                <i class="is-right" />
                {t("pictures.right")}
              </span>
              <span>
                <i class="is-wrong" />
                {t("pictures.wrongly")}
              </span>
            </>
          )}
          {hasHeat && (
            <>
              <span>○ {t("pictures.mark")}</span>
              <span class="choice" role="group" aria-label={t("pictures.colours")}>
                {HEATS.filter((each) => each === "probabilities" || whole !== null).map((each) => (
                  <button
                    key={each}
                    type="button"
                    aria-pressed={heat.value === each}
                    onClick={() => {
                      heat.value = each;
                    }}
                  >
                    {t(`pictures.heat_${each}`)}
                  </button>
                ))}
              </span>
            </>
          )}
        </span>
      </header>
      <div class="figure">
        <div class="canvas" ref={box}>
          {shown !== null && width.value > 0 && (
            <Drawing shown={shown} batch={batch} width={width.value} heat={hasHeat ? (whole === null ? "probabilities" : heat.value) : null} />
          )}
        </div>
      </div>
    </figure>
  );
}

type DrawingProps = { shown: Answer; batch: Batch | null; width: number; heat: Heat | null };

function Drawing({ shown, batch, width, heat }: DrawingProps) {
  const mean = shown.response.reduced?.reduction === "sum" || shown.response.reduced === null ? null : asNumber(shown.response.reduced.value);
  const isLong = batch === null || batch.samples.length > MAX_COLUMNS || lossesOf(shown).length > batch.samples.length;
  return isLong ? (
    <Line losses={lossesOf(shown)} mean={mean} width={width} batch={batch} heat={heat} />
  ) : (
    <Columns batch={batch} mean={mean} width={width} heat={heat} />
  );
}

/** Measures that both forms share. */
function measures(width: number, names: readonly string[], few: boolean) {
  const isSmall = width < 560;
  const em = typeof document === "undefined" ? 16 : Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const left = Math.min(width / 3, Math.max(38, ...names.map((name) => (name.length * 6.6 * em) / 16 + 12)));
  const side = isSmall || few ? 0 : Math.min(220, width * 0.16);
  const gap = side ? 28 : 0;
  return { isSmall, left, side, gap, top: 14, height: isSmall ? 150 : width > 1400 ? 280 : 210, wide: width - left - side - gap };
}

function Columns({ batch, mean, width, heat }: { batch: Batch; mean: number | null; width: number; heat: Heat | null }) {
  const { samples, classes, isFlat } = batch;
  const count = samples.length;
  const classCount = samples[0]?.probabilities.length ?? 1;
  const names = isFlat ? ["p(1)"] : Array.from({ length: classCount }, (_, c) => classes[c] ?? String(c));
  const few = count < FEW;
  const { isSmall, left, side, gap, top, height, wide } = measures(width, heat === null ? [] : names, few);
  const plot = Math.min(wide, few ? count * 104 : wide);
  const column = plot / count;
  const cell = isSmall ? 18 : Math.max(20, Math.min(column, width > 1400 ? 34 : 26));
  const bottom = top + height;
  const heatTop = bottom + 14;
  const finite = samples.map(({ loss }) => loss).filter(Number.isFinite);
  const end = Math.max(1e-9, ...finite, mean !== null && Number.isFinite(mean) ? mean : 0) * 1.04;
  const y = (loss: number) => bottom - (height * Math.min(Math.max(loss, 0), end)) / end;
  const largest = Math.max(1e-12, ...samples.flatMap(({ gradient }) => gradient.map(Math.abs)));
  const total = heat === null ? bottom + 24 : heatTop + classCount * cell + 24;
  return (
    <svg viewBox={`0 0 ${width} ${total}`} height={total} role="img" aria-label={described(count, mean)}>
      <defs>
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path d="M0 0V5" stroke="var(--card)" stroke-width="1.2" opacity=".55" />
        </pattern>
      </defs>
      <Axis end={end} left={left} plot={plot} y={y} />
      {samples.map((sample, k) => (
        <Column
          key={sample.index}
          sample={sample}
          x={left + k * column}
          {...{ column, cell, y, top, bottom, heatTop, heat, largest, classCount, isFlat }}
        />
      ))}
      {heat !== null &&
        names.map((name, c) => (
          <text key={c} class="second" x={left - 8} y={heatTop + c * cell + cell / 2 + 4} text-anchor="end">
            {name}
          </text>
        ))}
      <text x={left} y={total - 6}>
        {t("pictures.samples_axis")}
      </text>
      {mean !== null && <Mean mean={mean} y={y} left={left} plot={plot} until={left + plot + gap + side} />}
      {side > 0 && (
        <Histogram values={samples.filter(({ weight }) => weight !== 0).map(({ loss }) => loss)} {...{ end, side, top, bottom, height }} x={left + plot + gap} />
      )}
      {side > 0 && heat === "probabilities" && classCount > 1 && <Legend x={left + plot + gap} y={heatTop + classCount * cell - 8} width={side - 26} />}
      {few && !isSmall && <Sums batch={batch} x={left + plot + 48} top={top} room={width - left - plot - 48} />}
    </svg>
  );
}

function described(count: number, mean: number | null): string {
  return `${t("pictures.persample")}: ${count}${mean === null ? "" : `, ${t("pictures.mean")} ${mean.toFixed(4)}`}`;
}

function Axis({ end, left, plot, y }: { end: number; left: number; plot: number; y: (loss: number) => number }) {
  const step = tickStep(end);
  return (
    <>
      {ticks(end).map((value) => (
        <g key={value}>
          <line class="axis" x1={left} x2={left + plot} y1={y(value)} y2={y(value)} />
          <text x={left - 8} y={y(value) + 4} text-anchor="end">
            {tickLabel(value, step)}
          </text>
        </g>
      ))}
    </>
  );
}

function Mean({ mean, y, left, plot, until }: { mean: number; y: (loss: number) => number; left: number; plot: number; until: number }) {
  if (!Number.isFinite(mean)) return null;
  return (
    <>
      <line class="lead" stroke-dasharray="4 3" x1={left} x2={until} y1={y(mean)} y2={y(mean)} />
      <text class="strong haloed" x={left + plot} y={y(mean) - 6} text-anchor="end">
        {t("pictures.mean")} {mean.toFixed(4)}
      </text>
    </>
  );
}

type ColumnProps = {
  sample: Sample;
  x: number;
  column: number;
  cell: number;
  y: (loss: number) => number;
  top: number;
  bottom: number;
  heatTop: number;
  heat: Heat | null;
  largest: number;
  classCount: number;
  isFlat: boolean;
};

const CELL_WITH_TEXT = 72;

function Column({ sample, x, column, cell, y, top, bottom, heatTop, heat, largest, classCount, isFlat }: ColumnProps) {
  const pad = Math.min(3, column * 0.12);
  const isOut = sample.weight === 0;
  const bar = `M${x + pad} ${bottom}V${Math.min(y(sample.loss), bottom - 1)}h${column - 2 * pad}V${bottom}z`;
  const isLabel = (c: number) => (isFlat ? sample.label === 1 : typeof sample.label === "number" ? sample.label === c : sample.label[c] === 1);
  return (
    <g class="hot">
      <title>{`#${sample.index}  ${shortNumber(sample.loss)}`}</title>
      <rect class="ghost" x={x} y={top} width={column} height={heatTop - top + (heat === null ? 0 : classCount * cell)} />
      {!isOut && <path class={sample.isRight ? "good" : "slip"} d={bar} />}
      {!isOut && !sample.isRight && <path d={bar} fill="url(#hatch)" />}
      {heat !== null &&
        sample.probabilities.map((p, c) => {
          const value = heat === "gradient" ? (sample.gradient[c] ?? 0) : p;
          const ink = heat === "gradient" ? "var(--ink)" : onCividis(p);
          const radius = Math.max(2, Math.min(column, cell) * 0.2);
          const middle = heatTop + c * cell + cell / 2;
          return (
            <g key={c} opacity={isOut ? 0.25 : undefined}>
              <rect
                x={x + Math.min(0.75, column * 0.1)}
                y={heatTop + c * cell + 0.75}
                width={Math.max(0.5, column - Math.min(1.5, column * 0.2))}
                height={cell - 1.5}
                rx="1.5"
                fill={heat === "gradient" ? diverging(value, largest) : cividis(p)}
              />
              {column >= CELL_WITH_TEXT && (
                <text x={x + column / 2} y={middle + 4} text-anchor="middle" style={{ fill: ink }}>
                  {minus(value.toFixed(heat === "gradient" ? 3 : 2))}
                </text>
              )}
              {isLabel(c) && !isOut && column >= 5 && (
                <circle
                  cx={column >= CELL_WITH_TEXT ? x + 14 : x + column / 2}
                  cy={middle}
                  r={radius}
                  fill="none"
                  stroke-width={radius > 3 ? 2 : 1.4}
                  stroke={ink}
                />
              )}
            </g>
          );
        })}
    </g>
  );
}

type HistogramProps = { values: readonly number[]; end: number; x: number; side: number; top: number; bottom: number; height: number };

function Histogram({ values, end, x, side, top, bottom, height }: HistogramProps) {
  const counts = histogram(values, end, BINS);
  const most = Math.max(1, ...counts);
  const bin = height / BINS;
  const digits = String(most).length;
  const room = side - 10 - 7 * digits;
  return (
    <>
      {counts.map((count, k) =>
        count === 0 ? null : (
          <g key={k}>
            <rect class="good" opacity=".55" x={x} y={bottom - (k + 1) * bin + 1} width={Math.max(2, (room * count) / most)} height={bin - 2} rx="1" />
            <text class="haloed" x={x + Math.max(2, (room * count) / most) + 6} y={bottom - (k + 0.5) * bin + 4}>
              {count}
            </text>
          </g>
        ),
      )}
      <line class="axis edge" x1={x} x2={x} y1={top} y2={bottom} />
      <text x={x} y={bottom + 18}>
        {t("pictures.hist")}
      </text>
    </>
  );
}

function Legend({ x, y, width }: { x: number; y: number; width: number }) {
  return (
    <>
      <defs>
        <linearGradient id="cividis">
          {STOPS.map((colour, k) => (
            <stop key={colour} offset={k / (STOPS.length - 1)} stop-color={colour} />
          ))}
        </linearGradient>
      </defs>
      <rect x={x} y={y - 16} width={width} height="8" rx="2" fill="url(#cividis)" />
      <text x={x} y={y + 6}>
        0
      </text>
      <text x={x + width} y={y + 6} text-anchor="end">
        1
      </text>
    </>
  );
}

const SUM_ROWS = 8;
const SUM_ROOM = 230;

/** The sums themselves, where there are few samples: −ln 0.0451 = 3.0997. */
function Sums({ batch, x, top, room }: { batch: Batch; x: number; top: number; room: number }) {
  const rows = batch.samples.slice(0, SUM_ROWS).map((sample) => [sample, sumOf(sample, batch)] as const);
  if (room < SUM_ROOM || rows.some(([, sum]) => sum === null)) return null;
  return (
    <>
      <text class="second" x={x} y={top + 4}>
        {t("pictures.arith")}
      </text>
      {rows.map(([sample, sum], k) => (
        <g key={sample.index}>
          <text x={x} y={top + 32 + k * 24}>
            {sample.index}
          </text>
          <text class="sum" x={x + 26} y={top + 32 + k * 24}>
            {sum} = <tspan class="result">{shortNumber(sample.loss)}</tspan>
          </text>
        </g>
      ))}
    </>
  );
}

function sumOf({ label, probabilities, ofLabel, weight, loss }: Sample, { isSoftmax }: Batch): string | null {
  const ln = (p: number) => `ln ${p.toFixed(4)}`;
  // Only where the losses are plain: neither weights nor another formula lie between p and the loss.
  const isPlain = (sum: number) => weight === 1 && Math.abs(sum - loss) < 1e-6 * Math.max(1, loss);
  if (ofLabel !== null) return isPlain(-Math.log(ofLabel)) ? `−${ln(ofLabel)}` : null;
  if (!isSoftmax || typeof label === "number") return null;
  const ones = label.flatMap((value, c) => (value === 1 ? [probabilities[c] ?? 0] : []));
  return isPlain(-ones.reduce((sum, p) => sum + Math.log(p), 0)) ? `−(${ones.map(ln).join(" + ")})` : null;
}

type LineProps = { losses: ArrayLike<number>; mean: number | null; width: number; batch: Batch | null; heat: Heat | null };

/** Many samples: the sorted losses as a filled line, and the heat map of the worst. */
function Line({ losses, mean, width, batch, heat }: LineProps) {
  const { left, side, gap, top, height, wide } = measures(width, [], false);
  const bottom = top + height;
  const sorted = Float64Array.from(losses).sort().reverse();
  const finite = sorted.findIndex(Number.isFinite);
  const end = Math.max(1e-9, finite < 0 ? 0 : (sorted[finite] ?? 0)) * 1.04;
  const y = (loss: number) => bottom - (height * Math.min(Math.max(loss, 0), end)) / end;
  const points = Math.min(sorted.length, Math.floor(wide));
  const path = Array.from({ length: points }, (_, k) => {
    const at = Math.floor((k * sorted.length) / points);
    const until = left + ((k + 1) * wide) / points;
    return `V${y(sorted[at] ?? 0).toFixed(1)}H${until.toFixed(1)}`;
  }).join("");
  return (
    <>
      <svg viewBox={`0 0 ${width} ${bottom + 24}`} height={bottom + 24} role="img" aria-label={described(losses.length, mean)}>
        <Axis end={end} left={left} plot={wide} y={y} />
        <path class="good" d={`M${left} ${bottom}${path}V${bottom}z`} />
        <text x={left} y={bottom + 18}>
          {t("pictures.samples_axis")}
        </text>
        <text x={left + wide} y={bottom + 18} text-anchor="end">
          {losses.length.toLocaleString("en")}
        </text>
        {mean !== null && <Mean mean={mean} y={y} left={left} plot={wide} until={left + wide + gap + side} />}
        {side > 0 && <Histogram values={sorted as unknown as number[]} {...{ end, side, top, bottom, height }} x={left + wide + gap} />}
      </svg>
      {batch !== null && heat !== null && (
        <>
          <p class="note worst">{t("pictures.worst", { n: WORST_ROWS })}</p>
          <Columns batch={{ ...batch, samples: batch.samples.slice(0, WORST_ROWS) }} mean={mean} width={width} heat={heat} />
        </>
      )}
    </>
  );
}
