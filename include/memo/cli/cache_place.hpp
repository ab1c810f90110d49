/// Finding the cache at a path that a person typed, and opening it whatever kind of store made it.
#pragma once

#include <memo/store/directory_store.hpp>
#include <memo/store/mmap_store.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace memo {

/// The kinds of store that lie in a directory. Memory and tiered stores are known to their program only.
enum class cache_kind : std::uint8_t { directory, mapped };

/// The kind in words, as programs spell it.
constexpr std::string_view name_of(cache_kind kind) {
  return kind == cache_kind::mapped ? "mmap_store" : "directory_store";
}

/// A cache on disk: where it is, and what opens it.
struct cache_place {
  cache_kind kind = cache_kind::directory;
  std::string path{};             ///< canonical, of the folder with the marker
  bool is_new = false;            ///< nothing is there yet; the first put makes it
  bool has_both_kinds = false;    ///< both were used here; `kind` is the one that was written to later
  sharing share = sharing::user;  ///< as the folders' permissions tell
};

/// Whether a path at which nothing lies is an error, or the place of a cache to come.
enum class if_missing : std::uint8_t { refuse, allow };

namespace detail {

/// What of a layout's folders is there.
struct found_layout {
  bool has_entries = false;
  bool has_log = false;
  std::int64_t entries_changed_ns = 0;
  std::int64_t log_changed_ns = 0;
  sharing share = sharing::user;
};

/// The time of the last change of any name directly in a folder.
inline std::int64_t latest_in(int folder) {
  std::int64_t latest = 0;
  for (auto const& name : os::names_in(folder).value)
    latest = std::max(latest, os::status_at(folder, name.c_str()).value.modified_ns);
  return latest;
}

inline found_layout layout_of(int root) {
  found_layout found;
  auto const version = os::open_folder(root, "v1");
  if (!version) return found;
  int const in = version.value.get();
  auto const status = os::status_of(in);
  if (status && (status.value.mode & 0020u) != 0) found.share = sharing::group;
  if (auto const entries = os::open_folder(in, "e")) {
    found.has_entries = true;
    found.entries_changed_ns = latest_in(entries.value.get());
  }
  if (auto const log = os::open_folder(in, "m")) {
    found.has_log = true;
    found.log_changed_ns = latest_in(log.value.get());
  }
  return found;
}

/// Says in a few words what lies in a folder that is no cache.
inline std::string words_for_content(int folder) {
  auto const names = os::names_in(folder);
  if (!names) return "what cannot be listed: " + os::error_text(names.error);
  if (names.value.empty()) return "nothing";
  std::string const* const first = &*std::min_element(names.value.begin(), names.value.end());
  if (names.value.size() == 1) return "only " + *first;
  return std::to_string(names.value.size()) + " names, such as " + *first;
}

/// The cache that a path leads into, as somebody gave a folder inside of one; "" where there is none above it.
inline std::string cache_above(std::string path) {
  for (int level = 0; level < 4; ++level) {
    std::size_t const slash = path.find_last_of('/');
    if (slash == std::string::npos || slash == 0) return {};
    path.resize(slash);
    if (look_at(path).what == folder_state::kind::ours) return path;
  }
  return {};
}

/// True for a path among the files that memo makes in a cache.
inline bool is_within_cache(std::string const& path) {
  std::string const above = cache_above(path);
  if (above.empty()) return false;
  std::string_view const below = std::string_view(path).substr(above.size() + 1);
  std::string_view const first = below.substr(0, below.find('/'));
  return first == "v1" || first == "last_run";
}

[[noreturn]] inline void refuse_missing(std::string const& path) {
  std::size_t const slash = path.find_last_of('/');
  std::string above = path.substr(0, slash);
  if (above.empty()) above = "/";
  bool const has_parent = os::open_folder(os::here, above.c_str()).error == 0;
  throw usage_error(
      "there is no cache, as there is no such directory",
      {{"path", path}, {"above it", above + (has_parent ? " is there" : " is not there either")}},
      "check the spelling; a cache is made by the first run that stores something");
}

[[noreturn]] inline void refuse_unusable(std::string const& path, int error) {
  if (error == ENOTDIR || error == ELOOP)
    throw usage_error("this is no directory", {{"path", path}, {"because", os::error_text(error)}},
                      "give the directory of a cache, the one with the file MEMO in it");
  throw store_error("the directory cannot be opened", {{"path", path}, {"because", os::error_text(error)}},
                    error == EACCES ? "ask its owner, or run this as the user whose cache it is"
                                    : "see whether it can be listed with ls");
}

[[noreturn]] inline void refuse_foreign(std::string const& path, int folder) {
  std::string const above = cache_above(path);
  if (!above.empty())
    throw usage_error("this is a folder inside a cache, not the cache",
                      {{"path", path}, {"the cache", above}}, "give " + above);
  throw usage_error("this is not a cache of memo", {{"path", path}, {"it holds", words_for_content(folder)}},
                    "give the directory of a cache, the one with the file MEMO or the folder .memo in it");
}

[[noreturn]] inline void refuse_newer(std::string const& path) {
  auto const opened = os::open_folder(os::here, path.c_str());
  auto const text = opened ? small_text(opened.value.get(), "MEMO") : std::nullopt;
  auto const layout = text ? marker_layout(*text) : std::nullopt;
  throw store_error("a newer version of memo made this cache",
                    {{"path", path},
                     {"its layout", layout ? std::to_string(*layout) : "unknown"},
                     {"known here", std::to_string(layout_version)}},
                    "use the newer version, or another directory");
}

[[noreturn]] inline void refuse_unmarked(std::string const& path) {
  throw store_error(
      "the cache has lost its marker, the file MEMO, so that no store takes it for one", {{"path", path}},
      "run a program that stores something: the first put writes it again, and what lies there counts");
}

/// Goes to `.memo` inside, where other things are.
inline cache_place place_inside(std::string const& path, folder_state const& outer, if_missing missing);

/// The place at a canonical path.
inline cache_place place_at(std::string const& path, if_missing missing, bool may_go_inside = true) {
  auto const there = look_at(path);
  if (there.folder && there.what != folder_state::kind::ours && is_within_cache(path))
    refuse_foreign(path, there.folder.get());
  cache_place place;
  place.path = path;
  switch (there.what) {
    case folder_state::kind::missing:
      if (missing == if_missing::refuse) refuse_missing(path);
      place.is_new = true;
      return place;
    case folder_state::kind::unusable:
      refuse_unusable(path, there.error);
    case folder_state::kind::newer:
      refuse_newer(path);
    case folder_state::kind::foreign:
      if (!may_go_inside) refuse_foreign(path, there.folder.get());
      return place_inside(path, there, missing);
    case folder_state::kind::empty:
      if (os::status_at(there.folder.get(), "v1")) refuse_unmarked(path);
      if (missing == if_missing::refuse)
        throw usage_error("there is no cache yet, as the directory is empty", {{"path", path}},
                          "check the spelling; a cache is made by the first run that stores something");
      place.is_new = true;
      return place;
    case folder_state::kind::ours:
      break;
  }
  auto const found = layout_of(there.folder.get());
  place.share = found.share;
  place.has_both_kinds = found.has_entries && found.has_log;
  bool const is_log_later = found.log_changed_ns > found.entries_changed_ns;
  if (found.has_log && (!found.has_entries || is_log_later)) place.kind = cache_kind::mapped;
  return place;
}

inline cache_place place_inside(std::string const& path, folder_state const& outer, if_missing missing) {
  std::string const inner = inner_path(path);
  auto const what = look_at(inner).what;
  bool const is_none = what == folder_state::kind::missing || what == folder_state::kind::empty;
  if (is_none && missing == if_missing::refuse) refuse_foreign(path, outer.folder.get());
  return place_at(inner, missing, false);
}

}  // namespace detail

