#pragma once

#include <memo/store/any_store.hpp>
#include <memo/store/directory_store.hpp>
#include <memo/store/mmap_state.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace memo {

/// How a mapped store behaves; limits of zero are none.
struct mmap_options {
  /// Of the log and its index on disk. The log is written anew when it reaches 0.6 of this, and 0.4 are kept, as both
  /// logs lie there until it is done. Who needs n bytes at once gives 2.5 n.
  std::uint64_t max_bytes = 0;
  std::uint64_t max_entries = 0;
  std::chrono::milliseconds max_age{0};  ///< from an entry's creation
  sharing share = sharing::user;
  memo::durability durability = memo::durability::none;
  memo::integrity integrity = memo::integrity::first_view;
  std::uint64_t trusted_size = std::uint64_t{16} << 20;  ///< for `integrity::trust_large`, in bytes
  /// Of the log, and as much again of its index, is kept in memory at most, so that look-ups need no system call. The first
  /// handle of a store in a process decides.
  std::uint64_t memory_bytes = std::uint64_t{256} << 20;
  std::string project{};  ///< names the directory, where no path is given
};

namespace detail {

/// The model behind `mmap_store`, where the file system allows it.
class log_store {
 public:
  log_store(std::shared_ptr<mmap_state> state, mmap_rules const& rules)
      : state_(std::move(state)), rules_(rules) {}

  memo::capabilities capabilities() const {
    return {.shared = true, .lockable = state_->is_lockable(), .mappable = true, .inline_limit = 4096};
  }
  found_entries find(digest const& key, access how = access::normal) const { return state_->find(key, how); }
  void find(std::span<digest const> keys, std::span<found_entries> answers,
            access how = access::normal) const {
    for (std::size_t i = 0; i < keys.size(); ++i) answers[i] = state_->find(keys[i], how);
  }
  found_object read(digest const& object, void const* = nullptr, access how = access::normal) const {
    return state_->read(object, how);
  }
  found_object view(digest const& object, void const* = nullptr, access how = access::normal) const {
    return state_->view(object, how, rules_.views);
  }
  put_result put(std::span<put_request const> requests) const { return state_->put(requests, rules_); }
  std::optional<std::string> read_last(digest const& id) const { return state_->read_last(id); }
  put_result write_last(digest const& id, byte_view text) const {
    return state_->write_last(id, text, rules_.level);
  }
  claim_result claim(claim_request const& request) const { return state_->claimed().claim(request); }
  std::shared_ptr<void> pin(std::span<digest const> keys) const { return state_->pinned().pin(keys); }
  bool erase(digest const& key) const { return state_->remove(record_kind::entry, {&key, 1}) != 0; }
  void discard(digest const& object) const { state_->remove(record_kind::object, {&object, 1}); }
  void visit(void (*seen)(void*, entry_info const&), void* state) const {
    state_->each_entry([&](entry_info const& info) { seen(state, info); });
  }
  std::vector<entry_info> list() const {
    std::vector<entry_info> all;
    state_->each_entry([&](entry_info const& info) { all.push_back(info); });
    return all;
  }
  entries show(digest const& key) const {
    auto const found = state_->find(key, access::read_only);
    return found.variants ? *found.variants : entries{};
  }
  store_stats stats() const { return state_->stats(); }
  std::string location() const { return state_->location(); }
  verify_result verify() const { return state_->verify(); }
  collect_result collect(store_limits limits) const { return state_->collect(limits); }
  collect_result collect() const { return state_->collect(rules_.limits); }
  void clear() const { state_->clear(); }
  void clear_step(std::string_view pipeline, std::string_view step) const {
    std::vector<digest> keys;
    state_->each_entry([&](entry_info const& info) {
      if (info.pipeline == pipeline && names_step(info.step, step)) keys.push_back(info.key);
    });
    // Not in one piece: what is added to the log is in memory until it is written, and others wait for their turn.
    constexpr std::size_t at_once = 4096;
    for (std::span<digest const> left(keys); !left.empty();) {
      auto const some = left.first(std::min(left.size(), at_once));
      state_->remove(record_kind::entry, some);
      left = left.subspan(some.size());
    }
  }

