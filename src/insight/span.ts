/** Which slots of usage history answer a question: fine enough for its step, and kept as far back as it begins. */
import { USAGE_WIDTHS, type SlotSeconds, type UsageWidth } from "../model/usage.ts";

export interface Span {
  readonly from: number;
  readonly to: number;
  /** Null: as fine as fits a chart. */
  readonly stepMs: number | null;
}

export interface ChosenSpan {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly slotSeconds: SlotSeconds;
}

/** Points of a chart that was asked for without a step. */
const CHART_POINTS = 300;
const DAY_MS = 86_400_000;

/** Times in milliseconds since the epoch. The step becomes a whole number of slots. */
export function chooseSpan({ from, to, stepMs }: Span, now: number): ChosenSpan {
  const wanted = stepMs ?? Math.ceil((to - from) / CHART_POINTS);
  const reaching = USAGE_WIDTHS.filter(
    ({ keptDays }) => from >= now - keptDays * DAY_MS || keptDays === LONGEST.keptDays,
  );
  // The coarsest that is still fine enough reads the fewest rows.
  const chosen =
    reaching.findLast(({ seconds }) => seconds * 1000 <= wanted) ?? reaching[0] ?? LONGEST;
  const slotMs = chosen.seconds * 1000;
  return {
    from,
    to,
    stepMs: Math.max(1, Math.ceil(wanted / slotMs)) * slotMs,
    slotSeconds: chosen.seconds,
  };
}

const LONGEST: UsageWidth = USAGE_WIDTHS.reduce((a, b) => (b.keptDays > a.keptDays ? b : a));
