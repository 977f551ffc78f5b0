/** Words of others, shown: control characters steer terminals, break lines of logs, and databases refuse some of them. */

/** Each run of control characters becomes a space, or what it holds of those that are `kept` ("\n"). */
export function withoutControls(text: string, kept = ""): string {
  return text.replaceAll(/\p{Cc}+/gu, (run) => {
    const left = run.split("").filter((each) => kept.includes(each));
    return left.length === 0 ? " " : left.join("");
  });
}

/** Whether the database takes it as a text: neither a NUL nor half a surrogate pair is in it. */
export function isKeepable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

const ESCAPE = "\u001B";
/** A control character, with what makes it a colour (SGR) when it is an escape. */
const STEERING = /\p{Cc}(?:\[[\d;:]*m)?/gu;

/** A line for a terminal: only tabs and colours, ended with it, get through; any other control character is shown as U+FFFD. */
export function tamed(line: string): string {
  let coloured = false;
  // a line that ended with CR LF carries the CR still
  const shown = line.replace(/\r$/, "").replaceAll(STEERING, (found) => {
    if (found.startsWith("\t")) return found;
    if (!found.startsWith(ESCAPE) || found.length === 1) return `\uFFFD${found.slice(1)}`;
    coloured = true;
    return found;
  });
  return coloured ? `${shown}${ESCAPE}[0m` : shown;
}
