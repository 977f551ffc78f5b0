/* What the parts of the launcher share; main.c says what it is. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAX_GROUPS = 64, EX_USAGE = 64, EX_SOFTWARE = 70 };

/* A command as an agent runs it. NULL: this stream stays as it is; "": it is /dev/null, or is not there (result). */
struct command {
  uid_t uid;
  gid_t gid;
  size_t group_count;
  gid_t groups[MAX_GROUPS];
  const char *folder, *in, *out, *err, *result;
  char **argv, **env;
};

/* Where a start failed: the second value of REFUSED. */
enum stage { NOTHING = 0, FORK = 1, STREAMS = 2, IDENTITY = 3, FOLDER = 4, INPUT = 5, EXEC = 6 };

/* What went wrong between fork and exec. */
struct fault {
  uint32_t stage, error;
};

_Noreturn void die(const char *what);
/* Cuts argv at its "--" and returns what follows. */
char **after_dashes(char **argv);

/* become.c */
enum stage become(const struct command *command);
void execute(const struct command *command);

/* child.c: in the forked process; writes the fault to `told`, which exec closes. */
void compute_oom_score(void);
_Noreturn void become_agent(const struct command *command, int told);

/* line.c: the line to the runner, in little-endian 32-bit words. A request is `length, kind, id, …`, then strings
   ended by NUL; an answer is `kind, id, two values`:
     START  uid gid argc envc groupc group…   folder in out err result  argv… env…
     FIFOS  count                             path…
     MADE errno 0 · RUNS pid 0 · REFUSED errno stage · ENDED pid wait-status          (no ENDED after REFUSED) */
enum { LINE = 3 };
enum { START = 1, FIFOS = 2 };
enum { MADE = 1, RUNS = 2, REFUSED = 3, ENDED = 4 };
struct request {
  uint32_t kind, id;
  struct command command; /* of START */
  char **paths;           /* of FIFOS */
  size_t path_count;
};
void take_request(struct request *into);
void answer(uint32_t kind, uint32_t id, uint32_t first, uint32_t second);

/* serve.c */
_Noreturn void serve(char **argv);
