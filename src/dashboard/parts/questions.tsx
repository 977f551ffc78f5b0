/** What agents ask of people, each with a way to answer; nothing while nobody asks. */
import { useComputed, useSignal } from "@preact/signals";
import type { Question } from "../../client/questions.ts";
import { act, writes } from "../act.ts";
import { daemon } from "../daemon.ts";
import { all } from "../live-state.ts";
import { taskLink } from "../places.ts";
import { plainLines, plainText } from "../plain-text.ts";
import { useResource } from "../resource.ts";
import { may } from "../rights.ts";
import { Age } from "./age.tsx";
import { Loaded } from "./loaded.tsx";
import { Panel } from "./panel.tsx";

const LISTED = 50;

/** Open questions of one project, or of all. */
export function Questions({ project }: { readonly project: string | null }) {
  const asked = useComputed(() =>
    all.value
      .filter(({ name, needsYou }) => needsYou.count > 0 && (project === null || name === project))
      .map(({ name, needsYou }) => `${name} ${needsYou.count} ${needsYou.oldest?.id}`)
      .join(" "),
  ).value;
  return asked === "" ? null : <Open project={project} version={`${asked} ${writes.value}`} />;
}

function Open({ project, version }: { readonly project: string | null; readonly version: string }) {
  const found = useResource({
    subject: `questions ${project ?? ""}`,
    version,
    read: () =>
      daemon.questions({
        state: ["open"],
        limit: LISTED,
        ...(project === null ? {} : { project }),
      }),
  }).value;
  return (
    <Panel title="Needs you">
      <Loaded of={found}>
        {({ items }) => (
          <ul class="questions">
            {items.map((question) => (
              <li key={question.id}>
                <QuestionForm of={question} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

function QuestionForm({ of }: { readonly of: Question }) {
  const typed = useSignal("");
  const answer = (text: string): void =>
    void act(`${of.project}/${of.agent} is told`, () => daemon.answer(of.id, text));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        answer(typed.value);
      }}
    >
      <p class="asked">{plainLines(of.text)}</p>
      <p class="muted">
        {of.project}/{of.agent} <Age at={of.askedAt} suffix=" ago" />
        {of.waits ? ", waits for the answer" : ""}
        {of.task !== null && (
          <>
            , <a href={taskLink(of.task)}>task {of.task}</a>
          </>
        )}
      </p>
      {!may("run") ? null : of.choices.length > 0 ? (
        <span class="buttons">
          {of.choices.map((choice) => (
            <button key={choice} type="button" onClick={() => answer(choice)}>
              {plainText(choice)}
            </button>
          ))}
        </span>
      ) : (
        <span class="buttons">
          <input
            type="text"
            required
            aria-label={`Answer to ${of.project}/${of.agent}`}
            value={typed}
            onInput={(event) => (typed.value = event.currentTarget.value)}
          />
          <button type="submit" class="primary">
            Answer
          </button>
        </span>
      )}
    </form>
  );
}
