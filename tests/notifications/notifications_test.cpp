// Which event makes which mail, and the notifications' options.
#include <fstream>

#include "allocation/v1/allocation.pb.h"
#include "customer/v1/customer.pb.h"
#include "following.h"
#include "reactions/notifications_mails.h"
#include "reactions/notifications_options.h"

namespace {

using namespace orderly;
using namespace orderly::reactions;
using namespace orderly::testing;
using namespace std::chrono_literals;
using Catch::Contains;

kafka::Message event(const std::string& payload, std::span<const kafka::Header> headers) {
  return {.topic = "allocation.events",
          .partition = 0,
          .offset = 7,
          .timestamp_ms = 0,
          .key = "LAMP",
          .value = payload,
          .headers = headers};
}

const std::array headers{kafka::Header{"ce_id", "e1"}, kafka::Header{"ce_time", "2011-01-31T12:00:00.000Z"}};
const Notification& out_of_stock = notifications()[0];
const Notification& became_vip = notifications()[1];

NotificationSettings settings() { return {"smtp://mail.example", "", "a@b", "c@d", "", "24h", 8}; }

}  // namespace

TEST_CASE("out of stock sends an e-mail", "[notifications][book]") {
  allocation::v1::OutOfStock out;
  out.set_sku("POPULAR-CURTAINS");
  out.set_order_id("o1");
  out.set_quantity(10);
  const std::string bytes = out.SerializeAsString();
  const auto mail = mail_for(out_of_stock, load_template(out_of_stock, {}), event(bytes, headers));
  REQUIRE(mail);
  CHECK(mail->id == "e1");
  CHECK(mail->subject == "Out of stock for POPULAR-CURTAINS");
  CHECK(mail->body ==
        "Out of stock for POPULAR-CURTAINS.\n\nOrder:           o1\nQuantity:        10\nWaits for stock: no\n\n"
        "Event e1 of 2011-01-31T12:00:00.000Z");
}

TEST_CASE("A line that waits for stock says so", "[notifications]") {
  allocation::v1::OutOfStock out;
  out.set_backordered(true);
  const std::string bytes = out.SerializeAsString();
  CHECK_THAT(mail_for(out_of_stock, load_template(out_of_stock, {}), event(bytes, headers))->body,
             Contains("Waits for stock: yes"));
}

TEST_CASE("A new VIP makes an e-mail", "[notifications]") {
  customer::v1::CustomerBecameVip vip;
  vip.set_customer_id("c1");
  vip.set_order_id("o3");
  const std::string bytes = vip.SerializeAsString();
  const auto mail = mail_for(became_vip, load_template(became_vip, {}), event(bytes, headers));
  REQUIRE(mail);
  CHECK(mail->subject == "Customer c1 is a VIP now");
  CHECK_THAT(mail->body, Contains("Customer c1 has become a VIP with order o3."));
}

TEST_CASE("Bytes that are no such event make no e-mail", "[notifications]") {
  CHECK_FALSE(mail_for(out_of_stock, load_template(out_of_stock, {}), event("\xff\xff\xff", headers)));
}

TEST_CASE("A template of one's own takes the built-in one's place", "[notifications]") {
  TemporaryDirectory directory;
  std::ofstream{directory.path / "out_of_stock.txt"} << "Subject: {{sku}}!\n\nBuy {{sku}}\n";
  const auto mail = mail_for(out_of_stock, load_template(out_of_stock, directory.path), event("", headers));
  CHECK(mail->subject == "!");
  CHECK(load_template(became_vip, directory.path).render({}).subject == "Customer  is a VIP now");
  std::ofstream{directory.path / "out_of_stock.txt"} << "Subject: {{customer_id}}\n\nx\n";
  CHECK_THROWS_WITH(load_template(out_of_stock, directory.path),
                    Contains("out_of_stock.txt: there is no {{customer_id}} here"));
}

TEST_CASE("Without a mail server there are no notifications", "[notifications]") {
  auto s = settings();
  CHECK(notification_options(s, "data", {1})->shards == std::vector<std::int32_t>{1});
  s.smtp_url.clear();
  CHECK_FALSE(notification_options(s, "data", {}));
}

TEST_CASE("A wrong option of the notifications is named", "[notifications]") {
  const auto message_of = [](auto change) {
    auto s = settings();
    change(s);
    try {
      notification_options(s, "data", {});
    } catch (const options::OptionError& error) {
      return std::string{error.what()};
    }
    return std::string{"(accepted)"};
  };
  CHECK_THAT(message_of([](auto& s) { s.smtp_url = "http://me:secret@x"; }),
             Contains("--smtp-url: wanted smtp://") && !Contains("secret"));
  CHECK_THAT(message_of([](auto& s) { s.mail_to = "nobody"; }), Contains("not a mail address: \"nobody\""));
  CHECK_THAT(message_of([](auto& s) { s.max_age = "1 day"; }), Contains("--notify-max-age: wanted a time such as 90s"));
  CHECK_THAT(message_of([](auto& s) { s.tries = 0; }), Contains("--notify-tries"));
  CHECK_THAT(message_of([](auto& s) { s.templates = "/no/such/place"; }),
             Contains("--mail-templates: /no/such/place is no directory"));
  CHECK_THAT(message_of([](auto& s) { s.smtp_ca = "/no/such/file"; }),
             Contains("--smtp-ca: there is no /no/such/file"));
}

TEST_CASE("Ages are told in seconds, minutes, hours or days", "[notifications]") {
  CHECK(parse_age("90s") == 90s);
  CHECK(parse_age("30m") == 30min);
  CHECK(parse_age("24h") == 24h);
  CHECK(parse_age("7d") == 168h);
  for (const auto* wrong : {"", "h", "1", "-1h", "1.5h", "1w", "999999999d"})
    CHECK_THROWS_AS(parse_age(wrong), std::invalid_argument);
}
