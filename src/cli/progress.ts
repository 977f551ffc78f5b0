/** Progress of many projects on stderr: redrawn on a terminal, a line a change otherwise, NDJSON for programs, or nothing. */
import { withoutControls } from "../base/controls.ts";
import type { Context } from "./context.ts";

const PROGRESS_MODES = ["auto", "tty", "plain", "json", "quiet"] as const;
/** `auto` is decided before anything is shown. */
export type ProgressMode = Exclude<(typeof PROGRESS_MODES)[number], "auto">;

export interface ProgressLine {
  readonly name: string;
  readonly state: "moving" | "settled" | "failed" | "waiting";
  /** `activating, starting: 1 of 2 agents`. */
  readonly text: string;
}

export interface Progress {
  update(lines: readonly ProgressLine[]): Promise<void>;
  /** Leaves the last picture standing. */
  end(): Promise<void>;
}

const CLEAR_LINE = "\u001B[2K";
/** The terminal cuts lines that are too long for it, which it alone knows: a wrapped one is two when going back up. */
export const UNWRAPPED = "\u001B[?7l";
export const WRAPPED = "\u001B[?7h";
const MARK: Readonly<Record<ProgressLine["state"], string>> = {
  moving: "…",
  settled: "✓",
  failed: "✗",
  waiting: "‖",
};
/** Rows left for the prompt and what was said before. */
const ROWS_KEPT = 3;

/** Whether a word names a mode other than `auto`. */
export function isProgressMode(word: string): word is ProgressMode {
  return word !== "auto" && PROGRESS_MODES.some((mode) => mode === word);
}

/** The progress display of this run. */
export function makeProgress(context: Context): Progress {
  switch (context.progress) {
    case "tty":
      return redrawn(context);
    case "plain":
      return changes(context, (line) => `${line.name}: ${line.text}`);
    case "json":
      return changes(context, (line) =>
        JSON.stringify({ project: line.name, state: line.state, text: line.text }),
      );
    case "quiet":
      return { update: () => Promise.resolve(), end: () => Promise.resolve() };
  }
}

/** A line for each project whose state or text is not what it was. */
function changes(context: Context, render: (line: ProgressLine) => string): Progress {
  const last = new Map<string, string>();
  return {
    async update(said) {
      const lines = said.map(shown);
      const news = lines.filter((line) => last.get(line.name) !== line.state + line.text);
      for (const line of news) last.set(line.name, line.state + line.text);
      await context.print.raw(news.map((line) => `${render(line)}\n`).join(""));
    },
    end: () => Promise.resolve(),
  };
}

/** A reason may hold what an agent or an engine said, and a line break in it would be drawn over the lines above. */
function shown(line: ProgressLine): ProgressLine {
  return { ...line, text: withoutControls(line.text) };
}

function redrawn(context: Context): Progress {
  let drawn = 0;
  let last = "";
  return {
    async update(said) {
      const picture = pictureOf(context, said.map(shown));
      const text = picture.map((line) => `${CLEAR_LINE}${line}\n`).join("");
      if (text === last) return;
      last = text;
      const up = drawn === 0 ? "" : `\u001B[${drawn}A\r`;
      // fewer lines than before: clear what stands below
      const below = picture.length < drawn ? "\u001B[J" : "";
      drawn = picture.length;
      await context.print.raw(up + UNWRAPPED + text + below + WRAPPED);
    },
    end: () => Promise.resolve(),
  };
}

/** Fits the screen: what moves comes first, what does not fit is counted. */
function pictureOf(context: Context, lines: readonly ProgressLine[]): readonly string[] {
  const { rows = 24 } = context.io.stderr;
  const room = Math.max(4, rows - ROWS_KEPT);
  const order = { failed: 0, waiting: 1, moving: 2, settled: 3 };
  const fits = lines.length <= room;
  const first = fits
    ? lines
    : lines.toSorted((a, b) => order[a.state] - order[b.state]).slice(0, room - 1);
  const width = Math.max(...first.map((line) => line.name.length), 0);
  const paint = {
    moving: context.errorStyle.cyan,
    settled: context.errorStyle.green,
    failed: context.errorStyle.red,
    waiting: context.errorStyle.yellow,
  };
  const drawn = first.map((line) => {
    return `${paint[line.state](MARK[line.state])} ${line.name.padEnd(width)}  ${line.text}`;
  });
  return fits ? drawn : [...drawn, `  and ${lines.length - first.length} more`];
}
