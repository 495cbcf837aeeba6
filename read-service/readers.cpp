#include "read-service/readers.h"

namespace orderly::read {

sqlite::Statement& Reader::query(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) found = statements_.emplace(sql, sqlite::Statement{db_, sql}).first;
  return found->second;
}

void Reader::end() {
  for (auto& [sql, statement] : statements_) statement.reset();
  end_.run();
}

std::int64_t stream_version(Reader& reader, std::string_view topic, std::string_view subject) {
  auto& query = reader.query("SELECT version FROM streams WHERE topic = ?1 AND subject = ?2").bind(topic, subject);
  return query.step() ? query.integer(0) : 0;
}

void ReaderPool::GiveBack::operator()(Reader* reader) const {
  std::unique_ptr<Reader> owned{reader};
  try {
    owned->end();
  } catch (const sqlite::Error&) {
    return;  // a connection that cannot end its snapshot is closed with it
  }
  const std::lock_guard lock{pool->mutex_};
  pool->idle_.push_back(std::move(owned));
}

ReaderPool::Borrowed ReaderPool::borrow() {
  std::unique_ptr<Reader> reader;
  {
    const std::lock_guard lock{mutex_};
    if (!idle_.empty()) {
      reader = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!reader) reader = std::make_unique<Reader>(file_);
  reader->begin();
  return {reader.release(), GiveBack{shared_from_this()}};
}

}  // namespace orderly::read
