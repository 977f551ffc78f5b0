/** Numbers of things, for people. */

/** `1 task`, `2 tasks`; null is a number nobody could tell: `? tasks`. */
export function counted(count: number | null, noun: string): string {
  return `${count ?? "?"} ${noun}${count === 1 ? "" : "s"}`;
}
