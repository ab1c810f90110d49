/// The records of a directory store as files: read with a bounded reader, published by renaming, never changed.
#pragma once

#include <memo/core/large_pages.hpp>
#include <memo/core/mapping.hpp>
#include <memo/store/integrity.hpp>
#include <memo/store/record_reader.hpp>
#include <memo/store/store_root.hpp>
#include <memo/store/synced_names.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <span>
#include <vector>

namespace memo::detail {

/// A record's payload, or why there is none.
struct found_record {
  lookup status = lookup::miss;
  shared_bytes payload;
  std::string reason;
  bool is_damaged = false;  ///< there is something, and it is no record
};

/// What a record is made of: bytes in pieces, or those of a file.
struct record_source {
  record_header header;
  std::span<byte_view const> pieces;
  std::string const* file = nullptr;
};

/// The files of one root. Every function may be called from any thread.
class directory_files {
 public:
  directory_files(std::string path, sharing share) : root_(std::move(path), share, folder_names) {}

  store_root& root() { return root_; }
  store_root const& root() const { return root_; }

  /// The descriptor of the folder that holds records of a kind; -1 where there is none (yet).
  int folder(record_kind kind) { return root_.folder(static_cast<std::size_t>(kind)); }

  /// Reads a record. A hit takes four system calls, one more where its time of use is noted.
  found_record read(record_kind kind, digest const& id, access how) {
    found_record found;
    open_record const record = open(kind, id, how, found);
    if (record.file) read_into(found, record, how);
    return found;
  }

  /// An object's bytes: mapped from where it pays and the file system is one on which that is safe, else as `read` gives
  /// them. The header is read, and never faults; the payload is checked in place as `rules` say.
  found_record view(digest const& id, access how, view_rules const& rules) {
    found_record found;
    open_record const record = open(record_kind::object, id, how, found);
    if (!record.file) return found;
    bool const is_mapped = record.status.size >= least_mapped && can_map(record.file.get(), record.status) &&
                           map_into(found, record, how, rules);
    if (!is_mapped) read_into(found, record, how);
    return found;
  }

  /// True where files in an open folder, or an open file itself, may be mapped. Asks once for each file system.
  bool can_map(int fd, os::file_status const& status) {
    if (status.device == safe_device_.load(std::memory_order_relaxed)) return true;
    if (status.device == unsafe_device_.load(std::memory_order_relaxed)) return false;
    bool const is_safe = os::is_safe_to_map(fd);
    (is_safe ? safe_device_ : unsafe_device_).store(status.device, std::memory_order_relaxed);
    return is_safe;
  }

  /// True where an object lies here whose header is the one that it would be written with. Its time of use is
  /// noted, so that a collector does not take it for left over.
  bool has_object(record_header const& wanted) {
    auto const file = os::open_for_reading(folder(record_kind::object), record_name(wanted.id).file());
    if (!file) return false;
    auto const status = os::status_of(file.value.get());
    header_bytes raw;
    auto const got = os::read_at(file.value.get(), raw.data(), raw.size(), 0);
    record_header header;
    bool const same = status && status.value.is_file && got &&
                      read_header({raw.data(), got.value}, status.value.size, record_kind::object, wanted.id,
                                  header) == record_state::good &&
                      header.size == wanted.size && header.checksum == wanted.checksum;
    if (same && now_ns() - status.value.modified_ns > an_hour_ns / 12) os::touch(file.value.get());
    return same;
  }

  /// Forces a record that lies here, and its name, to the disk. 0 or an errno; then it is gone, as what is left of it in
  /// memory may not be what is on the disk.
  int sync(record_kind kind, digest const& id) {
    int const in = folder(kind);
    record_name const name(id);
    auto const file = os::open_for_reading(in, name.file());
    int error = file ? os::sync_data(file.value.get()) : file.error;
    if (error == 0) error = names_.sync(in, kind, name);
    if (error != 0) remove(kind, id);
    return error;
  }

  /// Writes a record aside and renames it to its name: readers see the old one or the new one. With `full` it is on the
  /// disk first, and its name before this returns. 0 or an errno.
  int publish(record_source const& source, durability level = durability::none) {
    for (int attempt = 0;; ++attempt) {
      int const in = folder(source.header.kind);
      if (in < 0) return ENOENT;
      int const error = publish_in(in, source, level);
      if (error != ENOENT || attempt == 9) return error;
      // Somebody cleared the store meanwhile, or deleted the folder that is held open: go back to the path.
      root_.forget_if_deleted(in);
      if (!root_.open_for_writing().empty()) return ENOENT;
    }
  }

  /// True where there was such a record.
  bool remove(record_kind kind, digest const& id) { return remove(kind, record_name(id).file()); }
  bool remove(record_kind kind, char const* name) {
    int const in = folder(kind);
    if (in < 0) return false;
    auto const shard = os::status_at(in, std::string(name, 2).c_str());
    if (!shard || !shard.value.is_folder) return false;  // what lies behind a link is not ours
    int const error = os::remove_file(in, name);
    // An empty folder in a record's place would be in the way for ever.
    return error == 0 || (error == EISDIR && os::remove_folder(in, name) == 0);
  }

