/** A bundle: the declaration files as text, as the CLI read and interpolated them and as a generation keeps them. */

export interface Bundle {
  /** The file the operator named; a key of `files`. */
  readonly entry: string;
  /** Name (relative to the entry's directory) to text. */
  readonly files: Readonly<Record<string, string>>;
  /** Absolute directory of the entry file: where relative paths start. Also names the declaring source, `<base>/<entry>`. */
  readonly base: string;
  /** Overlay file names, in order; keys of `files`. */
  readonly overlays: readonly string[];
}

/** One source's part of an accepted set; its bundle is null once it is forgotten. */
export interface SourceBundle {
  readonly source: string;
  readonly bundle: Bundle | null;
}
