// The table of contents: every sub-command, one file each. An Invocation in, the exit code out; exceptions as
// dispatch.h says. Threads: the main one.
#pragma once

#include "cli/dispatch.h"

namespace orderly::cli {

int topics_create(const Invocation& invocation);
int import_orders(const Invocation& invocation);
int send(const Invocation& invocation);
int dead_letters_list(const Invocation& invocation);
int dead_letters_show(const Invocation& invocation);
int dead_letters_replay(const Invocation& invocation);
int dead_letters_discard(const Invocation& invocation);
int events(const Invocation& invocation);
int why(const Invocation& invocation);
int verify(const Invocation& invocation);
int views_list(const Invocation& invocation);
int views_rebuild(const Invocation& invocation);
int views_rollback(const Invocation& invocation);
int backup(const Invocation& invocation);
int restore(const Invocation& invocation);
int repartition(const Invocation& invocation);

}  // namespace orderly::cli
