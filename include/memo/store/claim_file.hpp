/// The file through which processes tell each other what they compute: `v1/claims` of a directory store.
///
/// A claim is a lock on one byte of it, which the kernel releases when the process dies, whatever it dies of. The bytes
/// lie far behind the end of the file, at an offset made of the key: 2^60 and the key's low 60 bits for a claim, 2^61 and
/// the same bits for the short time in which an entry is read and written again. Keys that meet in an offset wait for
/// each other, which is no harm.
///
///     file := slot*                 256 of them; a key's slot is the one of its low 8 bits
///     slot := key:u64               the high half of the key that was claimed last
///             machine:u64           which machine, start of it, and process numbering: a hash
///             pid:u32 sum:u32       `sum` of the other fields
///             start:u64             when the process started, in the machine's ticks
///
/// Slots are hints: they give a report a name for the process waited for, and nothing depends on them.
#pragma once

#include <memo/core/byte_lock.hpp>
#include <memo/core/folder.hpp>
#include <memo/core/fork.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// When a process started, in ticks since the machine did; 0 where it cannot be known or there is no such process.
/// Together with the number it tells a process from a later one of the same number.
inline std::uint64_t process_start(std::uint32_t pid) {
  std::string const path = "/proc/" + std::to_string(pid) + "/stat";
  auto const file = os::open_user_file(path.c_str());
  if (!file) return 0;
  std::array<std::byte, 2048> raw;
  auto const got = os::read_up_to(file.value.get(), raw.data(), raw.size());
  std::string_view text = as_text({raw.data(), got ? got.value : 0});
  // proc(5): the second field is the program's name in parentheses, of any characters; the start is the 22nd.
  std::size_t at = text.rfind(')');
  for (int field = 2; field < 22 && at != std::string_view::npos; ++field) at = text.find(' ', at + 1);
  if (at == std::string_view::npos) return 0;
  std::uint64_t start = 0;
  for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
    start = start * 10 + static_cast<std::uint64_t>(text[at] - '0');
  return start;
}

/// Differs between machines, between a machine's starts, and between containers that number their processes apart.
inline std::uint64_t machine_identity() {
  std::array<std::byte, 64> raw;
  auto const file = os::open_user_file("/proc/sys/kernel/random/boot_id");
  auto const got =
      file ? os::read_up_to(file.value.get(), raw.data(), raw.size()) : os::outcome<std::size_t>{};
  std::string text(as_text({raw.data(), got.value}));
  text += os::link_target("/proc/self/ns/pid");
  return hash_bytes(as_byte_view(text)).low;
}

/// The open file. Every function may be called from any thread; two threads do not take one key.
class claim_file {
 public:
  claim_file(unshared_fd fd, char const* network)
      : fd_(std::move(fd)),
        network_(network),
        own_{0, machine_identity(), static_cast<std::uint32_t>(::getpid()), 0,
             process_start(static_cast<std::uint32_t>(::getpid()))} {}

  /// Opens `claims` in a folder, and makes it where it is missing.
  static os::outcome<std::shared_ptr<claim_file>> open(int folder, mode_t mode, gid_t group) {
    auto opened = unshared_fd::open([&] { return os::open_to_lock(folder, "claims", mode, group); });
    if (!opened) return {nullptr, opened.error};
    auto const status = os::status_of(opened.value.get());
    if (!status || !status.value.is_file) return {nullptr, status ? EINVAL : status.error};
    char const* const network = os::network_file_system(opened.value.get());
    return {std::make_shared<claim_file>(std::move(opened.value), network), 0};
  }

  /// The name of the network's file system that it is on, or "".
  char const* network() const { return network_; }

  /// True where nobody who opens it now would get the same file.
  bool is_deleted() const { return os::status_of(fd_.get()).value.links == 0; }

  /// Claims a key; EAGAIN where another process has it.
  int try_claim(digest const& key) {
    int const error = os::try_lock_byte(fd_.get(), claim_offset(key));
    if (error == 0) sign(key);
    return error;
  }
  void release(digest const& key) { os::unlock_byte(fd_.get(), claim_offset(key)); }

