/** The doctor's checks, run when asked. */
import { useSignal } from "@preact/signals";
import type { DoctorReport } from "../../schema/api-host.ts";
import { tellFault } from "../act.ts";
import { daemon } from "../daemon.ts";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Empty } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { plainText } from "../plain-text.ts";

type Check = DoctorReport["items"][number];
const TONE: Readonly<Record<Check["verdict"], Tone>> = {
  ok: "good",
  warn: "warn",
  fail: "bad",
  unknown: "idle",
};

export function Doctor() {
  const checks = useSignal<readonly Check[] | null>(null);
  const busy = useSignal(false);
  const run = async (): Promise<void> => {
    busy.value = true;
    try {
      checks.value = await daemon.doctor();
    } catch (thrown) {
      tellFault(thrown);
    }
    busy.value = false;
  };
  return (
    <Panel
      title="Doctor"
      aside={
        <button type="button" disabled={busy.value} onClick={() => void run()}>
          {busy.value ? "Looking…" : "Run the checks"}
        </button>
      }
    >
      {checks.value === null ? (
        <Empty>
          Looks at the engine, the stores, the network and the host, and says how to mend what is
          wrong.
        </Empty>
      ) : (
        <ul class="checks">
          {checks.value.map(({ name, verdict, detail, mend }) => (
            <li key={name}>
              <Badge tone={TONE[verdict]}>{verdict}</Badge>
              <span>
                {name} <span class="muted">{plainText(detail)}</span>
                {mend !== null && verdict !== "ok" && <span class="reason">{plainText(mend)}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
