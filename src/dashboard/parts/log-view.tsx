/** Output as it comes: followed to its end unless one scrolls up, searched, and bounded. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { LogsQuery } from "../../schema/api-request.ts";
import { faultText } from "../act.ts";
import { daemon } from "../daemon.ts";
import { countText } from "../format.ts";
import { LogLines } from "./log-lines.ts";

const TAIL = 500;
/** Until a stream that broke is asked for again. */
const AGAIN_MS = 2_000;

export interface LogViewProps {
  readonly of: Pick<LogsQuery, "project" | "agent" | "run">;
  /** Whether each line names its agent. */
  readonly who: boolean;
  /** False: what there is, once. */
  readonly follow?: boolean;
}

/** What is told of the lines beside them. */
interface Told {
  readonly search: Signal<string>;
  readonly total: Signal<number>;
  readonly matching: Signal<number>;
  /** Whether the end is followed. */
  readonly stuck: Signal<boolean>;
  readonly fault: Signal<string | null>;
}

export function LogView({ of, who, follow = true }: LogViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const lines = useRef<LogLines | null>(null);
  const told: Told = {
    search: useSignal(""),
    total: useSignal(0),
    matching: useSignal(0),
    stuck: useSignal(true),
    fault: useSignal<string | null>(null),
  };
  useEffect(() => {
    if (box.current === null) return;
    const end = new AbortController();
    const shown = new LogLines(box.current, {
      who,
      onChange: (total, matching) => {
        told.total.value = total;
        told.matching.value = matching;
      },
    });
    lines.current = shown;
    const onFault = (text: string | null): void => {
      told.fault.value = text;
    };
    void read({ of, follow, shown, signal: end.signal, onFault });
    return () => end.abort();
  }, []);
  return (
    <div class="log">
      <LogTools told={told} lines={() => lines.current} />
      {told.fault.value !== null && (
        <p class="bad" role="alert">
          {told.fault.value}
        </p>
      )}
      <div
        class="lines"
        ref={box}
        role="log"
        aria-live="off"
        aria-label="Output"
        tabIndex={0}
        onScroll={() => (told.stuck.value = lines.current?.scrolled() ?? true)}
      />
    </div>
  );
}

interface ToolsProps {
  readonly told: Told;
  readonly lines: () => LogLines | null;
}

function LogTools({ told: { search, total, matching, stuck }, lines }: ToolsProps) {
  return (
    <div class="tools">
      <input
        type="search"
        placeholder="Search"
        aria-label="Show only lines that hold"
        value={search}
        onInput={(event) => {
          search.value = event.currentTarget.value;
          lines()?.search(event.currentTarget.value);
        }}
      />
      <span class="muted" role="status">
        {search.value === "" ? "" : `${matching.value} of `}
        {countText(total.value, "line")}
      </span>
      <label class="check">
        <input
          type="checkbox"
          checked={stuck}
          onChange={(event) => {
            stuck.value = event.currentTarget.checked;
            lines()?.stick(stuck.value);
          }}
        />
        <span>Follow</span>
      </label>
    </div>
  );
}

interface Reading {
  readonly of: LogViewProps["of"];
  readonly follow: boolean;
  readonly shown: LogLines;
  readonly signal: AbortSignal;
  readonly onFault: (text: string | null) => void;
}

/** A stream that breaks is read again from its last line's time; lines already shown are known by their cursors. */
async function read({ of, follow, shown, signal, onFault }: Reading): Promise<void> {
  while (!signal.aborted) {
    try {
      const since = shown.lastAt;
      const from = since === null ? { tail: TAIL } : { since };
      for await (const line of daemon.logs(
        { ...of, ...from, follow: follow ? "true" : "false" },
        signal,
      )) {
        onFault(null);
        shown.add(line);
      }
      if (!follow) return;
    } catch (thrown) {
      if (signal.aborted) return;
      onFault(faultText(thrown).text);
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}
