/// Types whose library only saves to a path and loads from one.
///
///     stored form ::= size:u64 bytes        of the file that was saved
#pragma once

#include <memo/core/temporary_folder.hpp>
#include <memo/key/reader.hpp>
#include <memo/key/writer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace memo {

/// Specialise it to store a type (and, unless `hash_of` is specialised too, to hash it) as the bytes of a file that its
/// library saves and loads:
///
///     template <> struct memo::file_codec<grid> {
///       static constexpr std::string_view schema = "grid:1";      // change it whenever the form changes
///       static constexpr std::string_view extension = ".h5";      // may be left out
///       static void save(grid const& g, std::filesystem::path const& path);
///       static grid load(std::filesystem::path const& path);
///     };
///
/// It counts as a `codec` everywhere. The paths lie in private folders for temporary files (`TMPDIR`), which are removed
/// after each call, so `load` reads all that it needs. Equal values must be saved as equal bytes: a library that writes the time into its files makes each
/// computation look like another value, so that its readers run again; verify mode reports that. `hash_of` says what
/// counts where this cannot be helped. `save` and `load` may run on any thread, for several values at a time.
template <class T>
struct file_codec;

namespace detail {

template <class T>
inline constexpr bool has_file_codec = requires { sizeof(file_codec<T>); };

[[noreturn]] inline void throw_unsaved(std::string_view schema, std::string const& problem) {
  throw error("what memo::file_codec saved cannot be read: " + problem, {{"schema", std::string(schema)}},
              "its function `save` writes one regular file, at the path that it is given, and closes it");
}

/// Writes the size and the bytes of a file.
inline void write_file(writer& out, std::filesystem::path const& path, std::string_view schema) {
  auto const opened = os::open_user_file(path.c_str());
  if (!opened) throw_unsaved(schema, os::error_text(opened.error));
  auto const status = os::status_of(opened.value.get());
  if (!status) throw_unsaved(schema, os::error_text(status.error));
  if (!status.value.is_file) throw_unsaved(schema, "it is no regular file");
  std::uint64_t const size = status.value.size;
  out(size);
  constexpr std::uint64_t most = std::uint64_t{1} << 18;
  aligned_block const block(static_cast<std::size_t>(std::min(size, most)));
  for (std::uint64_t offset = 0; offset < size;) {
    auto const wanted = static_cast<std::size_t>(std::min(size - offset, most));
    auto const got = os::read_at(opened.value.get(), block.data(), wanted, offset);
    if (!got) throw_unsaved(schema, os::error_text(got.error));
    if (got.value != wanted) throw_unsaved(schema, "it became shorter meanwhile");
    out.raw(block.view().first(wanted));
    offset += wanted;
  }
}

template <class T>
std::filesystem::path file_codec_path(temporary_folder const& folder) {
  std::string name = "value";
  if constexpr (requires { file_codec<T>::extension; }) name += file_codec<T>::extension;
  return folder.path() / name;
}

}  // namespace detail

template <class T>
  requires detail::has_file_codec<T>
struct codec<T> {
  static constexpr std::string_view schema = file_codec<T>::schema;

  static void save(writer& out, T const& value) {
    detail::temporary_folder const folder;
    std::filesystem::path const path = detail::file_codec_path<T>(folder);
    file_codec<T>::save(value, path);
    detail::write_file(out, path, schema);
  }

  static T load(reader& in) {
    auto const size = in.get<std::uint64_t>();
    byte_view const bytes = in.raw(static_cast<std::size_t>(size));
    detail::temporary_folder const folder;
    std::filesystem::path const path = detail::file_codec_path<T>(folder);
    detail::write_new_file(path, bytes, 0600);
    return file_codec<T>::load(path);
  }
};

}  // namespace memo
