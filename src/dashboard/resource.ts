/** Something read from the daemon for a page: loading, there, or a fault, and read again when what it depends on moves. */
import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { faultText } from "./act.ts";

export type Resource<T> =
  | Readonly<{ kind: "loading" }>
  | Readonly<{ kind: "there"; value: T }>
  | Readonly<{ kind: "fault"; text: string; hint: string | null }>;

/** No resource is read more often than this, however often its version moves. */
const EVERY_MS = 500;

export interface Asked<T> {
  /** What is read: another one shows `loading` first. */
  readonly subject: string;
  /** Read again when this moves; what is there stays meanwhile. */
  readonly version?: string | number;
  readonly read: () => Promise<T>;
}

export function useResource<T>({
  subject,
  version = 0,
  read,
}: Asked<T>): ReadonlySignal<Resource<T>> {
  const found = useSignal<Resource<T>>({ kind: "loading" });
  const turn = useRef({ subject: "", readAt: 0, number: 0, shown: 0 });
  useEffect(() => {
    const mine = turn.current;
    if (mine.subject !== subject) {
      Object.assign(mine, { subject, readAt: 0, shown: mine.number });
      found.value = { kind: "loading" };
    }
    const load = async (): Promise<void> => {
      mine.number += 1;
      mine.readAt = Date.now();
      const { number } = mine;
      const result = await resultOf(read);
      // an answer counts unless a later one, or one about something else, is shown already
      if (number <= mine.shown || (result.kind === "fault" && found.peek().kind === "there"))
        return;
      mine.shown = number;
      found.value = result;
    };
    const timer = setTimeout(() => void load(), Math.max(0, mine.readAt + EVERY_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [subject, version]);
  return found;
}

async function resultOf<T>(read: () => Promise<T>): Promise<Resource<T>> {
  try {
    return { kind: "there", value: await read() };
  } catch (thrown) {
    return { kind: "fault", ...faultText(thrown) };
  }
}
