/// Who computes which key: what is behind `claim` of a store.
#pragma once

#include <memo/store/claim_table.hpp>
#include <memo/store/pins.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace memo::detail {

/// Where the file for claims across processes comes from. `open` gives null, and a clause that says why, where there is
/// none to be had; it never makes one where the reach does not allow that.
struct claim_source {
  std::shared_ptr<claim_file> (*open)(void* state, claim_reach reach, std::string& why_not) = nullptr;
  void* state = nullptr;
};

/// The clause that says why claims do not reach other processes.
inline std::string on_network_file_system(char const* name) {
  return "the cache is on a network file system (" + std::string(name) + ")";
}

/// The turn to change a key's entry, given back at the end.
class entry_turn {
 public:
  entry_turn() = default;
  entry_turn(std::shared_ptr<claim_file> file, digest const& key) : file_(std::move(file)), key_(key) {}
  entry_turn(entry_turn&&) = default;
  entry_turn& operator=(entry_turn&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(key_, other.key_);
    return *this;
  }
  ~entry_turn() {
    if (file_ != nullptr) file_->end_turn(key_);
  }

 private:
  std::shared_ptr<claim_file> file_;
  digest key_;
};

/// May be used from any thread; a claim may outlive it. A forked child starts without claims, whatever its parent holds.
class claims {
 public:
  explicit claims(claim_source source = {})
      : source_(source), is_noticing_forks_(notice_forks() == 0), current_(new owned_table) {}
  claims(claims const&) = delete;
  claims& operator=(claims const&) = delete;
  ~claims() {
    owned_table* const last = current_.load();
    if (last->generation == process_generation()) {
      last->table->stop();
      delete last;
    } else {
      retire(last);
    }
  }

  claim_result claim(claim_request const& request) {
    auto const& own = table();
    claim_result result;
    auto place = std::make_shared<claim_place>(own, request);
    if (own->take(*place, result)) {
      result.hold = place;
      if (request.reach != claim_reach::process) reach_out(*place, request, result);
    } else if (request.waiter.wake != nullptr) {
      result.hold = std::move(place);
    }
    return result;
  }

  /// Waits until no other process changes the key's entry, for a second at most: what goes wrong then costs a
  /// computation. Only where claims reach other processes.
  entry_turn wait_for_turn(digest const& key) {
    std::string why_not;
    auto file = file_for(claim_reach::machine, why_not);
    if (file == nullptr) return {};
    constexpr std::int64_t a_second_ns = 1'000'000'000;
    std::int64_t pause_ns = 50'000;
    for (std::int64_t waited_ns = 0;; waited_ns += pause_ns) {
      int const error = file->try_turn(key);
      if (error == 0) return {std::move(file), key};
      if (error != EAGAIN || waited_ns >= a_second_ns) return {};
      pause_ns = std::min<std::int64_t>(pause_ns * 2, 5'000'000);
      timespec const pause{0, static_cast<long>(pause_ns)};
      ::nanosleep(&pause, nullptr);
    }
  }

  /// False where the last try to lock failed for another reason than that somebody has the key.
  bool can_lock() const { return can_lock_.load(); }

 private:
  struct owned_table {
    std::uint64_t generation = process_generation();
    std::shared_ptr<claim_table> table = std::make_shared<claim_table>();
    owned_table* next = nullptr;
  };

  /// Keeps what a parent made for ever: its lock may be held by a thread that is not in this process.
  static void retire(owned_table* old) {
    static std::atomic<owned_table*> retired{nullptr};
    old->next = retired.load();
    while (!retired.compare_exchange_weak(old->next, old)) {
    }
  }

  /// This process's own.
  std::shared_ptr<claim_table> const& table() {
    owned_table* known = current_.load();
    if (known->generation == process_generation()) return known->table;
    auto* const fresh = new owned_table;
    if (!current_.compare_exchange_strong(known, fresh)) {
      delete fresh;
      return known->table;
    }
    retire(known);
    return fresh->table;
  }

  /// Null where claims do not reach other processes, and a clause that says why; none where there are no others.
  std::shared_ptr<claim_file> file_for(claim_reach reach, std::string& why_not) {
    if (source_.open == nullptr) return nullptr;
    auto const& own = table();
    auto file = own->file();
    if (file == nullptr || file->is_deleted()) {
      auto made = source_.open(source_.state, reach, why_not);
      if (made == nullptr) return nullptr;
      file = own->set_file(file, std::move(made));
    }
    if (reach == claim_reach::asked || *file->network() == '\0') return file;
    why_not = on_network_file_system(file->network());
    return nullptr;
  }

  /// Takes a key that this process has from the other processes, too.
  void reach_out(claim_place& place, claim_request const& request, claim_result& result) {
    if (!is_noticing_forks_) {
      result.note = "there is no memory to notice forks";
      return;
    }
    auto const file = file_for(request.reach, result.note);
    if (file == nullptr) return;
    int const error = file->try_claim(request.key);
    can_lock_ = error == 0 || error == EAGAIN;
    if (error == 0) {
      place.file = file;
      return;
    }
    if (error != EAGAIN) {
      result.note = "its file of claims cannot be locked: " + os::error_text(error);
      return;
    }
    std::string holder = file->holder(request.key);
    if (!place.table->wait_elsewhere(place, file)) {
      result.note = "no thread can be started that watches for them";
      return;
    }
    result.what = claim_result::status::busy;
    result.holder = std::move(holder);
    result.is_other_process = true;
    if (request.waiter.wake == nullptr) result.hold.reset();
  }

  claim_source const source_;
  bool const is_noticing_forks_;
  std::atomic<owned_table*> current_;
  std::atomic<bool> can_lock_{true};
};

}  // namespace memo::detail
