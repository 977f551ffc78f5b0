/** Which files make up a declaration: the host file, what it includes, its overlay; the disk is passed in. */
import { posix } from "node:path";
import { BerthError } from "../base/errors.ts";
import { BOUNDS } from "../schema/bounds.ts";
import { BundleFiles } from "./bundle-files.ts";
import type { Loaded } from "./bundle-files.ts";
import { decodeStream } from "./decode.ts";
import { readPattern } from "./disk.ts";
import type { Disk, Text } from "./disk.ts";
import { hasHostKey, NO_HOST } from "./host-keys.ts";
import type { Environment } from "./interpolate.ts";
import { valueOf } from "./node.ts";
import type { MapNode, YamlNode } from "./node.ts";
import { makeSource } from "./source.ts";

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

interface Loading {
  readonly disk: Disk;
  readonly options: LoadOptions;
  readonly taken: BundleFiles;
}

const HOST_NAME = "berth.yaml";

/** Reads a host file, one project file, a directory or stdin (`-`); without a path, looks upward for `berth.yaml`. Project files bring the host file above them. */
export async function gatherBundle(
  path: string | undefined,
  options: LoadOptions,
  disk: Disk,
): Promise<Loaded> {
  const loadingAt = (base: string): Loading => ({ disk, options, taken: new BundleFiles(base) });
  if (path === "-") return gatherText("-", await readStdin(options), loadingAt(options.cwd));
  const found = path === undefined ? findHost(options.cwd, disk) : posix.resolve(options.cwd, path);
  if (found === null) {
    const hint = "write one with `berth init`, or name a file with -f";
    throw missing(`no ${HOST_NAME} here, in a directory above, or in config/`, hint);
  }
  const kind = disk.kind(found);
  if (kind === "absent")
    throw missing(`there is no file ${path ?? found}`, "check the path given with -f");
  const file = kind === "directory" ? hostOf(found, disk) : found;
  if (file === undefined) return gatherDirectory(loadingAt(found));
  return gatherText(posix.basename(file), readEntry(file, disk), loadingAt(posix.dirname(file)));
}

function hostOf(directory: string, disk: Disk): string | undefined {
  return [HOST_NAME, `config/${HOST_NAME}`]
    .map((name) => posix.join(directory, name))
    .find((path) => disk.kind(path) === "file");
}

/** All of its project files, and the host file above them. */
function gatherDirectory(loading: Loading): Loaded {
  const { disk, taken } = loading;
  taken.take(NO_HOST, { ok: true, text: "", brokenAt: null });
  const listed = disk.list(taken.base, readPattern("*.{yaml,yml}"));
  if (!listed.ok || listed.files.length === 0) {
    throw missing(`no YAML files in ${taken.base}`, "name a directory that holds project files");
  }
  for (const name of listed.files) taken.take(name, disk.read(posix.join(taken.base, name)));
  return taken.bundle(NO_HOST, takeHostAbove(loading));
}

/** What project files inherit; the projects it declares or includes itself are not meant. Its overlay, if one is asked for. */
function takeHostAbove(loading: Loading): readonly string[] {
  const { disk, options, taken } = loading;
  const path = findHost(taken.base, disk);
  if (path === null) {
    refuseOverlay(options);
    return [];
  }
  taken.take(posix.relative(taken.base, path), readEntry(path, disk));
  return takeOverlay(loading, path);
}

/** A host file brings its includes and overlay; a project file brings the host file above it. */
async function gatherText(entry: string, text: Text, loading: Loading): Promise<Loaded> {
  const { options, taken } = loading;
  taken.take(entry, text);
  const tree = isHostAlone(taken.text(entry)) ? null : await treeOf(entry, loading);
  const single = tree?.kind === "map" && (await isProject(tree));
  if (single) return taken.bundle(entry, takeHostAbove(loading));
  takeIncludes(loading, tree);
  if (entry !== "-")
    return taken.bundle(entry, takeOverlay(loading, posix.join(taken.base, entry)));
  refuseOverlay(options);
  return taken.bundle(entry, []);
}

/** The schemas know a project's keys; they are loaded only where a host file's keys do not answer already. */
async function isProject(map: MapNode): Promise<boolean> {
  if (hasHostKey(map)) return false;
  const { looksLikeProject } = await import("./files.ts");
  return looksLikeProject(map);
}

function takeIncludes({ disk, taken }: Loading, tree: YamlNode | null): void {
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
    const listed = disk.list(taken.base, pattern);
    if (!listed.ok) {
      const message = `include ${pattern.text} ${listed.message}`;
      taken.complain(item.span, { code: "declare.file-unreadable", message });
      continue;
    }
    for (const name of listed.files.filter((file) => !taken.has(file)))
      taken.take(name, disk.read(posix.join(taken.base, name)), item.span);
  }
}

const ENVIRONMENT_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;

function takeOverlay({ disk, options, taken }: Loading, hostPath: string): readonly string[] {
  const { environmentName } = options;
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
  const name = posix.relative(taken.base, path);
  if (disk.kind(path) === "absent")
    throw missing(
      `there is no overlay ${name} for the environment ${environmentName}`,
      `write it, or unset BERTH_ENV`,
    );
  taken.drop(name); // an include may have matched it too
  taken.take(name, readEntry(path, disk));
  return [name];
}

function refuseOverlay({ environmentName }: LoadOptions): void {
  if (environmentName === null) return;
  throw missing(
    `the environment ${environmentName} needs a host file to stand beside`,
    `add ${HOST_NAME}, or unset BERTH_ENV`,
  );
}

/**
 * Whether these words alone tell that it is a host file, and names no other: what stands at the beginning of a line is a key
 * of the outermost map, and without an escape no key is spelled otherwise. Reading YAML takes most of a short verb's time.
 */
function isHostAlone(text: string): boolean {
  return /^(?:host|projects):(?:\s|$)/m.test(text) && !/include|\\/.test(text);
}

/** The entry's tree as far as it can be read; parsing tells its problems later. */
async function treeOf(entry: string, { options, taken }: Loading): Promise<YamlNode | null> {
  const [{ readTree }, { makeExpand }] = await Promise.all([
    import("./tree.ts"),
    import("./expand.ts"),
  ]);
  return readTree(makeSource(entry, taken.text(entry)), [], makeExpand(options.env, []));
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
  return decodeStream(stdin);
}

function missing(detail: string, hint: string): BerthError {
  return new BerthError("declaration", { code: "declare.file-missing", detail, hint });
}
