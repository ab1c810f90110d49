/// Results that are files.
///
///     stored form ::= name:text size:u64 bytes        text ::= size:u64 bytes
#pragma once

#include <memo/core/clock.hpp>
#include <memo/core/temporary_folder.hpp>
#include <memo/key/reader.hpp>
#include <memo/key/settle.hpp>
#include <memo/key/writer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace memo {
namespace detail {

/// The name that a file keeps wherever it goes; empty where the path ends in none.
inline std::string last_name(std::filesystem::path const& path) {
  std::string name = path.filename().string();
  return name == "." || name == ".." ? std::string() : name;
}

/// What copies of one output_file share: its name, its content once that was taken, and the files that hold it. Any thread.
class output_content {
 public:
  explicit output_content(std::filesystem::path const& path) : name_(last_name(path)) {
    if (name_.empty())
      throw usage_error("a memo::output_file needs the path of a file", {{"path", path.string()}},
                        "write a file, and return its path");
    written_ = std::filesystem::absolute(path).lexically_normal();
  }
  output_content(std::string name, shared_bytes bytes)
      : name_(std::move(name)), is_taken_(true), bytes_(std::move(bytes)) {}

  std::string const& name() const { return name_; }

  shared_bytes const& bytes() {
    std::lock_guard const guard(lock_);
    take();
    return bytes_;
  }

  /// Takes the content where this was not done, and never refers to a file in a folder that is going to be removed.
  void settle(std::string_view going) {
    std::lock_guard const guard(lock_);
    take();
    std::string_view const written = written_.native();
    if (!going.empty() && written.starts_with(going) && written.substr(going.size()).starts_with('/'))
      written_.clear();
  }

  std::filesystem::path readable() {
    std::lock_guard const guard(lock_);
    take();
    if (!copy_) {
      if (is_as_written()) return written_;
      temporary_folder made;
      write_new_file(made.path() / name_, bytes_.view, 0400);
      copy_.emplace(std::move(made));
    }
    return copy_->path() / name_;
  }

  /// Writes the content into an open, empty file; 0 or an errno. A large file is copied by the system, which shares the
  /// blocks where the file system can do that (reflinks).
  int write_to(int fd) {
    std::lock_guard const guard(lock_);
    take();
    constexpr std::size_t worth_sharing = std::size_t{1} << 16;
    if (bytes_.view.size() >= worth_sharing && is_copied_to(fd)) return 0;
    if (int const error = os::cut_file(fd, 0)) return error;
    return os::write_at(fd, bytes_.view, 0);
  }

 private:
  // What tells whether a file was written to, as far as its file system's clock can.
  struct stamp {
    std::uint64_t device, inode, size;
    std::int64_t modified_ns, changed_ns;
    bool operator==(stamp const&) const = default;
  };
  static stamp stamp_of(os::file_status const& s) {
    return {s.device, s.inode, s.size, s.modified_ns, s.changed_ns};
  }

  [[noreturn]] void throw_unreadable(std::string const& problem) const {
    throw error("the file `" + name_ + "` cannot be taken as a result: " + problem,
                {{"file", written_.string()}},
                "a step that gives a memo::output_file has written and closed that file when it returns");
  }

  void take() {
    if (is_taken_) return;
    auto const opened = os::open_user_file(written_.c_str());
    if (!opened) throw_unreadable(os::error_text(opened.error));
    int const fd = opened.value.get();
    auto const before = os::status_of(fd);
    if (!before) throw_unreadable(os::error_text(before.error));
    if (!before.value.is_file) throw_unreadable("it is no regular file");
    auto const size = static_cast<std::size_t>(before.value.size);
    aligned_block const block(size + 1);  // a byte more tells whether it grows
    auto const got = os::read_at(fd, block.data(), size + 1, 0);
    if (!got) throw_unreadable(os::error_text(got.error));
    auto const after = os::status_of(fd);
    if (got.value != size || !after || stamp_of(after.value) != stamp_of(before.value))
      throw_unreadable("it changed while it was read");
    bytes_ = block.share(block.view().first(size));
    note(stamp_of(before.value));
    is_taken_ = true;
  }

