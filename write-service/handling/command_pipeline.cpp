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

// A customer's id is personal: the command's id leads to it for who may know.
std::string aggregate_in_log(const Command& command) {
  if (std::holds_alternative<domain::Customer::Command>(command)) return "(a customer)";
  const auto* release = std::get_if<ReleaseParked>(&command);
  if (release != nullptr && release->stream.starts_with("customer/")) return "(a customer)";
  return domain::quoted(intake::routing_id(command));
}

using Pairs = std::vector<std::pair<std::string, std::string>>;
constexpr std::string_view role_prefix = "role:";

// NAME=ONE,OTHER as NAME, ONE and NAME, OTHER.
Pairs pairs(const std::vector<std::string>& rules, const std::string& wanted) {
  Pairs pairs;
  for (const auto& rule : rules) {
    const auto equals = rule.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == rule.size()) {
      throw std::invalid_argument{wanted + "; got \"" + rule + '"'};
    }
    for (const auto one : std::views::split(std::string_view{rule}.substr(equals + 1), ',')) {
      pairs.emplace_back(rule.substr(0, equals), std::string{one.begin(), one.end()});
    }
  }
  return pairs;
}

bool matches(std::string_view pattern, std::string_view text) {
  if (!pattern.ends_with('*')) return pattern == text;
  return text.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

Authorisation::Authorisation(const std::vector<std::string>& rules, const std::vector<std::string>& roles) {
  for (auto& [principal, type] : pairs(rules, "--allow: wanted PRINCIPAL=TYPE,TYPE…")) {
    rules_.push_back({principal, type});
  }
  roles_ = pairs(roles, "--role: wanted ROLE=PRINCIPAL,PRINCIPAL…");
  for (const auto& rule : rules_) {
    if (!rule.principal.starts_with(role_prefix)) continue;
    const auto role = rule.principal.substr(role_prefix.size());
    if (std::ranges::find(roles_, role, &Pairs::value_type::first) == roles_.end()) {
      throw std::invalid_argument{"--allow: nobody has the role \"" + role + "\": give --role " + role + "=PRINCIPAL"};
    }
  }
}

bool Authorisation::has(std::string_view role, std::string_view principal) const {
  return role.starts_with(role_prefix) && std::ranges::any_of(roles_, [&](const auto& one) {
           return one.first == role.substr(role_prefix.size()) && one.second == principal;
         });
}

bool Authorisation::allows(const Envelope& envelope) const {
  if (rules_.empty() || envelope.is_our_own) return true;
  const std::string_view principal = envelope.principal.empty() ? "anonymous" : std::string_view{envelope.principal};
  return std::ranges::any_of(rules_, [&](const Rule& rule) {
    const bool is_meant = rule.principal == "*" || rule.principal == principal || has(rule.principal, principal);
    return is_meant && matches(rule.type, envelope.type);
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
                         {"aggregate_id", aggregate_in_log(incoming.command)},
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
