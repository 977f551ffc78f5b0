/** Asks for a token when the daemon wants one. */
import { useSignal } from "@preact/signals";
import { useToken } from "../access.ts";

export function SignIn() {
  const typed = useSignal("");
  const enter = (event: Event): void => {
    event.preventDefault();
    useToken(typed.value.trim());
  };
  return (
    <section class="panel narrow">
      <h1>Who is there?</h1>
      <p>
        This page acts with a token. <code>berth token create</code> makes one and prints an address
        that brings it along.
      </p>
      <form onSubmit={enter}>
        <label class="field">
          <span>Token</span>
          <input
            type="password"
            autocomplete="off"
            required
            value={typed}
            onInput={(event) => (typed.value = event.currentTarget.value)}
          />
        </label>
        <p class="muted">It stays in this tab and is forgotten with it.</p>
        <button type="submit" class="primary">
          Go on
        </button>
      </form>
    </section>
  );
}
