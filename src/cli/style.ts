/** Colour, where it is wanted: a terminal, no NO_COLOR, or `--color always`. */
import type { Io, Out } from "./io.ts";

export type ColorChoice = "auto" | "always" | "never";
type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
  /** One of a few colours, the same for the same name. */
  readonly named: (name: string) => Paint;
}

const NAME_CODES = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

/** The style for one stream: what is not a terminal gets no colour unless told. */
export function styleFor(out: Out, choice: ColorChoice, env: Io["env"]): Style {
  const noColor = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  const on = choice === "always" || (choice === "auto" && out.isTTY === true && !noColor);
  const paint = (code: number): Paint =>
    on ? (text) => `\u001B[${code}m${text}\u001B[0m` : (text) => text;
  return {
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    cyan: paint(36),
    named: (name) => paint(NAME_CODES[sumOf(name) % NAME_CODES.length] ?? 36),
  };
}

function sumOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return sum;
}
