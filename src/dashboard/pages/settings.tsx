/** Settings: what the daemon stands on, how the host is shared, and which declarations were accepted. */
import type { ApiReady } from "../../schema/api-host.ts";
import { config } from "../config.ts";
import { coresText, percentText, sizeText } from "../format.ts";
import { host, ready } from "../live-state.ts";
import { Age } from "../parts/age.tsx";
import { Badge } from "../parts/badge.tsx";
import { Facts } from "../parts/facts.tsx";
import { Empty } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { plainText } from "../plain-text.ts";
import { mayOnHost } from "../rights.ts";
import { YourAccess } from "./settings-access.tsx";
import { Doctor } from "./settings-doctor.tsx";
import { Tokens } from "./settings-tokens.tsx";
import { Generations } from "./settings-generations.tsx";
import { Scroll } from "../parts/scroll.tsx";

export function Settings() {
  return (
    <>
      <h1 class="visually-hidden">Settings</h1>
      <YourAccess />
      <Dependencies of={ready.value} />
      {mayOnHost("read") && <Sharing />}
      {mayOnHost("admin") && <Tokens />}
      {mayOnHost("read") && <Generations />}
      {mayOnHost("read") && <Doctor />}
    </>
  );
}

function Dependencies({ of }: { readonly of: ApiReady | null }) {
  return (
    <Panel title="Health">
      {of === null ? (
        <Empty>Loading…</Empty>
      ) : (
        <>
          <Facts
            of={[
              ["Role", of.role],
              ["Version", of.version],
              ["Install", of.install],
              ["Epoch", of.epoch],
            ]}
          />
          <Scroll>
            <table>
              <thead>
                <tr>
                  <th>Depends on</th>
                  <th>State</th>
                  <th>Since</th>
                  <th>Detail</th>
                </tr>
              </thead>
              <tbody>
                {of.dependencies.map(({ name, ok, detail, since }) => (
                  <tr key={name}>
                    <td>{name}</td>
                    <td>
                      <Badge tone={ok ? "good" : "bad"}>{ok ? "ok" : "down"}</Badge>
                    </td>
                    <td>
                      <Age at={since} />
                    </td>
                    <td class="muted">{plainText(detail)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        </>
      )}
    </Panel>
  );
}

function Sharing() {
  const declared = config.value?.declaration?.host;
  const known = host.value;
  return (
    <Panel title="How the host is shared">
      {declared === undefined ? (
        <Empty>Nothing is declared yet.</Empty>
      ) : (
        <Facts
          of={[
            ["Strategy", declared.strategy],
            ["Agent slots", declared.agents],
            ["CPUs", known?.cpus == null ? "–" : coresText(known.cpus)],
            ["Reserved CPUs", coresText(declared.reserve.cpus)],
            ["Memory budget", sizeText(known?.budgetBytes ?? null)],
            ["Given out", sizeText(known?.reservedBytes ?? null)],
            ["Reserved memory", sizeText(declared.reserve.memoryBytes)],
            ["Reserved disk", sizeText(declared.reserve.diskBytes)],
            ["Overcommit", percentText(declared.overcommit * 100)],
            ["Networks from", declared.networkPool],
          ]}
        />
      )}
      <p class="muted">
        These come from the host's declaration; change them there and run <code>berth apply</code>.
      </p>
    </Panel>
  );
}
