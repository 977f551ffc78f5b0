/* The line to the runner. What comes over it is the runner's word, and is checked only so that a bug dies at once. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "launcher.h"

enum {
  MAX_REQUEST = 2 * 1024 * 1024, /* as much as the kernel takes for argv and environment */
  MAX_WORDS = 16384,
  STREAM_STRINGS = 5,
};

static unsigned char bytes[MAX_REQUEST];
static char *words[MAX_WORDS];

void answer(uint32_t kind, uint32_t id, uint32_t first, uint32_t second) {
  uint32_t record[4] = {kind, id, first, second};
  const char *at = (const char *)record;
  for (size_t left = sizeof record; left > 0;) {
    ssize_t sent = send(LINE, at, left, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) _exit(0); /* the runner is gone, and the container with it */
    at += sent, left -= (size_t)sent;
  }
}

static void take(void *into, size_t count) {
  for (char *at = into; count > 0;) {
    ssize_t got = read(LINE, at, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) _exit(0);
    at += got, count -= (size_t)got;
  }
}

_Noreturn static void malformed(void) {
  errno = EPROTO;
  die("the runner's request");
}

/* Points `words` to the NUL-ended strings of a request; dies if they are not exactly as many as promised. */
static char **strings(unsigned char *at, const unsigned char *end, size_t count) {
  if (count >= MAX_WORDS || count == 0 || at >= end || end[-1] != '\0') malformed();
  for (size_t index = 0; index < count; index++) {
    if (at >= end) malformed();
    words[index] = (char *)at;
    at += strlen((char *)at) + 1;
  }
  if (at != end) malformed();
  return words;
}

static void read_start(struct request *into, const unsigned char *end) {
  uint32_t head[7];
  struct command *command = &into->command;
  if (end - bytes < (ptrdiff_t)sizeof head) malformed();
  memcpy(head, bytes, sizeof head);
  size_t argc = head[4], envc = head[5], groups = head[6] * sizeof(gid_t);
  if (argc == 0 || argc + envc + STREAM_STRINGS + 2 >= MAX_WORDS || head[6] > MAX_GROUPS) malformed();
  if (end - bytes < (ptrdiff_t)(sizeof head + groups)) malformed();
  command->uid = head[2], command->gid = head[3], command->group_count = head[6];
  memcpy(command->groups, bytes + sizeof head, groups);
  char **at = strings(bytes + sizeof head + groups, end, STREAM_STRINGS + argc + envc);
  command->folder = at[0], command->in = at[1], command->out = at[2], command->err = at[3], command->result = at[4];
  /* Two arrays ended by NULL out of one: the environment moves up by one. */
  command->argv = at + STREAM_STRINGS;
  command->env = command->argv + argc + 1;
  memmove(command->env, command->argv + argc, envc * sizeof *at);
  command->argv[argc] = command->env[envc] = NULL;
}

/* Waits for a whole request; its strings are good until the next one. */
void take_request(struct request *into) {
  uint32_t length, head[3];
  take(&length, sizeof length);
  if (length < sizeof head || length > MAX_REQUEST) malformed();
  take(bytes, length);
  memcpy(head, bytes, sizeof head);
  into->kind = head[0], into->id = head[1];
  if (into->kind == START) return read_start(into, bytes + length);
  if (into->kind != FIFOS) malformed();
  into->path_count = head[2];
  into->paths = strings(bytes + sizeof head, bytes + length, into->path_count);
}