  /// Removes half-written files beside the folders of records that are as old as `is_old` wants them.
  template <class IsOld>
  void remove_temporaries(IsOld is_old) {
    for (char const* const place : {".", ".."}) {
      auto const in = os::open_folder(root_.version_folder(), place);
      if (!in) continue;
      for (auto const& name : os::names_in(in.value.get()).value) {
        if (!is_temporary_name(name)) continue;
        auto const status = os::status_at(in.value.get(), name.c_str());
        if (status && is_old(status.value.modified_ns)) os::remove_file(in.value.get(), name.c_str());
      }
    }
  }

 private:
  /// A smaller object is read: making and removing a mapping takes as long as reading so many bytes and hashing them
  /// (7 us, Linux 6.18).
  static constexpr std::uint64_t least_mapped = std::uint64_t{128} << 10;
  /// Above this size a header is checked before memory is taken for the whole.
  static constexpr std::uint64_t read_at_once = std::uint64_t{1} << 20;
  static constexpr std::int64_t an_hour_ns = 3'600'000'000'000;

  static constexpr std::array<char const*, 3> folder_names{"e", "o", "l"};  // by record_kind

  static std::int64_t now_ns() {
    using namespace std::chrono;
    return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
  }

  static char const* word_for(record_kind kind) {
    return kind == record_kind::entry ? "entry" : kind == record_kind::object ? "value" : "last record";
  }

  /// A file that is as long as a record of its kind may be.
  struct open_record {
    record_kind kind = record_kind::entry;
    digest id;
    os::unique_fd file;
    os::file_status status;
  };

  /// Where there is no such file, `found` says so.
  open_record open(record_kind kind, digest const& id, access how, found_record& found) {
    open_record record{kind, id, {}, {}};
    int const in = folder(kind);
    if (in < 0) {
      std::string const trouble = root_.trouble();
      if (!trouble.empty()) found = {lookup::error, {}, "store unreadable: " + trouble, false};
      return record;
    }
    record_name const name(id);
    auto file = how == access::read_only ? os::open_untouched(in, name.file())
                                         : os::open_for_reading(in, name.file());
    if (!file) {
      if (file.error != ENOENT) found = unreadable(kind, id, how, file.error);
      return record;
    }
    auto const status = os::status_of(file.value.get());
    std::uint64_t const most = kind == record_kind::object ? ~std::uint64_t{0} >> 1 : max_entry_size;
    if (!status) {
      found = unreadable(kind, id, how, status.error);
    } else if (!status.value.is_file || status.value.size < record_header_size || status.value.size > most) {
      found = damaged(kind, id, how);
    } else {
      record.file = std::move(file.value);
      record.status = status.value;
    }
    return record;
  }

  /// Reads the header by itself; where it is not good, `found` says so.
  bool read_header_of(open_record const& record, access how, record_header& header, found_record& found) {
    header_bytes raw;
    auto const got = os::read_at(record.file.get(), raw.data(), raw.size(), 0);
    if (!got) {
      found = unreadable(record.kind, record.id, how, got.error);
      return false;
    }
    return is_good(read_header({raw.data(), got.value}, record.status.size, record.kind, record.id, header),
                   record, how, found);
  }

  bool is_good(record_state state, open_record const& record, access how, found_record& found) {
    if (state == record_state::damaged) found = damaged(record.kind, record.id, how);
    return state == record_state::good;
  }

  void read_into(found_record& found, open_record const& record, access how) {
    record_header header;
    // Before anything is allocated: the size of a file says nothing, a sparse one costs nothing to make.
    if (record.status.size > read_at_once && !read_header_of(record, how, header, found)) return;
    aligned_block const block(static_cast<std::size_t>(record.status.size));
    prefer_large_pages(block.data(), block.size());
    auto const got = os::read_up_to(record.file.get(), block.data(), block.size());
    if (!got) {
      found = unreadable(record.kind, record.id, how, got.error);
      return;
    }
    byte_view payload;
    if (!is_good(read_record(block.view().first(got.value), record.kind, record.id, payload), record, how,
                 found))
      return;
    if (is_long_unused(record)) note_use(record, how);
    found.payload = block.share(payload);
    found.status = lookup::hit;
  }

  /// False where it cannot be mapped, and has to be read.
  bool map_into(found_record& found, open_record const& record, access how, view_rules const& rules) {
    record_header header;
    if (!read_header_of(record, how, header, found)) return true;
    auto const mapped = os::map(record.file.get(), 0, record.status.size);
    if (!mapped) return false;
    byte_view const payload = mapped.value->view().subspan(record_header_size);
    digest const version = version_of(record.id, record.status);
    bool const is_known =
        rules.trusts(header.size) || (rules.check != integrity::every_view && verified_here.has(version));
    if (!is_known) {
      if (hash_bytes(payload) != header.checksum) {
        found = damaged(record.kind, record.id, how);
        return true;
      }
      verified_here.add(version);
    }
    if (is_long_unused(record) && note_use(record, how) && verified_here.has(version)) {
      // The new times are our own doing.
      auto const now = os::status_of(record.file.get());
      if (now && now.value.size == record.status.size) verified_here.add(version_of(record.id, now.value));
    }
    found.payload = {mapped.value, payload};
    found.status = lookup::hit;
    return true;
  }