/// Finds the cache at `path`, or in `.memo` inside it. Writes nothing. Throws usage_error where no cache is there, unless
/// that is allowed, and store_error where there is one that must not or cannot be used.
inline cache_place find_cache(std::string_view path, if_missing missing = if_missing::refuse) {
  if (path.empty() || path.find('\0') != std::string_view::npos)
    throw usage_error("this is no path of a directory", {{"path", std::string(path)}},
                      "give the directory of a cache");
  cache_place place = detail::place_at(detail::os::canonical_path(path), missing);
  detail::check_root(place.path, place.share);
  return place;
}

/// Opens a cache that was found.
inline any_store open_cache(cache_place const& place) {
  if (place.kind == cache_kind::directory) return directory_store(place.path, {.share = place.share});
  mmap_store opened(place.path, {.share = place.share});
  if (!opened.note().empty())
    throw store_error(
        "the log of this cache cannot be used here",
        {{"path", place.path}, {"because", "its files are not mapped safely on this file system"}},
        "copy the directory to a local disk, or delete it and use a directory_store");
  return opened;
}

/// Opens the cache at `path`, whichever store made it; one that is still to be made is a directory_store. Throws as
/// `find_cache`.
inline any_store open_cache(std::string_view path, if_missing missing = if_missing::refuse) {
  return open_cache(find_cache(path, missing));
}

}  // namespace memo
