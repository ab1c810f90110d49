/// Patterns of paths, and what matches them.
///
/// Within one name, `*` stands for any text, `?` for one character (of UTF-8) and `[a-z]` or `[!a-z]` for one of those,
/// or of all others; `[*]` is a star and `[` without an end is itself. A name that is `**` stands for folders, none or
/// many, and as the last one for everything below; it does not go through links, so that it ends. A name that begins
/// with a dot is matched only where the pattern has the dot. A pattern that ends in `/` matches folders only.
#pragma once

#include <memo/core/folder.hpp>
#include <memo/key/file_digest.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

/// The bytes of one character as a number, in the order of characters; `at` moves behind it.
inline std::uint32_t next_character(std::string_view text, std::size_t& at) {
  std::uint32_t character = static_cast<unsigned char>(text[at++]);
  if (character < 0xc0) return character;
  for (int more = character < 0xe0   ? 1
                  : character < 0xf0 ? 2
                                     : 3;
       more > 0 && at < text.size(); --more, ++at) {
    auto const byte = static_cast<unsigned char>(text[at]);
    if ((byte & 0xc0) != 0x80) break;
    character = character << 8 | byte;
  }
  return character;
}

/// Where the set of characters that begins at `from` with `[` ends, behind its `]`; `from` where it does not.
inline std::size_t end_of_set(std::string_view pattern, std::size_t from) {
  std::size_t at = from + 1;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  std::size_t const end = pattern.find(']', at + 1);  // one that comes first is among the characters
  return end == std::string_view::npos ? from : end + 1;
}

inline bool is_in_set(std::string_view set, std::uint32_t character) {
  set = set.substr(1, set.size() - 2);
  bool const is_negated = set.front() == '!' || set.front() == '^';
  if (is_negated) set.remove_prefix(1);
  for (std::size_t at = 0; at < set.size();) {
    std::uint32_t const low = next_character(set, at);
    std::uint32_t high = low;
    if (at + 1 < set.size() && set[at] == '-') high = next_character(set, ++at);
    if (low <= character && character <= high) return !is_negated;
  }
  return is_negated;
}

/// True where a name matches a pattern of one name. At most the product of their lengths in steps.
inline bool matches_name(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  std::size_t at = 0, in_name = 0;
  std::size_t behind_star = std::string_view::npos, tried = 0;
  while (in_name < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      behind_star = ++at;
      tried = in_name;
      continue;
    }
    std::size_t next = in_name;
    std::uint32_t const character = next_character(name, next);
    bool fits = false;
    if (at < pattern.size()) {
      std::size_t const end = pattern[at] == '[' ? end_of_set(pattern, at) : at;
      if (pattern[at] == '?') {
        fits = true;
        ++at;
      } else if (end != at) {
        fits = is_in_set(pattern.substr(at, end - at), character);
        at = end;
      } else {
        fits = next_character(pattern, at) == character;
      }
    }
    if (fits) {
      in_name = next;
    } else if (behind_star != std::string_view::npos) {
      next_character(name, tried);
      in_name = tried;
      at = behind_star;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

inline bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

/// The names between the slashes of a path; several `**` in a row are one.
inline std::vector<std::string_view> names_of_path(std::string_view path) {
  std::vector<std::string_view> names;
  for (std::size_t at = 0; at < path.size();) {
    std::size_t const end = std::min(path.find('/', at), path.size());
    std::string_view const name = path.substr(at, end - at);
    if (!name.empty() && !(name == "**" && !names.empty() && names.back() == name)) names.push_back(name);
    at = end + 1;
  }
  return names;
}

/// True where a path, by its text alone, matches a pattern.
inline bool matches(std::string_view pattern, std::string_view path) {
  if (pattern.starts_with('/') != path.starts_with('/') || (pattern.ends_with('/') && !path.ends_with('/')))
    return false;
  auto const wanted = names_of_path(pattern), names = names_of_path(path);
  constexpr std::size_t none = SIZE_MAX;
  std::size_t at = 0, in_path = 0, behind_stars = none, tried = 0;
  while (in_path < names.size()) {
    if (at < wanted.size() && wanted[at] == "**") {
      behind_stars = ++at;
      tried = in_path;
      if (at < wanted.size()) continue;
      return std::none_of(names.begin() + static_cast<std::ptrdiff_t>(in_path), names.end(),
                          [](std::string_view name) { return name.starts_with('.'); });
    }
    if (at < wanted.size() && matches_name(wanted[at], names[in_path])) {
      ++at;
      ++in_path;
      continue;
    }
    if (behind_stars == none || names[tried].starts_with('.')) return false;
    in_path = ++tried;
    at = behind_stars;
  }
  return at == wanted.size();
}

/// The names in a folder, sorted; none where there is no such folder. Throws unhashable where it cannot be read.
inline std::vector<std::string> sorted_names_in(std::string const& folder) {
  int error = 0;
  os::unique_fd const opened(os::retried(error, [&] {
    return os::table.openat(os::here, folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, mode_t{0});
  }));
  if (error == ENOENT || error == ENOTDIR) return {};
  if (error != 0) refuse_path("folder", folder, os::error_text(error));
  auto names = os::names_in(opened.get());
  if (!names) refuse_path("folder", folder, os::error_text(names.error));
  std::sort(names.value.begin(), names.value.end());
  return std::move(names.value);
}

/// The status of a path; nothing is there where `error` is ENOENT. Throws unhashable where that cannot be told.
inline os::outcome<os::file_status> status_of_path(std::string const& path, bool follow) {
  auto status = os::status_at(os::here, path.c_str(), follow);
  if (status.error == ENOTDIR) status.error = ENOENT;
  if (status.error != 0 && status.error != ENOENT) refuse_path("file", path, os::error_text(status.error));
  return status;
}

// `beginning` ends in a slash, or is empty.
inline void collect_matches(std::span<std::string_view const> wanted, std::string const& beginning,
                            std::vector<std::string>& found) {
  std::string_view const first = wanted.front();
  auto const rest = wanted.subspan(1);
  if (!has_wildcard(first)) {
    std::string path = beginning + std::string(first);
    if (!rest.empty()) return collect_matches(rest, path += '/', found);
    if (status_of_path(path, false)) found.push_back(std::move(path));
    return;
  }
  bool const goes_down = first == "**";
  if (goes_down && !rest.empty()) collect_matches(rest, beginning, found);
  for (std::string const& name : sorted_names_in(beginning.empty() ? "." : beginning)) {
    if (goes_down ? name.starts_with('.') : !matches_name(first, name)) continue;
    std::string path = beginning + name;
    if (rest.empty()) found.push_back(path);
    if (goes_down ? status_of_path(path, false).value.is_folder : !rest.empty())
      collect_matches(goes_down ? wanted : rest, path + '/', found);
  }
}

/// What matches a pattern, sorted by bytes and spelled as the pattern spells it: what a relative one finds is relative.
/// A folder that does not exist has nothing in it. Throws unhashable where one cannot be read.
inline std::vector<std::string> paths_matching(std::string const& pattern) {
  std::vector<std::string> found;
  auto const wanted = names_of_path(pattern);
  if (wanted.empty()) return found;
  collect_matches(wanted, pattern.starts_with('/') ? "/" : "", found);
  if (pattern.ends_with('/')) {
    std::erase_if(found, [](std::string const& path) { return !status_of_path(path, true).value.is_folder; });
    for (std::string& path : found) path += '/';
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace memo::detail
