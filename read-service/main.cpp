// The composition root of the read service: reads the options, makes the service, waits for the end.
#include <google/protobuf/stubs/logging.h>

#include <iostream>
#include <random>

#include "common/http/endpoint.h"
#include "common/kafka/config.h"
#include "common/log/log.h"
#include "common/options/options.h"
#include "common/process/termination.h"
#include "read-service/access.h"
#include "read-service/all_views.h"
#include "read-service/service.h"

namespace po = boost::program_options;

namespace orderly::read {
namespace {

constexpr unsigned most_threads = 64;
const std::vector<std::string_view> log_modules{"projector", "queries", "stream", "verification",
                                                "kafka",     "http",    "tracing"};

struct Settings {
  std::string brokers, data, log_level = "info";
  std::vector<std::string> kafka;
  http::ServerOptions http;
  http::AuthSettings auth;
  tracing::Settings tracing;
};

bool parse(int argc, char** argv, Settings& s) {
  options::Parser parser{"read-service", "answers queries from the events of the write service"};
  parser.add()("brokers", po::value(&s.brokers)->required()->value_name("HOST:PORT"), "Kafka's bootstrap servers")(
      "data", po::value(&s.data)->required()->value_name("DIR"), "where the views' files are kept")(
      "listen", po::value(&s.http.listen)->default_value(s.http.listen), "address for HTTP; port 0 takes any")(
      "http-threads", po::value(&s.http.threads)->default_value(s.http.threads), "threads that answer HTTP")(
      "cors-origin", po::value(&s.http.cors_origin)->value_name("ORIGIN"), "pages of this origin may read; * for all")(
      "kafka", po::value(&s.kafka)->value_name("KEY=VALUE")->composing(), "a librdkafka setting; may be repeated")(
      "log-level", po::value(&s.log_level)->default_value(s.log_level),
      "trace, debug, info, warn, error or off; of a module apart: info,kafka=debug (projector, queries, stream, "
      "verification, kafka, http, tracing)")(
      "otlp-url", po::value(&s.tracing.otlp_url)->value_name("URL"),
      "where spans go, by OTLP over HTTP (http://HOST:4318); without it nothing is traced");
  http::add_tls_options(parser, s.http);
  s.auth.add_to(parser);
  if (!parser.parse(argc, argv, options::environment())) return false;
  http::check_tls_options(s.http);
  http::parse_endpoint(s.http.listen);
  if (s.http.threads < 1 || s.http.threads > most_threads) throw options::OptionError{"--http-threads: 1 to 64 wanted"};
  return true;
}

void run(const Settings& settings, Termination& termination) {
  google::protobuf::SetLogHandler(nullptr);  // what it says of unreadable bytes is in the view's reason
  const auto log = log::Logger::to_stderr("read-service", settings.log_level, log_modules);
  auto config = options::key_values(settings.kafka, "kafka");
  config["bootstrap.servers"] = settings.brokers;
  kafka::check(config);

  const SystemClock clock;
  auto tracing = settings.tracing;
  tracing.seed = std::random_device{}();
  auto http = settings.http;
  if (settings.auth.is_on()) http.gate = http::bearer_gate(settings.auth.bearer, roles_of_route(settings.auth), clock);
  const auto registry = std::make_shared<prometheus::Registry>();
  ReadService service{{.data = settings.data, .http = std::move(http), .tracing = tracing, .registry = registry},
                      all_views(),
                      kafka_event_source(config, *registry, log),
                      clock,
                      log};
  service.start();
  log.info("read-service runs", {{"brokers", settings.brokers},
                                 {"data", settings.data},
                                 {"listen", settings.http.listen},
                                 {"port", service.port()}});
  log.info("read-service ends", {{"signal", termination.wait()}});
  service.stop();
}

}  // namespace
}  // namespace orderly::read

int main(int argc, char** argv) try {
  orderly::Termination termination;
  orderly::read::Settings settings;
  if (orderly::read::parse(argc, argv, settings)) orderly::read::run(settings, termination);
  return 0;
} catch (const std::invalid_argument& error) {
  std::cerr << "read-service: " << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << "read-service: " << error.what() << '\n';
  return 1;
}
