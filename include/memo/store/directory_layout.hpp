/// The folder of a store on disk: which names it holds, whose it is, and whether it may be used.
///
///     root/MEMO           the marker: "memo store\nlayout 1\nuuid <32 hex>\n"
///     root/CACHEDIR.TAG   tells backup programs that this is a cache
///     root/.gitignore     "*"
///     root/history.jsonl  the log of runs: export/history.hpp
///     root/last_run/      the reports of the last runs: cli/last_run.hpp
///     root/v1/lock        held while one process collects
///     root/v1/claims      locked by who computes: claim_file.hpp says how. Made by the first claim, never removed
///     root/v1/e/ab/<30 hex>   entries: the key's 32 digits
///     root/v1/o/ab/<30 hex>   objects: the object's digest
///     root/v1/l/ab/<30 hex>   last records
///     .t<32 hex>          in any of these folders: a file that is being written
#pragma once

#include <memo/core/error.hpp>
#include <memo/core/folder.hpp>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// <sys/auxv.h> brings <elf.h> and its crowd of macros.
extern "C" unsigned long getauxval(unsigned long) noexcept;

namespace memo {

/// The number of the layout above; a directory of a newer one is neither read nor written.
///
/// 1: the first.
inline constexpr unsigned layout_version = 1;

/// Who else may use a directory store: nobody, or the group that owns the directory.
enum class sharing : std::uint8_t { user, group };

/// For `.share`: folders 2770 and files 0660, all of the group that owns the directory.
inline constexpr sharing group = sharing::group;

namespace detail {

/// "ab/<30 hex>" for a digest, with a closing zero.
struct record_name {
  explicit record_name(digest const& id) {
    std::string const hex = to_hex(id);
    text[0] = hex[0];
    text[1] = hex[1];
    text[2] = '/';
    hex.copy(text.data() + 3, 30, 2);
  }
  char const* file() const { return text.data(); }
  /// The part before the slash.
  std::string shard() const { return {text.data(), 2}; }

