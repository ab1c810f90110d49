/// Names a project by its repository, so that clones share results and projects do not.
#pragma once

#include <memo/core/error.hpp>
#include <memo/core/file.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace memo {
namespace detail {

/// Reads the remotes from a repository's configuration. Grammar: git-config(1), "Syntax"; files that it includes are not
/// read. What is no configuration is skipped.
class git_remotes {
 public:
  explicit git_remotes(std::string_view text) : text_(text) {
    while (at_ < text_.size()) {
      char const c = text_[at_];
      if (c == '[')
        read_section();
      else if (c == '#' || c == ';')
        skip_line();
      else if (is_name(c))
        read_variable();
      else
        ++at_;
    }
  }

  /// The address of `origin`, else of the only remote; nothing where there is no such.
  std::optional<std::string> main() const {
    for (auto const& [name, address] : found_)
      if (name == "origin") return address;
    if (found_.size() != 1) return std::nullopt;
    return found_.front().second;
  }

 private:
  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  }
  static char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

  char next() const { return at_ < text_.size() ? text_[at_] : '\n'; }
  void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }
  void skip_blanks() {
    while (next() == ' ' || next() == '\t' || next() == '\r') ++at_;
  }
  std::string read_name() {
    std::string name;
    while (is_name(next())) name += lower(text_[at_++]);
    return name;
  }

  void read_section() {
    ++at_;
    skip_blanks();
    section_ = read_name();
    name_.clear();
    skip_blanks();
    if (next() == '"') {
      ++at_;
      while (next() != '"' && next() != '\n') {
        if (next() == '\\') ++at_;
        if (next() != '\n') name_ += text_[at_++];
      }
      if (next() == '"') ++at_;
    }
    while (next() != ']' && next() != '\n') ++at_;
    if (next() == ']') ++at_;
  }

  void read_variable() {
    std::string const variable = read_name();
    skip_blanks();
    if (next() != '=') return skip_line();
    ++at_;
    std::string value = read_value();
    if (section_ != "remote" || variable != "url" || value.empty()) return;
    // Of several addresses, the first is the one that git fetches from.
    for (auto const& known : found_)
      if (known.first == name_) return;
    found_.emplace_back(name_, std::move(value));
  }

  std::string read_value() {
    std::string value;
    std::size_t end = 0;  // of what is not blank
    bool is_quoted = false;
    skip_blanks();
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      char c = text_[at_];
      if (c == '\\') {
        std::size_t const left = text_.size() - at_;
        if (left > 2 && text_.substr(at_ + 1, 2) == "\r\n") ++at_;
        if (left < 2) break;
        c = text_[++at_];
        if (c == '\n') continue;
        c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'b' ? '\b' : c;
      } else if (c == '"') {
        is_quoted = !is_quoted;
        end = value.size();
        continue;
      } else if (!is_quoted && (c == '#' || c == ';')) {
        skip_line();
        break;
      } else if (!is_quoted && (c == ' ' || c == '\t' || c == '\r')) {
        value += c;
        continue;
      }
      value += c;
      end = value.size();
    }
    value.resize(end);
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string section_, name_;
  std::vector<std::pair<std::string, std::string>> found_;  // name and address
};

/// A path's parts with one slash between them, without `.git` at the end.
inline std::string tidy_repository_path(std::string_view path) {
  auto const append_parts = [](std::string_view from, std::string& to) {
    while (!from.empty()) {
      std::size_t const end = std::min(from.find('/'), from.size());
      std::string_view const part = from.substr(0, end);
      if (!part.empty() && part != ".") (to.empty() ? to : to += '/') += part;
      from.remove_prefix(std::min(end + 1, from.size()));
    }
  };
  std::string tidy;
  append_parts(path, tidy);
  if (tidy.ends_with(".git")) {
    std::string_view const stem = std::string_view(tidy).substr(0, tidy.size() - 4);
    if (!stem.empty()) {
      std::string without;
      append_parts(stem, without);
      return without;
    }
  }
  return tidy;
}

