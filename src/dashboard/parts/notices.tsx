/** What came of what one asked for. */
import { dismiss, notices } from "../act.ts";

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, kind, text, hint }) => (
        <div key={id} class={`notice ${kind}`}>
          <span>
            {text}
            {hint !== null && <span class="muted hint">{hint}</span>}
          </span>
          <button
            type="button"
            class="quiet"
            aria-label="Close this notice"
            onClick={() => dismiss(id)}
          >
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
