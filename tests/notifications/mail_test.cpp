// Mails: templates, cleaning, and the bytes that go over the wire.
#include "reactions/mail.h"

#include <catch2/catch.hpp>

#include "common/clock/rfc3339.h"
#include "reactions/mail_smtp.h"
#include "reactions/mail_template.h"

namespace {

using namespace orderly;
using namespace orderly::reactions;
using Catch::Contains;

const std::vector<std::string> names{"sku", "order_id"};
const MailAddresses addresses{"shop@shop.example", {"stock@shop.example"}};
const Time noon = *parse_rfc3339("2011-01-31T12:00:09Z");

std::string composed(const std::string& subject, const std::string& body) {
  return compose({"id-1", subject, body}, addresses, noon);
}

std::string header(const std::string& message, const std::string& name) {
  const auto start = message.find("\r\n" + name + ": ") + name.size() + 4;
  return message.substr(start, message.find("\r\n", start) - start);
}

}  // namespace

TEST_CASE("A template is filled in", "[mail]") {
  const auto words = MailTemplate::parse("Subject: No {{sku}}\n\n{{order_id}} wants {{sku}}.\nBye\n", names);
  const auto text = words.render({{"sku", "LAMP"}, {"order_id", "o1"}});
  CHECK(text.subject == "No LAMP");
  CHECK(text.body == "o1 wants LAMP.\nBye");
}

TEST_CASE("A value cannot add a header, a line or a placeholder", "[mail]") {
  const auto words = MailTemplate::parse("Subject: No {{sku}}\n\n{{order_id}}\n", names);
  const auto text = words.render({{"sku", "X\r\nBcc: all@world.example"}, {"order_id", "{{sku}}\n.\r\nQUIT"}});
  CHECK(text.subject == "No X  Bcc: all@world.example");
  CHECK(text.body == "{{sku}} .  QUIT");
}

TEST_CASE("A template that cannot be used is refused", "[mail]") {
  CHECK_THROWS_WITH(MailTemplate::parse("No subject", names), Contains("starts with a line"));
  CHECK_THROWS_WITH(MailTemplate::parse("Subject: a\nb", names), Contains("empty line"));
  CHECK_THROWS_WITH(MailTemplate::parse("Subject: a\n\n{{price}}", names), "there is no {{price}} here");
  CHECK_THROWS_WITH(MailTemplate::parse("Subject: {{sku\n\nb", names), "a {{ without its }}");
}

TEST_CASE("A mail has the headers it needs, and lines end with CRLF", "[mail]") {
  CHECK(composed("No LAMP", "one\ntwo") ==
        "Date: Mon, 31 Jan 2011 12:00:09 +0000\r\nFrom: shop@shop.example\r\nTo: stock@shop.example\r\nSubject: No "
        "LAMP\r\n"
        "Message-ID: <id-1@orderly>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\none\r\ntwo\r\n");
}

TEST_CASE("A subject with a line break stays one header", "[mail]") {
  const auto message = composed("No LAMP\r\nBcc: all@world.example", "x");
  CHECK(header(message, "Subject") == "No LAMP  Bcc: all@world.example");
  CHECK_THAT(message, !Contains("\r\nBcc"));
}

TEST_CASE("A subject that is not ASCII is encoded in words of whole characters", "[mail]") {
  CHECK(header(composed("Größe", "x"), "Subject") == "=?UTF-8?B?R3LDtsOfZQ==?=");
  CHECK(header(composed("=?no?=", "x"), "Subject") == "=?UTF-8?B?PT9ubz89?=");
  std::string long_text = "a";
  for (int i = 0; i < 40; ++i) long_text += "€";
  const auto message = composed(long_text, "x");
  const auto start = message.find("Subject: ") + 9, end = message.find("\r\nMessage-ID");
  // 1 + 44 bytes would end inside a character, so the first word has 43.
  CHECK(
      message.substr(start, end - start)
          .starts_with("=?UTF-8?B?YeKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrA==?=\r\n =?UTF-8?B?4oKs"));
}

TEST_CASE("A body that is not ASCII, or too long in a line, is quoted-printable", "[mail]") {
  const auto body_of = [](const std::string& body) {
    const auto message = composed("s", body);
    CHECK(header(message, "Content-Transfer-Encoding") == "quoted-printable");
    return message.substr(message.find("\r\n\r\n") + 4);
  };
  CHECK(body_of("Größe = 1 \nb") == "Gr=C3=B6=C3=9Fe =3D 1=20\r\nb\r\n");
  const auto long_body = body_of(std::string(2'000, 'x'));
  CHECK(long_body.substr(0, 79) == std::string(75, 'x') + "=\r\nx");
}

TEST_CASE("The Message-ID is the event's id, or derived where that cannot stand there", "[mail]") {
  CHECK(mail_id("0185f1c2-7f2e-8a00-8000-000000000001") == "0185f1c2-7f2e-8a00-8000-000000000001");
  CHECK(mail_id("a> b@c").size() == 36);
  CHECK(mail_id("a> b@c") == mail_id("a> b@c"));
  CHECK(mail_id("allocation.events/0/7") == "allocation.events/0/7");
}

TEST_CASE("Mail addresses are checked at the start", "[mail]") {
  CHECK(MailAddresses::parse("a@b", "c@d, e@f.example").to == std::vector<std::string>{"c@d", "e@f.example"});
  CHECK_THROWS_WITH(MailAddresses::parse("a@b", "c@d,"), Contains("not a mail address"));
  CHECK_THROWS_WITH(MailAddresses::parse("a@b", "c@d\r\nBcc: x@y"), Contains("not a mail address"));
  CHECK_THROWS_WITH(MailAddresses::parse("a@b", "<c@d>"), Contains("not a mail address"));
  CHECK_THROWS_WITH(MailAddresses::parse("a@b,c@d", "e@f"), Contains("one sender"));
}

TEST_CASE("A mail server's URL is taken apart, its password kept apart", "[mail]") {
  const auto server = SmtpServer::parse("smtp://me:s%40cret@mail.example:587/shop");
  CHECK(server.url == "smtp://mail.example:587/shop");
  CHECK(server.user == "me");
  CHECK(server.password == "s@cret");
  CHECK_FALSE(server.on_this_machine);
  CHECK(SmtpServer::parse("smtps://127.0.0.1:465").on_this_machine);
  CHECK(SmtpServer::parse("smtp://[::1]:25").on_this_machine);
  CHECK_FALSE(SmtpServer::parse("smtp://127.evil.example").on_this_machine);
}

TEST_CASE("A mail server's URL that is wrong is not repeated", "[mail]") {
  for (const auto* url : {"http://me:secret@mail.example", "me:secret@mail.example:25", "smtp://",
                          "smtp://me:secret@mail.example:port"}) {
    CHECK_THROWS_WITH(SmtpServer::parse(url), Contains("wanted smtp://") && !Contains("secret"));
  }
}
