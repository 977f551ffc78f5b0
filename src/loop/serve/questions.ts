/** Answers about questions: listing them, and taking a person's answer. */
import type { QuestionDaemon } from "../question-daemon.ts";
import { type DaemonState, leading } from "../state.ts";

export function serveQuestions(state: DaemonState): QuestionDaemon {
  const { questions } = state.postgres;
  return {
    questions: (query) => questions.list(query),
    question: (id) => questions.get(id),
    async answerQuestion(request) {
      const session = leading(state);
      const { epoch } = session.world.install;
      const record = await questions.answer({ ...request, epoch }).finally(() => {
        // Even when the answer of the database is lost it may be recorded.
        session.questions?.doubt();
      });
      session.eventsWritten();
      return record;
    },
  };
}
