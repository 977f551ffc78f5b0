/** Which files make up a declaration: the host file, what it includes, its overlay; the disk is passed in. */
import { posix } from "node:path";
import { BerthError } from "../base/errors.ts";
import type { Bundle } from "../model/bundle.ts";
import { BOUNDS } from "../schema/bounds.ts";
import { makeExpand } from "./expand.ts";
import { hasHostKey } from "./host-keys.ts";
import type { Environment } from "./interpolate.ts";
import { valueOf } from "./node.ts";
import type { MapNode, YamlNode } from "./node.ts";
import type { Problem } from "./problem.ts";
import { makeSource, problemAt } from "./source.ts";
import type { Span } from "./source.ts";
import { readTree } from "./tree.ts";
import { readPattern } from "./disk.ts";
import type { Disk, Text } from "./disk.ts";

export interface LoadOptions {
  /** Only used to expand variables inside `include:`; the texts are returned as they are on disk. */
  readonly env: Environment;
  /** Names the overlay `berth.<name>.yaml` beside the host file. */
  readonly environmentName: string | null;
  /** Absolute. */
  readonly cwd: string;
  /** Read for the path `-`. */
  readonly stdin: AsyncIterable<Uint8Array | string> | null;
}

export interface Loaded {
  /** As on disk, not interpolated: parse it with the environment for exact positions, interpolate it to send it. */
  readonly bundle: Bundle;
  /** Includes and files that could not be read; pass them to `parseBundle` as `found`. */
  readonly problems: readonly Problem[];
}

interface Loading {
  readonly disk: Disk;
  readonly base: string;
  readonly options: LoadOptions;
  readonly files: Map<string, string>;
  readonly problems: Problem[];
  bytes: number;
}

const HOST_NAME = "berth.yaml";
/** The entry of a directory without a host file: empty, so that the built-in host settings hold. */
const NO_HOST = ".";

/** Reads a host file, one project file, a directory or stdin (`-`); without a path, looks upward for `berth.yaml`. */
export async function gatherBundle(
  path: string | undefined,
  options: LoadOptions,
  disk: Disk,
): Promise<Loaded> {
  if (path === "-")
    return gatherText("-", await readStdin(options), start(options.cwd, options, disk));
  const found = path === undefined ? findHost(options.cwd, disk) : posix.resolve(options.cwd, path);
  if (found === null) {
    const hint = "write one with `berth init`, or name a file with -f";
    throw missing(`no ${HOST_NAME} here, in a directory above, or in config/`, hint);
  }
  const kind = disk.kind(found);
  if (kind === "absent")
    throw missing(`there is no file ${path ?? found}`, "check the path given with -f");
  if (kind === "directory") return gatherDirectory(found, options, disk);
  return gatherText(
    posix.basename(found),
    readEntry(found, disk),
    start(posix.dirname(found), options, disk),
  );
}

async function gatherDirectory(
  directory: string,
  options: LoadOptions,
  disk: Disk,
): Promise<Loaded> {
  const candidates = [HOST_NAME, `config/${HOST_NAME}`].map((name) => posix.join(directory, name));
  const host = candidates.find((path) => disk.kind(path) === "file");
  if (host !== undefined)
    return gatherText(HOST_NAME, readEntry(host, disk), start(posix.dirname(host), options, disk));
  const loading = start(directory, options, disk);
  loading.files.set(NO_HOST, "");
  const listed = disk.list(directory, readPattern("*.{yaml,yml}"));
  if (!listed.ok || listed.files.length === 0) {
    throw missing(`no YAML files in ${directory}`, "name a directory that holds project files");
  }
  refuseOverlay(options);
  for (const name of listed.files)
    take(loading, name, { text: disk.read(posix.join(directory, name)), named: null });
  return finish(loading, NO_HOST, []);
}

/** A host file brings its includes and overlay; a project file brings the host file above it. */
async function gatherText(entry: string, text: Text, loading: Loading): Promise<Loaded> {
  const { base, disk } = loading;
  take(loading, entry, { text, named: null });
  const tree = treeOf(loading, entry);
  const single = tree?.kind === "map" && (await isProject(tree));
  const hostPath = single ? findHost(base, disk) : posix.join(base, entry);
  if (hostPath === null || (entry === "-" && !single)) {
    if (!single) takeIncludes(loading, tree);
    refuseOverlay(loading.options);
    return finish(loading, entry, []);
  }
  if (single)
    take(loading, posix.relative(base, hostPath), { text: readEntry(hostPath, disk), named: null });
  else takeIncludes(loading, tree);
  return finish(loading, entry, takeOverlay(loading, hostPath));
}

/** The schemas know a project's keys; they are loaded only where a host file's keys do not answer already. */
async function isProject(map: MapNode): Promise<boolean> {
  if (hasHostKey(map)) return false;
  const { looksLikeProject } = await import("./files.ts");
  return looksLikeProject(map);
}

function start(base: string, options: LoadOptions, disk: Disk): Loading {
  return { disk, base, options, files: new Map(), problems: [], bytes: 0 };
}

function finish(loading: Loading, entry: string, overlays: readonly string[]): Loaded {
  const files = Object.fromEntries(loading.files);
  return { bundle: { entry, files, base: loading.base, overlays }, problems: loading.problems };
}

