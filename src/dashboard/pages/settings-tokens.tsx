/** Access tokens: who holds one, making one, and ending one. */
import { signal } from "@preact/signals";
import type { Token } from "../../client/tokens.ts";
import { SCOPES, type Scope } from "../../model/access.ts";
import { act, asked, tellFault } from "../act.ts";
import { daemon } from "../daemon.ts";
import { timeText } from "../format.ts";
import { names, now } from "../live-state.ts";
import { Age } from "../parts/age.tsx";
import { Badge } from "../parts/badge.tsx";
import { Empty, Loaded } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { plainText } from "../plain-text.ts";
import { useResource } from "../resource.ts";
import { Scroll } from "../parts/scroll.tsx";

const DAY_MS = 86_400_000;
/** How long a token may live, in days; "" is for ever. */
const LIVES = ["1", "7", "30", "365", ""];

const version = signal(0);

export function Tokens() {
  const found = useResource({
    subject: "tokens",
    version: version.value,
    read: () => daemon.tokens(),
  }).value;
  return (
    <Panel
      title="Access tokens"
      aside={
        <button type="button" onClick={() => void createToken()}>
          Create a token
        </button>
      }
    >
      <Loaded of={found}>
        {(tokens) =>
          tokens.length === 0 ? <Empty>None yet.</Empty> : <TokenTable tokens={tokens} />
        }
      </Loaded>
    </Panel>
  );
}

function TokenTable({ tokens }: { readonly tokens: readonly Token[] }) {
  return (
    <Scroll>
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Scope</th>
            <th>For</th>
            <th>Made</th>
            <th>State</th>
            <th>
              <span class="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <TokenRow key={token.id} token={token} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function TokenRow({ token }: { readonly token: Token }) {
  const { name, scope, project, createdAt, createdBy } = token;
  return (
    <tr>
      <td>{name}</td>
      <td>{scope}</td>
      <td>{project ?? "the whole host"}</td>
      <td>
        <Age at={createdAt} suffix=" ago" />
        <span class="muted"> by {plainText(createdBy)}</span>
      </td>
      <td>
        <State of={token} />
      </td>
      <td class="end">
        {isLive(token) && (
          <button
            type="button"
            class="small danger"
            aria-label={`Revoke token ${name}`}
            onClick={() => void revoke(token)}
          >
            Revoke
          </button>
        )}
      </td>
    </tr>
  );
}

function State({ of }: { readonly of: Token }) {
  if (of.revokedAt !== null) return <Badge tone="idle">revoked</Badge>;
  if (!isLive(of)) return <Badge tone="idle">expired</Badge>;
  return (
    <>
      <Badge tone="good">live</Badge>
      {of.expiresAt !== null && <span class="muted"> until {timeText(of.expiresAt)}</span>}
    </>
  );
}

function isLive({ revokedAt, expiresAt }: Token): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now.value);
}

async function revoke({ id, name, scope, project }: Token): Promise<void> {
  const yes = await asked({
    title: `Revoke token ${name}?`,
    body: (
      <p>
        Whoever acts with it ({scope}, {project ?? "the whole host"}) is shut out within a second,
        this page too if it is its own. It cannot be undone.
      </p>
    ),
    go: `Revoke ${name}`,
    danger: true,
  });
  if (!yes) return;
  await act(`Token ${name} is revoked`, () => daemon.revokeToken(id));
  version.value += 1;
}

async function createToken(): Promise<void> {
  const name = signal("");
  const scope = signal<Scope>("read");
  const project = signal("");
  const days = signal("30");
  const draft = { name, scope, project, days };
  const yes = await asked({
    title: "Create a token",
    body: <Form draft={draft} />,
    go: "Create",
    danger: false,
    allowed: () => /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/.test(name.value),
  });
  if (!yes) return;
  try {
    const made = await daemon.createToken({
      name: name.value,
      scope: scope.value,
      project: project.value === "" ? null : project.value,
      expiresAt: days.value === "" ? null : Date.now() + Number(days.value) * DAY_MS,
    });
    version.value += 1;
    await asked({
      title: `Token ${made.token.name}`,
      body: <Secret secret={made.secret} page={made.page} />,
      go: "I have kept it",
      danger: false,
    });
  } catch (thrown) {
    tellFault(thrown);
  }
}

function Secret({ secret, page }: { readonly secret: string; readonly page: string | null }) {
  return (
    <>
      <p>It is shown this once and kept only as a hash.</p>
      <p class="code secret">{secret}</p>
      {page !== null && (
        <p>
          The page with it: <span class="code secret">{page}</span>
        </p>
      )}
    </>
  );
}

interface Draft {
  readonly name: ReturnType<typeof signal<string>>;
  readonly scope: ReturnType<typeof signal<Scope>>;
  readonly project: ReturnType<typeof signal<string>>;
  readonly days: ReturnType<typeof signal<string>>;
}

function Form({ draft }: { readonly draft: Draft }) {
  const { name, scope, project, days } = draft;
  return (
    <>
      <label class="field">
        <span>Name</span>
        <input
          type="text"
          autocomplete="off"
          maxLength={63}
          value={name.value ?? ""}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>Scope: read looks, run also works with tasks, admin does everything</span>
        <select
          value={scope.value ?? "read"}
          onChange={(event) => {
            const chosen = SCOPES.find((each) => each === event.currentTarget.value);
            scope.value = chosen ?? "read";
          }}
        >
          {SCOPES.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>For</span>
        <select
          value={project.value ?? ""}
          onChange={(event) => (project.value = event.currentTarget.value)}
        >
          <option value="">the whole host</option>
          {(names.value ?? []).map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Expires</span>
        <select
          value={days.value ?? ""}
          onChange={(event) => (days.value = event.currentTarget.value)}
        >
          {LIVES.map((each) => (
            <option key={each} value={each}>
              {each === "" ? "never" : each === "1" ? "in a day" : `in ${each} days`}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
