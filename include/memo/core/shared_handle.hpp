#pragma once

#include <memo/core/stripes.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace memo::detail {

/// A shared pointer that many threads read while few replace it. Reading costs no lock and no count that threads share:
/// each stripe of threads has a pointer of its own to the same object.
template <class T>
class shared_handle {
 public:
  shared_handle() = default;
  shared_handle(shared_handle const&) = delete;
  shared_handle& operator=(shared_handle const&) = delete;

  /// What was set last; null before. The object lives as long as what is returned.
  std::shared_ptr<T> get() const {
    slot& mine = slots_[stripes::own()];
    guard const held(mine);
    return mine.pointer;
  }

  /// For one thread at a time. A thread that reads meanwhile gets the old one or the new one.
  void set(std::shared_ptr<T> const& to) {
    for (std::uint32_t stripe = 0; stripe < stripes::owned + stripes::shared; ++stripe) {
      std::shared_ptr<T> fresh;
      if (to != nullptr) {
        auto counted = std::make_shared<std::shared_ptr<T>>(to);
        T* const object = to.get();
        fresh = std::shared_ptr<T>(std::move(counted), object);
      }
      slot& one = slots_[stripe];
      guard const held(one);
      one.pointer.swap(fresh);
    }
  }

 private:
  struct slot {
    std::atomic<bool> is_busy{false};
    std::shared_ptr<T> pointer;
  };

  /// A stripe is nearly always one thread's: there is nobody to wait for but a rare `set`.
  struct guard {
    explicit guard(slot& in) : of(in) {
      while (of.is_busy.exchange(true, std::memory_order_acquire)) {
      }
    }
    guard(guard const&) = delete;
    guard& operator=(guard const&) = delete;
    ~guard() { of.is_busy.store(false, std::memory_order_release); }
    slot& of;
  };

  mutable striped<slot> slots_;
};

}  // namespace memo::detail
