#pragma once

#include <memo/store/concept.hpp>
#include <memo/store/directory_state.hpp>

#include <concepts>

namespace memo {

/// How a directory store behaves; limits of zero are none.
struct directory_options {
  std::uint64_t max_bytes = 0;  ///< of files, without what the file system adds
  std::uint64_t max_entries = 0;
  std::chrono::milliseconds max_age{0};  ///< from an entry's creation
  sharing share = sharing::user;
  memo::durability durability = memo::durability::none;
  memo::integrity integrity = memo::integrity::first_view;  ///< of the bytes of views
  std::uint64_t trusted_size = std::uint64_t{16} << 20;     ///< for `integrity::trust_large`, in bytes
  std::string project{};                                    ///< names the directory, where no path is given
};

/// Results in a directory that processes and machines share: a file each for entries and for objects, written
/// aside and renamed, so that a reader sees all of one or nothing. Handles of one directory share claims and pins
/// within a process.
///
/// Where its file system is a known local one, views of objects of 128 KiB and more are mappings of their files, which stay
/// valid when the object is removed from the store. A file that somebody else truncates while a view of it lives raises SIGBUS
/// where the view is read: memo never shortens a file, and nothing else in a store faults.
///
/// Constructing writes nothing and throws store_error where the directory must not be used: it belongs to
/// another user, or others may write to it.
class directory_store {
 public:
  /// In `$MEMO_DIR`, else in a directory of the user's cache that is named after the project or the program.
  directory_store() : directory_store(directory_options{}) {}
  explicit directory_store(directory_options const& options)
      : directory_store(std::string_view(detail::default_root(options.project)), options) {}

  /// At `path`, relative to the working directory of now; in `.memo` inside where other files are there.
  explicit directory_store(std::string_view path, directory_options const& options = {})
      : limits_{options.max_bytes, options.max_entries, static_cast<std::int64_t>(options.max_age.count())},
        rules_{options.integrity, options.trusted_size},
        durability_(options.durability) {
    if (path.empty() || path.find('\0') != std::string_view::npos)
      throw store_error("this is no path of a directory", {{"path", std::string(path)}}, "give a name");
    std::string const canonical = detail::os::canonical_path(path);
    detail::check_root(canonical, options.share);
    state_ = detail::directory_state::of(canonical, options.share);
  }
  explicit directory_store(char const* path, directory_options const& options = {})
      : directory_store(std::string_view(path), options) {}

  /// Takes std::filesystem::path without needing its header.
  template <class Path>
    requires requires(Path const& p) {
      { p.native() } -> std::convertible_to<std::string_view>;
    }
  explicit directory_store(Path const& path, directory_options const& options = {})
      : directory_store(std::string_view(path.native()), options) {}

  memo::capabilities capabilities() const {
    return {.shared = true,
            .lockable = state_->is_lockable(),
            .mappable = state_->is_mappable(),
            .inline_limit = 4096};
  }
  found_entries find(digest const& key, access how = access::normal) const { return state_->find(key, how); }
  void find(std::span<digest const> keys, std::span<found_entries> answers,
            access how = access::normal) const {
    for (std::size_t i = 0; i < keys.size(); ++i) answers[i] = state_->find(keys[i], how);
  }
  found_object read(digest const& object, void const* = nullptr, access how = access::normal) const {
    auto record = state_->files().read(detail::record_kind::object, object, how);
    return {record.status, std::move(record.payload), {}, std::move(record.reason)};
  }
  found_object view(digest const& object, void const* = nullptr, access how = access::normal) const {
    auto record = state_->files().view(object, how, rules_);
    return {record.status, std::move(record.payload), {}, std::move(record.reason)};
  }
  put_result put(std::span<put_request const> requests) const {
    if (requests.empty()) return state_->apply(limits_);
    put_result all;
    for (auto const& request : requests)
      if (put_result one = state_->put(request, limits_, durability_); !one.stored) all = std::move(one);
    return all;
  }
  std::optional<std::string> read_last(digest const& id) const {
    auto const record = state_->files().read(detail::record_kind::last, id, access::read_only);
    if (record.status != lookup::hit) return std::nullopt;
    return std::string(as_text(record.payload.view));
  }
  put_result write_last(digest const& id, byte_view text) const { return state_->write_last(id, text); }
  claim_result claim(claim_request const& request) const { return state_->claimed().claim(request); }
  std::shared_ptr<void> pin(std::span<digest const> keys) const { return state_->pinned().pin(keys); }
  bool erase(digest const& key) const { return state_->erase(key); }
  /// Removes an object that no entry names any more.
  void discard(digest const& object) const { state_->discard(object); }
  void visit(void (*seen)(void*, entry_info const&), void* state) const {
    detail::each_entry(state_->files(), [&](entry_info const& info) { seen(state, info); });
  }
  std::vector<entry_info> list() const {
    std::vector<entry_info> all;
    detail::each_entry(state_->files(), [&](entry_info const& info) { all.push_back(info); });
    return all;
  }
  entries show(digest const& key) const {
    auto const found = state_->find(key, access::read_only);
    return found.variants ? *found.variants : entries{};
  }
  store_stats stats() const { return detail::measure(state_->files()); }
  /// The canonical path of the directory in which its files lie, or will lie.
  std::string location() const { return detail::root_for(state_->files().root().path()); }
  verify_result verify() const { return state_->verify(); }

  /// Applies limits now; removes objects that nothing names, from 10 minutes on, and files that were left half
  /// written a day ago. Does nothing while another process does it.
  collect_result collect(store_limits limits) const { return state_->collect(limits); }
  collect_result collect() const { return state_->collect(limits_); }
  void clear() const { state_->clear(); }

  /// Removes the entries of a step, named by any of its outputs or by "" for all steps of the pipeline.
  void clear_step(std::string_view pipeline, std::string_view step) const {
    std::vector<digest> keys;
    detail::each_entry(state_->files(), [&](entry_info const& info) {
      if (info.pipeline == pipeline && detail::names_step(info.step, step)) keys.push_back(info.key);
    });
    for (digest const& key : keys) state_->erase(key);
  }

 private:
  store_limits limits_;
  detail::view_rules rules_;
  memo::durability durability_ = memo::durability::none;
  std::shared_ptr<detail::directory_state> state_;
};

static_assert(store<directory_store>);

}  // namespace memo
