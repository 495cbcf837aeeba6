// given<Product>(events...).when(command).then(events...) or .then_rejected(code, field): one scenario of a decider.
// when runs validate, then decide, as the service does. For Catch2 tests; a failure prints both lists of events.
//
//   given<Product>(BatchCreated{"b1", "LAMP", 20, {}}).when(Deallocate{"o1", "LAMP"}).then();
#pragma once

#include <catch2/catch.hpp>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "domain/decider.h"
#include "domain/values.h"

namespace orderly::testing {

// Prints any event or value readably: Allocated{"o1", "LAMP", 3, "b1", false}.
namespace printing {

template <class T>
std::string type_name() {
  const std::string_view text = __PRETTY_FUNCTION__;  // "... [with T = orderly::domain::Allocated; std::string = ..."
  const auto from = text.find("T = ") + 4;
  const std::string_view name = text.substr(from, text.find_first_of(";]", from) - from);
  const auto colon = name.rfind(':');
  return std::string{colon == std::string_view::npos ? name : name.substr(colon + 1)};
}

struct Any {
  template <class T>
  operator T() const;
};

template <class T, class... Fields>
consteval std::size_t field_count() {
  if constexpr (requires { T{Fields{}..., Any{}}; }) {
    return field_count<T, Fields..., Any>();
  } else {
    return sizeof...(Fields);
  }
}

inline void print(std::ostream& out, const std::string& text) { out << '"' << text << '"'; }
inline void print(std::ostream& out, bool value) { out << (value ? "true" : "false"); }
inline void print(std::ostream& out, std::int64_t value) { out << value; }
inline void print(std::ostream& out, const domain::Date& value) { out << domain::to_string(value); }
inline void print(std::ostream& out, const domain::Money& value) { out << domain::to_string(value); }
inline void print(std::ostream& out, domain::Time value) { out << value.time_since_epoch().count() << " ms"; }
template <class T>
void print(std::ostream& out, const std::optional<T>& value);
template <class T>
void print(std::ostream& out, const std::vector<T>& values);
template <class T>
requires std::is_aggregate_v<T>
void print(std::ostream& out, const T& value);

template <class... Fields>
void print_all(std::ostream& out, const Fields&... fields) {
  const char* separator = "";
  ((out << std::exchange(separator, ", "), print(out, fields)), ...);
}

template <class T>
void print(std::ostream& out, const std::optional<T>& value) {
  if (value) {
    print(out, *value);
  } else {
    out << "none";
  }
}

template <class T>
void print(std::ostream& out, const std::vector<T>& values) {
  out << '[';
  for (const char* separator = ""; const T& value : values) {
    out << std::exchange(separator, ", ");
    print(out, value);
  }
  out << ']';
}

template <class T>
void print_fields(std::ostream& out, const T& value) {
  constexpr std::size_t count = field_count<T>();
  static_assert(count >= 1 && count <= 6, "add a case for this many fields");
  if constexpr (count == 1) {
    const auto& [a] = value;
    print_all(out, a);
  } else if constexpr (count == 2) {
    const auto& [a, b] = value;
    print_all(out, a, b);
  } else if constexpr (count == 3) {
    const auto& [a, b, c] = value;
    print_all(out, a, b, c);
  } else if constexpr (count == 4) {
    const auto& [a, b, c, d] = value;
    print_all(out, a, b, c, d);
  } else if constexpr (count == 5) {
    const auto& [a, b, c, d, e] = value;
    print_all(out, a, b, c, d, e);
  } else {
    const auto& [a, b, c, d, e, f] = value;
    print_all(out, a, b, c, d, e, f);
  }
}

template <class T>
requires std::is_aggregate_v<T>
void print(std::ostream& out, const T& value) {
  out << type_name<T>() << '{';
  print_fields(out, value);
  out << '}';
}

}  // namespace printing

template <class Event>
std::string describe(const std::vector<Event>& events) {
  std::ostringstream out;
  for (const Event& event : events) {
    out << "\n    ";
    std::visit([&](const auto& one) { printing::print(out, one); }, event);
  }
  return events.empty() ? "\n    no events" : out.str();
}

inline constexpr domain::Time test_time{std::chrono::milliseconds{1'700'000'000'000}};

template <domain::Decider A>
domain::Decision<typename A::Event> validate_and_decide(const typename A::State& state,
                                                        const typename A::Command& command,
                                                        domain::Time now = test_time) {
  if (auto problem = A::validate(command)) return std::unexpected(*std::move(problem));
  return A::decide(state, command, now);
}

template <domain::Decider A>
class Outcome {
 public:
  using Event = typename A::Event;

  explicit Outcome(domain::Decision<Event> decision) : decision_(std::move(decision)) {}

  template <class... Events>
  void then(Events... expected) const {
    const std::vector<Event> events{Event{std::move(expected)}...};
    INFO("expected:" << describe(events));
    INFO("got:" << got());
    CHECK((decision_ && *decision_ == events));
  }

  void then_rejected(domain::RejectionCode code, std::string_view field) const {
    INFO("expected: " << domain::to_string(code) << " of field '" << field << "'");
    INFO("got:" << got());
    CHECK((!decision_ && decision_.error().code == code && decision_.error().field == field));
    if (!decision_) CHECK(domain::is_utf8(decision_.error().message));
  }

  void then_rejected(domain::RejectionCode code, std::string_view field, std::string_view message) const {
    then_rejected(code, field);
    if (!decision_) CHECK(decision_.error().message == message);
  }

 private:
  std::string got() const {
    if (decision_) return describe(*decision_);
    return " " + std::string{domain::to_string(decision_.error().code)} + ": " + decision_.error().message;
  }

  domain::Decision<Event> decision_;
};

template <domain::Decider A>
class Scenario {
 public:
  void happened(const typename A::Event& event) { A::evolve(state_, event); }
  Outcome<A> when(const typename A::Command& command, domain::Time now = test_time) const {
    return Outcome<A>{validate_and_decide<A>(state_, command, now)};
  }
  const typename A::State& state() const { return state_; }

 private:
  typename A::State state_;
};

template <domain::Decider A, class... Events>
Scenario<A> given(const Events&... events) {
  Scenario<A> scenario;
  (scenario.happened(typename A::Event{events}), ...);
  return scenario;
}

// The same with the events in a list, for a history that a test puts together.
template <domain::Decider A>
Scenario<A> given_all(const std::vector<typename A::Event>& events) {
  Scenario<A> scenario;
  for (const auto& event : events) scenario.happened(event);
  return scenario;
}

}  // namespace orderly::testing
