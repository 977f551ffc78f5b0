/** Numbers and times for people: rounded and of steady width; exact values are in the API. */
import { roundedAge, roundedSize } from "../base/rounded.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** `128 MiB`, `1.5 GiB`; `–` for what is unknown. */
export function sizeText(bytes: number | null): string {
  return bytes === null ? "–" : roundedSize(bytes).join(" ");
}

/** `4 s`, `12 min`, `3 h`, `9 d`. */
export function ageText(ms: number): string {
  const [count, unit] = roundedAge(ms);
  return `${count} ${unit === "m" ? "min" : unit}`;
}

/** How long something takes: `450 ms`, `3.2 s`, `2 min 10 s`. */
export function spanText(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ${Math.floor((ms % MINUTE) / SECOND)} s`;
  return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
}

/** `12 %`, `0.4 %`; `–` for what is unknown. */
export function percentText(percent: number | null): string {
  if (percent === null) return "–";
  return `${percent >= 10 ? Math.round(percent) : Math.round(percent * 10) / 10} %`;
}

/** `1.5` cores. */
export function coresText(cores: number): string {
  return String(Math.round(cores * 100) / 100);
}

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const FULL = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "medium",
  hourCycle: "h23",
});

/** `13:15:24` in the browser's time zone. */
export function clockText(at: number): string {
  return CLOCK.format(at);
}

/** With the day. */
export function timeText(at: number): string {
  return FULL.format(at);
}

/** `1 task`, `3 tasks`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