  void note(stamp const& seen) {
    seen_ = seen;
    since_ns_ = clock::system().steady_ns();
    is_old_ = false;
  }

  /// Whether the step's file still holds the content. A write within the same tick of its file system's clock leaves no
  /// trace in the stamp, so the bytes are compared until the same stamp was seen at moments that lie further apart than
  /// the coarsest tick, the two seconds of FAT: whatever is written from then on gets another one.
  bool is_as_written() {
    if (written_.empty()) return false;
    auto const opened = os::open_user_file(written_.c_str());
    if (!opened) return false;
    auto const status = os::status_of(opened.value.get());
    if (!status || !status.value.is_file || status.value.size != bytes_.view.size()) return false;
    stamp const now = stamp_of(status.value);
    if (now == seen_ && is_old_) return true;
    std::int64_t const began_ns = clock::system().steady_ns();
    if (!holds_bytes(opened.value.get())) return false;
    if (now != seen_)
      note(now);
    else
      is_old_ = began_ns - since_ns_ > coarsest_tick_ns;
    return true;
  }

  bool is_copied_to(int fd) const {
    std::filesystem::path const from = copy_ ? copy_->path() / name_ : written_;
    auto const source = os::open_user_file(from.c_str());
    if (!source) return false;
    for (std::size_t left = bytes_.view.size(); left > 0;) {
      int error = 0;
      ssize_t const got = os::retried(
          error, [&] { return ::copy_file_range(source.value.get(), nullptr, fd, nullptr, left, 0); });
      if (got <= 0) return false;
      left -= static_cast<std::size_t>(got);
    }
    // Others may write into the step's file.
    return copy_ || holds_bytes(fd);
  }

  bool holds_bytes(int fd) const {
    byte_view const wanted = bytes_.view;
    constexpr std::size_t most = std::size_t{1} << 18;
    aligned_block const block(std::min(wanted.size(), most));
    for (std::size_t at = 0; at < wanted.size();) {
      std::size_t const size = std::min(wanted.size() - at, most);
      auto const got = os::read_at(fd, block.data(), size, at);
      if (!got || got.value != size || std::memcmp(block.data(), wanted.data() + at, size) != 0) return false;
      at += size;
    }
    return true;
  }

  static constexpr std::int64_t coarsest_tick_ns = 2'100'000'000;

  std::string const name_;
  std::mutex lock_;                // of what follows
  std::filesystem::path written_;  // by the step; empty where there is no such file
  bool is_taken_ = false;
  shared_bytes bytes_;
  stamp seen_{};
  std::int64_t since_ns_ = 0;  // when `seen_` was seen first
  bool is_old_ = false;
  std::optional<temporary_folder> copy_;
};

}  // namespace detail

/// A file as a result: a step writes it and returns it, and it is kept in the store as a value, its name (the last part
/// of the path) and its content.
///
///     memo::output_file plot(std::vector<double> const& values) {
///       std::ofstream("plot.svg") << draw(values);
///       return memo::output_file{"plot.svg"};
///     }
///
/// The content is read once, right after the step returns, or earlier where one asks for it: what happens to the file
/// later does not change the value. A step whose file cannot be read then fails. The content is in memory as long as the
/// value is. Permissions and times are not part of it.
///
/// Copies are cheap and share the content. Any thread may use it. Functions throw memo::error where a file cannot be read
/// or written, and usage_error where an empty one is asked for a file.
class output_file {
 public:
  /// Holds nothing: no name, no content, no file.
  output_file() = default;
  /// Of a file that exists when the step returns.
  explicit output_file(std::filesystem::path const& path)
      : content_(std::make_shared<detail::output_content>(path)) {}

