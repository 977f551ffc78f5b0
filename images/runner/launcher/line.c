/* The line to the runner. What comes over it is the runner's word, and is checked only so that a bug dies at once. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "launcher.h"

enum {
  MAX_REQUEST = 2 * 1024 * 1024, /* as much as the kernel takes for argv and environment */
  MAX_WORDS = 16384,
  MAX_ANSWERS = 256,
  WORD = sizeof(uint32_t),
};

/* Requests as they come, of which those before `used` are done with. */
static unsigned char bytes[WORD + MAX_REQUEST];
static size_t held, used;
static char *words[MAX_WORDS];
static uint32_t answers[MAX_ANSWERS][4];
static size_t answer_count;
/* Where answers are told as well until the runner speaks: for the daemon, which has nobody else to ask. */
static int told = -1;

void tell_answers(void) {
  const char *at = (const char *)answers;
  if (told >= 0 && answer_count > 0 && write(told, at, answer_count * sizeof *answers) < 0) close(told), told = -1;
  for (size_t left = answer_count * sizeof *answers; left > 0;) {
    ssize_t sent = send(LINE, at, left, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) _exit(0); /* the runner is gone, and the container with it */
    at += sent, left -= (size_t)sent;
  }
  answer_count = 0;
}

void answer(uint32_t kind, uint32_t id, uint32_t first, uint32_t second) {
  if (answer_count == MAX_ANSWERS) tell_answers();
  uint32_t *record = answers[answer_count++];
  record[0] = kind, record[1] = id, record[2] = first, record[3] = second;
}

_Noreturn static void malformed(void) {
  errno = EPROTO;
  die("a request");
}

void hear_file(int file) {
  ssize_t got;
  while ((got = read(file, bytes + held, sizeof bytes - held)) > 0) held += (size_t)got;
  if (got < 0 || held == sizeof bytes) malformed();
  close(file);
  told = open_told();
}

void hear_line(void) {
  memmove(bytes, bytes + used, held - used);
  held -= used, used = 0;
  ssize_t got = recv(LINE, bytes + held, sizeof bytes - held, MSG_DONTWAIT);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) _exit(0);
  held += (size_t)got;
  if (told >= 0) close(told), told = -1;
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

static void read_start(struct request *into, unsigned char *at, const unsigned char *end) {
  uint32_t head[8];
  struct command *command = &into->command;
  if (end - at < (ptrdiff_t)sizeof head) malformed();
  memcpy(head, at, sizeof head);
  size_t argc = head[5], envc = head[6], groups = head[7] * sizeof(gid_t);
  if (argc == 0 || argc + envc + 4 >= MAX_WORDS || head[7] > MAX_GROUPS) malformed();
  if (end - at < (ptrdiff_t)(sizeof head + groups)) malformed();
  command->uid = head[2], command->gid = head[3], command->pipes = head[4], command->group_count = head[7];
  memcpy(command->groups, at + sizeof head, groups);
  char **text = strings(at + sizeof head + groups, end, 2 + argc + envc);
  command->folder = text[0], command->in = text[1];
  /* Two arrays ended by NULL out of one: the environment moves up by one. */
  command->argv = text + 2;
  command->env = command->argv + argc + 1;
  memmove(command->env, command->argv + argc, envc * sizeof *text);
  command->argv[argc] = command->env[envc] = NULL;
}

static size_t next_length(void) {
  uint32_t length;
  if (held - used < WORD) return 0;
  memcpy(&length, bytes + used, WORD);
  if (length < 4 * WORD || length > MAX_REQUEST) malformed();
  return held - used - WORD < length ? 0 : length;
}

int has_request(void) { return next_length() > 0; }

int next_request(struct request *into) {
  size_t length = next_length();
  if (length == 0) return 0;
  unsigned char *at = bytes + used + WORD;
  uint32_t head[4];
  memcpy(head, at, sizeof head);
  used += WORD + length;
  into->kind = head[0], into->id = head[1];
  into->stream = head[2], into->how = head[3];
  if (into->kind == START) read_start(into, at, at + length);
  else if (into->kind == FIFOS) {
    into->path_count = head[2];
    into->paths = strings(at + 3 * WORD, at + length, into->path_count);
  } else if (into->kind != TAKE) malformed();
  return 1;
}
