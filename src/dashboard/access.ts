/** The token this page acts with: it arrives in the URL's fragment, stays in this tab, and leaves the address at once. */
import { signal } from "@preact/signals";

const KEY = "berth-token";

/** Null: none is needed until the daemon says otherwise. */
export const token = signal<string | null>(null);
/** Whether the daemon refused what it was shown: then the page asks for another. */
export const refused = signal(false);

/** Takes the token out of the address, now and whenever one is put there, else out of this tab's memory. */
export function takeToken(): void {
  takeGiven();
  token.value ??= sessionStorage.getItem(KEY);
  addEventListener("hashchange", takeGiven);
}

function takeGiven(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given === null) return;
  history.replaceState(null, "", location.pathname);
  useToken(given);
}

export function useToken(given: string): void {
  sessionStorage.setItem(KEY, given);
  token.value = given;
  refused.value = false;
}

/** Forgets the token in this tab. */
export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
  token.value = null;
  refused.value = true;
}