/** Keeps a text; one that could not be read is a problem where it was named, and one that is no UTF-8 where it stops being so. */
function take(
  loading: Loading,
  name: string,
  { text, named }: Readonly<{ text: Text; named: Span | null }>,
): void {
  if (!text.ok) {
    if (named !== null)
      loading.problems.push(
        problemAt(named, { code: "declare.file-unreadable", message: `${name} ${text.message}` }),
      );
    return;
  }
  loading.bytes += text.text.length;
  if (loading.bytes > BOUNDS.bundleBytes || loading.files.size >= BOUNDS.files) {
    const message = `more than ${BOUNDS.files} files or ${BOUNDS.bundleBytes} bytes are too many`;
    if (named !== null)
      loading.problems.push(problemAt(named, { code: "declare.too-big", message }));
    return;
  }
  loading.files.set(name, text.text);
  if (text.brokenAt === null) return;
  const source = makeSource(name, text.text);
  const span: Span = { source, start: text.brokenAt, end: text.brokenAt + 1 };
  loading.problems.push(
    problemAt(span, {
      code: "declare.file-unreadable",
      message: "the file is not UTF-8 from here on",
    }),
  );
}

function takeIncludes(loading: Loading, tree: YamlNode | null): void {
  const include = tree === null ? undefined : valueOf(tree, "include");
  if (include?.kind !== "list" || include.items.length > BOUNDS.includes) return; // the schema says what is wrong with it
  for (const item of include.items) {
    if (
      item.kind !== "scalar" ||
      typeof item.value !== "string" ||
      item.value === "" ||
      item.value.includes("\0")
    )
      continue;
    const pattern = readPattern(item.value);
    const listed = loading.disk.list(loading.base, pattern);
    if (!listed.ok) {
      loading.problems.push(
        problemAt(item.span, {
          code: "declare.file-unreadable",
          message: `include ${pattern.text} ${listed.message}`,
        }),
      );
      continue;
    }
    for (const name of listed.files) {
      if (!loading.files.has(name))
        take(loading, name, {
          text: loading.disk.read(posix.join(loading.base, name)),
          named: item.span,
        });
    }
  }
}

const ENVIRONMENT_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

function takeOverlay(loading: Loading, hostPath: string): readonly string[] {
  const { environmentName } = loading.options;
  if (environmentName === null) return [];
  if (!ENVIRONMENT_NAME.test(environmentName)) {
    const detail = `${JSON.stringify(environmentName.slice(0, 40))} is no environment name`;
    throw new BerthError("usage", {
      code: "declare.environment-name",
      detail,
      hint: "use lower-case letters, digits, - and _",
    });
  }
  const path = hostPath.replace(/(?:\.ya?ml)?$/, `.${environmentName}.yaml`);
  const name = posix.relative(loading.base, path);
  if (loading.disk.kind(path) === "absent")
    throw missing(
      `there is no overlay ${name} for the environment ${environmentName}`,
      `write it, or unset BERTH_ENV`,
    );
  loading.files.delete(name); // an include may have matched it too
  take(loading, name, { text: readEntry(path, loading.disk), named: null });
  return [name];
}

function refuseOverlay({ environmentName }: LoadOptions): void {
  if (environmentName === null) return;
  throw missing(
    `the environment ${environmentName} needs a host file to stand beside`,
    `add ${HOST_NAME}, or unset BERTH_ENV`,
  );
}

/** The entry's tree as far as it can be read; parsing tells its problems later. */
function treeOf(loading: Loading, entry: string): YamlNode | null {
  return readTree(
    makeSource(entry, loading.files.get(entry) ?? ""),
    [],
    makeExpand(loading.options.env, []),
  );
}

/** The nearest `berth.yaml` upward, then the nearest `config/berth.yaml`. */
function findHost(from: string, disk: Disk): string | null {
  const directories: string[] = [from];
  for (let at = from; posix.dirname(at) !== at; at = posix.dirname(at))
    directories.push(posix.dirname(at));
  for (const name of [HOST_NAME, `config/${HOST_NAME}`]) {
    const found = directories
      .map((directory) => posix.join(directory, name))
      .find((path) => disk.kind(path) === "file");
    if (found !== undefined) return found;
  }
  return null;
}

function readEntry(path: string, disk: Disk): Text {
  const text = disk.read(path);
  if (!text.ok) throw missing(`${path} ${text.message}`, "check the file and its permissions");
  return text;
}

async function readStdin({ stdin }: LoadOptions): Promise<Text> {
  if (stdin === null) throw missing("there is no standard input to read", "name a file with -f");
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, "utf8") : Buffer.from(chunk);
    size += bytes.length;
    chunks.push(bytes);
    if (size > BOUNDS.fileBytes) break; // parsing refuses it by its size
  }
  return decode(Buffer.concat(chunks));
}

function missing(detail: string, hint: string): BerthError {
  return new BerthError("declaration", { code: "declare.file-missing", detail, hint });
}

/** Bytes as text; what is no UTF-8 is marked instead of guessed. */
export function decode(bytes: Uint8Array): Text {
  const lossy = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { ok: true, text: lossy, brokenAt: null };
  } catch {
    return { ok: true, text: lossy, brokenAt: Math.max(0, lossy.indexOf("\uFFFD")) };
  }
}
