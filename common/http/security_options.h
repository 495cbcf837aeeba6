// The options by which a program's HTTP port gets TLS and bearer tokens. Threads: start of the program only.
// Failures: OptionError; what is wrong with a file is told by the server's start or the gate's making.
#pragma once

#include "common/http/server.h"
#include "common/options/options.h"

namespace orderly::http {

void add_tls_options(options::Parser& parser, ServerOptions& server);
void check_tls_options(const ServerOptions& server);  // both files or none

struct AuthSettings {
  BearerOptions bearer;
  std::string reader_role, operator_role;
  bool protect_metrics = false;

  void add_to(options::Parser& parser);
  bool is_on() const { return !bearer.keys.empty(); }
};

}  // namespace orderly::http
