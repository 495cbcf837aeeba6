// A response body that is sent piece by piece for as long as the client listens, such as server-sent events. Nothing is
// copied, and nothing is sent before the sender asks: who sends only after the last piece was written needs no buffer.
// Threads: any. Failures are values: what is sent after the end goes nowhere, and is told as not written.
//
//   const auto body = responder.stream({.status = 200, .headers = {{"Content-Type", "text/event-stream"}}});
//   body->send({whole(text)}, [](bool written) { … });
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orderly::http {

// A part of a text that any number of streams may share.
struct Piece {
  std::shared_ptr<const std::string> text;
  std::size_t from = 0, size_bytes = 0;
};
inline Piece whole(std::string text) {
  const auto size_bytes = text.size();
  return {std::make_shared<const std::string>(std::move(text)), 0, size_bytes};
}

class BodyStream {
 public:
  // True: all of it is with the operating system. False: the client is gone, or did not read for too long. Called on
  // one of the server's threads, never from within send(); not at all once the server has stopped.
  using Written = std::function<void(bool)>;

  // Ends the body.
  virtual ~BodyStream() = default;

  virtual void send(std::vector<Piece> pieces, Written written) = 0;

  // Sends these last and ends the body; the connection is closed when they are written. Once; later calls do nothing.
  virtual void end(std::vector<Piece> last) = 0;
};

}  // namespace orderly::http
