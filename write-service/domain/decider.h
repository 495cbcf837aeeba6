// An aggregate as two pure functions: decide(state, command, now) -> events or Rejection, and evolve(state&, event).
// Any thread may call them; no clock, no I/O and no lock is in them. decide expects a command that validate accepted.
// A refusal is a value, never thrown; evolve throws std::logic_error for an event that cannot follow the state.
//
//   auto decision = Product::decide(state, Allocate{"order-1", "LAMP", 3, false}, now);
//   if (decision) for (const auto& event : *decision) Product::evolve(state, event);
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace orderly::domain {

enum class RejectionCode {
  invalid_command,
  unknown_sku,
  unknown_batch,
  batch_exists,
  unknown_order,
  order_exists,
  wrong_status,
  amount_mismatch,
  line_exists,
  not_allocated,
  unauthorized,
  not_parked,
  unknown_customer,
  not_sealed,
};

// Upper snake case, a published name: "INVALID_COMMAND".
constexpr std::string_view to_string(RejectionCode code) {
  switch (code) {
    case RejectionCode::invalid_command:
      return "INVALID_COMMAND";
    case RejectionCode::unknown_sku:
      return "UNKNOWN_SKU";
    case RejectionCode::unknown_batch:
      return "UNKNOWN_BATCH";
    case RejectionCode::batch_exists:
      return "BATCH_EXISTS";
    case RejectionCode::unknown_order:
      return "UNKNOWN_ORDER";
    case RejectionCode::order_exists:
      return "ORDER_EXISTS";
    case RejectionCode::wrong_status:
      return "WRONG_STATUS";
    case RejectionCode::amount_mismatch:
      return "AMOUNT_MISMATCH";
    case RejectionCode::line_exists:
      return "LINE_EXISTS";
    case RejectionCode::not_allocated:
      return "NOT_ALLOCATED";
    case RejectionCode::unauthorized:
      return "UNAUTHORIZED";
    case RejectionCode::not_parked:
      return "NOT_PARKED";
    case RejectionCode::unknown_customer:
      return "UNKNOWN_CUSTOMER";
    case RejectionCode::not_sealed:
      return "NOT_SEALED";
  }
  return "UNKNOWN";
}

struct Rejection {
  RejectionCode code = RejectionCode::invalid_command;
  std::string field;    // the command's field at fault; empty where no single one is
  std::string message;  // for a person: field, reason, limit; valid UTF-8
  bool operator==(const Rejection&) const = default;
};

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

template <class Event>
using Decision = std::expected<std::vector<Event>, Rejection>;

// For std::visit: one lambda for each alternative, none of them generic, so that a forgotten case does not compile.
template <class... Cases>
struct overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
overloaded(Cases...) -> overloaded<Cases...>;

template <class A>
concept Decider = std::default_initializable<typename A::State> && std::movable<typename A::State> &&
    requires(const typename A::State& state, typename A::State& changing, const typename A::Command& command,
             const typename A::Event& event, Time now) {
  { std::variant_size_v<typename A::Command> } -> std::convertible_to<std::size_t>;
  { std::variant_size_v<typename A::Event> } -> std::convertible_to<std::size_t>;
  { A::validate(command) } -> std::same_as<std::optional<Rejection>>;
  { A::decide(state, command, now) } -> std::same_as<Decision<typename A::Event>>;
  { A::evolve(changing, event) } -> std::same_as<void>;
  { A::approximate_bytes(state) } -> std::same_as<std::size_t>;
  { A::aggregate_id(command) } -> std::same_as<const std::string&>;
  { A::stream_category } -> std::convertible_to<std::string_view>;
};

}  // namespace orderly::domain
