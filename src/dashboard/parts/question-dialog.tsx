/** The dialog that asks before something that cannot be taken back, or for what an action needs to know. */
import { useEffect, useRef } from "preact/hooks";
import { type Question, question } from "../act.ts";

export function QuestionDialog() {
  const open = question.value;
  return open === null ? null : <Asked of={open} />;
}

function Asked({ of }: { readonly of: Question }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, [of]);
  const go = (event: Event): void => {
    event.preventDefault();
    if (of.allowed?.() !== false) of.answer(true);
  };
  const leave = (event: Event): void => {
    event.preventDefault();
    of.answer(false);
  };
  return (
    <dialog ref={dialog} aria-labelledby="question" onCancel={leave}>
      <form onSubmit={go}>
        <h2 id="question">{of.title}</h2>
        <div class="body">{of.body}</div>
        <div class="buttons end">
          <button type="button" onClick={leave}>
            Cancel
          </button>
          <button
            type="submit"
            class={of.danger ? "danger" : "primary"}
            disabled={of.allowed?.() === false}
          >
            {of.go}
          </button>
        </div>
      </form>
    </dialog>
  );
}
