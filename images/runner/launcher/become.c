/* Identity, folder and input of a command, in this order: every path is opened as the agent. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <unistd.h>
#include "launcher.h"

/* Returns where it failed, with errno set. Numbers only: nothing here knows a user's name. */
enum stage become(const struct command *command) {
  if (command->uid == 0 || command->uid == (uid_t)-1 || command->gid == (gid_t)-1) {
    errno = EPERM;
    return IDENTITY;
  }
  if (setgroups(command->group_count, command->groups) < 0) return IDENTITY;
  if (setresgid(command->gid, command->gid, command->gid) < 0) return IDENTITY;
  if (setresuid(command->uid, command->uid, command->uid) < 0) return IDENTITY;
  if (chdir(command->folder) < 0) return FOLDER;
  if (command->in == NULL) return NOTHING;
  int in = open(*command->in == '\0' ? "/dev/null" : command->in, O_RDONLY | O_NOFOLLOW);
  if (in < 0) return INPUT;
  if (in != 0 && (dup2(in, 0) < 0 || close(in) < 0)) return INPUT;
  return NOTHING;
}

/* Returns only when it failed, with errno set. PATH is looked up in the command's own environment, as env(1) does. */
void execute(const struct command *command) {
  environ = command->env;
  execvp(command->argv[0], command->argv);
}
