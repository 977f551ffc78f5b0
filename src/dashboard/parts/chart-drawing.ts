/** A chart on a canvas: a line of use under the line of its limit, in the page's own colours. */
import UPlot from "uplot";
import { clockText, percentText, sizeText, spanText } from "../format.ts";

/** When, and how much; null where nothing was measured. */
export type Point = readonly [at: number, value: number | null];
export type Unit = "percent" | "bytes" | "count";

export interface Drawing {
  show(points: readonly Point[], limit: number): void;
  end(): void;
}

/** How a chart is drawn. */
export interface Axes {
  readonly unit: Unit;
  /** When what is shown began, in ms since the epoch: the axis is that time alone and counts from it. Null: the last minutes, by the clock. */
  readonly from: number | null;
}

const HEIGHT = 160;
/** The axis of the last minutes shows at least this long, so that a few samples do not fill it. */
const SPAN_S = 300;

/** Steps of an axis of time. */
const SECONDS = [15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800];
/** Steps of one that counts from a beginning. */
const SHORT = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
/** Steps of an axis of bytes, from 1 KiB on. */
const BYTES = Array.from({ length: 40 }, (_, at) => 2 ** (at + 10));

const TEXT: Readonly<Record<Unit, (value: number) => string>> = {
  percent: percentText,
  bytes: sizeText,
  count: String,
};

/** Draws into `box` and follows its width and the colour scheme until `end`. */
export function draw(box: HTMLElement, axes: Axes): Drawing {
  let shown: UPlot.AlignedData = [[], [], []];
  let plot = make(box, axes, shown);
  const again = (): void => {
    plot.destroy();
    plot = make(box, axes, shown);
  };
  const width = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: HEIGHT }));
  width.observe(box);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", again);
  return {
    show(points, limit) {
      const times = points.map(([at]) => at / 1000);
      shown = [times, points.map(([, value]) => value), times.map(() => limit)];
      plot.setData(shown);
    },
    end() {
      width.disconnect();
      scheme.removeEventListener("change", again);
      plot.destroy();
    },
  };
}

function make(box: HTMLElement, { unit, from }: Axes, data: UPlot.AlignedData): UPlot {
  const style = getComputedStyle(box);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = `12px ${style.fontFamily}`;
  const text = TEXT[unit];
  const axis = {
    stroke: colour("--muted-line"),
    font,
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { show: false },
  };
  return new UPlot(
    {
      width: Math.max(120, box.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        // its own idea of time widens a single instant to a day
        x: {
          time: false,
          range: (_plot, min, max) => (from === null ? rangeOf(min, max) : wholeOf(from, max)),
        },
        y: { range: (_plot, _min, max) => [0, Math.max(max || 0, 1) * 1.05] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          space: 90,
          incrs: from === null ? SECONDS : [...SHORT, ...SECONDS],
          values: (_plot, ticks) =>
            ticks.map((at) =>
              from === null ? clockText(at * 1000).slice(0, 5) : spanText(at * 1000 - from),
            ),
        },
        {
          ...axis,
          size: 64,
          space: 36,
          ...(unit === "bytes" ? { incrs: BYTES } : {}),
          values: (_plot, ticks) => ticks.map((value) => text(value)),
        },
      ],
      series: [
        {},
        {
          stroke: colour("--accent-line"),
          width: 2,
          fill: colour("--accent-fill"),
          // a line of one sample would not be seen
          points: { show: (plot) => plot.data[0].length === 1 },
        },
        { stroke: colour("--limit-line"), width: 1, dash: [4, 4], points: { show: false } },
      ],
    },
    data,
    box,
  );
}

function wholeOf(from: number, max: number | null): [number, number] {
  const begin = from / 1000;
  return [begin, Math.max(max ?? begin, begin + 0.01)];
}

function rangeOf(min: number | null, max: number | null): [number, number] {
  const end = max ?? Date.now() / 1000;
  return [Math.min(min ?? end, end - SPAN_S), end];
}
