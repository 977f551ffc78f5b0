/*
 * The launcher: turns a forked process into an agent's command, in one exec, for the runner and for `berth exec`.
 *
 *   launcher serve NAME=VALUE… -- PROGRAM ARGUMENT…
 *     Becomes PROGRAM, which has at descriptor 3 a line to a child that stays and serves its requests (launcher.h). Where
 *     first starts lie in the spool they are served before, and PROGRAM comes when it is needed (first.c).
 *   launcher as UID:GID[:GROUP…] FOLDER NAME=VALUE… -- COMMAND ARGUMENT…
 *     Becomes COMMAND with that identity.
 *
 * Why it exists: forking the runner, with Node's mappings, takes 2.4 ms of CPU, forking this less than a tenth; and
 * what runs as root between fork and exec is these files, not a chain of other people's programs.
 *
 * INVARIANTS
 * - Numbers only: nothing here reads a user database, an NSS module or a file of the image. Linked statically, so the
 *   image's LD_PRELOAD means nothing; PROGRAM and COMMAND get no variable but those given. Identity 0 is refused.
 * - Folder, input and command come after the change of identity: their paths are opened as the agent.
 * - exec closes every descriptor but 0 to 3. The serving child waits for no agent and ends with its line; when it ends
 *   first, the runner sees the line end, and the container ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "launcher.h"

_Noreturn void die(const char *what) {
  fprintf(stderr, "berth launcher: %s: %s\n", what, strerror(errno));
  _exit(EX_SOFTWARE);
}

static int wrong_usage(const char *usage) {
  fprintf(stderr, "berth launcher: usage: %s\n", usage);
  return EX_USAGE;
}

char **after_dashes(char **argv) {
  while (*argv != NULL && strcmp(*argv, "--") != 0) argv++;
  if (*argv == NULL || argv[1] == NULL) _exit(wrong_usage("-- and a command were expected"));
  *argv = NULL;
  return argv + 1;
}

static uint32_t number(const char *text, char **end) {
  errno = 0;
  unsigned long long value = *text >= '0' && *text <= '9' ? strtoull(text, end, 10) : UINT64_MAX;
  if (errno != 0 || value >= UINT32_MAX || (**end != ':' && **end != '\0')) _exit(wrong_usage("a number was expected"));
  return (uint32_t)value;
}

/* argv: UID:GID[:GROUP…] FOLDER NAME=VALUE… -- COMMAND ARGUMENT… */
static int as(char **argv) {
  static struct command command;
  char *at = argv[0];
  command.uid = number(at, &at);
  if (*at != ':') return wrong_usage("a group was expected");
  command.gid = number(at + 1, &at);
  command.groups[command.group_count++] = command.gid;
  while (*at == ':' && command.group_count < MAX_GROUPS)
    command.groups[command.group_count++] = number(at + 1, &at);
  command.folder = argv[1];
  command.env = argv + 2;
  command.argv = after_dashes(command.env);
  enum stage stage = become(&command);
  if (stage == NOTHING) execute(&command);
  int missing = stage == NOTHING && errno == ENOENT;
  const char *what = stage == NOTHING ? command.argv[0] : stage == FOLDER ? command.folder : "identity";
  fprintf(stderr, "berth exec: %s: %s\n", what, strerror(errno));
  return missing ? 127 : 126;
}

int main(int argc, char **argv) {
  if (argc >= 4 && strcmp(argv[1], "serve") == 0) serve(argv + 2);
  if (argc >= 5 && strcmp(argv[1], "as") == 0) return as(argv + 2);
  return wrong_usage("serve NAME=VALUE... -- PROGRAM... | as UID:GID... FOLDER NAME=VALUE... -- COMMAND...");
}
