#include "common/http/security_options.h"

namespace po = boost::program_options;

namespace orderly::http {

void add_tls_options(options::Parser& parser, ServerOptions& server) {
  parser.add()("tls-cert", po::value(&server.tls_certificate)->value_name("FILE"),
               "serve HTTPS with this certificate and its chain, PEM; read at the start")(
      "tls-key", po::value(&server.tls_key)->value_name("FILE"), "and its private key, PEM");
}

void check_tls_options(const ServerOptions& server) {
  if (server.tls_certificate.empty() && !server.tls_key.empty()) throw options::OptionError{"--tls-cert: wanted too"};
  if (!server.tls_certificate.empty() && server.tls_key.empty()) throw options::OptionError{"--tls-key: wanted too"};
}

void AuthSettings::add_to(options::Parser& parser) {
  parser.add()("auth-keys", po::value(&bearer.keys)->value_name("FILE"),
               "demand bearer tokens (JWT, RS256 or ES256) that these public keys verify: PEM or a JWK set")(
      "auth-issuer", po::value(&bearer.issuer)->value_name("ISS"), "of this issuer")(
      "auth-audience", po::value(&bearer.audience)->value_name("AUD"), "for this audience")(
      "auth-roles-claim", po::value(&bearer.roles_claim)->default_value("roles")->value_name("NAME"),
      "where a token names its roles, such as scope or realm_access.roles")(
      "auth-reader", po::value(&reader_role)->default_value("reader")->value_name("ROLE"), "the role that may ask")(
      "auth-operator", po::value(&operator_role)->default_value("operator")->value_name("ROLE"),
      "the role that may do all that, and use /admin")(
      "auth-metrics", po::bool_switch(&protect_metrics), "/metrics wants a token, too");
}

}  // namespace orderly::http
