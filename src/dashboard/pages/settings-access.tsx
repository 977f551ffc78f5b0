/** What the token in this tab may do. */
import { holdsScope, type Scope } from "../../model/access.ts";
import { forgetToken, token } from "../access.ts";
import { caller } from "../live-state.ts";
import { Facts } from "../parts/facts.tsx";
import { Empty } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { plainText } from "../plain-text.ts";

const RIGHTS: readonly (readonly [Scope, string])[] = [
  ["read", "look at state, output and reasons"],
  ["run", "submit, cancel, retry and prioritise tasks, and answer agents"],
  ["admin", "pause, restart, scale, complete and remove"],
];
/** Of a token that holds the whole host alone. */
const HOST = "accept declarations, go back to earlier ones, make and revoke tokens";

export function YourAccess() {
  const known = caller.value;
  return (
    <Panel
      title="Your access"
      aside={
        token.value === null ? null : (
          <button type="button" onClick={forgetToken}>
            Use another token
          </button>
        )
      }
    >
      {known === null ? (
        <Empty>Loading…</Empty>
      ) : (
        <>
          <Facts
            of={[
              ["You are", plainText(known.who.replace(/^token:/, "the bearer of "))],
              ["For", known.project ?? "the whole host"],
              ["Scope", known.scope],
            ]}
          />
          <p>You may {mayText(known)}.</p>
        </>
      )}
    </Panel>
  );
}

function mayText({ scope, project }: NonNullable<typeof caller.value>): string {
  const held = RIGHTS.filter(([needed]) => holdsScope(scope, needed)).map(([, text]) => text);
  return [...held, ...(scope === "admin" && project === null ? [HOST] : [])].join("; ");
}
