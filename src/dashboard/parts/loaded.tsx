/** A resource on the page: its content when it is there, else what is the matter. */
import type { ComponentChildren } from "preact";
import type { Resource } from "../resource.ts";

export interface LoadedProps<T> {
  readonly of: Resource<T>;
  readonly children: (value: T) => ComponentChildren;
}

export function Loaded<T>({ of, children }: LoadedProps<T>) {
  if (of.kind === "there") return <>{children(of.value)}</>;
  if (of.kind === "loading") return <p class="muted empty">Loading…</p>;
  return (
    <p class="empty bad" role="alert">
      {of.text}
      {of.hint !== null && <span class="muted hint">{of.hint}</span>}
    </p>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="muted empty">{children}</p>;
}
