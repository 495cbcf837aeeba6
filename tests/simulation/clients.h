// Kafka's ports as one process has them: clients of the Broker that fail as a real one's do when the process dies, the
// connection is cut, an answer is lost or a request comes late. Threads: one. Failures: kafka::Error.
#pragma once

#include <memory>
#include <string>

#include "common/clock/clock.h"
#include "common/kafka/ports.h"
#include "read-service/event_source.h"
#include "simulation/broker.h"
#include "simulation/history.h"
#include "simulation/life.h"
#include "simulation/random.h"

namespace orderly::simulation {

struct Surroundings {
  Broker& broker;
  Random& random;
  History& history;
  const Clock& clock;
  bool calm = false;  // no more faults
};

// `name` is the process's, for the history.
std::unique_ptr<kafka::MessageSource> make_source(Surroundings& around, std::shared_ptr<Life> life, std::string name);
std::unique_ptr<kafka::Publisher> make_publisher(Surroundings& around, std::shared_ptr<Life> life, std::string id);
std::unique_ptr<read::EventSource> make_event_source(Surroundings& around, std::shared_ptr<Life> life,
                                                     std::string name);

}  // namespace orderly::simulation