  /// Whether another process has a key. An error counts as no: whoever claims next is told of it.
  bool is_claimed(digest const& key) const { return os::is_byte_locked(fd_.get(), claim_offset(key)).value; }

  /// Whose turn it is to change a key's entry.
  int try_turn(digest const& key) { return os::try_lock_byte(fd_.get(), turn_offset(key)); }
  void end_turn(digest const& key) { os::unlock_byte(fd_.get(), turn_offset(key)); }

  /// Who has a key, in words.
  std::string holder(digest const& key) const {
    slot const there = read_slot(fd_.get(), slot_of(key));
    return there.key == key.high ? words_for(there, own_.machine) : words_for({}, 0);
  }

  /// Who has claims by the locks on an open file, in words, once for each; at most `most` of them. Keys that share a slot
  /// are taken for those of the process that signed it last.
  static os::outcome<std::vector<std::string>> holders(int fd, std::size_t most) {
    std::uint64_t const machine = machine_identity();
    std::uint64_t const first = claim_offset({});
    std::uint64_t const last = 2 * first - 1;
    os::outcome<std::vector<std::string>> found;
    for (std::uint64_t at = first; found.value.size() < most;) {
      auto const next = os::next_locked_byte(fd, at, last);
      found.error = next.error;
      if (!next || next.value > last) break;
      found.value.push_back(words_for(read_slot(fd, slot_of({0, next.value - first})), machine));
      at = next.value + 1;
    }
    return found;
  }

 private:
  static constexpr std::size_t slot_size = 32;
  static constexpr std::uint64_t slot_count = 256;

  struct slot {
    std::uint64_t key = 0;
    std::uint64_t machine = 0;
    std::uint32_t pid = 0;
    std::uint32_t sum = 0;
    std::uint64_t start = 0;
  };

  static std::uint64_t low_bits(digest const& key) { return key.low & ((std::uint64_t{1} << 60) - 1); }
  static std::uint64_t claim_offset(digest const& key) { return std::uint64_t{1} << 60 | low_bits(key); }
  static std::uint64_t turn_offset(digest const& key) { return std::uint64_t{1} << 61 | low_bits(key); }
  static std::uint64_t slot_of(digest const& key) { return key.low % slot_count * slot_size; }

  static std::uint32_t sum_of(slot const& s) {
    std::array<std::uint64_t, 4> const parts{s.key, s.machine, s.pid, s.start};
    return static_cast<std::uint32_t>(hash_bytes(std::as_bytes(std::span(parts))).low);
  }
  static slot decode(std::array<std::byte, slot_size> const& raw) {
    return {load_little<std::uint64_t>(raw.data()), load_little<std::uint64_t>(raw.data() + 8),
            load_little<std::uint32_t>(raw.data() + 16), load_little<std::uint32_t>(raw.data() + 20),
            load_little<std::uint64_t>(raw.data() + 24)};
  }

  static slot read_slot(int fd, std::uint64_t at) {
    std::array<std::byte, slot_size> raw;
    auto const got = os::read_at(fd, raw.data(), raw.size(), at);
    slot const there = got.value == raw.size() ? decode(raw) : slot{};
    return got && there.sum == sum_of(there) ? there : slot{};
  }
  static std::string words_for(slot const& there, std::uint64_t machine) {
    bool const is_known = there.pid != 0 && there.machine == machine && there.start != 0 &&
                          there.start == process_start(there.pid);
    return is_known ? "process " + std::to_string(there.pid) : "another process";
  }

  void sign(digest const& key) {
    slot mine = own_;
    mine.key = key.high;
    mine.sum = sum_of(mine);
    std::array<std::byte, slot_size> raw;
    store_little(raw.data(), mine.key);
    store_little(raw.data() + 8, mine.machine);
    store_little(raw.data() + 16, mine.pid);
    store_little(raw.data() + 20, mine.sum);
    store_little(raw.data() + 24, mine.start);
    os::write_at(fd_.get(), raw, slot_of(key));
  }

  unshared_fd const fd_;
  char const* const network_;
  slot const own_;
};

}  // namespace memo::detail
