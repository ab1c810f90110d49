/// How much lies in a directory store with limits, as the processes that put there count it together: `v1/usage`.
///
///     usage := magic "MEMO-USE" format:u32 zero:u32 bytes:i64 entries:i64 measured_ms:i64 zero:u64 sum:u64
///
/// All numbers are little-endian, `sum` is XXH3-64 of what is before it. What does not follow the grammar counts as not
/// known, and is measured anew. The file's bytes far behind its end are locked (byte_lock.hpp): 2^60 while the numbers
/// are changed, 2^60 + 1 by many while they put, and by one alone that collects.
#pragma once

#include <memo/core/byte_lock.hpp>
#include <memo/core/clock.hpp>
#include <memo/core/fork.hpp>
#include <memo/store/store_root.hpp>

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>

namespace memo {

/// The number of the format above. Files of another number are written anew.
///
/// 1: the first.
inline constexpr std::uint32_t usage_format_version = 1;

namespace detail {

/// What lies in a root. An entry that was announced and is not there yet counts.
struct directory_size {
  std::int64_t bytes = 0;
  std::int64_t entries = 0;
};

struct counted_usage {
  directory_size size{};
  std::int64_t measured_ms = 0;  ///< wall clock
  bool is_known = false;
};

/// Calls `attempt` until it gives something else than EAGAIN, for this long at most; gives what it gave last.
template <class Attempt>
int try_for(std::int64_t bound_ns, Attempt attempt) {
  std::int64_t pause_ns = 20'000;
  for (std::int64_t waited_ns = 0;; waited_ns += pause_ns) {
    int const error = attempt();
    if (error != EAGAIN || waited_ns >= bound_ns) return error;
    pause_ns = std::min<std::int64_t>(pause_ns * 2, 2'000'000);
    timespec const pause{0, static_cast<long>(pause_ns)};
    ::nanosleep(&pause, nullptr);
  }
}

/// The numbers of one root. Where they cannot be shared (a file system of a network, no locks), they are this process's
/// own. Any thread; but who puts and who collects exclude each other within a process by other means.
class directory_usage {
 public:
  explicit directory_usage(store_root& root) : root_(root) {}
  directory_usage(directory_usage const&) = delete;
  directory_usage& operator=(directory_usage const&) = delete;

  /// Adds to what is counted, and gives the sums.
  counted_usage add(directory_size const& more) {
    return change([&](counted_usage& now) {
      now.size.bytes += more.bytes;
      now.size.entries += more.entries;
    });
  }

  counted_usage look() { return add({}); }

  /// This is what lies there: `found`, and what was added since `before` was looked at.
  void set(counted_usage const& before, directory_size const& found) {
    change([&](counted_usage& now) {
      directory_size added{};
      if (before.is_known && now.is_known && before.measured_ms == now.measured_ms)
        added = {now.size.bytes - before.size.bytes, now.size.entries - before.size.entries};
      now.size = {found.bytes + added.bytes, found.entries + added.entries};
      now.measured_ms = clock::system().wall_ms();
      now.is_known = true;
    });
  }

  /// It has to be measured again.
  void forget() {
    change([](counted_usage& now) { now.is_known = false; });
  }

  /// Whether some process counts here: where none does, nothing need be said.
  bool is_used() {
    std::lock_guard const guard(lock_);
    if (is_used_) return true;
    if (root_.folder(0) < 0) return false;
    is_used_ = static_cast<bool>(os::status_at(root_.version_folder(), "usage"));
    return is_used_;
  }

  /// Between these two nobody in another process is alone.
  void begin_put() {
    std::lock_guard const guard(lock_);
    if (putting_ == 0)
      if (int const fd = opened(); fd >= 0)
        try_for(most_wait_ns, [&] { return os::change_byte_lock(fd, F_RDLCK, put_byte); });
    ++putting_;
  }
  void end_put() {
    std::lock_guard const guard(lock_);
    if (--putting_ != 0) return;
    if (int const fd = file_.get(); fd >= 0) os::unlock_byte(fd, put_byte);
  }

