/** Use over time against a limit; the drawing itself is loaded when the first chart is shown. */
import { useEffect, useRef } from "preact/hooks";
import type { Drawing, Point, Unit } from "./chart-drawing.ts";

export interface ChartProps {
  readonly title: string;
  /** The present value in words. */
  readonly text: string;
  readonly points: readonly Point[];
  readonly limit: number;
  readonly unit: Unit;
  /** When what is shown began, in ms since the epoch; absent: the last minutes are shown. */
  readonly from?: number;
}

export function Chart({ title, text, points, limit, unit, from }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  const latest = useRef({ points, limit });
  latest.current = { points, limit };
  useEffect(() => {
    let left = false;
    const load = async (): Promise<void> => {
      const { draw } = await import("./chart-drawing.ts");
      if (left || box.current === null) return;
      drawing.current = draw(box.current, { unit, from: from ?? null });
      drawing.current.show(latest.current.points, latest.current.limit);
    };
    void load();
    return () => {
      left = true;
      drawing.current?.end();
    };
  }, [unit, from]);
  useEffect(() => drawing.current?.show(points, limit), [points.length, points.at(-1)?.[0], limit]);
  return (
    <figure class="chart">
      <figcaption>
        <span class="muted">{title}</span> <strong>{text}</strong>
      </figcaption>
      <div
        class="canvas"
        ref={box}
        role="img"
        aria-label={`${title} over time: ${from === undefined ? "now " : ""}${text}`}
      />
    </figure>
  );
}
