/// A folder of logs for tests. Each user of it has descriptors, locks and tables of its own, as if it were a process.
#pragma once

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"

#include <memo/store/log_writer.hpp>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace test {

inline constexpr std::array<char const*, 1> log_folders{"m"};

/// The log or the index that is the current one in a root.
inline std::filesystem::path current_file(std::filesystem::path const& root, std::string const& kind) {
  auto const generation = memo::detail::current_generation(content_of(root / "v1/m/current"));
  return root / "v1/m" / memo::detail::log_name(kind, generation.value_or(0));
}

/// Changes bytes of a file in place.
inline void overwrite(std::filesystem::path const& file, std::uint64_t at, std::string_view bytes) {
  std::fstream to(file, std::ios::in | std::ios::out | std::ios::binary);
  to.seekp(static_cast<std::streamoff>(at));
  to.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}
inline void flip_bit(std::filesystem::path const& file, std::uint64_t at) {
  char const changed = static_cast<char>(content_of(file).at(static_cast<std::size_t>(at)) ^ 1);
  overwrite(file, at, {&changed, 1});
}

/// A reader and a writer of one root.
struct log_user {
  explicit log_user(std::filesystem::path const& path, std::uint64_t budget = std::uint64_t{64} << 20)
      : root(path.string(), memo::sharing::user, log_folders),
        reader(root, budget),
        writer(root, reader, budget) {}

  memo::detail::log_writer::turn begin() {
    memo::detail::log_writer::turn turn;
    // Once more where the folder was deleted.
    for (int error = ENOENT, attempt = 0; attempt < 2 && error == ENOENT; ++attempt)
      if (root.open_for_writing().empty()) turn = writer.begin(error);
    return turn;
  }

  /// Appends one record; an errno, or -1 where there was no turn.
  int put(memo::detail::record_kind kind, memo::digest const& id, std::string_view text,
          memo::durability level = memo::durability::none) {
    auto const turn = begin();
    if (!turn) return -1;
    memo::byte_view const bytes = memo::as_byte_view(text);
    auto& to = writer.appender();
    int error = to.add(memo::detail::record_header{kind, id, bytes.size(), memo::hash_bytes(bytes)},
                       std::span(&bytes, 1));
    if (error == 0) error = writer.commit(to, level);
    return error;
  }
  int put(int number, std::size_t size = 100) {
    return put(memo::detail::record_kind::object, samples::key_of(number), samples::value_of(number, size));
  }

  /// Appends that a record is gone.
  int put_gone(memo::detail::record_kind kind, memo::digest const& id) {
    auto const turn = begin();
    if (!turn) return -1;
    auto& to = writer.appender();
    int const error = to.add(memo::detail::record_header{kind, id, 0, memo::hash_bytes({}), true},
                             std::span<memo::byte_view const>());
    return error != 0 ? error : writer.commit(to, memo::durability::none);
  }

  std::optional<std::string> get(memo::detail::record_kind kind, memo::digest const& id) {
    auto const found = reader.read(kind, id, memo::access::normal);
    if (found.status != memo::lookup::hit) return std::nullopt;
    return std::string(memo::as_text(found.payload.view));
  }
  samples::got look_up(int number, std::size_t size = 100) {
    auto const found = get(memo::detail::record_kind::object, samples::key_of(number));
    if (!found) return samples::got::nothing;
    return *found == samples::value_of(number, size) ? samples::got::right : samples::got::wrong;
  }

  memo::detail::store_root root;
  memo::detail::log_reader reader;
  memo::detail::log_writer writer;
};

}  // namespace test
