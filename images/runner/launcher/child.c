/* The forked process on its way to an agent's command. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "launcher.h"

enum { OOM_STEP = 100, MAX_OOM_SCORE = 1000 };

static int nowhere;

/* The kernel prefers agents to the runner by OOM_STEP when memory runs out. They inherit it from us: to raise it in each,
   through a folder in /proc that lives as long as a short process, cost more than its fork. Of equal scores the
   largest goes first, and nothing is smaller than this program; without it or without the runner the container ends. */
static void prefer_agents_when_memory_ends(void) {
  int own = 0;
  FILE *file = fopen("/proc/self/oom_score_adj", "r+e");
  if (file == NULL) return; /* some engines mount /proc read-only; agents then share the runner's score */
  if (fscanf(file, "%d", &own) != 1) own = 0;
  rewind(file);
  fprintf(file, "%d", own + OOM_STEP > MAX_OOM_SCORE ? MAX_OOM_SCORE : own + OOM_STEP);
  fclose(file);
}

/* What is the same for all. */
void prepare_children(void) {
  nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) die("/dev/null");
  prefer_agents_when_memory_ends();
}

static int connect_streams(const struct command *command, const int writing[STREAMS]) {
  for (int stream = 0; stream < STREAMS; stream++) {
    if (stream == RESULT && !(command->pipes & 1U << RESULT)) continue;
    if (dup2(command->pipes & 1U << stream ? writing[stream] : nowhere, stream + 1) < 0) return -1;
  }
  return 0;
}

_Noreturn void become_agent(const struct command *command, const int writing[STREAMS], int told) {
  struct fault fault = {.stage = OUTPUT};
  sigset_t none;
  sigemptyset(&none);
  setsid(); /* no terminal and no group signal reaches from one agent to another, or to us */
  restore_file_limit();
  if (connect_streams(command, writing) == 0) {
    fault.stage = become(command);
    if (fault.stage == 0) {
      sigprocmask(SIG_SETMASK, &none, NULL);
      execute(command);
      fault.stage = EXEC;
    }
  }
  fault.error = (uint32_t)errno;
  if (write(told, &fault, sizeof fault) < 0) _exit(EX_SOFTWARE);
  _exit(127);
}
