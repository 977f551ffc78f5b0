/* What the parts of the launcher share; main.c says what it is. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAX_GROUPS = 64, EX_USAGE = 64, EX_SOFTWARE = 70 };

/* What a command writes to: stdout, stderr and, as descriptor 3, its result. */
enum { OUT = 0, ERR = 1, RESULT = 2, STREAMS = 3 };

/* A command as an agent runs it. */
struct command {
  uid_t uid;
  gid_t gid;
  size_t group_count;
  gid_t groups[MAX_GROUPS];
  const char *folder, *in; /* in: NULL: stdin stays as it is; "": /dev/null */
  uint32_t pipes;          /* bits of those streams that are pipes; without, OUT and ERR are /dev/null, RESULT is not there */
  char **argv, **env;
};

/* Where a start failed: the second value of REFUSED. */
enum stage { NOTHING = 0, FORK = 1, OUTPUT = 2, IDENTITY = 3, FOLDER = 4, INPUT = 5, EXEC = 6 };

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

/* child.c: in the forked process, with the writing ends of its pipes; writes the fault to `told`, which exec closes. */
void prepare_children(void);
_Noreturn void become_agent(const struct command *command, const int writing[STREAMS], int told);

/* streams.c: reading ends stay here, by number, until the runner has opened them anew or nobody can write any more. */
struct streams {
  uid_t uid;
  int reading[STREAMS]; /* -1: none, or no longer ours */
  uint32_t spoken;      /* bits of those the runner was told of */
};
void raise_file_limit(void);
void restore_file_limit(void);
/* Makes the pipes of a command, the agent's own; 0, or an errno with nothing made. */
int make_streams(const struct command *command, struct streams *into, int writing[STREAMS]);
/* Tells the runner of a stream that can be read, or forgets it when it has ended empty; 0 when there is no news of it. */
int hear_stream(struct streams *each, uint32_t id, int stream);
/* After the command's end: tells of all that are not empty, and of those another process may still write to. */
void hear_last(struct streams *each, uint32_t id);
void give_stream(struct streams *each, uint32_t id, uint32_t stream, uint32_t how);
void close_streams(struct streams *each);
int has_streams(const struct streams *each);

/* line.c: the line to the runner, in little-endian 32-bit words. A request is `length, kind, id, …`, then strings
   ended by NUL; an answer is `kind, id, two values`:
     START  uid gid pipes argc envc groupc group…   folder in argv… env…
     FIFOS  count                                   path…
     TAKE   stream how          how: OPENED, the launcher's end is closed · REFUSED_ME, it becomes root's and is SPOKEN of again
     MADE errno 0 · RUNS pid 0 · REFUSED errno stage · ENDED alone wait-status           (no ENDED after REFUSED)
     SPOKE pid stream + 4 × descriptor: it is to be opened as /proc/pid/fd/descriptor; comes before ENDED, or never
   alone: 1 when it is certain that no process of the command's tree is alive. */
enum { LINE = 3 };
enum { START = 1, FIFOS = 2, TAKE = 3 };
enum { OPENED = 0, REFUSED_ME = 1 };
enum { MADE = 1, RUNS = 2, REFUSED = 3, ENDED = 4, SPOKE = 5 };
struct request {
  uint32_t kind, id;
  struct command command; /* of START */
  char **paths;           /* of FIFOS */
  size_t path_count;
  uint32_t stream, how; /* of TAKE */
};
/* Reads what has come. */
void hear_line(void);
/* Takes the rest of a file as requests that came first, and closes it. */
void hear_file(int file);
/* The next whole request; its strings are good until the next call. 0 when there is none. */
int next_request(struct request *into);
int has_request(void);
/* Kept until tell_answers, so that one write tells all of a turn. */
void answer(uint32_t kind, uint32_t id, uint32_t first, uint32_t second);
void tell_answers(void);

/* first.c: first starts, in the spool. `first`: uid and gid the workspace is to have, the length of what only daemon and
   runner read, that, then requests. The launcher renames it to `begun` and serves the requests while the runner is not yet
   there; `told` is what it answered, `go` asks for the runner. src/protocol/first-starts.ts says the same. */
/* The file at its requests, taken; -1 when there is none, or the runner had better do it. */
int take_first_starts(void);
int open_told(void);
char **await_runner(char **variables);

/* serve.c */
int64_t now_ms(void);
_Noreturn void serve(char **argv);
