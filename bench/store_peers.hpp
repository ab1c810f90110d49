/// What memo's stores are compared with. Nothing of it forces data to the disk.
///
/// Each has a folder of its own, made where it is missing; `put` is one transaction; `get` gives `work::ends_of` the value,
/// which touches its first and last byte, or 0 where there is none.
#pragma once

#include "store_work.hpp"

#include <memory>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#ifdef MEMO_BENCH_LMDB
#  include <lmdb.h>
#endif
#ifdef MEMO_BENCH_LEVELDB
#  include <leveldb/db.h>
#endif
#ifdef MEMO_BENCH_ROCKSDB
#  include <rocksdb/db.h>
#endif
#ifdef MEMO_BENCH_SQLITE
#  include <sqlite3.h>
#endif

namespace bench {

/// A file for each value in 256 folders: written aside and renamed, read into a buffer that is used again.
class raw_files {
 public:
  explicit raw_files(fs::path const& folder) {
    fs::create_directories(folder);
    folder_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  raw_files(raw_files const&) = delete;
  raw_files& operator=(raw_files const&) = delete;
  ~raw_files() { ::close(folder_); }

  void put(work const& all, std::size_t i) {
    std::string const to = name(all.key(i)), aside = to + ".t";
    int fd = create(aside);
    if (fd < 0 && ::mkdirat(folder_, to.substr(0, 2).c_str(), 0700) == 0) fd = create(aside);
    auto bytes = all.value(i);
    while (!bytes.empty()) {
      ssize_t const wrote = ::write(fd, bytes.data(), bytes.size());
      if (wrote <= 0) give_up("a file could not be written");
      bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
    ::close(fd);
    if (::renameat(folder_, aside.c_str(), folder_, to.c_str()) != 0) give_up("a file could not be renamed");
  }
  std::uint64_t get(work const& all, std::size_t i) { return get(all.key(i)); }
  bool has(memo::digest const& key) { return get(key) != 0; }
  /// Of the value that was read last.
  memo::byte_view content(std::size_t size) const { return {buffer_.data(), size}; }

 private:
  static std::string name(memo::digest const& key) {
    std::string const hex = memo::to_hex(key);
    return hex.substr(0, 2) + "/" + hex.substr(2);
  }
  int create(std::string const& file) const {
    return ::openat(folder_, file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  }
  std::uint64_t get(memo::digest const& key) {
    int const fd = ::openat(folder_, name(key).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    struct stat status;
    ::fstat(fd, &status);
    auto const size = static_cast<std::size_t>(status.st_size);
    if (buffer_.size() < size) buffer_.resize(size);
    ssize_t const got = ::read(fd, buffer_.data(), size);
    ::close(fd);
    return got == status.st_size ? work::ends_of({buffer_.data(), size}) : 0;
  }

  int folder_ = -1;
  std::vector<std::byte> buffer_;
};

#ifdef MEMO_BENCH_LMDB
/// LMDB with MDB_NOSYNC and one reading transaction that is begun when first needed and kept: its fastest way, without a
/// copy and without a check of what is read. `Flags`: MDB_WRITEMAP or none.
template <unsigned Flags>
class lmdb {
 public:
  explicit lmdb(fs::path const& folder) {
    fs::create_directories(folder);
    must(mdb_env_create(&environment_));
    must(mdb_env_set_mapsize(environment_, std::size_t{4} << 30));
    must(mdb_env_open(environment_, folder.c_str(), MDB_NOSYNC | MDB_NOTLS | Flags, 0600));
    MDB_txn* transaction = nullptr;
    must(mdb_txn_begin(environment_, nullptr, 0, &transaction));
    must(mdb_dbi_open(transaction, nullptr, 0, &table_));
    must(mdb_txn_commit(transaction));
  }
  lmdb(lmdb const&) = delete;
  lmdb& operator=(lmdb const&) = delete;
  ~lmdb() {
    if (reading_ != nullptr) mdb_txn_abort(reading_);
    mdb_env_close(environment_);
  }

  void put(work const& all, std::size_t i) {
    MDB_txn* transaction = nullptr;
    must(mdb_txn_begin(environment_, nullptr, 0, &transaction));
    MDB_val key = value_of(memo::as_byte_view(key_bytes(all.key(i)))), value = value_of(all.value(i));
    must(mdb_put(transaction, table_, &key, &value, 0));
    must(mdb_txn_commit(transaction));
  }
  std::uint64_t get(work const& all, std::size_t i) { return get(all.key(i)); }
  bool has(memo::digest const& key) { return get(key) != 0; }

 private:
  static void must(int result) {
    if (result != 0) give_up(mdb_strerror(result));
  }
  static MDB_val value_of(memo::byte_view bytes) {
    return {bytes.size(), const_cast<std::byte*>(bytes.data())};
  }
  std::uint64_t get(memo::digest const& key) {
    if (reading_ == nullptr) must(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &reading_));
    MDB_val wanted = value_of(memo::as_byte_view(key_bytes(key))), value{};
    if (mdb_get(reading_, table_, &wanted, &value) != 0) return 0;
    return work::ends_of({static_cast<std::byte const*>(value.mv_data), value.mv_size});
  }

  MDB_env* environment_ = nullptr;
  MDB_dbi table_ = 0;
  MDB_txn* reading_ = nullptr;
};
#endif

#ifdef MEMO_BENCH_LEVELDB
/// LevelDB with its default options, read into a string that is used again.
class level_db {
 public:
  explicit level_db(fs::path const& folder) {
    fs::create_directories(folder.parent_path());
    leveldb::Options options;
    options.create_if_missing = true;
    leveldb::DB* made = nullptr;
    auto const status = leveldb::DB::Open(options, folder.string(), &made);
    if (!status.ok()) give_up(status.ToString());
    db_.reset(made);
  }

  void put(work const& all, std::size_t i) {
    auto const status =
        db_->Put({}, key_of(all.key(i)), {reinterpret_cast<char const*>(all.value(i).data()), all.size()});
    if (!status.ok()) give_up(status.ToString());
  }
  std::uint64_t get(work const& all, std::size_t i) { return get(all.key(i)); }
  bool has(memo::digest const& key) { return get(key) != 0; }

 private:
  static leveldb::Slice key_of(memo::digest const& key) { return {key_bytes(key).data(), sizeof key}; }
  std::uint64_t get(memo::digest const& key) {
    if (!db_->Get({}, key_of(key), &value_).ok()) return 0;
    return work::ends_of(memo::as_byte_view(value_));
  }

  std::unique_ptr<leveldb::DB> db_;
  std::string value_;
};
#endif

#ifdef MEMO_BENCH_ROCKSDB
/// RocksDB with its default options; what is read stays in its cache where it can (PinnableSlice).
class rocks_db {
 public:
  explicit rocks_db(fs::path const& folder) {
    fs::create_directories(folder.parent_path());
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* made = nullptr;
    auto const status = rocksdb::DB::Open(options, folder.string(), &made);
    if (!status.ok()) give_up(status.ToString());
    db_.reset(made);
  }

  void put(work const& all, std::size_t i) {
    auto const status =
        db_->Put({}, key_of(all.key(i)), {reinterpret_cast<char const*>(all.value(i).data()), all.size()});
    if (!status.ok()) give_up(status.ToString());
  }
  std::uint64_t get(work const& all, std::size_t i) { return get(all.key(i)); }
  bool has(memo::digest const& key) { return get(key) != 0; }

 private:
  static rocksdb::Slice key_of(memo::digest const& key) { return {key_bytes(key).data(), sizeof key}; }
  std::uint64_t get(memo::digest const& key) {
    rocksdb::PinnableSlice value;
    if (!db_->Get({}, db_->DefaultColumnFamily(), key_of(key), &value).ok()) return 0;
    return work::ends_of(memo::as_byte_view({value.data(), value.size()}));
  }

  std::unique_ptr<rocksdb::DB> db_;
};
#endif

#ifdef MEMO_BENCH_SQLITE
/// SQLite with a log that is written ahead, synchronous=OFF, and prepared statements.
class sqlite {
 public:
  explicit sqlite(fs::path const& folder) {
    fs::create_directories(folder);
    must(sqlite3_open((folder / "values").c_str(), &db_));
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=OFF");
    run("CREATE TABLE IF NOT EXISTS entries(key BLOB PRIMARY KEY, value BLOB)");
    must(sqlite3_prepare_v2(db_, "INSERT OR REPLACE INTO entries VALUES(?1, ?2)", -1, &put_, nullptr));
    must(sqlite3_prepare_v2(db_, "SELECT value FROM entries WHERE key = ?1", -1, &get_, nullptr));
  }
  sqlite(sqlite const&) = delete;
  sqlite& operator=(sqlite const&) = delete;
  ~sqlite() {
    sqlite3_finalize(put_);
    sqlite3_finalize(get_);
    sqlite3_close(db_);
  }

  void put(work const& all, std::size_t i) {
    sqlite3_reset(put_);
    sqlite3_bind_blob(put_, 1, &all.key(i), sizeof(memo::digest), SQLITE_STATIC);
    sqlite3_bind_blob(put_, 2, all.value(i).data(), static_cast<int>(all.size()), SQLITE_STATIC);
    if (sqlite3_step(put_) != SQLITE_DONE) give_up(sqlite3_errmsg(db_));
    sqlite3_reset(put_);
  }
  std::uint64_t get(work const& all, std::size_t i) { return get(all.key(i)); }
  bool has(memo::digest const& key) { return get(key) != 0; }

 private:
  void must(int result) {
    if (result != SQLITE_OK) give_up(sqlite3_errmsg(db_));
  }
  void run(char const* text) { must(sqlite3_exec(db_, text, nullptr, nullptr, nullptr)); }
  std::uint64_t get(memo::digest const& key) {
    sqlite3_reset(get_);
    sqlite3_bind_blob(get_, 1, &key, sizeof key, SQLITE_STATIC);
    std::uint64_t ends = 0;
    if (sqlite3_step(get_) == SQLITE_ROW) {
      auto const* const bytes = static_cast<std::byte const*>(sqlite3_column_blob(get_, 0));
      ends = work::ends_of({bytes, static_cast<std::size_t>(sqlite3_column_bytes(get_, 0))});
    }
    sqlite3_reset(get_);
    return ends;
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt *put_ = nullptr, *get_ = nullptr;
};
#endif

}  // namespace bench
