/** Reading what others write into pipes and FIFOs: whatever comes is taken at once, and nobody waits for us. */
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";

/** A pipe holds as much. Reads happen one after another and their bytes are taken at once, so all readers share one buffer. */
const shared = Buffer.alloc(65_536);

/** What makes FIFOs: the launcher. Node has no call for it. */
export type FifoMaker = Readonly<{ makeFifos(paths: readonly string[]): Promise<void> }>;

/** Does not wait for a writer. */
export function openForReading(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

export interface PipeReader {
  /** Resolves when nobody can write any more, or after `destroy`. */
  readonly ended: Promise<void>;
  destroy(): void;
}

/** Reads to the end; `take` must be done with the bytes when it returns. */
export function readPipe(readFd: number, take: (bytes: Uint8Array) => void): PipeReader {
  const socket = new Socket({
    fd: readFd,
    readable: true,
    writable: false,
    onread: {
      buffer: shared,
      callback: (length, bytes) => {
        take(bytes.subarray(0, length));
        return true;
      },
    },
  });
  const ended = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
  });
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.destroy());
  socket.resume();
  return { ended, destroy: () => void socket.destroy() };
}
