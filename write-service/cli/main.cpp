// `orderly`: the operator's and the client's program. One line a sub-command.
#include <google/protobuf/stubs/logging.h>

#include <array>
#include <iostream>

#include "cli/subcommands.h"
#include "common/options/options.h"

int main(int argc, char** argv) {
  using namespace orderly::cli;
  static const std::array subcommands{
      Subcommand{"topics create", "makes the topics that both services need", topics_create},
      Subcommand{"send", "sends one command, or a file of them", send},
      Subcommand{"import", "sends a shop's orders as commands", import_orders},
      Subcommand{"dead-letters list", "what could not be handled, and why", dead_letters_list},
      Subcommand{"dead-letters show", "one of them with its headers and value", dead_letters_show},
      Subcommand{"dead-letters replay", "has one handled again, and what waits behind it", dead_letters_replay},
      Subcommand{"dead-letters discard", "leaves a parked command out", dead_letters_discard},
      Subcommand{"events", "the audit trail of one aggregate, from a write service's store", events},
      Subcommand{"why", "how something came about: a command, an event, an order", why},
      Subcommand{"verify", "proves the views, or a shard's store, by a replay beside them", verify},
      Subcommand{"views list", "how each view of a read service is doing", views_list},
      Subcommand{"views rebuild", "fills a view anew, beside the one that is served", views_rebuild},
      Subcommand{"views rollback", "goes back to the file that a view was served from before", views_rollback},
      Subcommand{"backup", "consistent, checked copies of running services' stores and views", backup},
      Subcommand{"restore", "puts a backup's files where stopped services will find them", restore},
      Subcommand{"repartition", "makes stores for another number of partitions", repartition},
  };
  std::ios::sync_with_stdio(false);
  google::protobuf::SetLogHandler(nullptr);  // what cannot be read is told in our own words
  const auto environment = orderly::options::environment();
  auto console = Console::standard(environment);
  const int exit_code = dispatch(subcommands, {argv + 1, argv + argc}, environment, console);
  std::cout.flush();
  if (std::cout) return exit_code;
  std::cerr << "orderly: standard output cannot be written\n";
  return 1;
}
