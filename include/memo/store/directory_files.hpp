/// The records of a directory store as files: read with a bounded reader, published by renaming, never changed.
#pragma once

#include <memo/store/record_reader.hpp>
#include <memo/store/store_root.hpp>

#include <array>
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

/// A file that is named like a record, or like one that is being written.
struct found_file {
  digest id;
  std::string name;  ///< relative to the folder of its kind
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  bool is_temporary = false;
};

/// What lies in the folder of a kind.
struct found_files {
  std::vector<found_file> files;
  bool is_complete = true;  ///< false where a part could not be looked at
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
    int const in = folder(kind);
    if (in < 0) {
      std::string const trouble = root_.trouble();
      if (trouble.empty()) return found;
      return {lookup::error, {}, "store unreadable: " + trouble, false};
    }
    record_name const name(id);
    auto const file = how == access::read_only ? os::open_untouched(in, name.file())
                                               : os::open_for_reading(in, name.file());
    if (!file) return file.error == ENOENT ? found : unreadable(kind, id, how, file.error);
    auto const status = os::status_of(file.value.get());
    if (!status) return unreadable(kind, id, how, status.error);
    std::uint64_t const most = kind == record_kind::object ? ~std::uint64_t{0} >> 1 : max_entry_size;
    if (!status.value.is_file || status.value.size < record_header_size || status.value.size > most)
      return damaged(kind, id, how);
    if (status.value.size > read_at_once) {
      // Before anything is allocated: the size of a file says nothing, a sparse one costs nothing to make.
      header_bytes raw;
      auto const got = os::read_at(file.value.get(), raw.data(), raw.size(), 0);
      if (!got) return unreadable(kind, id, how, got.error);
      record_header header;
      switch (read_header({raw.data(), got.value}, status.value.size, kind, id, header)) {
        case record_state::good:
          break;
        case record_state::other_format:
          return found;
        case record_state::damaged:
          return damaged(kind, id, how);
      }
    }
    aligned_block const block(static_cast<std::size_t>(status.value.size));
    auto const got = os::read_up_to(file.value.get(), block.data(), block.size());
    if (!got) return unreadable(kind, id, how, got.error);
    byte_view payload;
    switch (read_record(block.view().first(got.value), kind, id, payload)) {
      case record_state::good:
        break;
      case record_state::other_format:
        return found;
      case record_state::damaged:
        return damaged(kind, id, how);
    }
    if (how == access::normal && now_ns() - status.value.modified_ns > an_hour_ns)
      os::touch(file.value.get());
    found.payload = block.share(payload);
    found.status = lookup::hit;
    return found;
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

  /// Writes a record aside and renames it to its name: readers see the old one or the new one. 0 or an errno.
  int publish(record_source const& source) {
    for (int attempt = 0;; ++attempt) {
      int const in = folder(source.header.kind);
      if (in < 0) return ENOENT;
      int const error = publish_in(in, source);
      if (error != ENOENT || attempt == 1) return error;
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

  /// All files with names of ours, with their sizes and times where `with_status`.
  found_files list(record_kind kind, bool with_status) {
    found_files all;
    int const in = folder(kind);
    if (in < 0) return all;
    // What is gone, or is no folder of ours, is missed by nobody.
    auto const note = [&](int error) {
      if (error != 0 && error != ENOENT && error != ENOTDIR && error != ELOOP) all.is_complete = false;
    };
    auto const shards = os::names_in(in);
    note(shards.error);
    for (auto const& shard : shards.value) {
      if (!is_shard_name(shard)) continue;
      auto const inside = os::open_folder(in, shard.c_str());
      note(inside.error);
      if (!inside) continue;
      auto const names = os::names_in(inside.value.get());
      note(names.error);
      for (auto const& name : names.value) {
        found_file file;
        file.is_temporary = is_temporary_name(name);
        if (!file.is_temporary && !is_record_rest(name)) continue;
        if (!file.is_temporary) file.id = *digest_from_hex(shard + name);
        if (with_status || file.is_temporary) {
          auto const status = os::status_at(inside.value.get(), name.c_str());
          note(status.error);
          if (!status) continue;
          file.size = status.value.size;
          file.modified_ns = status.value.modified_ns;
        }
        file.name = shard + '/' + name;
        all.files.push_back(std::move(file));
      }
    }
    return all;
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

  found_record damaged(record_kind kind, digest const& id, access how) {
    if (how == access::normal) remove(kind, id);
    return {lookup::error, {}, std::string(word_for(kind)) + " damaged", true};
  }

  found_record unreadable(record_kind kind, digest const& id, access how, int error) {
    // Something that is no file of ours stands there; the name is ours.
    if (error == ELOOP || error == ENXIO) return damaged(kind, id, how);
    return {lookup::error, {}, std::string(word_for(kind)) + " unreadable: " + os::error_text(error), false};
  }

  int publish_in(int in, record_source const& source) {
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
      made = os::create_new(in, temporary.c_str(), file_mode(root_.share()), root_.group());
    }
    if (!made) return made.error;
    header_bytes const header = encode_header(source.header);
    int error = source.file != nullptr ? write_from_file(made.value.get(), header, source)
                                       : write_pieces(made.value.get(), header, source.pieces);
    if (int const closing = made.value.close(); error == 0) error = closing;
    if (error == 0) {
      error = os::rename_file(in, temporary.c_str(), in, name.file());
      if (error == EISDIR && os::remove_folder(in, name.file()) == 0)
        error = os::rename_file(in, temporary.c_str(), in, name.file());
      // Over a network a rename can be done, its answer be lost, and the repetition find nothing to rename.
      if (error != 0 && starts_with(in, name.file(), header)) error = 0;
      if (error == 0) return 0;
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
};

}  // namespace memo::detail
