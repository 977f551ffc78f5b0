/** Reading small files of a spool: never through a link, never more than a bound. */
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

/** O_NONBLOCK: a FIFO in place of a file must not hang us. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a file for reading without following a link in its last part. */
export function openToRead(path: string): Promise<FileHandle> {
  return open(path, READ);
}

/** The first `maxBytes` of a file. */
export async function readWhole(path: string, maxBytes: number): Promise<Buffer> {
  const handle = await openToRead(path);
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } finally {
    await handle.close();
  }
}
