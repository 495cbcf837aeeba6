#include "common/tracing/tracing.h"

#include <unistd.h>

#include <array>
#include <stdexcept>

namespace orderly::tracing {

std::unique_ptr<Tracing> make_tracing(const Settings& settings, const std::string& service, const std::string& listen,
                                      prometheus::Registry& registry, const log::Logger& log) {
  if (settings.ratio < 0 || settings.ratio > 1) throw std::invalid_argument{"--trace-ratio: 0 to 1 wanted"};
  if (settings.otlp_url.empty()) {
    if (settings.ratio > 0) throw std::invalid_argument{"--trace-ratio: without --otlp-url nothing is traced"};
    return nullptr;
  }
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  try {
    return std::make_unique<Tracing>(settings, Resource{service, std::string{host.data()} + '/' + listen}, registry,
                                     log);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument{std::string{"--otlp-url: "} + error.what()};
  }
}

}  // namespace orderly::tracing
