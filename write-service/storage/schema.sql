-- One shard's store. Times are unix milliseconds. A lane is a command topic, or the shard's clock: a state machine of its own,
-- with its own counters, so that how a shard's topics interleave changes no number. Only the shard's thread writes.

CREATE TABLE IF NOT EXISTS shard (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  schema_version INTEGER NOT NULL,
  shard          INTEGER NOT NULL,  -- the partition of every command topic
  partitions     INTEGER NOT NULL,  -- of every topic; an aggregate's shard depends on it
  sealed         TEXT    NOT NULL DEFAULT ''  -- the name of the keys that seal customers' ids and outbox; '': nothing is sealed
);

-- Sealed ids of customers whose keys are to be gone: destroyed after the commit that adds them, and again at each start.
CREATE TABLE IF NOT EXISTS forgotten_customers (
  sealed TEXT PRIMARY KEY,
  offset INTEGER NOT NULL,  -- of the record that said so, in its topic
  time   INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS lanes (
  lane          INTEGER PRIMARY KEY,
  topic         TEXT    NOT NULL,
  next_offset   INTEGER NOT NULL,  -- the next record to read; -2: the first there is
  next_position INTEGER NOT NULL,  -- of the next event
  next_sequence INTEGER NOT NULL,  -- of the next outbox message
  published     INTEGER NOT NULL   -- outbox messages before this one are out (a copy: the broker's watermark counts)
);

-- A stream's head. The name is category/aggregate id, such as product/LAMP. stream = lane << 40 | number.
CREATE TABLE IF NOT EXISTS streams (
  stream   INTEGER PRIMARY KEY,
  name     TEXT    NOT NULL UNIQUE,
  version  INTEGER NOT NULL,  -- of its last event
  position INTEGER NOT NULL,  -- of its last event
  published INTEGER NOT NULL  -- how many of its events were for publication: the version that others see
);

-- Append-only. position = lane << 48 | number. A stream's events are a chain from its head through `previous` (0 ends
-- it): an index over (stream, version) would touch a page for every aggregate of every commit.
CREATE TABLE IF NOT EXISTS events (
  position       INTEGER PRIMARY KEY,
  stream         INTEGER NOT NULL,
  version        INTEGER NOT NULL,
  previous       INTEGER NOT NULL,
  type           TEXT    NOT NULL,
  time           INTEGER NOT NULL,
  command_id     TEXT    NOT NULL,  -- the cause
  number         INTEGER NOT NULL,  -- among the events of that command; with it the event's id can be derived
  correlation_id TEXT,              -- null: the command's own id
  data           BLOB    NOT NULL,  -- storage/stored_events.proto
  principal      TEXT,              -- on whose behalf, where the command said
  checksum       INTEGER            -- storage/checksum.h; null: stored before there were any
);

CREATE TABLE IF NOT EXISTS snapshots (
  stream   INTEGER PRIMARY KEY,
  version  INTEGER NOT NULL,
  position INTEGER NOT NULL,  -- of the event with that version
  data     BLOB    NOT NULL,
  checksum INTEGER
);

-- Open lines of products that left memory, in pages that never change: lines of a segment (storage/line_store.h), or
-- entries of a run, which lead from the hash of an order's id to its lines (storage/line_index.h). Which segments there
-- are, and which of their lines are still open, is in the product's snapshot, written by the same commit.
CREATE TABLE IF NOT EXISTS line_pages (
  page INTEGER PRIMARY KEY,
  data BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS line_runs (
  first_page INTEGER PRIMARY KEY,
  stream     INTEGER NOT NULL,
  entries    INTEGER NOT NULL,
  filter     BLOB    NOT NULL  -- storage/line_filter.h
);
CREATE INDEX IF NOT EXISTS line_runs_by_stream ON line_runs(stream);

-- What is to be published, one row for each commit and lane: `count` messages from `sequence` on (outbox/outbox_entry.h).
CREATE TABLE IF NOT EXISTS outbox (
  lane     INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  count    INTEGER NOT NULL,
  messages BLOB    NOT NULL,  -- sealed where the store is (storage/outbox_seal.h)
  checksum INTEGER,
  PRIMARY KEY (lane, sequence)
);

-- What the shard's clock is to send when it is due, unless it is withdrawn by its name before (storage/schedule.h).
CREATE TABLE IF NOT EXISTS scheduled (
  name    TEXT PRIMARY KEY,
  due     INTEGER NOT NULL,
  command BLOB    NOT NULL  -- outbox/outbox_entry.h
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS scheduled_by_due ON scheduled(due);

-- Commands that wait in order, behind a batch whose reference is being claimed, or behind a command that is parked
-- (storage/held_commands.h).
CREATE TABLE IF NOT EXISTS held (
  number INTEGER PRIMARY KEY,
  stream TEXT    NOT NULL,
  claim  INTEGER NOT NULL,  -- 0 none needed, 1 asked for, 2 granted, 3 refused
  command_id TEXT NOT NULL,
  time   INTEGER NOT NULL,  -- the record's timestamp
  record BLOB    NOT NULL,  -- as it came (outbox/outbox_entry.h)
  offset INTEGER NOT NULL DEFAULT -1,  -- the record's, in its topic
  parked INTEGER NOT NULL DEFAULT 0    -- 1: its handling keeps failing; an operator must say what becomes of it
);
