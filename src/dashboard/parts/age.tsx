/** How long ago something was, kept current without drawing anything else again. */
import { useComputed } from "@preact/signals";
import { ageText, timeText } from "../format.ts";
import { now } from "../live-state.ts";

export function Age({ at, suffix = "" }: { readonly at: number; readonly suffix?: string }) {
  const text = useComputed(() => ageText(now.value - at) + suffix);
  return (
    <time dateTime={new Date(at).toISOString()} title={timeText(at)}>
      {text}
    </time>
  );
}
