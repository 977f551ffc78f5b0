/** What may be wider than the screen: it scrolls by itself, by keyboard too. */
import type { ComponentChildren } from "preact";

export function Scroll({ children }: { readonly children: ComponentChildren }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Table, scrolls sideways">
      {children}
    </div>
  );
}
