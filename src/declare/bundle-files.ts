/** The files taken for a bundle so far, within its bounds, and what was wrong with them. */
import type { Bundle } from "../model/bundle.ts";
import { BOUNDS } from "../schema/bounds.ts";
import type { Text } from "./disk.ts";
import type { Problem } from "./problem.ts";
import { makeSource, problemAt } from "./source.ts";
import type { Complaint, Span } from "./source.ts";

export interface Loaded {
  /** As on disk, not interpolated: parse it with the environment for exact positions, interpolate it to send it. */
  readonly bundle: Bundle;
  /** Includes and files that could not be read; pass them to `parseBundle` as `found`. */
  readonly problems: readonly Problem[];
}

export class BundleFiles {
  /** The directory that names are relative to. */
  readonly base: string;
  readonly #texts = new Map<string, string>();
  readonly #problems: Problem[] = [];
  #size = 0;

  constructor(base: string) {
    this.base = base;
  }

  has(name: string): boolean {
    return this.#texts.has(name);
  }

  /** Empty when it was not taken. */
  text(name: string): string {
    return this.#texts.get(name) ?? "";
  }

  drop(name: string): void {
    this.#texts.delete(name);
  }

  /** One that could not be read is a problem where it was `named`, and one that is no UTF-8 where it stops being so. */
  take(name: string, text: Text, named: Span | null = null): void {
    if (!text.ok) {
      const message = `${name} ${text.message}`;
      return this.complain(named, { code: "declare.file-unreadable", message });
    }
    this.#size += text.text.length;
    if (this.#size > BOUNDS.bundleBytes || this.#texts.size >= BOUNDS.files) {
      const message = `more than ${BOUNDS.files} files or ${BOUNDS.bundleBytes} bytes are too many`;
      return this.complain(named, { code: "declare.too-big", message });
    }
    this.#texts.set(name, text.text);
    if (text.brokenAt === null) return;
    const source = makeSource(name, text.text);
    const at = { source, start: text.brokenAt, end: text.brokenAt + 1 };
    const message = "the file is not UTF-8 from here on";
    this.complain(at, { code: "declare.file-unreadable", message });
  }

  /** Without a place there is nothing to point at. */
  complain(at: Span | null, complaint: Complaint): void {
    if (at !== null) this.#problems.push(problemAt(at, complaint));
  }

  bundle(entry: string, overlays: readonly string[]): Loaded {
    const files = Object.fromEntries(this.#texts);
    return { bundle: { entry, files, base: this.base, overlays }, problems: this.#problems };
  }
}
