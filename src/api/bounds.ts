/** Every bound of the API in one place; each refuses, none grows. */

const MIB = 1_048_576;

export interface Bounds {
  /** Body of `plan` and `apply`: a bundle of 16 MiB as JSON, with room for escapes of line ends. */
  readonly bundleBodyBytes: number;
  /** Body of a submission: many tasks, or one with a payload that is only just too large, which is said in its own words. */
  readonly tasksBodyBytes: number;
  readonly bodyBytes: number;
  readonly headerBytes: number;
  readonly headers: number;
  readonly connections: number;
  /** A request, head and body, must have arrived within this time. */
  readonly requestMs: number;
  /** Readers of events and logs at once. */
  readonly streamReaders: number;
  /** Text held for one reader that does not read. */
  readonly streamBufferBytes: number;
  /** Silence after which a stream says that it is alive. */
  readonly heartbeatMs: number;
  readonly terminals: number;
  /** One frame of a terminal. */
  readonly terminalFrameBytes: number;
  /** From the handshake to the first message. */
  readonly terminalStartMs: number;
  /** How long `close` waits for requests in flight. */
  readonly closeMs: number;
}

export const BOUNDS: Bounds = {
  bundleBodyBytes: 17 * MIB,
  tasksBodyBytes: 16 * MIB,
  bodyBytes: MIB,
  headerBytes: 16_384,
  headers: 64,
  connections: 512,
  requestMs: 10_000,
  streamReaders: 64,
  streamBufferBytes: MIB / 4,
  heartbeatMs: 15_000,
  terminals: 32,
  terminalFrameBytes: MIB,
  terminalStartMs: 10_000,
  closeMs: 2_000,
};