 private:
  std::shared_ptr<mmap_state> state_;
  mmap_rules rules_;
};

static_assert(store<log_store>);

}  // namespace detail

/// Results in one log of a directory, for millions of entries and for large values: a look-up of what is in memory takes
/// some tens of nanoseconds, `view` maps, and opening costs the same for any number of entries. Any number of
/// processes of one machine may read and write; writers take turns. Nothing is forced to the disk unless `durability` says
/// so: what a power failure takes is a miss.
///
/// A hit may be some milliseconds older than what another process wrote meanwhile; a miss is not. Look-ups read: whatever
/// others do to the files, they end in a miss. A view is memory that is the file: a log that somebody else truncates under
/// a living view ends the program that reads it, and memo itself never does that.
///
/// Where the file system is none of those on which mapping is safe (ext, xfs, btrfs, tmpfs), a `directory_store` is at the
/// same place instead, and `note` says so. Constructing writes nothing, and throws store_error where the directory must not
/// be used.
class mmap_store : public any_store {
 public:
  mmap_store() : mmap_store(mmap_options{}) {}
  /// In `$MEMO_DIR`, else in a directory of the user's cache that is named after the project or the program.
  explicit mmap_store(mmap_options const& options)
      : mmap_store(std::string_view(detail::default_root(options.project)), options) {}

  /// At `path`, relative to the working directory of now; in `.memo` inside where other files are there.
  explicit mmap_store(std::string_view path, mmap_options const& options = {})
      : mmap_store(place(path, options.share), options) {}
  explicit mmap_store(char const* path, mmap_options const& options = {})
      : mmap_store(std::string_view(path), options) {}

  /// Takes std::filesystem::path without needing its header.
  template <class Path>
    requires requires(Path const& p) {
      { p.native() } -> std::convertible_to<std::string_view>;
    }
  explicit mmap_store(Path const& path, mmap_options const& options = {})
      : mmap_store(std::string_view(path.native()), options) {}

  /// Why this is a directory store: "" where it is not.
  std::string const& note() const { return note_; }

 private:
  struct placed {
    std::string path;
    std::string note;
  };

  static placed place(std::string_view path, sharing share) {
    if (path.empty() || path.find('\0') != std::string_view::npos)
      throw store_error("this is no path of a directory", {{"path", std::string(path)}}, "give a name");
    placed at{detail::os::canonical_path(path), {}};
    detail::check_root(at.path, share);
    auto const nearest = detail::open_nearest(at.path);
    auto const rule = nearest ? detail::os::mapping_rule_of(nearest.get()) : detail::os::mapping_rule{};
    if (!rule.is_safe) {
      at.note = "a directory_store is used instead of a mmap_store, as files on this file system";
      if (*rule.name != '\0') at.note += std::string(" (") + rule.name + ")";
      at.note += " are not mapped safely";
    }
    return at;
  }

  mmap_store(placed at, mmap_options const& options)
      : any_store(make(at, options)), note_(std::move(at.note)) {}

  static any_store make(placed const& at, mmap_options const& options) {
    if (!at.note.empty())
      return directory_store(std::string_view(at.path), {.max_bytes = options.max_bytes,
                                                         .max_entries = options.max_entries,
                                                         .max_age = options.max_age,
                                                         .share = options.share,
                                                         .durability = options.durability,
                                                         .integrity = options.integrity,
                                                         .trusted_size = options.trusted_size,
                                                         .project = options.project});
    detail::mmap_rules rules;
    rules.limits = {options.max_bytes, options.max_entries,
                    static_cast<std::int64_t>(options.max_age.count())};
    rules.level = options.durability;
    rules.views = {options.integrity, options.trusted_size};
    return detail::log_store(detail::mmap_state::of(at.path, options.share, options.memory_bytes), rules);
  }

  std::string note_;
};

static_assert(store<mmap_store>);

}  // namespace memo
