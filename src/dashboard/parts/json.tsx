/** A JSON value as text one can read and copy. */
import { plainLines } from "../plain-text.ts";

export function Json({ label, value }: { readonly label: string; readonly value: unknown }) {
  return (
    <pre class="json" tabIndex={0} aria-label={label}>
      {plainLines(JSON.stringify(value, null, 2) ?? "null")}
    </pre>
  );
}
