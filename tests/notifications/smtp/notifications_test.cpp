// Notifications from end to end but for the broker: events in, mails at a real SMTP server, dead letters out.
#include "reactions/notifications.h"

#include <netinet/in.h>
#include <prometheus/registry.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "../following.h"
#include "allocation/v1/allocation.pb.h"
#include "customer/v1/customer.pb.h"
#include "smtp_server.h"

namespace {

using namespace orderly;
using namespace orderly::reactions;
using namespace orderly::testing;
using namespace std::chrono_literals;
using Catch::Contains;

const SystemClock wall_clock;

struct Shop {
  Shop() { broker.poll_waits = true; }

  void start(const std::string& smtp_url) {
    Notifications::Options options{
        .directory = directory.path,
        .shards = {},
        .smtp = {.server = SmtpServer::parse(smtp_url)},
        .addresses = {"allocations@shop.example", {"stock@shop.example"}},
        .max_tries = 3,
        .back_off = {5ms, 20ms},
        .breaker = {.failures_to_open = 2, .stay_open = 20ms},
    };
    const Notifications::Ports ports{[] { return 2; },
                                     [this](const auto&) { return std::make_unique<InMemorySource>(broker); },
                                     [this](const auto&) { return std::make_unique<InMemoryPublisher>(broker); },
                                     wall_clock,
                                     std::chrono::steady_clock::now,
                                     7};
    notifications.reset();
    registry = std::make_unique<prometheus::Registry>();
    notifications = std::make_unique<Notifications>(options, ports, *registry, log::Logger::silent());
    notifications->start();
  }

  void out_of_stock(const std::string& id, const std::string& sku) {
    allocation::v1::OutOfStock event;
    event.set_sku(sku);
    event.set_order_id("o1");
    event.set_quantity(10);
    broker.add_event("allocation.events", "allocation.v1.OutOfStock", id, wall_clock.now(), event.SerializeAsString(),
                     1);
  }
  void became_vip(const std::string& id) {
    customer::v1::CustomerBecameVip event;
    event.set_customer_id("c1");
    event.set_order_id("o3");
    broker.add_event("customer.events", "customer.v1.CustomerBecameVip", id, wall_clock.now(),
                     event.SerializeAsString());
  }

  // Until so many events are finished with and in the checkpoint.
  bool wait_for_out_of_stock(std::int64_t events) { return broker.wait_for_reader("allocation.events", 1, events); }
  bool wait_for_vips(std::int64_t events) { return broker.wait_for_reader("customer.events", 0, events); }

  InMemoryBroker broker;
  TemporaryDirectory directory;
  std::unique_ptr<prometheus::Registry> registry;
  std::unique_ptr<Notifications> notifications;
};

}  // namespace

TEST_CASE("an e-mail really arrives", "[notifications][book]") {
  const SmtpSink sink;
  Shop shop;
  shop.out_of_stock("e1", "POPULAR-CURTAINS");
  shop.start(sink.url());
  REQUIRE(shop.wait_for_out_of_stock(1));
  REQUIRE(sink.received() == 1);
  const auto mail = sink.mail(1);
  CHECK_THAT(mail, Contains("\r\nFrom: allocations@shop.example\r\n"));
  CHECK_THAT(mail, Contains("\r\nTo: stock@shop.example\r\n"));
  CHECK_THAT(mail, Contains("\r\nSubject: Out of stock for POPULAR-CURTAINS\r\n"));
  CHECK_THAT(mail, Contains("\r\nMessage-ID: <e1@orderly>\r\n"));
  CHECK_THAT(mail, Contains("\r\n\r\nOut of stock for POPULAR-CURTAINS.\r\n"));
}

TEST_CASE("A new VIP is told to the shop", "[notifications]") {
  const SmtpSink sink;
  Shop shop;
  shop.became_vip("e2");
  shop.start(sink.url());
  REQUIRE(shop.wait_for_vips(1));
  CHECK_THAT(sink.mail(1), Contains("\r\nSubject: Customer c1 is a VIP now\r\n"));
}

TEST_CASE("After a restart no mail comes twice and none is missing", "[notifications]") {
  const SmtpSink sink;
  Shop shop;
  shop.out_of_stock("e1", "LAMP");
  shop.start(sink.url());
  REQUIRE(shop.wait_for_out_of_stock(1));
  shop.notifications->stop();
  shop.out_of_stock("e2", "TABLE");
  shop.start(sink.url());
  REQUIRE(shop.wait_for_out_of_stock(2));
  REQUIRE(sink.received() == 2);
  CHECK_THAT(sink.mail(1), Contains("<e1@orderly>"));
  CHECK_THAT(sink.mail(2), Contains("<e2@orderly>"));
}

TEST_CASE("A mail that is refused for good is dead-lettered, and the next one goes out", "[notifications]") {
  const SmtpSink sink;
  Shop shop;
  sink.answer("data 550");
  shop.out_of_stock("e1", "LAMP");
  shop.start(sink.url());
  REQUIRE(shop.broker.wait_for("dead-letters", 1));
  REQUIRE(shop.wait_for_out_of_stock(1));
  sink.answer("");
  shop.out_of_stock("e2", "TABLE");
  REQUIRE(shop.wait_for_out_of_stock(2));
  REQUIRE(sink.received() == 1);
  CHECK_THAT(sink.mail(1), Contains("<e2@orderly>"));
  const auto letter = shop.broker.of("dead-letters").front();
  CHECK(letter.header("ce_id") == "e1");
  CHECK(letter.header("dlq-reason") == "NOTIFICATION_FAILED");
  CHECK_THAT(letter.header("dlq-detail"), Contains("550"));
}

TEST_CASE("A mail that is refused for now is tried again and in the end dead-lettered", "[notifications]") {
  const SmtpSink sink;
  Shop shop;
  sink.answer("rcpt 451");
  shop.out_of_stock("e1", "LAMP");
  shop.start(sink.url());
  REQUIRE(shop.broker.wait_for("dead-letters", 1));
  CHECK_THAT(shop.broker.of("dead-letters").front().header("dlq-detail"), Contains("451"));
  CHECK(sink.received() == 0);
}

TEST_CASE("One notification's trouble leaves the other alone", "[notifications]") {
  const SmtpSink sink;
  Shop shop;
  shop.broker.publish_fails = kafka::Error{kafka::Error::Kind::transient, "the broker takes no dead letters"};
  shop.broker.add_event("allocation.events", "allocation.v1.OutOfStock", "broken", wall_clock.now(), "\xff\xff");
  shop.became_vip("e2");
  shop.start(sink.url());
  REQUIRE(shop.broker.wait_for_failed_publish());
  REQUIRE(shop.wait_for_vips(1));
  CHECK(sink.received() == 1);
  shop.notifications->stop();
  const auto health = shop.notifications->health();
  CHECK(health[0].name == "notification out_of_stock");
  CHECK_THAT(health[0].trouble.value_or(""), Contains("a dead letter cannot be published"));
}

TEST_CASE("Stopping does not wait for a mail server that hangs", "[notifications]") {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(
      (bind(listener, generic, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, generic, &size) == 0));
  Shop shop;
  shop.out_of_stock("e1", "LAMP");
  shop.start("smtp://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  const int connection = accept(listener, nullptr, nullptr);
  REQUIRE(connection >= 0);  // the client waits for a greeting now
  const auto started = std::chrono::steady_clock::now();
  shop.notifications->stop();
  CHECK(std::chrono::steady_clock::now() - started < 5s);
  close(connection);
  close(listener);
}
