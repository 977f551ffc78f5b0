/** Hides secrets in log lines by their values, wherever in a line they turn up. */

export interface Redaction {
  /** From now on this value is hidden; one too short to be a secret is not remembered. */
  readonly conceal: (value: string) => void;
  /** A line of JSON without any of the values; the same line when it holds none. */
  readonly clean: (line: string) => string;
}

/** Shorter values are found in ordinary words and numbers: hiding them would hide everything. */
export const SECRET_MIN = 4;
/** Values remembered; past that the oldest goes. More than a host has secrets. */
const REMEMBERED = 4_096;
/** Shorter than any secret, so that it holds none. */
const HIDDEN = "***";

export function createRedaction(): Redaction {
  const known = new Set<string>();
  let longestFirst: readonly string[] = [];
  return {
    conceal(value) {
      if (value.length < SECRET_MIN || known.has(value)) return;
      known.add(value);
      for (const oldest of known) {
        if (known.size <= REMEMBERED) break;
        known.delete(oldest);
      }
      // A secret may hold another one; hidden in the other order its rest would stay.
      longestFirst = [...known].toSorted((a, b) => b.length - a.length);
    },
    clean(line) {
      if (!longestFirst.some((value) => line.includes(asJson(value)))) return line;
      const parsed: unknown = JSON.parse(line);
      return `${JSON.stringify(hidden(parsed, longestFirst))}\n`;
    },
  };
}

/** As it stands inside a JSON string. */
function asJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Every text, key and number of a value; replaced within the structure, so that what is left is JSON. */
function hidden(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === "string") return hiddenText(value, secrets);
  if (typeof value === "number") {
    const text = String(value);
    const without = hiddenText(text, secrets);
    return without === text ? value : without;
  }
  if (Array.isArray(value)) return value.map((each: unknown) => hidden(each, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [hiddenText(key, secrets), hidden(each, secrets)]),
  );
}

function hiddenText(text: string, secrets: readonly string[]): string {
  // Split rather than replaced one by one: a secret may lie in the word that stands for another.
  let parts: readonly string[] = [text];
  for (const secret of secrets) parts = parts.flatMap((part) => part.split(secret));
  return parts.join(HIDDEN);
}