  /// The last part of the path.
  std::string_view name() const { return content_ ? std::string_view(content_->name()) : std::string_view(); }
  /// In bytes.
  std::uint64_t size() const { return bytes().view.size(); }
  /// The content in place; it lives as long as what is returned.
  shared_bytes bytes() const { return content_ ? content_->bytes() : shared_bytes(); }

  /// A file with this content, to be read and not written to, that exists as long as this value or a copy of it: the one
  /// that the step wrote, where that was in this process and the file still holds the content, which is checked in
  /// linear time; else a read-only copy with this name in a private folder for temporary files, made at the first call.
  std::filesystem::path path() const {
    if (!content_)
      throw usage_error("an empty memo::output_file has no path", {},
                        "it comes from a step that gave no file");
    return content_->readable();
  }

  /// Writes a file with this content, or, where `to` is a folder, one of this name in it; gives its path. It takes the
  /// place of a file that is there, and appears at once as a whole. It is a copy and never a link to what a store holds, so
  /// it may be changed.
  std::filesystem::path copy_to(std::filesystem::path const& to) const;

  friend bool operator==(output_file const& a, output_file const& b) {
    if (a.content_ == b.content_) return true;
    shared_bytes const one = a.bytes(), other = b.bytes();
    return a.name() == b.name() && std::ranges::equal(one.view, other.view);
  }

 private:
  friend struct codec<output_file>;
  output_file(std::string name, shared_bytes bytes)
      : content_(std::make_shared<detail::output_content>(std::move(name), std::move(bytes))) {}

  std::shared_ptr<detail::output_content> content_;
};

inline std::filesystem::path output_file::copy_to(std::filesystem::path const& to) const {
  namespace os = detail::os;
  if (!content_)
    throw usage_error("an empty memo::output_file cannot be copied", {},
                      "it comes from a step that gave no file");
  std::error_code ignored;
  std::filesystem::path const target =
      std::filesystem::is_directory(to, ignored) ? to / content_->name() : to;
  std::filesystem::path aside = target;
  aside.replace_filename(".memo-" + to_hex(os::random_digest()));
  content_->bytes();  // a file that cannot be read is an error before one is made
  // Not create_new: a file of the user gets the permissions that the umask leaves.
  auto opened = os::open_at(os::here, aside.c_str(), O_RDWR | O_CREAT | O_EXCL, 0666);
  int error = opened.error;
  if (error == 0) {
    error = content_->write_to(opened.value.get());
    if (int const closed = opened.value.close(); error == 0) error = closed;
    if (error == 0) error = os::rename_file(os::here, aside.c_str(), os::here, target.c_str());
    if (error != 0) os::remove_file(os::here, aside.c_str());
  }
  if (error != 0)
    throw memo::error("the file `" + content_->name() + "` cannot be copied: " + os::error_text(error),
                      {{"to", target.string()}}, "give a folder that exists, or a path in one");
  return target;
}

template <>
struct codec<output_file> {
  static constexpr std::string_view schema = "output_file";

  static void save(writer& out, output_file const& file) {
    shared_bytes const bytes = file.bytes();
    if (file.content_) file.content_->settle(detail::going_folder());
    out(file.name(), static_cast<std::uint64_t>(bytes.view.size()));
    out.put_alone(as_text(bytes.view));
  }

  static output_file load(reader& in) {
    auto name = in.get<std::string>();
    auto const size = static_cast<std::size_t>(in.get<std::uint64_t>());
    byte_view const bytes = in.raw(size);
    if (name.empty() && size == 0) return {};
    // A copy is written under this name: it must not lead out of its folder.
    if (name.find('/') != std::string::npos || name.find('\0') != std::string::npos ||
        detail::last_name(name).empty())
      detail::throw_undecodable("a name that no file has");
    aligned_block const block(size);
    if (size != 0) std::memcpy(block.data(), bytes.data(), size);
    return {std::move(name), block.share()};
  }
};

}  // namespace memo
