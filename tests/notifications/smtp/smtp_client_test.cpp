// The SMTP client against a real server: what arrives, and what each refusal means.
#include <catch2/catch.hpp>
#include <map>

#include "common/clock/rfc3339.h"
#include "reactions/mail_smtp.h"
#include "smtp_server.h"

namespace {

using namespace orderly;
using namespace orderly::reactions;
using namespace orderly::testing;
using namespace std::chrono_literals;
using Catch::Contains;
using Kind = subscription::Outcome::Kind;

const MailAddresses to_stock{"shop@shop.example", {"stock@shop.example"}};

std::string message(const std::string& subject = "Hello", const std::string& body = "World") {
  return compose({"id-1", subject, body}, to_stock, *parse_rfc3339("2011-01-31T12:00:00Z"));
}

subscription::Outcome send(const std::string& url, const MailAddresses& addresses = to_stock,
                           SmtpClient::Options options = {}) {
  options.server = SmtpServer::parse(url);
  return SmtpClient{std::move(options)}.send(message(), addresses, {});
}

}  // namespace

TEST_CASE("A mail arrives byte for byte, dots at line starts included", "[smtp]") {
  const SmtpSink sink;
  const auto sent = message("Größe", "first\n.\n..two dots\nlast");
  const SmtpClient client{{.server = SmtpServer::parse(sink.url())}};
  CHECK(client.send(sent, to_stock, {}).detail.empty());
  REQUIRE(sink.received() == 1);
  CHECK(sink.mail(1) == "X-Envelope-From: shop@shop.example\r\nX-Envelope-To: stock@shop.example\r\n" + sent);
}

TEST_CASE("A mail goes to every recipient", "[smtp]") {
  const SmtpSink sink;
  CHECK(send(sink.url(), {"a@b.example", {"c@d.example", "e@f.example"}}).kind == Kind::done);
  CHECK_THAT(sink.mail(1), Contains("X-Envelope-To: c@d.example,e@f.example"));
}

TEST_CASE("A 4xx answer may pass, a 5xx answer is for good, at RCPT and at DATA", "[smtp]") {
  const SmtpSink sink;
  for (const auto& [local_part, kind] : std::map<std::string, Kind>{{"rcpt-451", Kind::retry},
                                                                    {"data-451", Kind::retry},
                                                                    {"rcpt-550", Kind::give_up},
                                                                    {"data-550", Kind::give_up}}) {
    const auto outcome = send(sink.url(), {"a@b.example", {local_part + "@shop.example"}});
    INFO(local_part << ": " << outcome.detail);
    CHECK(outcome.kind == kind);
    CHECK_THAT(outcome.detail, Contains(local_part.substr(5)));
  }
  CHECK(sink.received() == 0);
}

TEST_CASE("A server that is not there, or has no such name, may come back", "[smtp]") {
  CHECK(send("smtp://127.0.0.1:1").kind == Kind::retry);
  CHECK(send("smtp://no-such-host.invalid").kind == Kind::retry);
}

TEST_CASE("A server that hangs is given up on after the time-out", "[smtp]") {
  const SmtpSink sink;
  const auto started = std::chrono::steady_clock::now();
  const auto outcome = send(sink.url(), {"a@b.example", {"data-hang@shop.example"}}, {.server = {}, .timeout = 700ms});
  CHECK(outcome.kind == Kind::retry);
  CHECK(std::chrono::steady_clock::now() - started < 5s);
}

TEST_CASE("A stop ends a sending that hangs", "[smtp]") {
  const SmtpSink sink;
  const SmtpClient client{{.server = SmtpServer::parse(sink.url()), .grace_at_stop = 200ms}};
  std::stop_source stop;
  stop.request_stop();
  const auto started = std::chrono::steady_clock::now();
  CHECK(client.send(message(), {"a@b.example", {"data-hang@shop.example"}}, stop.get_token()).kind == Kind::retry);
  CHECK(std::chrono::steady_clock::now() - started < 5s);
}

TEST_CASE("A mail under way is let finish at a stop", "[smtp]") {
  const SmtpSink sink;
  std::stop_source stop;
  stop.request_stop();
  const SmtpClient client{{.server = SmtpServer::parse(sink.url())}};
  CHECK(client.send(message(), to_stock, stop.get_token()).kind == Kind::done);
  CHECK(sink.received() == 1);
}

TEST_CASE("A login is used, and a refused one may pass and shows no password", "[smtp]") {
  const SmtpSink sink;
  CHECK(send(sink.url("shop:secret@")).kind == Kind::done);
  CHECK_THAT(sink.mail(1), Contains("X-Login: shop"));
  const auto outcome = send(sink.url("shop:Tr0ub4dor@"));
  CHECK(outcome.kind == Kind::retry);
  CHECK_THAT(outcome.detail, !Contains("Tr0ub4dor"));
}

TEST_CASE("A password does not leave this machine without TLS", "[smtp]") {
  const SmtpSink sink;
  auto server = SmtpServer::parse(sink.url("shop:secret@"));
  server.on_this_machine = false;
  const auto outcome = SmtpClient{{.server = server}}.send(message(), to_stock, {});
  CHECK(outcome.kind == Kind::retry);
  CHECK_THAT(outcome.detail, Contains("STARTTLS") || Contains("SSL") || Contains("TLS"));
  CHECK(sink.received() == 0);
}

TEST_CASE("smtps wants a certificate that it can trust", "[smtp]") {
  const SmtpSink sink;
  REQUIRE(!variable("ORDERLY_TEST_SMTPS").empty());  // openssl made a certificate
  CHECK(send(sink.secure_url()).kind == Kind::retry);
  CHECK(sink.received() == 0);
  CHECK(send(sink.secure_url("shop:secret@"), to_stock, {.server = {}, .ca_file = variable("ORDERLY_TEST_SMTP_CA")})
            .detail.empty());
  CHECK(sink.received() == 1);
}
