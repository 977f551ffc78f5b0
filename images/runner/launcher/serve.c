/* The serving child: forks for the runner, tells it when the command runs or why not, and how it ended. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "launcher.h"

enum {
  MAX_LIVE = 4096,    /* above any pids limit a project sensibly has */
  MAX_STARTING = 64,  /* further requests wait in the line */
  HUNG_EXEC_MS = 900, /* an exec that hangs (a dead network file system) counts as begun */
};

struct live {
  pid_t pid;
  uint32_t id;
  int starting; /* the pipe that exec closes; -1 once it is closed */
  int told;     /* RUNS was told because exec hung */
  int64_t born_ms;
};

static struct live live[MAX_LIVE];
static size_t live_count, starting_count;

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void start(uint32_t id, const struct command *command) {
  int told[2];
  if (live_count == MAX_LIVE) return answer(REFUSED, id, EAGAIN, FORK);
  if (pipe2(told, O_CLOEXEC) < 0) return answer(REFUSED, id, (uint32_t)errno, FORK);
  pid_t pid = fork();
  if (pid == 0) become_agent(command, told[1]);
  int error = errno;
  close(told[1]);
  if (pid < 0) {
    close(told[0]);
    return answer(REFUSED, id, (uint32_t)error, FORK);
  }
  live[live_count++] = (struct live){.pid = pid, .id = id, .starting = told[0], .born_ms = now_ms()};
  starting_count++;
}

/* Returns whether it still is to be heard of. */
static int hear_start(struct live *each) {
  struct fault fault = {0};
  ssize_t got = read(each->starting, &fault, sizeof fault);
  close(each->starting);
  each->starting = -1;
  starting_count--;
  if (got != (ssize_t)sizeof fault) fault.stage = 0;
  if (fault.stage == 0 || each->told) {
    if (!each->told) answer(RUNS, each->id, (uint32_t)each->pid, 0);
    return 1;
  }
  answer(REFUSED, each->id, fault.error, fault.stage);
  return 0;
}

static void reap(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    struct live *each = live;
    while (each < live + live_count && each->pid != pid) each++;
    if (each == live + live_count) continue; /* refused before */
    if (each->starting < 0 || hear_start(each)) answer(ENDED, each->id, (uint32_t)pid, (uint32_t)status);
    *each = live[--live_count];
  }
}

static void make_fifos(const struct request *asked) {
  for (size_t index = 0; index < asked->path_count; index++)
    if (mkfifo(asked->paths[index], 0600) < 0) return answer(MADE, asked->id, (uint32_t)errno, 0);
  answer(MADE, asked->id, 0, 0);
}

static void serve_request(void) {
  static struct request asked;
  take_request(&asked);
  if (asked.kind == FIFOS) make_fifos(&asked);
  else start(asked.id, &asked.command);
}

/* Waits for a request, an end, or news of an exec; MAX_STARTING at once, more requests stay in the line. */
static void turn(int children) {
  static struct pollfd polled[2 + MAX_STARTING];
  nfds_t count = 0;
  polled[count++] = (struct pollfd){.fd = children, .events = POLLIN};
  for (struct live *each = live; each < live + live_count; each++)
    if (each->starting >= 0) polled[count++] = (struct pollfd){.fd = each->starting, .events = POLLIN};
  if (starting_count < MAX_STARTING) polled[count++] = (struct pollfd){.fd = LINE, .events = POLLIN};
  if (poll(polled, count, starting_count > 0 ? HUNG_EXEC_MS : -1) < 0 && errno != EINTR) die("poll");
  int64_t now = now_ms();
  for (size_t index = 0; index < live_count; index++) {
    struct live *each = &live[index];
    struct pollfd news = {.fd = each->starting, .events = POLLIN};
    if (each->starting < 0 || each->told || now - each->born_ms < HUNG_EXEC_MS || poll(&news, 1, 0) != 0) continue;
    each->told = 1;
    answer(RUNS, each->id, (uint32_t)each->pid, 0);
  }
  for (nfds_t index = 1; index < count; index++) {
    if (polled[index].revents == 0 || polled[index].fd == LINE) continue;
    struct live *each = live;
    while (each->starting != polled[index].fd) each++;
    if (!hear_start(each)) *each = live[--live_count];
  }
  if (polled[0].revents != 0) {
    struct signalfd_siginfo seen;
    if (read(children, &seen, sizeof seen) < 0 && errno != EAGAIN) die("signalfd");
    reap();
  }
  if (polled[count - 1].fd == LINE && polled[count - 1].revents != 0) serve_request();
}

/* LINE becomes the one end, and the other is closed. */
static void keep_line(int kept, int other) {
  if (kept != LINE && (dup2(kept, LINE) < 0 || close(kept) < 0)) die("line");
  if (other != LINE && close(other) < 0) die("line");
}

/* argv: NAME=VALUE… -- PROGRAM ARGUMENT… */
_Noreturn void serve(char **argv) {
  int line[2];
  char **program = after_dashes(argv);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL); /* what is ignored stays so over an exec */
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, line) < 0) die("socketpair");
  pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid > 0) {
    keep_line(line[0], line[1]);
    execve(program[0], program, argv);
    die(program[0]);
  }
  keep_line(line[1], line[0]);
  if (fcntl(LINE, F_SETFD, FD_CLOEXEC) < 0) die("line");
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGCHLD);
  sigprocmask(SIG_SETMASK, &ends, NULL);
  int children = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
  if (children < 0) die("signalfd");
  compute_oom_score();
  for (;;) turn(children);
}
