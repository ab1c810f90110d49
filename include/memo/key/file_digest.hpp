#pragma once

#include <memo/core/digest.hpp>
#include <memo/core/file.hpp>
#include <memo/key/file_clock.hpp>
#include <memo/key/file_table.hpp>
#include <memo/key/unhashable.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace memo {
namespace detail {

[[noreturn]] inline void refuse_path(std::string_view kind, std::string const& path, std::string const& why) {
  throw unhashable("the " + std::string(kind) + " `" + path + "` cannot be read: " + why,
                   {{std::string(kind), path}},
                   "without its content there is no key: the step runs and is not cached");
}

[[noreturn]] inline void refuse_file(std::string const& path, int error) {
  refuse_path("file", path, error == 0 ? "it is no regular file" : os::error_text(error));
}

/// The digest of an open file's content, read with pread in blocks.
inline digest read_digest(int fd, std::string const& path, std::uint64_t size, std::uint64_t seed) {
  // Files of /proc say that they are empty.
  constexpr std::uint64_t least = 4096, most = std::uint64_t{1} << 18;
  auto const block_size = static_cast<std::size_t>(std::clamp(size + 1, least, most));
  aligned_block const block(block_size);
  byte_hasher hasher(seed);
  for (std::uint64_t offset = 0;;) {
    auto const got = os::read_at(fd, block.data(), block_size, offset);
    if (!got) refuse_file(path, got.error);
    hasher.update(block.view().first(got.value));
    offset += got.value;
    if (got.value < block_size) return hasher.finish();
  }
}

/// Reads a file; again where it changes meanwhile, a few times. Then it is as good as just edited: not remembered.
inline known_file read_file(std::string const& path, digest const& id, std::uint64_t seed) {
  known_file made;
  made.path = id;
  for (int attempt = 0; attempt < 3; ++attempt) {
    auto const opened = os::open_user_file(path.c_str());
    if (!opened) refuse_file(path, opened.error);
    int const fd = opened.value.get();
    auto const before = os::status_of(fd);
    if (!before || !before.value.is_file) refuse_file(path, before.error);
    std::int64_t const later_edits = file_clocks::process().earliest_stamp(fd, path, before.value);
    made.content = read_digest(fd, path, before.value.size, seed);
    auto const after = os::status_of(fd);
    if (!after) refuse_file(path, after.error);
    made.identity = identity_of(after.value);
    if (made.identity != identity_of(before.value)) continue;
    made.is_certain = made.identity.changed_ns < later_edits;
    break;
  }
  return made;
}

inline digest path_id(std::string const& path, std::uint64_t seed) {
  return hash_bytes(as_byte_view(path), seed);
}

/// The digest of a file's content, where it is known and the file did not change since; else zero.
inline digest remembered_digest(std::string const& path, digest const& id, os::file_status const& status) {
  known_file const known = file_table::process().find(id);
  if (!known.is_certain || known.identity != identity_of(status)) return {};
  file_scope::note(known, path, false);
  return known.content;
}

/// Reads a file and remembers its digest.
inline digest new_digest(std::string const& path, digest const& id, std::uint64_t seed) {
  known_file made = read_file(path, id, seed);
  known_file const known = file_table::process().find(id);
  made.changes = file_table::process().keep(made);
  file_scope::note(
      made, path,
      known.path && known.content == made.content && made.identity.is_edited_from(known.identity));
  return made.content;
}

}  // namespace detail

/// The digest of a file's content. A file that this process has read before, and whose status is what it was then, is
/// not read again: that takes a microsecond. Any thread. Throws unhashable where `path` does not name a regular file
/// that can be read.
inline digest file_digest(std::string const& path, std::uint64_t seed = 0) {
  auto const status = detail::os::status_at(detail::os::here, path.c_str(), true);
  if (!status || !status.value.is_file) detail::refuse_file(path, status.error);
  digest const id = detail::path_id(path, seed);
  digest const known = detail::remembered_digest(path, id, status.value);
  return known ? known : detail::new_digest(path, id, seed);
}

}  // namespace memo
