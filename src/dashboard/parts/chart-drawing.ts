/** A chart on a canvas: a line of use under the line of its limit, in the page's own colours. */
import UPlot from "uplot";
import { clockText, percentText, sizeText } from "../format.ts";

/** When, and how much; null where nothing was measured. */
export type Point = readonly [at: number, value: number | null];
export type Unit = "percent" | "bytes" | "count";

export interface Drawing {
  show(points: readonly Point[], limit: number): void;
  end(): void;
}

const HEIGHT = 160;
/** The axis shows at least this long, so that a few samples do not fill it. */
const SPAN_S = 300;

/** Steps of an axis of time. */
const SECONDS = [15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800];
/** Steps of an axis of bytes, from 1 KiB on. */
const BYTES = Array.from({ length: 40 }, (_, at) => 2 ** (at + 10));

const TEXT: Readonly<Record<Unit, (value: number) => string>> = {
  percent: percentText,
  bytes: sizeText,
  count: String,
};

/** Draws into `box` and follows its width and the colour scheme until `end`. */
export function draw(box: HTMLElement, unit: Unit): Drawing {
  let shown: UPlot.AlignedData = [[], [], []];
  let plot = make(box, unit, shown);
  const again = (): void => {
    plot.destroy();
    plot = make(box, unit, shown);
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

function make(box: HTMLElement, unit: Unit, data: UPlot.AlignedData): UPlot {
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
        x: { time: false, range: (_plot, min, max) => rangeOf(min, max) },
        y: { range: (_plot, _min, max) => [0, Math.max(max || 0, 1) * 1.05] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          space: 90,
          incrs: SECONDS,
          values: (_plot, ticks) => ticks.map((at) => clockText(at * 1000).slice(0, 5)),
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
          points: { show: false },
        },
        { stroke: colour("--limit-line"), width: 1, dash: [4, 4], points: { show: false } },
      ],
    },
    data,
    box,
  );
}

function rangeOf(min: number | null, max: number | null): [number, number] {
  const end = max ?? Date.now() / 1000;
  return [Math.min(min ?? end, end - SPAN_S), end];
}
