/// Parts of files as memory that can be read and not written, and the file systems on which that is safe.
///
/// A page that the file no longer has, because somebody truncated it, raises SIGBUS where it is read; so does one that
/// the disk fails to give. Hence only a file that nobody shortens is mapped, and only on a file system of this machine.
#pragma once

#include <memo/core/bytes.hpp>
#include <memo/core/os_calls.hpp>

#include <cstdint>
#include <memory>

namespace memo::detail::os {

/// A mapped part of a file, unmapped with its owner. It outlives the descriptor, the file's name and its replacement by
/// another file. Any thread may read.
class mapping {
 public:
  mapping() = default;
  mapping(void* start, std::size_t length, std::size_t skip) : start_(start), length_(length), skip_(skip) {}
  mapping(mapping const&) = delete;
  mapping& operator=(mapping const&) = delete;
  ~mapping() {
    if (length_ != 0) ::munmap(start_, length_);
  }

  /// The part that was asked for.
  byte_view view() const { return {static_cast<std::byte const*>(start_) + skip_, length_ - skip_}; }

 private:
  void* start_ = nullptr;
  std::size_t length_ = 0;
  std::size_t skip_ = 0;  ///< from the start of the page to the part that was asked for
};

/// Maps `size` bytes of a file from `offset` on; the caller knows that the file has them. An errno where the system
/// refuses, which it does for lack of address space or of mappings (65530 for each process, as Linux comes). An address
/// in the mapping is aligned as its place in the file is, up to a page.
inline outcome<std::shared_ptr<mapping const>> map(int fd, std::uint64_t offset, std::uint64_t size) {
  static std::uint64_t const page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (size == 0) return {std::make_shared<mapping const>(), 0};
  std::uint64_t const skip = offset % page;
  if (size > SIZE_MAX - skip) return {nullptr, EOVERFLOW};
  auto const length = static_cast<std::size_t>(skip + size);
  void* const start = table.mmap(length, fd, static_cast<off_t>(offset - skip));
  if (start == MAP_FAILED) return {nullptr, errno};
  return {std::make_shared<mapping const>(start, length, static_cast<std::size_t>(skip)), 0};
}

/// A file system, by name, and whether files on it may be mapped.
struct mapping_rule {
  bool is_safe = false;
  char const* name = "";  ///< "" where it is none of the known ones
};

/// What is known of an open file's file system. Those that are safe are local ones whose mappings follow every write
/// (ccache maps on the same ones); the numbers are those of statfs(2).
inline mapping_rule mapping_rule_of(int fd) {
  struct statfs status{};
  int error = 0;
  retried(error, [&] { return table.fstatfs(fd, &status); });
  if (error != 0) return {};
  switch (static_cast<std::uint32_t>(status.f_type)) {
    case 0xef53:
      return {true, "ext"};
    case 0x58465342:
      return {true, "xfs"};
    case 0x9123683e:
      return {true, "btrfs"};
    case 0x01021994:
      return {true, "tmpfs"};
    case 0x794c7630:
      return {false, "overlay"};
    case 0x2fc12fc1:
      return {false, "zfs"};
    case 0xf2f52010:
      return {false, "f2fs"};
    case 0xca451a4e:
      return {false, "bcachefs"};
    default:
      return {false, ""};
  }
}

/// True where files on the file system of an open file may be mapped.
inline bool is_safe_to_map(int fd) { return mapping_rule_of(fd).is_safe; }

}  // namespace memo::detail::os
