/* The serving child: forks for the runner, tells it when the command runs or why not, and how it ended. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
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
  MAX_NEWS = 64,      /* taken at once; the rest waits for the next turn */
  HUNG_EXEC_MS = 900, /* an exec that hangs (a dead network file system) counts as begun */
  CHILDREN_BYTES = 65536,
};

struct live {
  pid_t pid; /* 0: it has ended, and only its streams are not yet taken */
  uint32_t id;
  int starting; /* the pipe that exec closes; -1 once it is closed */
  int told;     /* RUNS was told because exec hung */
  int status;
  int64_t born_ms;
  struct streams streams;
};

static struct live live[MAX_LIVE];
static size_t live_count, starting_count, child_count;
/* The set of what is waited for, and /proc's list of our children; -1 where this kernel has none. */
static int news, children_list;
/* What news are of: a command's stream, or its exec, by its id; ids begin at 1. Each such news comes once: a child on
   its way to exec still has copies of what is closed here, and could make it come for ever. */
enum { OF_EXEC = STREAMS, OF_ID = 8, OF_LINE = 1, OF_CHILDREN = 2 };

static void await(int how, int fd, uint64_t what, uint32_t events) {
  struct epoll_event wanted = {.events = events, .data.u64 = what};
  if (epoll_ctl(news, how, fd, &wanted) < 0) die("epoll_ctl");
}

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void start(uint32_t id, const struct command *command) {
  int told[2], writing[STREAMS];
  struct live each = {.id = id, .born_ms = now_ms()};
  if (live_count == MAX_LIVE) return answer(REFUSED, id, EAGAIN, FORK);
  int error = make_streams(command, &each.streams, writing);
  if (error != 0) return answer(REFUSED, id, (uint32_t)error, OUTPUT);
  each.pid = pipe2(told, O_CLOEXEC) < 0 ? -1 : fork();
  if (each.pid == 0) become_agent(command, writing, told[1]);
  error = errno;
  for (int stream = 0; stream < STREAMS; stream++)
    if (writing[stream] >= 0) close(writing[stream]);
  if (each.pid < 0) {
    close_streams(&each.streams);
    return answer(REFUSED, id, (uint32_t)error, FORK);
  }
  close(told[1]);
  each.starting = told[0];
  live[live_count++] = each;
  starting_count++, child_count++;
  await(EPOLL_CTL_ADD, told[0], (uint64_t)id * OF_ID + OF_EXEC, EPOLLIN | EPOLLONESHOT);
  for (int stream = 0; stream < STREAMS; stream++)
    if (each.streams.reading[stream] >= 0)
      await(EPOLL_CTL_ADD, each.streams.reading[stream], (uint64_t)id * OF_ID + (uint64_t)stream,
            EPOLLIN | EPOLLONESHOT);
}

static struct live *by_id(uint64_t id) {
  for (struct live *each = live; each < live + live_count; each++)
    if (each->id == id) return each;
  return NULL;
}

static void forget(struct live *each) {
  close_streams(&each->streams);
  *each = live[--live_count];
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

/* Whether the kernel knows no child of ours but the commands themselves. What a command leaves behind, and what that
   leaves, becomes our child when its parent ends, before that end can be seen: so then a command that has ended has left
   nothing. Children leave the list only when we reap them and join it at its end: however long the look takes, none is
   missed. A child refused and not yet reaped only makes us say less. */
static int only_commands(void) {
  static char list[CHILDREN_BYTES];
  size_t count = 0;
  off_t from = 0;
  if (children_list < 0) return 0;
  for (ssize_t got; (got = pread(children_list, list, sizeof list, from)) != 0; from += got) {
    if (got < 0) return 0;
    for (ssize_t at = 0; at < got; at++) count += list[at] == ' ';
  }
  return count == child_count;
}

/* Told together: one look at our children serves all that end in one moment. */
static void reap(void) {
  int status, ended = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    struct live *each = live;
    while (each < live + live_count && each->pid != pid) each++;
    if (each == live + live_count) continue; /* left behind by a command, or refused before */
    child_count--;
    if (each->starting >= 0 && !hear_start(each)) {
      forget(each);
      continue;
    }
    each->pid = 0, each->status = status, each->told = ENDED;
    ended++;
  }
  uint32_t alone = ended > 0 && only_commands();
  for (size_t index = live_count; ended > 0 && index-- > 0;) {
    struct live *each = &live[index];
    if (each->pid != 0 || each->told != ENDED) continue;
    each->told = 0, ended--;
    hear_last(&each->streams, each->id);
    answer(ENDED, each->id, alone, (uint32_t)each->status);
    if (!has_streams(&each->streams)) forget(each);
  }
}

