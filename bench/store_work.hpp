/// What all stores in a benchmark are given: the same keys, values and orders, made from fixed seeds.
#pragma once

#include <memo/core/digest.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bench {

namespace fs = std::filesystem;

/// A number of values of one size.
struct load {
  std::string_view name;
  std::size_t size;   ///< of each value, in bytes
  std::size_t count;  ///< of values
};

/// Keys and values of one load. Values are random bytes, which no store compresses; they overlap in memory, so that their
/// source stays in the cache and a put is charged with the store's work alone.
class work {
 public:
  explicit work(load const& of) : load_(of), pool_(slack + of.size), order_(of.count) {
    std::mt19937_64 random(of.size * 31 + of.count);
    for (std::size_t i = 0; i < pool_.size(); ++i) pool_[i] = static_cast<std::byte>(random() >> 56);
    for (auto* keys : {&keys_, &missing_}) {
      keys->resize(of.count);
      for (auto& key : *keys) key = {random(), random()};
    }
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::shuffle(order_.begin(), order_.end(), random);
  }

  std::size_t count() const { return load_.count; }
  std::size_t size() const { return load_.size; }
  memo::digest const& key(std::size_t i) const { return keys_[i]; }
  memo::digest const& missing_key(std::size_t i) const { return missing_[i]; }
  memo::byte_view value(std::size_t i) const { return {pool_.data() + i * 64 % slack, load_.size}; }
  /// The i-th of a random order.
  std::size_t random_order(std::size_t i) const { return order_[i]; }
  /// Of the first and the last byte, which everybody who gets a value touches.
  std::uint64_t ends(std::size_t i) const { return ends_of(value(i)); }
  static std::uint64_t ends_of(memo::byte_view bytes) {
    if (bytes.empty()) return 0;
    return bytes.size() << 16 | std::to_integer<std::uint64_t>(bytes.front()) << 8 |
           std::to_integer<std::uint64_t>(bytes.back());
  }

 private:
  static constexpr std::size_t slack = std::size_t{1} << 20;

  load load_;
  std::vector<std::byte> pool_;
  std::vector<memo::digest> keys_, missing_;
  std::vector<std::size_t> order_;
};

/// Sixteen bytes, as other stores take a key.
inline std::string_view key_bytes(memo::digest const& key) {
  return {reinterpret_cast<char const*>(&key), sizeof key};
}

/// Touches memory and gives it back. Pages that a virtual machine has not used for some seconds come back slowly, and
/// whoever writes a file first would be charged for it.
inline void warm_memory(std::size_t bytes) {
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return;
  auto* const first = static_cast<std::byte volatile*>(at);
  for (std::size_t i = 0; i < bytes; i += 4096) first[i] = std::byte{1};
  ::munmap(at, bytes);
}

/// What all files below a folder take of the disk, in bytes.
inline std::uint64_t disk_bytes(fs::path const& folder) {
  std::uint64_t all = 0;
  for (auto const& item : fs::recursive_directory_iterator(folder)) {
    struct stat status;
    if (item.is_regular_file() && ::lstat(item.path().c_str(), &status) == 0)
      all += static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  return all;
}

/// Folders for stores, below the working directory; all are gone at the end of the program.
class scratch {
 public:
  static fs::path folder(std::string const& name) { return root() / name; }
  static void remove(fs::path const& folder) {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  static void remove_all() { remove(root()); }

 private:
  static fs::path const& root() {
    static fs::path const made = fs::current_path() / ("memo-bench-stores-" + std::to_string(::getpid()));
    return made;
  }
};

/// What a benchmark cannot go on after.
[[noreturn]] inline void give_up(std::string_view what) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
  scratch::remove_all();
  std::exit(1);
}

}  // namespace bench
