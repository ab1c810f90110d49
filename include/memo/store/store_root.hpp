/// The root folder of a store on disk: found, checked, made when something is first written, and held open.
#pragma once

#include <memo/store/claim_file.hpp>
#include <memo/store/directory_layout.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace memo::detail {

/// Folders inside `v1` of one root. They are opened once; every function may be called from any thread.
class store_root {
 public:
  static constexpr std::size_t most_folders = 3;

  /// `folders` names those inside `v1` that this store uses, at most three; it must outlive the root.
  store_root(std::string path, sharing share, std::span<char const* const> folders)
      : path_(std::move(path)), share_(share), names_(folders) {}
  store_root(store_root const&) = delete;
  store_root& operator=(store_root const&) = delete;
  ~store_root() {
    for (auto& folder : folders_) os::unique_fd(folder.load());
  }

  /// The path that was asked for, canonical.
  std::string const& path() const { return path_; }
  sharing share() const { return share_; }
  /// To whom new files belong.
  gid_t group() const { return group_; }

  /// The descriptor of a folder, by its place among the names; -1 where there is none (yet).
  int folder(std::size_t which) {
    int const fd = folders_[which].load(std::memory_order_acquire);
    if (fd >= 0) return fd;
    std::lock_guard const guard(lock_);
    if (folders_[0].load() < 0) open_existing();
    return folders_[which].load();
  }

  /// The descriptor of the folder v1, only after `folder` gave one.
  int version_folder() {
    std::lock_guard const guard(lock_);
    return version_.get();
  }

  /// Why a root that is there cannot be read; "" where it can be, or is not there.
  std::string trouble() {
    std::lock_guard const guard(lock_);
    return trouble_;
  }

  /// The file that a collector locks, only after `folder` gave a descriptor.
  os::outcome<os::unique_fd> open_lock() {
    return os::open_or_create(version_folder(), "lock", file_mode(share_), group_);
  }

  /// The file of claims, only after `open_for_writing` went well.
  os::outcome<std::shared_ptr<claim_file>> open_claims() {
    return claim_file::open(version_folder(), file_mode(share_), group_);
  }

  /// The name of the network's file system that the root is on, or would be on; "" for another.
  char const* network() {
    if (folder(0) >= 0) return os::network_file_system(version_folder());
    auto const nearest = open_nearest(path_);
    return nearest ? os::network_file_system(nearest.get()) : "";
  }

  /// Makes the folders where they are missing; gives a clause that says why nothing can be written, or "".
  std::string open_for_writing() {
    if (writable_.load(std::memory_order_acquire)) return {};
    std::lock_guard const guard(lock_);
    return writable_.load() ? std::string() : make_and_open();
  }

  /// Where the folder of this descriptor was deleted, goes back to the path. The caller opens for writing next.
  void forget_if_deleted(int fd) {
    if (os::status_of(fd).value.links == 0) forget(fd);
  }

 private:
  /// Opens the folders of a root that exists; the caller holds the lock.
  void open_existing() {
    trouble_.clear();
    for (std::string const& root : {path_, inner_path(path_)}) {
      auto const opened = os::open_folder(os::here, root.c_str());
      if (!opened) {
        if (opened.error == ENOENT) return;
        trouble_ = os::error_text(opened.error);
        continue;
      }
      int error = 0;
      auto const text = small_text(opened.value.get(), "MEMO", &error);
      if (error != 0 && error != ENOENT && error != ELOOP) trouble_ = os::error_text(error);
      auto const layout = text ? marker_layout(*text) : std::nullopt;
      if (!layout) continue;
      trouble_ = *layout > layout_version ? "a newer version of memo made it"
                                          : danger_of_open(root, opened.value.get());
      if (!trouble_.empty()) return;
      error = open_folders(opened.value.get());
      if (error != 0 && error != ENOENT) trouble_ = os::error_text(error);
      return;
    }
  }

  /// Why an open root must not be used: what its path led to before may have been another folder.
  std::string danger_of_open(std::string const& path, int root) {
    auto const status = os::status_of(root);
    if (!status) return os::error_text(status.error);
    std::string danger = danger_in(status.value, share_);
    if (danger.empty()) danger = danger_of(path, share_);
    if (danger.empty() && share_ == sharing::group) group_ = status.value.group;
    return danger;
  }

  int open_folders(int root) {
    auto version = os::open_folder(root, "v1");
    if (!version) return version.error;
    std::array<os::outcome<os::unique_fd>, most_folders> opened;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      opened[i] = os::open_folder(version.value.get(), names_[i]);
      if (!opened[i]) return opened[i].error;
    }
    version_ = std::move(version.value);
    for (std::size_t i = 0; i < names_.size(); ++i)
      folders_[i].store(opened[i].value.release(), std::memory_order_release);
    return 0;
  }

  /// The caller holds the lock.
  std::string make_and_open() {
    std::string const root = root_for(path_);
    std::string const danger = danger_of(root, share_);
    if (!danger.empty()) return danger;
    if (int const error = os::make_folders(root, share_ == sharing::group ? 0770 : 0700))
      return os::error_text(error);
    auto const there = look_at(root);
    switch (there.what) {
      case folder_state::kind::missing:
      case folder_state::kind::unusable:
        return os::error_text(there.error);
      case folder_state::kind::foreign:
        return "it holds other files";
      case folder_state::kind::newer:
        return "a newer version of memo made it";
      case folder_state::kind::empty:
      case folder_state::kind::ours:
        break;
    }
    if (std::string const open_danger = danger_of_open(root, there.folder.get()); !open_danger.empty())
      return open_danger;
    bool const has_marker = there.what == folder_state::kind::ours;
    if (int const error = make_layout(there.folder.get(), has_marker, share_, group_, names_))
      return os::error_text(error);
    if (folders_[0].load() < 0)
      if (int const error = open_folders(there.folder.get())) return os::error_text(error);
    writable_.store(true, std::memory_order_release);
    return {};
  }

  /// Lets go of folders that no longer exist. Their descriptors stay open until the end, as other threads may
  /// be using them.
  void forget(int stale) {
    std::lock_guard const guard(lock_);
    bool is_current = false;
    for (auto const& folder : folders_) is_current |= folder.load() == stale;
    if (!is_current) return;
    for (auto& folder : folders_) old_.emplace_back(folder.exchange(-1));
    old_.push_back(std::move(version_));
    writable_.store(false);
  }

  std::string const path_;
  sharing const share_;
  std::span<char const* const> const names_;
  std::mutex lock_;
  std::array<std::atomic<int>, most_folders> folders_{-1, -1, -1};
  std::atomic<bool> writable_{false};
  std::atomic<gid_t> group_{os::own_group};  ///< of the root, where a group shares it
  std::string trouble_;                      ///< why a root that is there has no open folders
  os::unique_fd version_;
  std::vector<os::unique_fd> old_;
};

}  // namespace memo::detail