static void make_fifos(const struct request *asked) {
  for (size_t index = 0; index < asked->path_count; index++)
    if (mkfifo(asked->paths[index], 0600) < 0) return answer(MADE, asked->id, (uint32_t)errno, 0);
  answer(MADE, asked->id, 0, 0);
}

static void give(const struct request *asked) {
  struct live *each = by_id(asked->id);
  if (each == NULL) return;
  give_stream(&each->streams, asked->id, asked->stream, asked->how);
  if (each->pid == 0 && !has_streams(&each->streams)) forget(each);
}

/* MAX_STARTING at once; more requests wait, and with them the line. */
static void serve_requests(void) {
  static struct request asked;
  while (starting_count < MAX_STARTING && next_request(&asked)) {
    if (asked.kind == FIFOS) make_fifos(&asked);
    else if (asked.kind == TAKE) give(&asked);
    else start(asked.id, &asked.command);
  }
}

/* As if the runner had asked for it before anything else; what becomes of it waits on the line. */
static void hear_first(int first) {
  hear_file(first);
  serve_requests();
  tell_answers();
}

static void hear_command(uint64_t id, int what) {
  struct live *each = by_id(id);
  if (each == NULL) return; /* it ended meanwhile */
  if (what < STREAMS) {
    if (hear_stream(&each->streams, id, what)) return;
    /* The agent itself took out what was in it. */
    return await(EPOLL_CTL_MOD, each->streams.reading[what], id * OF_ID + (uint64_t)what, EPOLLIN | EPOLLONESHOT);
  }
  if (each->starting < 0 || hear_start(each)) return;
  child_count--; /* it never was a command: what is left of it is reaped like what commands leave behind */
  forget(each);
}

static void tell_hung_starts(void) {
  int64_t now = now_ms();
  for (struct live *each = live; each < live + live_count; each++) {
    struct pollfd exec = {.fd = each->starting, .events = POLLIN};
    if (each->starting < 0 || each->told || now - each->born_ms < HUNG_EXEC_MS || poll(&exec, 1, 0) != 0) continue;
    each->told = 1;
    answer(RUNS, each->id, (uint32_t)each->pid, 0);
  }
}

/* Waits for requests, ends, output, or news of an exec; what it has to say goes out at once at its end. */
static void turn(int children) {
  struct epoll_event seen[MAX_NEWS];
  int count = epoll_wait(news, seen, MAX_NEWS, starting_count > 0 ? HUNG_EXEC_MS : -1);
  int line = 0, ends = 0;
  if (count < 0 && errno != EINTR) die("epoll_wait");
  if (starting_count > 0) tell_hung_starts();
  for (int index = 0; index < count; index++) {
    uint64_t what = seen[index].data.u64;
    if (what == OF_LINE) line = 1;
    else if (what == OF_CHILDREN) ends = 1;
    else hear_command(what / OF_ID, (int)(what % OF_ID));
  }
  if (ends) {
    struct signalfd_siginfo seen_end;
    if (read(children, &seen_end, sizeof seen_end) < 0 && errno != EAGAIN) die("signalfd");
    reap();
  }
  if (line) hear_line();
  serve_requests();
  tell_answers();
  /* The line is looked at again only when all that came over it is served: so no more is read than is kept. */
  static int listening = 1;
  if (line) listening = 0;
  if (listening || has_request()) return;
  await(EPOLL_CTL_MOD, LINE, OF_LINE, EPOLLIN | EPOLLONESHOT);
  listening = 1;
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
  int first = take_first_starts();
  pid_t pid = fork();
  if (pid < 0) die("fork");
  if (pid > 0) {
    keep_line(line[0], line[1]);
    if (first >= 0) argv = await_runner(argv); /* its other copy closes with exec */
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
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) die("subreaper");
  children_list = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  news = epoll_create1(EPOLL_CLOEXEC);
  if (news < 0) die("epoll");
  await(EPOLL_CTL_ADD, children, OF_CHILDREN, EPOLLIN);
  await(EPOLL_CTL_ADD, LINE, OF_LINE, EPOLLIN | EPOLLONESHOT);
  raise_file_limit();
  prepare_children();
  if (first >= 0) hear_first(first);
  for (;;) turn(children);
}
