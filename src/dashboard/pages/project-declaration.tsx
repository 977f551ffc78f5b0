/** What was declared for a project, value by value, with where each came from. */
import { useSignal } from "@preact/signals";
import { daemon } from "../daemon.ts";
import { projectOf } from "../live-state.ts";
import { Empty, Loaded } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { useResource } from "../resource.ts";
import { Scroll } from "../parts/scroll.tsx";

export function ProjectDeclaration({ name }: { readonly name: string }) {
  const search = useSignal("");
  const found = useResource({
    subject: name,
    version: projectOf(name)?.value.view.generation ?? 0,
    read: () => daemon.describe(name),
  }).value;
  return (
    <Panel
      title="Declaration"
      aside={
        <input
          type="search"
          placeholder="Key, value or file"
          aria-label="Show only values whose key, value or origin holds"
          value={search}
          onInput={(event) => (search.value = event.currentTarget.value)}
        />
      }
    >
      <Loaded of={found}>
        {({ origins }) => {
          const wanted = search.value.toLowerCase();
          const shown = origins.filter(({ path, value, origin }) =>
            `${path} ${value} ${origin}`.toLowerCase().includes(wanted),
          );
          return shown.length === 0 ? (
            <Empty>No such value.</Empty>
          ) : (
            <Scroll>
              <table class="values">
                <thead>
                  <tr>
                    <th>Key</th>
                    <th>Value</th>
                    <th>From</th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map(({ path, value, origin }) => (
                    <tr key={path}>
                      <td class="code">{path}</td>
                      <td class="code value">{value}</td>
                      <td class="muted">{origin}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          );
        }}
      </Loaded>
    </Panel>
  );
}
