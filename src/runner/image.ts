/** What the runner sees of the image from inside: the environment the engine gave PID 1, and its user database. */
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import type { Environment } from "../model/agent-environment.ts";
import type { UserFiles } from "../model/identity.ts";

const MAX_USER_FILE_BYTES = 1_048_576;

/** The environment the engine gave the container, which only PID 1 still has. */
export function imageEnvironment(path = "/proc/1/environ"): Environment {
  return parseEnvironment(readFileSync(path, "utf8"));
}

/** NUL-separated NAME=value. */
export function parseEnvironment(text: string): Environment {
  const pairs = text.split("\0").flatMap((entry): [string, string][] => {
    const equals = entry.indexOf("=");
    return equals > 0 ? [[entry.slice(0, equals), entry.slice(equals + 1)]] : [];
  });
  return Object.fromEntries(pairs);
}

/** The image's /etc/passwd and /etc/group; empty where the image has none. */
export function readUserFiles(root = "/etc"): UserFiles {
  return { passwd: readCapped(`${root}/passwd`), group: readCapped(`${root}/group`) };
}

/** Not trusted to be a plain small file: opened without blocking, read up to a cap. */
function readCapped(path: string): string {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = Buffer.alloc(MAX_USER_FILE_BYTES);
      return bytes.toString("utf8", 0, readSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
  } catch {
    return "";
  }
}