  std::array<char, 34> text{};
};

inline bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
inline bool is_shard_name(std::string_view name) { return name.size() == 2 && is_hex(name); }
inline bool is_record_rest(std::string_view name) { return name.size() == 30 && is_hex(name); }
inline bool is_temporary_name(std::string_view name) {
  return name.size() == 34 && name.substr(0, 2) == ".t" && is_hex(name.substr(2));
}

/// The layout number that a marker states; nothing where the text is no marker.
inline std::optional<unsigned> marker_layout(std::string_view text) {
  constexpr std::string_view start = "memo store\nlayout ";
  if (text.substr(0, start.size()) != start) return std::nullopt;
  text.remove_prefix(start.size());
  unsigned layout = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && digits < 9 && text[digits] >= '0' && text[digits] <= '9'; ++digits)
    layout = layout * 10 + static_cast<unsigned>(text[digits] - '0');
  if (digits == 0 || digits == text.size() || text[digits] != '\n') return std::nullopt;
  return layout;
}

/// A small file as text, at most 4 KiB of it; nothing where it is no file or cannot be read. `error` is why it
/// could not be opened.
inline std::optional<std::string> small_text(int folder, char const* name, int* error = nullptr) {
  auto const file = os::open_for_reading(folder, name);
  if (error != nullptr) *error = file.error;
  if (!file) return std::nullopt;
  auto const status = os::status_of(file.value.get());
  if (!status || !status.value.is_file) return std::nullopt;
  std::string text(4096, '\0');
  auto const got = os::read_up_to(file.value.get(), reinterpret_cast<std::byte*>(text.data()), text.size());
  if (!got) return std::nullopt;
  text.resize(got.value);
  return text;
}

/// What a folder is to a store.
struct folder_state {
  enum class kind : std::uint8_t { missing, unusable, empty, foreign, ours, newer };
  kind what = kind::missing;
  int error = 0;  ///< where unusable
  os::unique_fd folder;
};

/// True for the names that memo makes directly in a root.
inline bool is_name_in_root(std::string_view name) {
  return name == "MEMO" || name == "CACHEDIR.TAG" || name == ".gitignore" || name == "v1" ||
         name == "history.jsonl" || name == "history.jsonl.new" || name == "last_run" ||
         is_temporary_name(name);
}

/// True where every name in a folder is one that memo makes, so that nobody else's files are there.
inline bool has_only_our_names(int folder) {
  auto const names = os::names_in(folder);
  if (!names) return false;
  bool has_records = false, has_history = false;
  for (std::string_view const name : names.value) {
    if (!is_name_in_root(name)) return false;
    has_records = has_records || name == "v1";
    has_history = has_history || name.starts_with("history.jsonl") || name == "last_run";
  }
  // Others give files such names, too; memo makes them beside records only.
  return has_records || !has_history;
}

inline folder_state look_at(std::string const& path) {
  folder_state found;
  auto opened = os::open_folder(os::here, path.c_str());
  if (!opened) {
    if (opened.error != ENOENT) found.what = folder_state::kind::unusable;
    found.error = opened.error;
    return found;
  }
  found.folder = std::move(opened.value);
  using kind = folder_state::kind;
  auto const marked = [&]() -> kind {
    auto const text = small_text(found.folder.get(), "MEMO");
    if (!text) return kind::empty;
    if (auto const layout = marker_layout(*text)) return *layout > layout_version ? kind::newer : kind::ours;
    // With a content of its own it is somebody's; without, what a power failure left of ours.
    return text->find_first_not_of('\0') == std::string::npos ? kind::empty : kind::foreign;
  };
  found.what = marked();
  if (found.what == kind::empty) {
    // Another process may be making it, the marker first: what the names told may be older than the marker.
    bool const only_ours = has_only_our_names(found.folder.get());
    found.what = marked();
    if (found.what == kind::empty && !only_ours) found.what = kind::foreign;
  }
  return found;
}

/// Why a folder of this status must not be used; empty where it may be.
inline std::string danger_in(os::file_status const& status, sharing share) {
  if (!status.is_folder) return "it is not a directory";
  if (status.owner != ::geteuid()) {
    std::string const whose = "it belongs to user " + std::to_string(status.owner);
    if (share == sharing::user) return whose;
    if (!os::is_member_of(status.group))
      return whose + " and to group " + std::to_string(status.group) + ", of which this process is no member";
  }
  if ((status.mode & 0002u) != 0) return "every user may write to it";
  if ((status.mode & 0020u) != 0 && share == sharing::user) return "its group may write to it";
  return {};
}

/// Why the folder at `path` must not be used; empty where it may be, or may be made.
inline std::string danger_of(std::string const& path, sharing share) {
  auto const status = os::status_at(os::here, path.c_str());
  if (status)
    if (std::string danger = danger_in(status.value, share); !danger.empty()) return danger;
  std::size_t const slash = path.find_last_of('/');
  std::string const parent = slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
  auto const above = os::status_at(os::here, parent.c_str());
  if (above && (above.value.mode & 0002u) != 0 && (above.value.mode & 01000u) == 0)
    return "every user may replace it, as its parent has no sticky bit";
  return {};
}

/// The folder inside one that holds other things.
inline std::string inner_path(std::string const& path) { return path == "/" ? "/.memo" : path + "/.memo"; }

/// Where the store of `path` is, or would be made: the folder itself, or `.memo` in it where other things are.
inline std::string root_for(std::string const& path) {
  auto const kind = look_at(path).what;
  return kind == folder_state::kind::foreign ? inner_path(path) : path;
}

/// The folder at an absolute path, or the nearest one above it that exists; nothing where it cannot be opened.
inline os::unique_fd open_nearest(std::string path) {
  for (;;) {
    auto opened = os::open_folder(os::here, path.c_str());
    std::size_t const slash = path.find_last_of('/');
    if (opened.error != ENOENT || slash == std::string::npos || path.size() == 1)
      return std::move(opened.value);
    path.resize(slash == 0 ? 1 : slash);
  }
}

/// Throws store_error where a store must not be at `path`.
inline void check_root(std::string const& path, sharing share) {
  if (::getauxval(23 /* AT_SECURE */) != 0)
    throw store_error("a program with raised privileges must not use a cache", {{"directory", path}},
                      "run it without setuid, setgid and file capabilities, or use a memory_store");
  std::string const root = root_for(path);
  std::string const danger = danger_of(root, share);
  if (!danger.empty())
    throw store_error("the directory cannot be trusted with a cache",
                      {{"directory", root}, {"because", danger}},
                      "use a directory of your own that only you may write to, or, for a group, "
                      "directory_options::share = memo::group");
  if (root != path && look_at(root).what == folder_state::kind::foreign)
    throw store_error("the directory holds other files", {{"directory", root}},
                      "use an empty directory, or one that does not exist");
}

/// Writes a small file under a name that did not exist; EEXIST is no failure.
inline int write_once(int folder, char const* name, std::string_view text, mode_t mode, gid_t group) {
  std::string const temporary = ".t" + to_hex(os::random_digest());
  auto made = os::create_new(folder, temporary.c_str(), mode, group);
  if (!made) return made.error;
  byte_view const bytes = as_byte_view(text);
  int error = os::write_all(made.value.get(), {&bytes, 1});
  if (int const closing = made.value.close(); error == 0) error = closing;
  if (error == 0 && ::linkat(folder, temporary.c_str(), folder, name, 0) == 0) {
    os::remove_file(folder, temporary.c_str());
    return 0;
  }
  if (error == 0 && errno == EEXIST) {
    os::remove_file(folder, temporary.c_str());
    return 0;
  }
  // No hard links here: two who start at once may both write their marker, and the later one stays.
  if (error == 0) error = os::rename_file(folder, temporary.c_str(), folder, name);
  if (error != 0) os::remove_file(folder, temporary.c_str());
  return error;
}

/// The permissions of what a store makes inside its root. The group's bit makes what is made in a folder belong to
/// the folder's group.
inline mode_t file_mode(sharing share) { return share == sharing::group ? 0660 : 0600; }
inline mode_t folder_mode(sharing share) { return share == sharing::group ? 02770 : 0700; }

/// Fills an empty folder, or completes one of ours that lost something; `names` are those of the folders inside `v1`. 0 or
/// an errno.
inline int make_layout(int folder, bool has_marker, sharing share, gid_t group,
                       std::span<char const* const> names) {
  mode_t const files = file_mode(share);
  if (!has_marker) {
    // The marker first: another process that sees any of the others without it still finds only our names.
    if (auto const rest = small_text(folder, "MEMO"); rest && !marker_layout(*rest))
      os::remove_file(folder, "MEMO");
    std::string const text = "memo store\nlayout " + std::to_string(layout_version) + "\nuuid " +
                             to_hex(os::random_digest()) + "\n";
    if (int const error = write_once(folder, "MEMO", text, files, group)) return error;
  }
  if (!os::status_at(folder, "CACHEDIR.TAG"))
    write_once(folder, "CACHEDIR.TAG",
               "Signature: 8a477f597d28d172789f06886806bc55\n"
               "# This directory is a cache made by memo. See https://bford.info/cachedir/\n",
               files, group);
  if (!os::status_at(folder, ".gitignore")) write_once(folder, ".gitignore", "*\n", files, group);
  if (int const error = os::make_folder(folder, "v1", folder_mode(share), group)) return error;
  for (char const* const name : names)
    if (int const error =
            os::make_folder(folder, ("v1/" + std::string(name)).c_str(), folder_mode(share), group))
      return error;
  // A collector on a full disk needs it to be there.
  if (!os::status_at(folder, "v1/lock")) os::create_new(folder, "v1/lock", files, group);
  return 0;
}

/// The default place: `$MEMO_DIR`, else `memo/<name>` in `$XDG_CACHE_HOME` or `~/.cache`. The name is the
/// project, or the program's canonical path, with every byte but letters, digits, '-', '_' and '.' as %XX.
inline std::string default_root(std::string const& project) {
  if (char const* const given = ::getenv("MEMO_DIR"); given != nullptr && *given != '\0') return given;
  std::string const base = os::user_cache_folder();
  if (base.empty()) {
    char const* const home = ::getenv("HOME");
    throw store_error("there is no place for a cache",
                      {{"HOME", home == nullptr || *home == '\0' ? "not set" : home}},
                      "give directory_store a path, or set MEMO_DIR");
  }
  std::string const name = project.empty() ? os::link_target("/proc/self/exe") : project;
  std::string encoded;
  for (char const c : name) {
    bool const plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || (c == '.' && !encoded.empty());
    if (plain) {
      encoded += c;
      continue;
    }
    constexpr char digits[] = "0123456789ABCDEF";
    auto const byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += digits[byte >> 4];
    encoded += digits[byte & 15];
  }
  // A file name has at most 255 bytes.
  if (encoded.size() > 200)
    encoded = encoded.substr(encoded.size() - 160) + '-' + to_hex(hash_bytes(as_byte_view(name)));
  if (encoded.empty()) encoded = "program";
  return base + "/memo/" + encoded;
}

}  // namespace detail
}  // namespace memo
