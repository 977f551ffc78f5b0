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

static char oom_score[16];

/* The kernel prefers agents to the runner by OOM_STEP when memory runs out. */
void compute_oom_score(void) {
  int own = 0;
  FILE *file = fopen("/proc/self/oom_score_adj", "re");
  if (file == NULL) return;
  if (fscanf(file, "%d", &own) != 1) own = 0;
  fclose(file);
  snprintf(oom_score, sizeof oom_score, "%d", own + OOM_STEP > MAX_OOM_SCORE ? MAX_OOM_SCORE : own + OOM_STEP);
}

static int connect_streams(const struct command *command, const int writing[STREAMS]) {
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return -1;
  for (int stream = 0; stream < STREAMS; stream++) {
    if (stream == RESULT && !(command->pipes & 1U << RESULT)) continue;
    if (dup2(command->pipes & 1U << stream ? writing[stream] : nowhere, stream + 1) < 0) return -1;
  }
  return 0;
}

/* Before the identity changes: raising the score needs no capability, but /proc/self is root's only for root. */
static void prefer_agent_when_memory_ends(void) {
  int fd = open("/proc/self/oom_score_adj", O_WRONLY);
  if (fd < 0) return; /* some engines mount /proc read-only; agents then share the runner's score */
  if (write(fd, oom_score, strlen(oom_score)) < 0) errno = 0;
  close(fd);
}

_Noreturn void become_agent(const struct command *command, const int writing[STREAMS], int told) {
  struct fault fault = {.stage = OUTPUT};
  sigset_t none;
  sigemptyset(&none);
  setsid(); /* no terminal and no group signal reaches from one agent to another, or to us */
  prefer_agent_when_memory_ends();
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
