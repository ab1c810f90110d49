/// What earlier runs on this machine knew of files, so that the first look in a new process need not read them.
///
///     record ::= "memo-files" version:u8 machine:digest file*
///     file   ::= path:digest device:u64 inode:u64 size:u64 modified_ns:i64 changed_ns:i64 content:digest certain:u8
///
/// Little-endian; a digest is high:u64 low:u64. `path` is of the path's text, with the seed of the keys. First the files
/// of the last run, by path, then those of earlier ones. A record that does not fit is as good as none. Versions:
/// 1: as above.
#pragma once

#include <memo/key/file_table.hpp>

#include <unistd.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

inline constexpr std::string_view file_record_head{"memo-files\1", 11};

/// Beside the digests of the files of the last run, those of so many others are kept.
inline constexpr std::size_t most_other_files = 10'000;

/// Tells machines apart: devices and inodes mean nothing elsewhere.
inline digest machine_digest() {
  static digest const found = [] {
    byte_hasher hasher;
    char text[256] = "";
    if (auto const id = os::open_user_file("/etc/machine-id"); id)
      if (auto const got = os::read_up_to(id.value.get(), reinterpret_cast<std::byte*>(text), sizeof text);
          got)
        hasher.update(as_byte_view({text, got.value}));
    char name[256] = "";
    ::gethostname(name, sizeof name - 1);
    hasher.update(as_byte_view(std::string_view(name)));
    return hasher.finish();
  }();
  return found;
}

/// Where the record lies, by that of the steps.
inline digest file_record_id(digest const& steps) {
  return hash_bytes(as_byte_view(file_record_head), steps.low ^ steps.high);
}

template <class Integer>
void append_number(std::string& to, Integer value) {
  std::byte bytes[sizeof value];
  store_little(bytes, value);
  to.append(as_text(bytes));
}

inline void append_digest(std::string& to, digest const& d) {
  append_number(to, d.high);
  append_number(to, d.low);
}

inline std::string write_file_record(std::span<known_file const> files) {
  std::string record(file_record_head);
  append_digest(record, machine_digest());
  for (known_file const& file : files) {
    append_digest(record, file.path);
    append_number(record, file.identity.device);
    append_number(record, file.identity.inode);
    append_number(record, file.identity.size);
    append_number(record, file.identity.modified_ns);
    append_number(record, file.identity.changed_ns);
    append_digest(record, file.content);
    append_number(record, static_cast<std::uint8_t>(file.is_certain ? 1 : 0));
  }
  return record;
}

inline std::vector<known_file> read_file_record(std::string_view record) {
  constexpr std::size_t size = 73;
  std::vector<known_file> files;
  if (!record.starts_with(file_record_head)) return files;
  record.remove_prefix(file_record_head.size());
  auto const number_at = [&](std::size_t at) {
    return load_little<std::uint64_t>(as_byte_view(record).data() + at);
  };
  auto const digest_at = [&](std::size_t at) { return digest{number_at(at), number_at(at + 8)}; };
  if (record.size() < 16 || digest_at(0) != machine_digest()) return files;
  record.remove_prefix(16);
  if (record.size() % size != 0) return files;
  for (; !record.empty(); record.remove_prefix(size)) {
    known_file file;
    file.path = digest_at(0);
    file.identity = {number_at(16), number_at(24), number_at(32), static_cast<std::int64_t>(number_at(40)),
                     static_cast<std::int64_t>(number_at(48))};
    file.content = digest_at(56);
    file.is_certain = record[72] == 1;
    if (file.path) files.push_back(file);
  }
  return files;
}

}  // namespace memo::detail
