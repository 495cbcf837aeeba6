#include "handling/command_pipeline.h"

#include <algorithm>
#include <ranges>
#include <stdexcept>

#include "intake/router.h"

namespace orderly::handling {
namespace {

using domain::overloaded;

std::optional<domain::Rejection> check(const ReleaseParked& command) {
  const auto slash = command.stream.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == command.stream.size()) {
    return domain::invalid("stream", "must be category/id, such as product/LAMP");
  }
  return domain::check_id("command_id", command.command_id);
}

std::optional<domain::Rejection> check(const Command& command) {
  return std::visit(
      overloaded{[](const domain::Product::Command& c) -> std::optional<domain::Rejection> {
                   const auto* change = std::get_if<domain::ChangeBatchQuantity>(&c);
                   if (change == nullptr || !change->sku.empty()) return domain::Product::validate(c);
                   auto with_sku = *change;  // found by its batch later; what else it says is checked now
                   with_sku.sku = "-";
                   return domain::Product::validate(with_sku);
                 },
                 [](const domain::BatchReference::Command& c) { return domain::BatchReference::validate(c); },
                 [](const SettleBatchReference& c) { return domain::check_id("sku", c.sku); },
                 [](const domain::Order::Command& c) { return domain::Order::validate(c); },
                 [](const domain::Customer::Command& c) { return domain::Customer::validate(c); },
                 [](const ReleaseParked& c) { return check(c); }},
      command);
}

// Nothing personal goes to the log.
std::string logged_id(const Command& command) {
  if (std::holds_alternative<domain::Customer::Command>(command)) return "a customer";
  return domain::quoted(intake::routing_id(command));
}

bool matches(std::string_view pattern, std::string_view text) {
  if (!pattern.ends_with('*')) return pattern == text;
  return text.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

Authorisation::Authorisation(const std::vector<std::string>& rules) {
  for (const auto& rule : rules) {
    const auto equals = rule.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == rule.size()) {
      throw std::invalid_argument{"--allow: wanted PRINCIPAL=TYPE,TYPE…; got \"" + rule + '"'};
    }
    for (const auto type : std::views::split(std::string_view{rule}.substr(equals + 1), ',')) {
      rules_.push_back({rule.substr(0, equals), std::string{type.begin(), type.end()}});
    }
  }
}

bool Authorisation::allows(const Envelope& envelope) const {
  if (rules_.empty() || envelope.is_our_own) return true;
  const std::string_view principal = envelope.principal.empty() ? "anonymous" : std::string_view{envelope.principal};
  return std::ranges::any_of(rules_, [&](const Rule& rule) {
    return (rule.principal == "*" || rule.principal == principal) && matches(rule.type, envelope.type);
  });
}

Handler measured(Observe observe, Handler next) {
  return [observe = std::move(observe), next = std::move(next)](Incoming& incoming) {
    auto outcome = next(incoming);
    observe(incoming.envelope, outcome);
    return outcome;
  };
}

Handler audited(Audit audit, const log::Logger& log, Handler next) {
  if (audit == Audit::off) return next;
  return [audit, log, next = std::move(next)](Incoming& incoming) {
    auto outcome = next(incoming);
    if (audit == Audit::all || outcome.status == "REJECTED") {
      const auto& envelope = incoming.envelope;
      log.info("audit", {{"command_id", envelope.id},
                         {"type", envelope.type},
                         {"principal", envelope.principal},
                         {"aggregate_id", logged_id(incoming.command)},
                         {"status", outcome.status},
                         {"code", outcome.code},
                         {"correlation_id", envelope.correlation_id}});
    }
    return outcome;
  };
}

Handler authorised(Authorisation rules, Refuse refuse, Handler next) {
  return [rules = std::move(rules), refuse = std::move(refuse), next = std::move(next)](Incoming& incoming) {
    const auto& envelope = incoming.envelope;
    if (rules.allows(envelope)) return next(incoming);
    const auto who =
        envelope.principal.empty() ? std::string{"a sender without one"} : domain::quoted(envelope.principal);
    return refuse(incoming, {domain::RejectionCode::unauthorized, "ce_authid",
                             "ce_authid: " + who + " may not send " + envelope.type});
  };
}

Handler validated(Refuse refuse, Handler next) {
  return [refuse = std::move(refuse), next = std::move(next)](Incoming& incoming) {
    const auto problem = check(incoming.command);
    return problem ? refuse(incoming, *problem) : next(incoming);
  };
}

}  // namespace orderly::handling
