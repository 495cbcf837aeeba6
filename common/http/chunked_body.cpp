#include "common/http/chunked_body.h"

namespace orderly::http {
namespace {

// What RESTinio writes without a copy of its own: anything with data() and size().
struct Chunk {
  Piece piece;
  const char* data() const { return piece.text->data() + piece.from; }
  std::size_t size() const { return piece.size_bytes; }
};

}  // namespace

ChunkedBody::ChunkedBody(Builder builder, Surroundings surroundings)
    : surroundings_(std::move(surroundings)), builder_(std::move(builder)) {
  builder_.flush();
}

void ChunkedBody::send(std::vector<Piece> pieces, Written written) {
  const std::lock_guard lock{mutex_};
  if (ended_) return surroundings_.run([written = std::move(written)] { written(false); });
  append(pieces);
  // A connection that is closed already says so from within flush(), hence the task.
  builder_.flush([run = surroundings_.run, written = std::move(written)](const auto& error) {
    run([written, ok = !error] { written(ok); });
  });
}

void ChunkedBody::end(std::vector<Piece> last) {
  const std::lock_guard lock{mutex_};
  if (ended_) return;
  ended_ = true;
  append(last);
  builder_.done([ended = surroundings_.ended](const auto&) { ended(); });
}

void ChunkedBody::append(std::vector<Piece>& pieces) {
  for (auto& piece : pieces) {
    if (piece.size_bytes > 0) builder_.append_chunk(std::make_shared<Chunk>(std::move(piece)));
  }
}

}  // namespace orderly::http
