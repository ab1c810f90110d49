/// The identity of the running program: what stands in the key of a step that has no version.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/key/file_digest.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// As <link.h> declares them; that header brings the whole of <elf.h>, with hundreds of macros.
struct dl_phdr_info;
extern "C" int dl_iterate_phdr(int (*callback)(struct dl_phdr_info*, size_t, void*), void* data);

namespace memo {
namespace detail {

// The beginning of dl_phdr_info and an entry of the program header table, as the ABI of 64-bit ELF fixes
// them.
struct loaded_object {
  std::uint64_t address;
  char const* name;
  void const* headers;
  std::uint16_t header_count;
};
struct program_header {
  std::uint32_t type;
  std::uint32_t flags;
  std::uint64_t offset;
  std::uint64_t address;
  std::uint64_t physical;
  std::uint64_t file_size;
  std::uint64_t memory_size;
  std::uint64_t alignment;
};
static_assert(sizeof(void*) == 8 && sizeof(program_header) == 56, "memo: only 64-bit ELF is known here");

inline bool is_system_library(std::string_view path) {
  for (std::string_view const folder :
       {"/lib/", "/lib32/", "/lib64/", "/libx32/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/", "/usr/libx32/"})
    if (path.starts_with(folder)) return true;
  return false;
}

// A note is: size of name, size of content, type, name, content; both padded.
inline byte_view find_build_id(byte_view notes, std::size_t alignment) {
  constexpr std::uint32_t type_build_id = 3;
  auto const padded = [=](std::size_t size) { return (size + alignment - 1) / alignment * alignment; };
  while (notes.size() >= 12) {
    std::size_t const name_size = load_little<std::uint32_t>(notes.data());
    std::size_t const size = load_little<std::uint32_t>(notes.data() + 4);
    std::uint32_t const type = load_little<std::uint32_t>(notes.data() + 8);
    std::size_t const begin = padded(12 + name_size);
    if (begin > notes.size() || size > notes.size() - begin) break;
    if (type == type_build_id && as_text(notes.subspan(12, name_size)) == std::string_view("GNU", 4))
      return notes.subspan(begin, size);
    if (padded(size) > notes.size() - begin) break;
    notes = notes.subspan(begin + padded(size));
  }
  return {};
}

inline byte_view build_id_of(loaded_object const& object) {
  constexpr std::uint32_t type_note = 4;
  for (std::size_t i = 0; i < object.header_count; ++i) {
    program_header header;
    std::memcpy(&header, static_cast<std::byte const*>(object.headers) + i * sizeof header, sizeof header);
    if (header.type != type_note) continue;
    auto const* const begin = reinterpret_cast<std::byte const*>(object.address + header.address);
    byte_view const id = find_build_id({begin, header.memory_size}, header.alignment == 8 ? 8 : 4);
    if (!id.empty()) return id;
  }
  return {};
}

struct found_objects {
  std::vector<digest> ids;           // sorted
  std::vector<std::string> without;  // paths of files that carry no build id

  void add(digest const& id) {
    ids.push_back(id);
    for (std::size_t i = ids.size() - 1; i > 0 && ids[i] < ids[i - 1]; --i) std::swap(ids[i], ids[i - 1]);
  }
};

inline int note_object(struct dl_phdr_info* info, std::size_t, void* data) {
  auto& found = *static_cast<found_objects*>(data);
  loaded_object object;
  std::memcpy(&object, static_cast<void const*>(info), sizeof object);
  std::string_view const name = object.name == nullptr ? "" : object.name;
  bool const program = name.empty();
  // The kernel's own object has a name without a folder.
  if (!program && (name.find('/') == std::string_view::npos || is_system_library(name))) return 0;
  if (byte_view const id = build_id_of(object); !id.empty())
    found.add(hash_bytes(id));
  else
    found.without.emplace_back(program ? "/proc/self/exe" : name);
  return 0;
}

inline digest find_build_digest() {
  found_objects found;
  dl_iterate_phdr(&note_object, &found);
  // Not while the loader's lock is held.
  for (std::string const& path : found.without) found.add(file_digest(path));
  return hash_bytes(
      {reinterpret_cast<std::byte const*>(found.ids.data()), found.ids.size() * sizeof(digest)});
}

}  // namespace detail

/// The digest of the GNU build ids of the program and of the libraries that it had loaded at the first
/// call, those of the system left out; of the file itself where it has no build id. Found once; any thread
/// may ask. Throws unhashable where such a file cannot be read.
inline digest build_digest() {
  static digest const found = detail::find_build_digest();
  return found;
}

}  // namespace memo
