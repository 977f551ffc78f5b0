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

/* The writing end of a FIFO whose reader is there, given to the agent, so that it may open /dev/stdout again. */
static int open_fifo(const char *path, const struct command *command) {
  if (*path == '\0') return open("/dev/null", O_WRONLY);
  int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0 || fchown(fd, command->uid, command->gid) < 0) return -1;
  unlink(path);
  return fd;
}

static int connect_streams(const struct command *command) {
  const char *paths[3] = {command->out, command->err, command->result};
  int last = *command->result == '\0' ? 1 : 2;
  for (int index = 0; index <= last; index++) {
    int fd = open_fifo(paths[index], command);
    if (fd < 0 || dup2(fd, index + 1) < 0 || close(fd) < 0) return -1;
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

_Noreturn void become_agent(const struct command *command, int told) {
  struct fault fault = {.stage = STREAMS};
  sigset_t none;
  sigemptyset(&none);
  setsid(); /* no terminal and no group signal reaches from one agent to another, or to us */
  prefer_agent_when_memory_ends();
  if (connect_streams(command) == 0) {
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
