/// The digest of source files and of the project's headers that they include. Not part of <memo/memo.hpp>.
#pragma once

#include <memo/core/digest.hpp>
#include <memo/core/error.hpp>
#include <memo/core/file.hpp>
#include <memo/key/code_scan.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace memo::detail {

/// 1: the first form.
inline constexpr std::uint64_t code_digest_version = 1;

/// How the header that holds a code version begins: such a header is not part of any code version.
inline constexpr std::string_view code_version_mark = "// Made by memo_code_version.";

/// What to digest. Folders hold what lies below them.
struct code_request {
  using paths = std::vector<std::filesystem::path>;

  paths sources{};                   ///< in any order
  paths include_folders{};           ///< searched in this order, as a compiler does it
  paths named_folders{};             ///< headers in them count, wherever they lie
  paths project_folders{};           ///< headers in them count, and those in the folders of the sources
  paths system_folders{};            ///< unless they lie in one of these
  paths build_folders{};             ///< not watched: something appears there all the time
  std::uint64_t depth = UINT64_MAX;  ///< 0: only the sources, 1: also what they include, ...
};

/// The digest of some code, and what it was made from.
struct code_digest {
  digest value{};
  std::vector<std::string> files{};  ///< absolute; a change of any makes another digest, or may
  std::vector<std::string>
      folders{};  ///< absolute; where something new may be found in the place of something else

  /// The digest as a step's version: positive.
  std::int64_t number() const {
    auto const made = static_cast<std::int64_t>(value.low & static_cast<std::uint64_t>(INT64_MAX));
    return made == 0 ? 1 : made;
  }
};

/// Finds files breadth first, so that each is met at its least depth.
class code_reader {
 public:
  explicit code_reader(code_request const& request)
      : request_(request),
        named_(canonical_all(request.named_folders)),
        project_(canonical_all(request.project_folders)),
        system_(canonical_all(request.system_folders)),
        build_(canonical_all(request.build_folders)) {
    for (path const& source : request.sources) {
      std::error_code error;
      path const real = std::filesystem::canonical(source, error);
      if (!error) project_.push_back(real.parent_path());
    }
  }

  code_digest run() {
    for (path const& source : request_.sources) add(source, 0, false);
    // In an order that their contents give, so that the order of the list is no code.
    std::sort(nodes_.begin(), nodes_.end(), [](node const& a, node const& b) {
      return a.content != b.content ? a.content < b.content : a.real < b.real;
    });
    for (std::size_t i = 0; i < nodes_.size(); ++i) numbers_[nodes_[i].key] = i;
    for (std::size_t i = 0; i < nodes_.size(); ++i) follow(i);
    return finish();
  }

 private:
  using path = std::filesystem::path;
  static constexpr std::uint64_t not_followed = UINT64_MAX;

  struct node {
    path where;        // as it was found: what it includes lies beside it
    std::string real;  // without links, absolute
    std::string key;   // a file is read once for each place that it has
    std::uint64_t depth = 0;
    digest content{};
    std::vector<code_include> includes{};
    std::vector<std::uint64_t> edges{};  // numbers of nodes
  };

  static std::vector<path> canonical_all(std::vector<path> const& folders) {
    std::vector<path> made;
    for (path const& folder : folders) {
      std::error_code error;
      path real = std::filesystem::canonical(folder, error);
      if (!error) made.push_back(std::move(real));
    }
    return made;
  }

  /// The number of a file, which is read when it is met first. A code version's own header is not there, as it was not
  /// when the code version was made.
  std::uint64_t add(path const& where, std::uint64_t depth, bool is_data) {
    std::error_code error;
    std::string const real = std::filesystem::canonical(where, error).string();
    if (error) refuse(where, error.message());
    // A file that links give several places finds others beside each of them.
    path const beside =
        std::filesystem::canonical(where.has_parent_path() ? where.parent_path() : ".", error);
    std::string key = real + '\n' + (is_data ? "" : beside.string());
    auto const [at, is_new] = numbers_.try_emplace(key, not_followed);
    if (!is_new) return at->second;
    std::string const source = read(where);
    if (is_data) {
      at->second = nodes_.size();
      nodes_.push_back({.where = where,
                        .real = real,
                        .key = std::move(key),
                        .depth = depth,
                        .content = hash_bytes(as_byte_view(source))});
      return at->second;
    }
    if (source.starts_with(code_version_mark)) return not_followed;
    code_scan scan = scan_code(source);
    at->second = nodes_.size();
    nodes_.push_back({.where = where,
                      .real = real,
                      .key = std::move(key),
                      .depth = depth,
                      .content = hash_bytes(as_byte_view(scan.text)),
                      .includes = std::move(scan.includes)});
    return at->second;
  }