  /// Stands for an object as it lies in one file now.
  static digest version_of(digest const& id, os::file_status const& status) {
    std::array<std::uint64_t, 7> const parts{id.high,
                                             id.low,
                                             status.device,
                                             status.inode,
                                             status.size,
                                             static_cast<std::uint64_t>(status.modified_ns),
                                             static_cast<std::uint64_t>(status.changed_ns)};
    return hash_bytes(std::as_bytes(std::span(parts)));
  }

  bool is_long_unused(open_record const& record) const {
    return now_ns() - record.status.modified_ns > an_hour_ns;
  }
  static bool note_use(open_record const& record, access how) {
    return how == access::normal && os::touch(record.file.get()) == 0;
  }

  found_record damaged(record_kind kind, digest const& id, access how) {
    if (how == access::normal) remove(kind, id);
    return {lookup::error, {}, std::string(word_for(kind)) + " damaged", true};
  }

  found_record unreadable(record_kind kind, digest const& id, access how, int error) {
    // Something that is no file of ours stands there; the name is ours.
    if (error == ELOOP || error == ENXIO) return damaged(kind, id, how);
    return {lookup::error, {}, std::string(word_for(kind)) + " unreadable: " + os::error_text(error), false};
  }

  int publish_in(int in, record_source const& source, durability level) {
    record_name const name(source.header.id);
    // A link in a shard's place would lead out of the store, a file would be in the way for ever.
    if (auto const shard = os::status_at(in, name.shard().c_str()); shard && !shard.value.is_folder)
      if (int const error = os::remove_file(in, name.shard().c_str())) return error;
    std::string const temporary = name.shard() + "/.t" + to_hex(os::random_digest());
    auto made = os::create_new(in, temporary.c_str(), file_mode(root_.share()), root_.group());
    if (made.error == ENOENT) {
      if (int const error =
              os::make_folder(in, name.shard().c_str(), folder_mode(root_.share()), root_.group()))
        return error;
      names_.forget(source.header.kind, name);
      made = os::create_new(in, temporary.c_str(), file_mode(root_.share()), root_.group());
    }
    if (!made) return made.error;
    header_bytes const header = encode_header(source.header);
    int error = source.file != nullptr ? write_from_file(made.value.get(), header, source)
                                       : write_pieces(made.value.get(), header, source.pieces);
    if (error == 0 && level == durability::full) error = os::sync_data(made.value.get());
    if (int const closing = made.value.close(); error == 0) error = closing;
    if (error == 0) {
      error = os::rename_file(in, temporary.c_str(), in, name.file());
      if (error == EISDIR && os::remove_folder(in, name.file()) == 0)
        error = os::rename_file(in, temporary.c_str(), in, name.file());
      // Over a network a rename can be done, its answer be lost, and the repetition find nothing to rename.
      if (error != 0 && starts_with(in, name.file(), header)) error = 0;
      if (error == 0 && level == durability::none) return 0;
      if (error == 0) {
        error = names_.sync(in, source.header.kind, name);
        if (error != 0) os::remove_file(in, name.file());
        return error;
      }
    }
    os::remove_file(in, temporary.c_str());
    return error;
  }

  static int write_pieces(int to, header_bytes const& header, std::span<byte_view const> pieces) {
    std::vector<byte_view> all;
    all.reserve(1 + pieces.size());
    all.push_back(header);
    for (byte_view const piece : pieces) all.push_back(piece);
    return os::write_all(to, all);
  }

  /// Copies a file, and refuses one that is not what was announced. EIO stands for that.
  static int write_from_file(int to, header_bytes const& header, record_source const& source) {
    auto const from = os::open_user_file(source.file->c_str());
    if (!from) return from.error;
    byte_view const first = header;
    if (int const error = os::write_all(to, {&first, 1})) return error;
    aligned_block const block(std::size_t{1} << 20);
    byte_hasher hasher;
    std::uint64_t done = 0;
    for (;;) {
      auto const got = os::read_up_to(from.value.get(), block.data(), block.size());
      if (!got) return got.error;
      if (got.value == 0) break;
      byte_view const piece = block.view().first(got.value);
      hasher.update(piece);
      if (int const error = os::write_all(to, {&piece, 1})) return error;
      done += got.value;
      if (done > source.header.size) break;
    }
    return done == source.header.size && hasher.finish() == source.header.checksum ? 0 : EIO;
  }

  static bool starts_with(int in, char const* name, header_bytes const& header) {
    auto const file = os::open_for_reading(in, name);
    if (!file) return false;
    header_bytes there{};
    auto const got = os::read_at(file.value.get(), there.data(), there.size(), 0);
    return got && got.value == there.size() && there == header;
  }

  store_root root_;
  synced_names names_;
  std::atomic<std::uint64_t> safe_device_{~std::uint64_t{0}};
  std::atomic<std::uint64_t> unsafe_device_{~std::uint64_t{0}};
};

}  // namespace memo::detail
