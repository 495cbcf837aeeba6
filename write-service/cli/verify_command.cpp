#include <ostream>
#include <thread>

#include "cli/broker_options.h"
#include "cli/subcommands.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/verify_shard.h"
#include "cli/views_client.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

constexpr std::chrono::milliseconds look_again{200};

struct Options {
  ReadServiceOptions service;
  OutputOptions output;
  VerifyShardOptions shard;
};

void show_progress(const rapidjson::Document& report, Console& console) {
  if (!console.err_is_terminal()) return;
  std::int64_t read = 0, all = 0;
  std::string comparing;
  for (const auto& view : list_in(report, "views")) {
    read += number_in(view, "messages_read");
    all += number_in(view, "messages_total");
    if (text_in(view, "state") == "comparing") comparing = text_in(view, "name");
  }
  console.err << '\r';
  if (comparing.empty()) {
    console.err << "replayed " << grouped(read) << " of " << grouped(all) << " messages of all views";
  } else {
    console.err << "comparing " << comparing;
  }
  console.err << "\x1b[K" << std::flush;
}

rapidjson::Document wait_for_end(ReadServiceClient& client, Console& console) {
  auto report = client.post("/admin/verify");
  for (; text_in(report, "state") == "running"; report = client.get("/admin/verify")) {
    show_progress(report, console);
    std::this_thread::sleep_for(look_again);
  }
  if (console.err_is_terminal()) console.err << "\r\x1b[K" << std::flush;
  if (text_in(report, "state") != "done") {
    const auto reason = text_in(report, "reason");
    throw std::runtime_error{"the verification failed: " +
                             (reason.empty() ? "the service was started again meanwhile" : reason)};
  }
  return report;
}

Cell outcome(const rapidjson::Value& view) {
  const auto state = text_in(view, "state");
  if (state == "equal") return {"equal", Colour::green};
  if (state == "different") {
    const auto rows = number_in(view, "differing_rows");
    return {grouped(rows) + (rows == 1 ? " row differs" : " rows differ"), Colour::red};
  }
  return {"not verified", Colour::yellow};
}

void print_views(const rapidjson::Document& report, const Console& console) {
  Table table{{{.name = "view"},
               {.name = "rows compared", .align = Align::right},
               {.name = ""},
               {.name = "not compared", .align = Align::right},
               {.name = ""}}};
  for (const auto& view : list_in(report, "views")) {
    const auto left_out = number_in(view, "rows_not_compared");
    table.add({{text_in(view, "name"), Colour::bold},
               grouped(number_in(view, "rows")),
               outcome(view),
               left_out == 0 ? "" : grouped(left_out),
               {text_in(view, "reason"), Colour::dim}});
  }
  table.print(console);
}

void print_differences(const rapidjson::Document& report, const Console& console) {
  Table table{{{.name = "view"}, {.name = "table"}, {.name = "key"}, {.name = "live"}, {.name = "replayed"}}};
  std::int64_t all = 0, shown = 0;
  for (const auto& view : list_in(report, "views")) {
    all += number_in(view, "differing_rows");
    for (const auto& row : list_in(view, "differences")) {
      const auto side = [&](const char* name) {
        const auto text = text_in(row, name);
        return text.empty() ? Cell{"no such row", Colour::red} : Cell{text};
      };
      table.add({text_in(view, "name"),
                 text_in(row, "table"),
                 {text_in(row, "key"), Colour::bold},
                 side("live"),
                 side("replayed")});
      ++shown;
    }
  }
  if (all == 0) return;
  console.out << '\n';
  table.print(console);
  if (shown < all) console.out << "the first " << grouped(shown) << " of " << grouped(all) << " rows\n";
}

// 0 where every view was compared and nothing differs.
int verdict(const rapidjson::Document& report) {
  bool proved = true;
  for (const auto& view : list_in(report, "views")) proved = proved && text_in(view, "state") == "equal";
  return proved ? 0 : 1;
}

int verify_views(const Options& options, Console& console) {
  ReadServiceClient client{options.service};
  const auto report = wait_for_end(client, console);
  if (options.output.json()) {
    console.out << client.find("/admin/verify").value_or("") << '\n';
  } else {
    print_views(report, console);
    print_differences(report, console);
  }
  return verdict(report);
}

}  // namespace

int verify(const Invocation& invocation) {
  Options options;
  options::Parser parser{invocation.program,
                         "proves a read service's views: it replays the topics beside them, up to where they are, and\n"
                         "compares every row; it goes on serving meanwhile. Exit 1: something differs or could not be\n"
                         "compared. With --shard it proves a write service's store instead, by deciding the retained\n"
                         "commands again; then the options that decisions depend on must be those of the service\n\n"
                         "usage: orderly verify [--url URL]\n"
                         "       orderly verify --shard N --brokers HOST:PORT --data DIR [--from BACKUP]"};
  options.service.add_to(parser);
  options.output.add_to(parser);
  options.shard.add_to(parser);
  if (!parse(parser, invocation)) return 0;
  if (parser.values().count("shard") == 0) return verify_views(options, invocation.console);
  return verify_shard(options.shard, options.output.json(), invocation.console);
}

}  // namespace orderly::cli