  static std::string read(path const& where) {
    auto const opened = os::open_user_file(where.c_str());
    if (!opened) refuse(where, os::error_text(opened.error));
    std::string text;
    for (;;) {
      constexpr std::size_t step = 1 << 16;
      std::size_t const size = text.size();
      text.resize(size + step);
      auto const got =
          os::read_up_to(opened.value.get(), reinterpret_cast<std::byte*>(text.data()) + size, step);
      if (got.error != 0) refuse(where, os::error_text(got.error));
      text.resize(size + got.value);
      if (got.value < step) return text;
    }
  }

  [[noreturn]] static void refuse(path const& where, std::string problem) {
    throw usage_error("a source file cannot be read",
                      {{"file", where.string()}, {"problem", std::move(problem)}},
                      "name existing files in SOURCES");
  }

  void follow(std::size_t i) {
    if (nodes_[i].depth >= request_.depth) return;
    std::vector<code_include> const includes = nodes_[i].includes;
    for (code_include const& wanted : includes) {
      bool const is_beside = wanted.is_quoted && !wanted.is_next;
      if (is_beside && try_folder(i, nodes_[i].where.parent_path(), wanted)) continue;
      bool is_found = false;
      for (path const& folder : request_.include_folders) {
        is_found |= try_folder(i, folder, wanted);
        // Which folder comes next is known to the compiler alone: every one counts.
        if (is_found && !wanted.is_next) break;
      }
      if (!is_found) nodes_[i].edges.push_back(not_followed);
    }
  }

  /// True where a compiler would find the file there, counted or not.
  bool try_folder(std::size_t i, path const& folder, code_include const& wanted) {
    path const where = folder / wanted.name;
    std::error_code error;
    if (!std::filesystem::is_regular_file(where, error)) {
      watch(where.parent_path());
      return false;
    }
    std::uint64_t to = not_followed;
    if (path const real = std::filesystem::canonical(where, error); !error && counts(real))
      to = add(where, nodes_[i].depth + 1, wanted.is_data);
    nodes_[i].edges.push_back(to);
    return true;
  }

  bool counts(path const& real) const {
    return is_in(real, named_) || (is_in(real, project_) && !is_in(real, system_));
  }

  static bool is_in(path const& real, std::vector<path> const& folders) {
    for (path const& folder : folders)
      if (std::mismatch(folder.begin(), folder.end(), real.begin(), real.end()).first == folder.end())
        return true;
    return false;
  }

  /// Notes the innermost folder that is there, of those where the name would have to appear.
  void watch(path folder) {
    if (std::find(asked_.begin(), asked_.end(), folder) != asked_.end()) return;
    asked_.push_back(folder);
    std::error_code error;
    folder = std::filesystem::absolute(folder.empty() ? "." : folder, error).lexically_normal();
    while (!std::filesystem::is_directory(folder, error) && folder.has_relative_path())
      folder = folder.parent_path();
    path const real = std::filesystem::canonical(folder, error);
    if (error || !counts(real) || is_in(real, build_)) return;
    if (std::find(watched_.begin(), watched_.end(), real.native()) == watched_.end())
      watched_.push_back(real.native());
  }

  code_digest finish() {
    byte_hasher hasher;
    auto const put = [&hasher](std::uint64_t number) {
      std::byte bytes[8];
      store_little(bytes, number);
      hasher.update(bytes);
    };
    put(code_digest_version);
    code_digest made;
    for (node const& one : nodes_) {
      put(one.content.high);
      put(one.content.low);
      put(one.edges.size());
      for (std::uint64_t const edge : one.edges) put(edge);
      made.files.push_back(one.real);
    }
    made.value = hasher.finish();
    made.folders = std::move(watched_);
    return made;
  }

  code_request const& request_;
  std::vector<path> named_, project_, system_, build_;  // canonical
  std::vector<node> nodes_;
  std::unordered_map<std::string, std::uint64_t> numbers_;  // by key
  std::vector<path> asked_;
  std::vector<std::string> watched_;
};

/// Digests the sources and, to the depth asked for, the headers that they include. Names and places of files do not count, nor
/// does what `scan_code` leaves out. Neither do definitions given on the command line: an `#include` in any branch counts.
///
/// An include whose name is a macro is not followed; name such files among the sources. Throws usage_error where a file
/// cannot be read.
inline code_digest digest_code(code_request const& request) { return code_reader(request).run(); }

}  // namespace memo::detail
