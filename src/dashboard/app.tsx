/** The frame of every page: where one can go, how the daemon is, and the page itself. */
import { effect } from "@preact/signals";
import { refused } from "./access.ts";
import { Banners } from "./parts/banners.tsx";
import { Notices } from "./parts/notices.tsx";
import { QuestionDialog } from "./parts/question-dialog.tsx";
import { TopBar } from "./parts/top-bar.tsx";
import { Events } from "./pages/events.tsx";
import { Overview } from "./pages/overview.tsx";
import { Project } from "./pages/project.tsx";
import { Queue } from "./pages/queue.tsx";
import { Settings } from "./pages/settings.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { Task } from "./pages/task.tsx";
import { type Place } from "./places.ts";
import { place } from "./route.ts";

export function App() {
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the page
      </a>
      <TopBar />
      <main id="main" tabIndex={-1}>
        <Banners />
        {refused.value ? <SignIn /> : <Page at={place.value} />}
      </main>
      <Notices />
      <QuestionDialog />
    </>
  );
}

function Page({ at }: { readonly at: Place }) {
  switch (at.page) {
    case "overview":
      return <Overview />;
    case "queue":
      return <Queue />;
    case "events":
      return <Events />;
    case "settings":
      return <Settings />;
    case "project":
      return <Project key={at.name} name={at.name} part={at.part} />;
    case "task":
      return <Task key={at.id} id={at.id} />;
    case "nowhere":
      return (
        <section class="panel">
          <h1>Nothing is here</h1>
          <p>
            <a href="#/">Back to the overview</a>
          </p>
        </section>
      );
  }
}

/** The fragment names pages, so the jump is made by hand. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

const TITLES: Readonly<Record<Exclude<Place["page"], "project" | "task">, string>> = {
  overview: "Overview",
  queue: "Queue",
  events: "Events",
  settings: "Settings",
  nowhere: "Nothing is here",
};

effect(() => {
  const at = place.value;
  const title =
    at.page === "project" ? at.name : at.page === "task" ? `Task ${at.id}` : TITLES[at.page];
  document.title = `${title} · Berth`;
});
