// The BodyStream on RESTinio's chunked output (RFC 9112, 7.1); the head leaves at once. Included by the server alone.
// Threads: any. Failures: the constructor throws when the head cannot be sent.
#pragma once

#include <mutex>
#include <restinio/request_handler.hpp>

#include "common/http/body_stream.h"

namespace orderly::http {

class ChunkedBody final : public BodyStream {
 public:
  using Builder = restinio::response_builder_t<restinio::chunked_output_t>;
  struct Surroundings {
    std::shared_ptr<void> server;                    // what the connection lives in
    std::function<void(std::function<void()>)> run;  // puts a task on one of the server's threads
    std::function<void()> ended;                     // once, when the last byte is written or will never be
  };

  ChunkedBody(Builder builder, Surroundings surroundings);
  ~ChunkedBody() override { end({}); }
  void send(std::vector<Piece> pieces, Written written) override;
  void end(std::vector<Piece> last) override;

 private:
  void append(std::vector<Piece>& pieces);

  const Surroundings surroundings_;
  std::mutex mutex_;
  Builder builder_;
  bool ended_ = false;
};

}  // namespace orderly::http
