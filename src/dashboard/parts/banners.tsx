/** What is down, and since when: the daemon's degraded modes, and the page's own link to it. */
import type { ApiReady } from "../../schema/api-host.ts";
import { refused } from "../access.ts";
import { ageText, clockText } from "../format.ts";
import { link, now, ready } from "../live-state.ts";
import { plainText } from "../plain-text.ts";

type Mode = ApiReady["modes"][number];

/** What each mode means for the reader. */
const MEANING: Readonly<Record<Mode["name"], string>> = {
  "engine-gone": "Docker does not answer. Agents run on; nothing is repaired until it is back.",
  "redis-gone":
    "Redis does not answer. Work goes on; a takeover by another daemon would be slower.",
  "postgres-gone": "Postgres does not answer. Agents run on; nothing new is accepted.",
  "repairs-waiting": "Repairs wait until Postgres is back: nothing on the engine is changed.",
  "disk-low": "The disk is nearly full.",
  "firewall-unverified": "The host's firewall rules could not be verified.",
  standby: "Another daemon leads; this one stands by.",
  "foreign-install": "Another Berth uses this install's name.",
  "mass-orphans":
    "More than half of the containers would be orphans: nothing is removed without a yes.",
  "declaration-refused":
    "The configuration file was read again and not accepted: what was accepted before holds.",
};

const TITLE: Readonly<Record<Mode["name"], string>> = {
  "engine-gone": "Docker is down",
  "redis-gone": "Redis is down",
  "postgres-gone": "Postgres is down",
  "repairs-waiting": "Repairs are waiting",
  "disk-low": "Disk is low",
  "firewall-unverified": "Firewall unverified",
  standby: "Standby",
  "foreign-install": "Foreign install",
  "mass-orphans": "Removal held back",
  "declaration-refused": "Configuration refused",
};

export function Banners() {
  const modes = ready.value?.modes ?? [];
  return (
    <div class="banners" role="status">
      {link.value.kind === "away" && !refused.value && <CutOff since={link.value.since} />}
      {modes.map((mode) => (
        <p key={mode.name} class="banner warn" data-mode={mode.name}>
          <strong>{TITLE[mode.name] ?? mode.name}</strong>
          <span>
            {MEANING[mode.name] ?? ""} <span class="muted">{plainText(mode.detail)}</span>
          </span>
          <Since at={mode.since} />
        </p>
      ))}
    </div>
  );
}

function CutOff({ since }: { readonly since: number }) {
  return (
    <p class="banner bad" data-mode="cut-off">
      <strong>The daemon does not answer</strong>
      <span>What is shown is as it was then. This page tries again by itself.</span>
      <Since at={since} />
    </p>
  );
}

function Since({ at }: { readonly at: number }) {
  return (
    <span class="since">
      since {clockText(at)}, {ageText(now.value - at)}
    </span>
  );
}
