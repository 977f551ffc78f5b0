/** Where the reader is: pages are named in the address's fragment, so that a link works after a reload on any server. */
import { computed, signal } from "@preact/signals";
import { type Place, placeOf } from "./places.ts";

const hash = signal(location.hash);
addEventListener("hashchange", () => {
  hash.value = location.hash;
});

export const place = computed<Place>(() => placeOf(hash.value));
