/** Lines of output in the page: written as text nodes in batches, the oldest let go past a bound. */
import type { ApiOutputLine } from "../../schema/api-record.ts";
import { clockText, timeText } from "../format.ts";
import { plainText } from "../plain-text.ts";

/** Lines kept in the page. */
const LINES_MAX = 3_000;
/** Pixels from the end that still count as the end. */
const END = 24;

export interface LogLinesOptions {
  readonly who: boolean;
  readonly onChange: (total: number, matching: number) => void;
}

interface Shown {
  readonly row: HTMLElement;
  readonly body: HTMLElement;
  readonly text: string;
}

export class LogLines {
  readonly #box: HTMLElement;
  readonly #options: LogLinesOptions;
  #lines: Shown[] = [];
  #arrived: ApiOutputLine[] = [];
  #sought = "";
  #matching = 0;
  #stuck = true;
  #frame = 0;
  /** Lines of the last instant, so that a resumed stream repeats none. */
  #cursors = new Set<string>();
  lastAt: number | null = null;

  constructor(box: HTMLElement, options: LogLinesOptions) {
    this.#box = box;
    this.#options = options;
  }

  add(line: ApiOutputLine): void {
    const cursor = `${line.run} ${line.cursor}`;
    if (this.#cursors.has(cursor)) return;
    if (line.at !== this.lastAt) this.#cursors.clear();
    this.#cursors.add(cursor);
    this.lastAt = line.at;
    this.#arrived.push(line);
    if (this.#arrived.length > LINES_MAX) this.#arrived.shift();
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /** Shows only lines that hold the text, whatever its case; all for an empty one. */
  search(text: string): void {
    this.#sought = text.toLowerCase();
    this.#matching = 0;
    for (const line of this.#lines) this.#mark(line);
    this.#told();
  }

  stick(stuck: boolean): void {
    this.#stuck = stuck;
    if (stuck) this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** Whether the end is in view after the reader scrolled. */
  scrolled(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.#box;
    this.#stuck = scrollHeight - scrollTop - clientHeight < END;
    return this.#stuck;
  }

  #draw(): void {
    this.#frame = 0;
    const fresh = this.#arrived.map((line) => this.#rowOf(line));
    this.#arrived = [];
    for (const line of fresh) this.#mark(line);
    this.#box.append(...fresh.map(({ row }) => row));
    this.#lines.push(...fresh);
    for (const old of this.#lines.splice(0, Math.max(0, this.#lines.length - LINES_MAX))) {
      if (!old.row.hidden) this.#matching -= 1;
      old.row.remove();
    }
    if (this.#stuck) this.#box.scrollTop = this.#box.scrollHeight;
    this.#told();
  }

  #rowOf(line: ApiOutputLine): Shown {
    const row = element("div", line.stream === "stderr" ? "line err" : "line");
    const time = element("time", "muted");
    time.textContent = clockText(line.at);
    time.title = timeText(line.at);
    row.append(time);
    if (this.#options.who) {
      const who = element("span", "who");
      who.textContent = `${line.agent}#${line.replica}`;
      row.append(who);
    }
    const body = element("span", "text");
    row.append(body);
    return { row, body, text: plainText(line.text) };
  }

  #mark({ row, body, text }: Shown): void {
    const at = this.#sought === "" ? -1 : text.toLowerCase().indexOf(this.#sought);
    row.hidden = this.#sought !== "" && at < 0;
    if (!row.hidden) this.#matching += 1;
    if (at < 0) {
      body.textContent = text;
      return;
    }
    const end = at + this.#sought.length;
    const hit = element("mark", "");
    hit.textContent = text.slice(at, end);
    body.replaceChildren(text.slice(0, at), hit, text.slice(end));
  }

  #told(): void {
    this.#options.onChange(this.#lines.length, this.#matching);
  }
}

function element(tag: string, name: string): HTMLElement {
  const made = document.createElement(tag);
  if (name !== "") made.className = name;
  return made;
}
