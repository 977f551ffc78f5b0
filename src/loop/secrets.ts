/** Projects' secrets: files below BERTH_SECRETS_DIR, read when a runner is to have them; why one could not be read is remembered. */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Session } from "./session.ts";

/** A secret larger than this is not a secret but a file. */
const MAX_SECRET_BYTES = 64 * 1024;
/** Whatever takes the file's place once it was looked at: opening it must not wait for a writer. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

export interface SecretsRead {
  /** Base64, by name. */
  readonly values: Readonly<Record<string, string>>;
  /** Why there is none, by name. */
  readonly faults: ReadonlyMap<string, string>;
}

type Found = Readonly<{ bytes: Buffer }> | Readonly<{ fault: string }>;

/** A project's secrets for its runner; from now on no line of the log shows their values. */
export async function secretsFor(
  { settings, log, world }: Pick<Session, "settings" | "log" | "world">,
  project: string,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const { values, faults } = await readSecrets(settings.secretsDir, project, names);
  const others = [...(world.secretFaults.get(project) ?? [])].filter(
    ([name]) => !names.includes(name),
  );
  world.secretFaults.set(project, new Map([...others, ...faults]));
  for (const value of Object.values(values)) {
    const text = Buffer.from(value, "base64").toString("utf8");
    for (const form of [value, text, text.trim()]) log.conceal(form);
  }
  return values;
}

/** Reads `<dir>/<project>/<NAME>` for each name; the runner waits for what cannot be read. */
export async function readSecrets(
  dir: string | null,
  project: string,
  names: readonly string[],
): Promise<SecretsRead> {
  const values: Record<string, string> = {};
  const faults = new Map<string, string>();
  for (const name of names) {
    const found = await (dir === null
      ? { fault: "BERTH_SECRETS_DIR is not set" }
      : readSecret(join(dir, project, name)));
    if ("fault" in found) faults.set(name, found.fault);
    else values[name] = found.bytes.toString("base64");
  }
  return { values, faults };
}

/** Looked at before it is opened, which may wait or do something, and read no further than a secret may reach. */
async function readSecret(path: string): Promise<Found> {
  try {
    const seen = faultOf(await stat(path));
    if (seen !== null) return { fault: seen };
    const file = await open(path, READ);
    try {
      const opened = faultOf(await file.stat());
      if (opened !== null) return { fault: opened };
      const bytes = await readAtMost(file, MAX_SECRET_BYTES + 1);
      return bytes.length > MAX_SECRET_BYTES ? { fault: TOO_LARGE } : { bytes };
    } finally {
      await file.close();
    }
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : null;
    const absent = code === "ENOENT" || code === "ENOTDIR";
    return { fault: absent ? "absent" : `unreadable: ${code ?? String(thrown)}` };
  }
}

const TOO_LARGE = `larger than ${MAX_SECRET_BYTES / 1024} KiB`;

function faultOf(file: Stats): string | null {
  if (!file.isFile()) return "not a file";
  return file.size > MAX_SECRET_BYTES ? TOO_LARGE : null;
}

async function readAtMost(file: FileHandle, most: number): Promise<Buffer> {
  const buffer = Buffer.alloc(most);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, most - length);
    length += bytesRead;
    if (bytesRead === 0 || length === most) return buffer.subarray(0, length);
  }
}