  /// Keeps the processes that put out; false where they do not end within a second, or cannot be excluded. No thread of
  /// this process puts meanwhile.
  bool begin_alone() {
    std::lock_guard const guard(lock_);
    int const fd = opened();
    if (fd < 0) return false;
    return try_for(1'000'000'000, [&] { return os::try_lock_byte(fd, put_byte); }) == 0;
  }
  void end_alone() {
    std::lock_guard const guard(lock_);
    if (int const fd = file_.get(); fd >= 0) os::unlock_byte(fd, put_byte);
  }

 private:
  static constexpr std::uint64_t number_byte = std::uint64_t{1} << 60;
  static constexpr std::uint64_t put_byte = number_byte + 1;
  static constexpr std::int64_t most_wait_ns = 5'000'000'000;  // collecting a very large root takes seconds
  static constexpr std::size_t size = 56;
  static constexpr std::int64_t most_counted = std::int64_t{1} << 60;

  /// The descriptor of the file, -1 where there is none to be had. The caller has the mutex.
  int opened() {
    std::int64_t const now = clock::system().steady_ns();
    int const known = file_.get();
    if (known >= 0 && now - checked_ns_ < 200'000'000) return known;
    if (known >= 0 && putting_ == 0 && os::status_of(known).value.links == 0) file_ = unshared_fd();
    checked_ns_ = now;
    if (file_.get() >= 0) return file_.get();
    if (root_.folder(0) < 0 || *root_.network() != '\0') return -1;
    auto made = unshared_fd::open([&] {
      return os::open_to_lock(root_.version_folder(), "usage", file_mode(root_.share()), root_.group());
    });
    if (made && os::status_of(made.value.get()).value.is_file) file_ = std::move(made.value);
    is_used_ = true;
    return file_.get();
  }

  template <class Change>
  counted_usage change(Change apply) {
    std::lock_guard const guard(lock_);
    int const fd = opened();
    int const error =
        fd < 0 ? EBADF : try_for(1'000'000'000, [&] { return os::try_lock_byte(fd, number_byte); });
    if (error != 0) {
      apply(own_);
      return own_;
    }
    std::array<std::byte, size> raw{};
    auto const got = os::read_at(fd, raw.data(), raw.size(), 0);
    counted_usage now = got && got.value == raw.size() ? decode(raw) : counted_usage{};
    auto const before = now;
    apply(now);
    bool const differs = now.size.bytes != before.size.bytes || now.size.entries != before.size.entries ||
                         now.measured_ms != before.measured_ms || now.is_known != before.is_known;
    if (differs) {
      encode(now, raw);
      // Where it cannot be written, it is what was known that counts: it is measured again soon.
      static_cast<void>(os::write_at(fd, raw, 0));
    }
    os::unlock_byte(fd, number_byte);
    own_ = now;
    return now;
  }

  static counted_usage decode(std::array<std::byte, size> const& raw) {
    std::byte const* const at = raw.data();
    if (as_text({at, 8}) != "MEMO-USE" || load_little<std::uint32_t>(at + 8) != usage_format_version ||
        load_little<std::uint64_t>(at + 48) != checksum_bytes({at, 48}))
      return {};
    counted_usage now;
    now.size = {load_little<std::int64_t>(at + 16), load_little<std::int64_t>(at + 24)};
    now.measured_ms = load_little<std::int64_t>(at + 32);
    // So that no sum of them overflows, whoever wrote them.
    auto const is_sane = [](std::int64_t number) { return number > -most_counted && number < most_counted; };
    now.is_known = now.measured_ms != 0;
    return is_sane(now.size.bytes) && is_sane(now.size.entries) && is_sane(now.measured_ms) ? now
                                                                                            : counted_usage{};
  }

  static void encode(counted_usage const& now, std::array<std::byte, size>& raw) {
    std::byte* const at = raw.data();
    std::memset(at, 0, size);
    std::memcpy(at, "MEMO-USE", 8);
    store_little(at + 8, usage_format_version);
    store_little(at + 16, now.size.bytes);
    store_little(at + 24, now.size.entries);
    store_little(at + 32, now.is_known ? now.measured_ms : 0);
    store_little(at + 48, checksum_bytes({at, 48}));
  }

  store_root& root_;
  std::mutex lock_;
  unshared_fd file_;
  std::int64_t checked_ns_ = 0;
  std::uint64_t putting_ = 0;
  bool is_used_ = false;
  counted_usage own_;
};

}  // namespace detail
}  // namespace memo
