/** Finds and reads the files of a declaration: the only file of this room that touches a disk, within bounds. */
import {
  closeSync,
  constants,
  fstatSync,
  opendirSync,
  openSync,
  readSync,
  statSync,
} from "node:fs";
import type { Dirent } from "node:fs";
import { posix } from "node:path";
import { BOUNDS } from "../schema/bounds.ts";
import { matches } from "./disk.ts";
import type { Disk, IncludePattern, Listed, Text } from "./disk.ts";
import type { Loaded } from "./bundle-files.ts";
import { decode } from "./decode.ts";
import { gatherBundle } from "./gather.ts";
import type { LoadOptions } from "./gather.ts";

const disk: Disk = { kind, read, list };

/** Reads a host file, one project file, a directory or stdin (`-`); without a path, looks upward for `berth.yaml`. */
export async function loadBundle(path: string | undefined, options: LoadOptions): Promise<Loaded> {
  return gatherBundle(path, options, disk);
}

/** Directory entries one include may look at; a thousand projects with their repositories beside them stay below. */
const MAX_VISITED = 20_000;

function kind(path: string): "file" | "directory" | "absent" {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return "absent";
  return found.isDirectory() ? "directory" : "file";
}

/** A regular file's text, at most one byte past the bound, so that its size is noticed and never paid for. */
function read(path: string): Text {
  let descriptor: number | null = null;
  try {
    // Not blocking: opening a FIFO must not wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(descriptor).isFile()) return { ok: false, message: "is not a regular file" };
    const bytes = Buffer.alloc(BOUNDS.fileBytes + 1);
    let size = 0;
    for (let got = -1; got !== 0 && size < bytes.length; size += got) {
      got = readSync(descriptor, bytes, size, bytes.length - size, null);
    }
    return decode(bytes.subarray(0, size));
  } catch (thrown) {
    return { ok: false, message: wordsFor(thrown) };
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function list(base: string, pattern: IncludePattern): Listed {
  const root = posix.resolve(base, pattern.directory);
  try {
    if (pattern.glob === null) {
      statSync(root);
      return { ok: true, files: [posix.relative(base, root)] };
    }
    const files: string[] = [];
    const left = { visits: MAX_VISITED };
    walk(root, { pattern, prefix: "", depth: pattern.depth, left, files });
    if (left.visits <= 0)
      return { ok: false, message: `looks through more than ${MAX_VISITED} directory entries` };
    return {
      ok: true,
      files: files.map((file) => posix.relative(base, posix.join(root, file))).toSorted(),
    };
  } catch (thrown) {
    return { ok: false, message: wordsFor(thrown) };
  }
}

interface Walk {
  readonly pattern: IncludePattern;
  /** Path of this directory below the pattern's, with a slash at its end. */
  readonly prefix: string;
  readonly depth: number;
  readonly left: { visits: number };
  readonly files: string[];
}

/** Symbolic links are followed to files but not into directories, so that no walk can go in circles. */
function walk(directory: string, at: Walk): void {
  const open = opendirSync(directory);
  try {
    for (let entry = open.readSync(); entry !== null && at.left.visits > 0; entry = open.readSync())
      visit(directory, entry, at);
  } finally {
    open.closeSync();
  }
}

function visit(directory: string, entry: Dirent, at: Walk): void {
  at.left.visits -= 1;
  const path = `${at.prefix}${entry.name}`;
  if (!entry.isDirectory()) {
    if (matches(at.pattern, path) && at.files.length < BOUNDS.files) at.files.push(path);
  } else if (at.depth > 0) {
    walk(posix.join(directory, entry.name), { ...at, prefix: `${path}/`, depth: at.depth - 1 });
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "may not be read",
  EPERM: "may not be read",
  EISDIR: "is a directory",
  ENOTDIR: "lies below something that is no directory",
  ELOOP: "is a circle of symbolic links",
  ENXIO: "is not a regular file",
};

function wordsFor(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  return WORDS[code] ?? `cannot be read (${code === "" ? "unknown error" : code})`;
}
