/* What agents write to: pipes, of which the launcher keeps the reading end until something is in them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "launcher.h"

/* Most short runs print nothing: then nobody opens, reads or closes anything for them but this.
   The runner opens a pipe anew through /proc, as group 0: it has no right to what is another user's. Pipes are the
   agent's, so that it may open /dev/stdout again; and pipes rather than files, so that it can neither cut nor grow them. */
enum { MODE = 0640, ENOUGH_FILES = 16384 };

static struct rlimit own_limit;
static int raised;

/* Four descriptors a command; agents keep the limit they would have had. */
void raise_file_limit(void) {
  if (getrlimit(RLIMIT_NOFILE, &own_limit) < 0 || own_limit.rlim_cur >= ENOUGH_FILES) return;
  struct rlimit wanted = {.rlim_cur = own_limit.rlim_max, .rlim_max = own_limit.rlim_max};
  raised = setrlimit(RLIMIT_NOFILE, &wanted) == 0;
}

void restore_file_limit(void) {
  if (raised) setrlimit(RLIMIT_NOFILE, &own_limit);
}

static void close_all(const int ends[STREAMS]) {
  for (int stream = 0; stream < STREAMS; stream++)
    if (ends[stream] >= 0) close(ends[stream]);
}

int make_streams(const struct command *command, struct streams *into, int writing[STREAMS]) {
  *into = (struct streams){.uid = command->uid, .reading = {-1, -1, -1}};
  for (int stream = 0; stream < STREAMS; stream++) writing[stream] = -1;
  for (int stream = 0; stream < STREAMS; stream++) {
    int ends[2];
    if (!(command->pipes & 1U << stream)) continue;
    int made = pipe2(ends, O_CLOEXEC);
    if (made == 0) into->reading[stream] = ends[0], writing[stream] = ends[1];
    if (made == 0 && fchmod(ends[1], MODE) == 0 && fchown(ends[1], command->uid, 0) == 0) continue;
    int error = errno;
    close_all(into->reading);
    close_all(writing);
    return error;
  }
  return 0;
}

static void speak(struct streams *each, uint32_t id, int stream) {
  each->spoken |= 1U << stream;
  answer(SPOKE, id, (uint32_t)getpid(), (uint32_t)stream + 4 * (uint32_t)each->reading[stream]);
}

static void forget(struct streams *each, int stream) {
  close(each->reading[stream]);
  each->reading[stream] = -1;
}

static void settle(struct streams *each, uint32_t id, int stream, short seen) {
  if (each->reading[stream] < 0 || each->spoken & 1U << stream) return;
  if (seen & POLLHUP && !(seen & POLLIN)) forget(each, stream);
  else speak(each, id, stream);
}

int hear_stream(struct streams *each, uint32_t id, int stream) {
  struct pollfd polled = {.fd = each->reading[stream], .events = POLLIN};
  if (polled.fd < 0 || each->spoken & 1U << stream) return 1;
  if (poll(&polled, 1, 0) != 1) return 0;
  settle(each, id, stream, polled.revents);
  return 1;
}

void hear_last(struct streams *each, uint32_t id) {
  struct pollfd polled[STREAMS];
  for (int stream = 0; stream < STREAMS; stream++)
    polled[stream] = (struct pollfd){.fd = each->reading[stream], .events = POLLIN};
  if (poll(polled, STREAMS, 0) < 0) die("poll of streams");
  for (int stream = 0; stream < STREAMS; stream++) settle(each, id, stream, polled[stream].revents);
}

void give_stream(struct streams *each, uint32_t id, uint32_t stream, uint32_t how) {
  int fd = stream < STREAMS ? each->reading[stream] : -1;
  if (fd < 0) return;
  if (how == REFUSED_ME) {
    /* The agent took the group's right away. For as long as the runner needs to open it, it is ours. */
    if (fchown(fd, 0, 0) < 0 || fchmod(fd, MODE) < 0) die("an agent's output");
    return speak(each, id, (int)stream);
  }
  if (fchown(fd, each->uid, 0) < 0) die("an agent's output");
  forget(each, (int)stream);
}

void close_streams(struct streams *each) {
  for (int stream = 0; stream < STREAMS; stream++)
    if (each->reading[stream] >= 0) forget(each, stream);
}

int has_streams(const struct streams *each) {
  return each->reading[OUT] >= 0 || each->reading[ERR] >= 0 || each->reading[RESULT] >= 0;
}
