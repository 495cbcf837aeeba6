// Makes a Disk the file system of every SQLite database that is opened from now on.
// Threads: one. Failures: as sqlite3_vfs says; a dead process gets SQLITE_IOERR for whatever it asks.
#pragma once

namespace orderly::simulation {

class Disk;

void use_for_sqlite(Disk& disk);

}  // namespace orderly::simulation
