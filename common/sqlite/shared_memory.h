// The index of a write-ahead log is a mapped file (`-shm`). SQLite makes room in it by one byte a 4 KiB page, which leaves holes where
// blocks are smaller, and a store into a hole on a full disk ends the process with SIGBUS. Guarded, a page has all its blocks before
// SQLite sees it, and a full disk is an error of the statement. Threads: as the database's. Failures: none; without Linux 5.14 no guard.
#pragma once

struct sqlite3;

namespace orderly::sqlite {

void guard_shared_memory(sqlite3* db);  // just opened

}  // namespace orderly::sqlite
