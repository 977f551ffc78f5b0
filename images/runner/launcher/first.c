/* First starts: agents that run before the runner does. What the daemon laid into the spool says how each is started. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "launcher.h"

#define SPOOL "/run/berth"
#define WORKSPACE "/workspace"
#define HOME ".home"

enum {
  LATEST_MS = 10000, /* then the runner comes unasked: its daemon may be away */
  MAX_SEEN = 256,    /* answers, of which a first start has one */
  MAX_VARIABLES = 16,
};

/* As the runner does it (src/runner/workspace.ts): while the top is root's, nothing in it can be an agent's trick.
   Whatever is less simple is left to the runner. */
static int own_workspace(uid_t uid, gid_t gid) {
  struct stat found;
  int home = -1, done = -1;
  if (uid == 0 || uid == (uid_t)-1 || gid == (gid_t)-1) return -1;
  int top = open(WORKSPACE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (top < 0) return -1;
  if (fstat(top, &found) < 0) goto end;
  if (found.st_uid != 0) {
    done = fstatat(top, HOME, &found, AT_SYMLINK_NOFOLLOW);
    goto end;
  }
  if (mkdirat(top, HOME, 0700) < 0) goto end;
  home = openat(top, HOME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (home >= 0 && fchown(home, uid, gid) == 0) done = fchown(top, uid, gid);
end:
  if (home >= 0) close(home);
  close(top);
  return done;
}

/* `first` is taken by its rename: what lies there as `begun` was begun, and the runner tells of it or, when it never
   came, the next boot's runner. Until it has, nothing is begun without it again. */
int take_first_starts(void) {
  uint32_t head[3]; /* uid, gid, bytes of the runner's part, which follows */
  if (access(SPOOL "/begun", F_OK) == 0) return -1;
  int fd = open(SPOOL "/first", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -1;
  if (read(fd, head, sizeof head) == (ssize_t)sizeof head && lseek(fd, (off_t)head[2], SEEK_CUR) > 0 &&
      own_workspace(head[0], head[1]) == 0 && rename(SPOOL "/first", SPOOL "/begun") == 0)
    return fd;
  close(fd);
  unlink(SPOOL "/first");
  return -1;
}

int open_told(void) {
  return open(SPOOL "/told", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* An agent has ended, speaks or was refused, or the launcher is gone. What is seen stays on the line for the runner. */
static int runner_is_needed(void) {
  static uint32_t seen[MAX_SEEN][4];
  ssize_t got = recv(LINE, seen, sizeof seen, MSG_PEEK | MSG_DONTWAIT);
  if (got == 0 || got == (ssize_t)sizeof seen) return 1;
  for (ssize_t index = 0; index < got / (ssize_t)sizeof *seen; index++)
    if (seen[index][0] != RUNS) return 1;
  return 0;
}

static void await_news_of(int news, int fd) {
  struct epoll_event wanted = {.events = EPOLLIN | EPOLLET, .data.fd = fd};
  if (epoll_ctl(news, EPOLL_CTL_ADD, fd, &wanted) < 0) die("epoll_ctl");
}

/* Returns whether the container is to end. The line is told of once for each news: what lies there is left there. */
static int await_need(int ends) {
  int news = epoll_create1(EPOLL_CLOEXEC), files = inotify_init1(IN_CLOEXEC);
  if (news < 0) die("epoll");
  await_news_of(news, LINE);
  await_news_of(news, ends);
  if (files >= 0 && inotify_add_watch(files, SPOOL, IN_CREATE | IN_MOVED_TO) >= 0) await_news_of(news, files);
  int64_t until = now_ms() + LATEST_MS;
  int ending = 0;
  while (!ending && !runner_is_needed() && access(SPOOL "/go", F_OK) < 0) {
    struct epoll_event seen;
    int64_t left = until - now_ms();
    int count = left <= 0 ? 0 : epoll_wait(news, &seen, 1, (int)left);
    if (count == 0) break;
    ending = count > 0 && seen.data.fd == ends;
  }
  close(news);
  if (files >= 0) close(files);
  return ending;
}

/* Until then only agents and this program use the machine: a runner that comes when many containers have been started,
   and not among their starts, delays none of them. Returns the variables of the runner. */
char **await_runner(char **variables) {
  static char *all[MAX_VARIABLES];
  sigset_t asked;
  size_t count = 0;
  sigemptyset(&asked);
  sigaddset(&asked, SIGTERM);
  sigaddset(&asked, SIGINT);
  sigprocmask(SIG_BLOCK, &asked, NULL);
  int ends = signalfd(-1, &asked, SFD_CLOEXEC);
  if (ends < 0) die("signalfd");
  int ending = await_need(ends);
  struct signalfd_siginfo taken;
  if (ending && read(ends, &taken, sizeof taken) < 0) die("signalfd");
  close(ends);
  sigprocmask(SIG_UNBLOCK, &asked, NULL);
  while (variables[count] != NULL && count < MAX_VARIABLES - 3) all[count] = variables[count], count++;
  all[count++] = "BERTH_FIRST=1";
  if (ending) all[count++] = "BERTH_ENDING=1";
  all[count] = NULL;
  return all;
}
