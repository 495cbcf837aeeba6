#include "record.h"

namespace orderly::bench {
namespace {

constexpr std::string_view write_service = "/orderly/write-service", protobuf = "application/protobuf";

}  // namespace

std::vector<kafka::Header> command_headers(const CommandFacts& command) {
  return {{"ce_specversion", "1.0"},
          {"ce_id", command.id},
          {"ce_type", command.type},
          {"ce_source", "/bench"},
          {"ce_time", command.time},
          {"ce_subject", command.subject},
          {"content-type", command.content_type}};
}

std::vector<kafka::Header> event_headers(const EventFacts& event) {
  return {{"ce_specversion", "1.0"},
          {"ce_id", event.id},
          {"ce_type", event.type},
          {"ce_source", write_service},
          {"ce_time", event.time},
          {"ce_subject", event.subject},
          {"content-type", protobuf},
          {"ce_correlationid", event.command_id},
          {"ce_causationid", event.command_id},
          {"ce_streamversion", event.version}};
}

std::vector<kafka::Header> result_headers(const ResultFacts& result) {
  return {{"ce_specversion", "1.0"},
          {"ce_id", result.id},
          {"ce_type", result_type},
          {"ce_source", write_service},
          {"ce_time", result.time},
          {"content-type", protobuf},
          {"ce_correlationid", result.command_id},
          {"ce_causationid", result.command_id},
          {"ce_subject", result.subject}};
}

}  // namespace orderly::bench