/// The same text for all addresses of one repository: `host/path`, or `host:port/path` where the port is not the usual
/// one; an absolute path where it lies on this machine. No user, password or token is in it, but for an ssh path that
/// begins in a user's home, which without its user could be anybody's. `root` is what a relative path begins in.
inline std::string repository_name(std::string_view address, std::filesystem::path const& root) {
  // A helper's address stands behind its name.
  if (std::size_t const helper = address.find("::");
      helper != std::string_view::npos &&
      address.substr(0, helper).find_first_of("/:@[") == std::string_view::npos)
    address.remove_prefix(helper + 2);

  auto const on_this_machine = [&root](std::string_view path) {
    return "/" + tidy_repository_path((root / path).lexically_normal().string());
  };
  std::string_view place;  // user, host, port
  std::string path;
  bool is_in_home = false;
  std::size_t const scheme_end = address.find("://");
  std::string_view scheme = "ssh";
  if (scheme_end != std::string_view::npos) {
    scheme = address.substr(0, scheme_end);
    address.remove_prefix(scheme_end + 3);
    // Some write a token into a query.
    if (scheme != "file") address = address.substr(0, address.find_first_of("?#"));
    // Or a password with a slash, which leaves no number for a port.
    std::string_view const host_and_port = address.substr(0, address.find('/'));
    std::size_t const colon = host_and_port.rfind(':');
    bool const is_password =
        colon != std::string_view::npos && host_and_port.find_first_of("@]") == std::string_view::npos &&
        (colon + 1 == host_and_port.size() ||
         host_and_port.find_first_not_of("0123456789", colon + 1) != std::string_view::npos);
    if (std::size_t const last = address.rfind('@'); is_password && last != std::string_view::npos)
      address.remove_prefix(last + 1);
    std::size_t const slash = std::min(address.find('/'), address.size());
    place = address.substr(0, slash);
    path = address.substr(slash);
    std::string const end_of_scheme(scheme.substr(scheme.rfind('+') + 1));
    if (end_of_scheme == "file") return on_this_machine(path);
    if (path.starts_with("/~/")) {
      is_in_home = true;
      path.erase(0, 3);
    }
  } else {
    std::size_t const bracket = address.find(']');
    std::size_t const from =
        address.find('[') < address.find('/') && bracket != std::string_view::npos ? bracket : 0;
    std::size_t const colon = address.find(':', from);
    if (colon == std::string_view::npos || colon > address.find('/')) return on_this_machine(address);
    place = address.substr(0, colon);
    path = address.substr(colon + 1);
    if (path.starts_with("~/")) path.erase(0, 2);
    is_in_home = !path.starts_with('/') && !path.starts_with('~');
  }

  // `[user@host:port]:path` and `user@[host:port]:path` have a port, `[::1]:path` has none.
  auto const open_brackets = [&place, scheme_end] {
    bool const is_address = place.find('@') == std::string_view::npos && place.find(':') != place.rfind(':');
    if (scheme_end == std::string_view::npos && place.starts_with('[') && place.ends_with(']') && !is_address)
      place = place.substr(1, place.size() - 2);
  };
  open_brackets();
  std::string_view user;
  if (std::size_t const at = place.rfind('@'); at != std::string_view::npos) {
    user = place.substr(0, std::min(place.find(':'), at));
    place.remove_prefix(at + 1);
  }
  open_brackets();
  std::string_view port;
  if (std::size_t const colon = place.rfind(':');
      colon != std::string_view::npos && place.find(']', colon) == std::string_view::npos) {
    port = place.substr(colon + 1);
    place = place.substr(0, colon);
  }
  if (port == "22" || port == "80" || port == "443" || port == "9418") port = {};

  std::string name;
  for (char const c : place) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  while (name.ends_with('.')) name.pop_back();
  if (!port.empty()) name.append(":").append(port);
  // Where everybody is the user `git`, paths begin in no home.
  if (is_in_home && scheme.ends_with("ssh") && !user.empty() && user != "git") name.append("/~").append(user);
  return name + "/" + tidy_repository_path(path);
}

/// A small file's content; empty where it cannot be read.
inline std::string small_file(std::filesystem::path const& path) {
  auto const opened = os::open_user_file(path.c_str());
  std::string text;
  if (!opened) return text;
  auto const status = os::status_of(opened.value.get());
  if (!status || !status.value.is_file) return text;
  text.resize(std::size_t{1} << 20);
  auto const got = os::read_up_to(opened.value.get(), reinterpret_cast<std::byte*>(text.data()), text.size());
  text.resize(got.error == 0 ? got.value : 0);
  return text;
}

/// The path that a file of git holds in its only line, behind `mark`; empty where it holds none.
inline std::filesystem::path path_in(std::filesystem::path const& file, std::string_view mark) {
  std::string text = small_file(file);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (!text.starts_with(mark) || text.size() == mark.size()) return {};
  return (file.parent_path() / text.substr(mark.size())).lexically_normal();
}

/// The folder with the configuration of the repository whose `.git` this is; empty where it is none. `is_broken`: a
/// repository was there, and is no more.
inline std::filesystem::path git_folder(std::filesystem::path const& mark, bool& is_broken) {
  std::error_code error;
  std::filesystem::path folder = mark;
  bool const is_file = std::filesystem::is_regular_file(mark, error);
  if (is_file) folder = path_in(mark, "gitdir: ");
  is_broken = false;
  if (!folder.empty() && std::filesystem::exists(folder / "HEAD", error)) {
    // A worktree has its own folder within that of its repository.
    std::filesystem::path const common = path_in(folder / "commondir", "");
    return common.empty() ? folder : common;
  }
  is_broken = is_file;
  return {};
}

}  // namespace detail

/// A name for `options.project`: the repository that `path` lies in, by the address of its remote `origin` or its only
/// remote, and the path within it. Clones share results, wherever they lie and however they are reached (https, ssh);
/// different repositories, and different folders of one, never meet.
///
/// Without a repository or such a remote: the canonical path, which no other machine shares. Submodules and worktrees are
/// repositories. Reads `.git/config`, without what it includes; starts no program. Throws usage_error where `path` does not
/// exist.
inline std::string git_project(std::filesystem::path const& path = ".") {
  std::error_code error;
  std::filesystem::path const folder = std::filesystem::canonical(path, error);
  if (error)
    throw usage_error("a project's folder cannot be found",
                      {{"path", path.string()}, {"problem", error.message()}},
                      "give git_project a folder that exists");
  for (std::filesystem::path root = folder;; root = root.parent_path()) {
    bool is_broken = false;
    std::filesystem::path const git = detail::git_folder(root / ".git", is_broken);
    if (!git.empty()) {
      std::optional<std::string> const address =
          detail::git_remotes(detail::small_file(git / "config")).main();
      if (!address) break;
      std::string name = "git " + detail::repository_name(*address, root);
      std::filesystem::path const inside = folder.lexically_relative(root);
      // Two slashes: no address has them, so that a folder is never taken for another repository.
      if (inside != ".") name += "//" + inside.generic_string();
      return name;
    }
    if (is_broken || !root.has_relative_path()) break;
  }
  return "folder " + folder.generic_string();
}

}  // namespace memo
