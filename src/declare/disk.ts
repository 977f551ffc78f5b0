/** What gathering files asks of a disk, and `include:` patterns taken apart without touching one. */
import { posix } from "node:path";

export type Text =
  /** `brokenAt`: offset in the text of the first byte that is no UTF-8, shown there as U+FFFD. */
  | Readonly<{ ok: true; text: string; brokenAt: number | null }>
  | Readonly<{ ok: false; message: string }>;

export type Listed =
  | Readonly<{ ok: true; files: readonly string[] }>
  | Readonly<{ ok: false; message: string }>;

/** Paths are absolute. */
export interface Disk {
  readonly kind: (path: string) => "file" | "directory" | "absent";
  readonly read: (path: string) => Text;
  /** Files a pattern names, relative to `base`, sorted; a missing path or directory is said, an empty match is not wrong. */
  readonly list: (base: string, pattern: IncludePattern) => Listed;
}

export interface IncludePattern {
  readonly text: string;
  /** The part before the first wildcard, `.` when there is none. */
  readonly directory: string;
  /** The rest, a glob below that directory; null for a literal path. */
  readonly glob: string | null;
  /** Directories below `directory` that can hold a match. */
  readonly depth: number;
}

/** As deep as `**` looks: projects are kept beside their host file, not across a disk. */
const DEEPEST = 8;

/** A pattern with its fixed directory apart. */
export function readPattern(text: string): IncludePattern {
  const parts = posix.normalize(text).split("/");
  const first = parts.findIndex((part) => /[*?[\]{}]/.test(part));
  if (first < 0) return { text, directory: text, glob: null, depth: 0 };
  const rest = parts.slice(first);
  const fixed = parts.slice(0, first).join("/");
  const directory = fixed === "" ? (text.startsWith("/") ? "/" : ".") : fixed;
  return {
    text,
    directory,
    glob: rest.join("/"),
    depth: rest.includes("**") ? DEEPEST : rest.length - 1,
  };
}

/** Whether a path below the pattern's directory matches it. */
export function matches(pattern: IncludePattern, path: string): boolean {
  return pattern.glob !== null && posix.matchesGlob(path, pattern.glob);
}
