#pragma once

#include <memo/key/file_tree.hpp>

#include <cstdint>
#include <string>

namespace memo {

/// The digest of a file's content, or of all that a directory holds, as memo::file and memo::directory have them; zero
/// where nothing is there. Any thread. Throws unhashable where it is something else or cannot be read.
inline digest path_digest(std::string const& path, std::uint64_t seed) {
  auto const status = detail::status_of_path(path, true);
  if (!status) return {};
  if (status.value.is_file)
    if (digest const known = detail::remembered_digest(path, detail::path_id(path, seed), status.value))
      return known;
  if (!status.value.is_folder) return file_digest(path, seed);
  auto items = detail::items_in(path);
  return detail::digest_by_content(items, seed);
}

}  // namespace memo
