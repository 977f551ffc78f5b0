/** Text written by agents made harmless to show: no escape sequences, no control characters, no text that runs backwards. */

/** CSI and OSC sequences, then what is left of escapes, as ECMA-48 forms them: `E` is ESC, `B` is BEL. */
const ESCAPES = new RegExp(
  ["E\\[[0-?]*[ -/]*[@-~]", "E\\][^BE]*(?:B|E\\\\)?", "E[ -/]*[0-~]"]
    .join("|")
    .replaceAll("E", "\\x1b")
    .replaceAll("B", "\\x07"),
  "g",
);
/** Everything that prints nothing itself but changes what is around it. */
const HIDDEN = /(?!\t)[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const PICTURES = 0x2400;
const DELETE = 0x7f;

/** One line as it may be shown; control characters become their pictures (`␇`). */
export function plainText(text: string): string {
  return text.replaceAll(ESCAPES, "").replaceAll(HIDDEN, picture);
}

/** Text of several lines. */
export function plainLines(text: string): string {
  return text.split("\n").map(plainText).join("\n");
}

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(PICTURES + code);
  if (code === DELETE) return "␡";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
