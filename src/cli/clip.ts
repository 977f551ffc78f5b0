/** Clipping: long values on one short line, so that lists stay readable; they are whole in json and yaml. */

const MAX_VALUE = 60;

export function clip(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= MAX_VALUE ? line : `${line.slice(0, MAX_VALUE - 1)}…`;
}
