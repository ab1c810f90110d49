#pragma once

#include <memo/core/digest.hpp>
#include <memo/core/file.hpp>
#include <memo/key/unhashable.hpp>

#include <cstdint>
#include <string>

namespace memo {

/// The digest of a file's content, read with pread in blocks. Throws unhashable where `path` does not name
/// a regular file that can be read.
inline digest file_digest(std::string const& path, std::uint64_t seed = 0) {
  auto refuse = [&path](int error) {
    throw unhashable("the file `" + path + "` cannot be read: " +
                         (error == 0 ? std::string("it is no regular file") : detail::os::error_text(error)),
                     {{"file", path}},
                     "without its content there is no key: the step runs and is not cached");
  };
  auto const opened = detail::os::open_user_file(path.c_str());
  if (!opened) refuse(opened.error);
  int const fd = opened.value.get();
  auto const status = detail::os::status_of(fd);
  if (!status || !status.value.is_file) refuse(status.error);

  constexpr std::size_t most = std::size_t{1} << 18;
  std::size_t const size = status.value.size < most ? static_cast<std::size_t>(status.value.size) + 1 : most;
  aligned_block const block(size);
  byte_hasher hasher(seed);
  for (std::uint64_t offset = 0;;) {
    auto const got = detail::os::read_at(fd, block.data(), size, offset);
    if (!got) refuse(got.error);
    hasher.update(block.view().first(got.value));
    offset += got.value;
    if (got.value < size) return hasher.finish();
  }
}

}  // namespace memo
