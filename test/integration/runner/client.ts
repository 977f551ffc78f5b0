/** A test's end of the control socket: speaks frames, remembers what came. */
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { AgentStatus } from "../../../src/model/agent.ts";
import { encodeFrame, runnerFrameReader } from "../../../src/protocol/codec.ts";
import type { DaemonFrame, RunnerFrame } from "../../../src/protocol/frame.ts";
import { eventually } from "./eventually.ts";

type Of<K extends RunnerFrame["kind"]> = Extract<RunnerFrame, { kind: K }>;
/** Commands take their id from the client. */
type Asking = DaemonFrame extends infer F
  ? F extends { id: number }
    ? Omit<F, "id">
    : never
  : never;

export class Client {
  readonly frames: RunnerFrame[] = [];
  closed = false;
  readonly socket: Socket;
  #nextId = 1;

  private constructor(socket: Socket) {
    this.socket = socket;
    const reader = runnerFrameReader();
    socket.on("data", (chunk: Buffer) => this.frames.push(...reader.push(chunk).frames));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.closed = true;
    });
  }

  static open(path: string): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.removeListener("error", reject);
        resolve(new Client(socket));
      });
    });
  }

  send(frame: DaemonFrame): void {
    this.socket.write(encodeFrame(frame));
  }

  /** Sends a command and waits for its reply. */
  async ask(frame: Asking): Promise<Of<"reply">> {
    const id = this.#nextId;
    this.#nextId += 1;
    this.send({ ...frame, id });
    return this.frame("reply", (reply) => reply.id === id);
  }

  frame<K extends RunnerFrame["kind"]>(
    kind: K,
    wanted: (frame: Of<K>) => boolean = () => true,
  ): Promise<Of<K>> {
    const is = (frame: RunnerFrame): frame is Of<K> => isKind(frame, kind) && wanted(frame);
    return eventually(`frame ${kind}`, () => this.frames.findLast(is));
  }

  /** The latest status frame whose agent (replica 0) satisfies `wanted`. */
  async status(
    agent: string,
    wanted: (status: AgentStatus) => boolean = () => true,
  ): Promise<AgentStatus> {
    return eventually(`status of ${agent}`, () => {
      const latest = this.frames.findLast((frame) => frame.kind === "status");
      return (
        latest?.kind === "status" &&
        latest.agents.find((each) => each.agent === agent && wanted(each))
      );
    });
  }

  close(): void {
    this.socket.destroy();
  }
}

function isKind<K extends RunnerFrame["kind"]>(frame: RunnerFrame, kind: K): frame is Of<K> {
  return frame.kind === kind;
}
