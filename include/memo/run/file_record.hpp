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
#include <memo/store/record_reader.hpp>

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

inline std::string write_file_record(std::span<known_file const> files) {
  byte_writer to;
  to.bytes(as_byte_view(file_record_head));
  to.id(machine_digest());
  for (known_file const& file : files) {
    to.id(file.path);
    to.number(file.identity.device);
    to.number(file.identity.inode);
    to.number(file.identity.size);
    to.number(file.identity.modified_ns);
    to.number(file.identity.changed_ns);
    to.id(file.content);
    to.number(static_cast<std::uint8_t>(file.is_certain ? 1 : 0));
  }
  return std::string(as_text(to.view()));
}

inline std::vector<known_file> read_file_record(std::string_view record) {
  constexpr std::size_t size = 73;
  std::vector<known_file> files;
  byte_reader from(as_byte_view(record));
  if (as_text(from.bytes(file_record_head.size())) != file_record_head) return files;
  bool const is_of_here = from.id() == machine_digest();
  if (!is_of_here || !from.good() || from.left() % size != 0) return files;
  files.reserve(from.left() / size);
  while (from.left() != 0) {
    known_file file;
    file.path = from.id();
    file.identity.device = from.number<std::uint64_t>();
    file.identity.inode = from.number<std::uint64_t>();
    file.identity.size = from.number<std::uint64_t>();
    file.identity.modified_ns = from.number<std::int64_t>();
    file.identity.changed_ns = from.number<std::int64_t>();
    file.content = from.id();
    file.is_certain = from.number<std::uint8_t>() == 1;
    if (file.path) files.push_back(file);
  }
  return files;
}

}  // namespace memo::detail
