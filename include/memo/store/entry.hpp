/// What stores keep: entries (what a computation gave), and the requests and answers that carry them.
///
/// A store knows keys, digests and bytes, and no C++ type. These structs are plain data without thread
/// safety.
#pragma once

#include <memo/core/bytes.hpp>
#include <memo/core/digest.hpp>
#include <memo/core/fingerprint.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace memo {

/// Something that a step read while it ran, checked before its entry counts as a hit.
struct dependency {
  enum class kind : std::uint8_t { file = 1, absent = 2, listing = 3, variable = 4, present = 5 };

  kind what = kind::file;
  std::string name{};  ///< a path, a pattern, or a variable's name, as the step spelled it
  digest content{};    ///< of the file, the sorted names, or the value; zero where nothing is there

  friend bool operator==(dependency const&, dependency const&) = default;
};

/// One output of a computation, as its entry describes it.
struct stored_output {
  fingerprint value{};  ///< of the canonical form (or of `.identity`): what readers' keys hold
  digest object{};      ///< where the stored bytes lie; zero where only the fingerprint is kept
  digest codec{};  ///< of the schema that the stored bytes follow; bytes of another codec are not decoded
  std::uint64_t size = 0;  ///< of the stored bytes
  /// The stored bytes are `bytes`. `object` is zero then, or names a live value that a store may keep beside them.
  bool is_inline = false;
  shared_bytes bytes{};  ///< the stored bytes, where inline

  /// True where a value can be had from the store, not only its fingerprint.
  bool has_value() const { return is_inline || static_cast<bool>(object); }
};

/// The result of one computation: key -> outputs. A key has one entry for each set of dependencies' digests
/// that its computation met; `variant` tells them apart.
struct entry {
  std::string project{};
  std::string pipeline{};
  std::string step{};           ///< the names of the outputs, joined by commas
  digest variant{};             ///< of `dependencies`; zero where there are none
  std::int64_t created_ms = 0;  ///< wall clock, milliseconds since 1970
  std::int64_t cost_ns = 0;     ///< how long the computation took
  std::vector<dependency> dependencies{};
  std::vector<digest> checks{};  ///< of each output check that the values passed
  std::vector<stored_output> outputs{};
};

using entries = std::vector<entry>;

/// How a look-up went: a miss is not an error. An error (unreadable, damaged) is treated like a miss, with a
/// reason that goes into the report.
enum class lookup : std::uint8_t { hit, miss, error };

/// How a look-up may touch the store: `normal` may note when a record was last used and set damaged ones
/// aside; `read_only` changes nothing, not a byte, not a time stamp.
enum class access : std::uint8_t { normal, read_only };

/// The answer to a look-up of a key: its variants, newest first. They are immutable and may be shared.
struct found_entries {
  lookup status = lookup::miss;
  std::shared_ptr<entries const> variants{};  ///< not null where `hit`
  std::string reason{};                       ///< why, where `error`: one clause, such as "entry damaged"
};

/// A live, immutable value that a store in this process may keep instead of its bytes.
/// `tag` is the address that stands for the value's exact type: a reader with another tag gets bytes, never a
/// cast.
struct live_value {
  std::shared_ptr<void const> value{};
  void const* tag = nullptr;
  std::uint64_t size = 0;  ///< of the stored form, in bytes: what counts for limits
  shared_bytes (*encode)(void const*) =
      nullptr;  ///< the stored form, made when a reader needs it; null: never

  explicit operator bool() const { return value != nullptr; }
};

/// The answer to a read of an object: the live value where the store keeps one of the wanted type, else its
/// bytes, whose checksum was verified.
struct found_object {
  lookup status = lookup::miss;
  shared_bytes bytes{};
  live_value live{};
  std::string reason{};
};

/// Asks for the live value under a key at once, where the key has one variant, with one output and no dependencies.
struct recall_request {
  void const* tag = nullptr;  ///< of the value's exact type
  access how = access::normal;
  void* plain = nullptr;  ///< where the value's bytes are copied to; only of a type that may be copied so
  std::size_t plain_size = 0;
  std::shared_ptr<void const>* handle = nullptr;  ///< where `plain` is null: becomes a handle to the value
};

/// One object to be stored, from where its bytes are now; nothing is copied before the store writes it.
struct object_source {
  digest object{};         ///< under which it will be read: seeded, made of the stored bytes
  digest checksum{};       ///< XXH3-128 of the stored bytes without a seed: what integrity is checked by
  std::uint64_t size = 0;  ///< the sum of the pieces
  std::span<byte_view const> pieces{};  ///< a scatter list; valid until put returns
  std::string file{};                   ///< or, where not empty: the path of a file with these bytes
  live_value live{};                    ///< may be kept instead, by a store with `capabilities::live`
  std::shared_ptr<void const> owner{};  ///< or null: keeps the one piece for as long as a store may want it
};

/// Whether an existing variant stays. `replace` is for expired, forced, damaged and outdated entries.
enum class put_policy : std::uint8_t { keep, replace };

/// One entry to be stored with the objects that it names. Objects are written before their entry.
struct put_request {
  digest key{};
  entry const* value = nullptr;
  put_policy policy = put_policy::keep;
  std::span<object_source const> objects{};
  std::span<digest const> supersedes{};  ///< variants of the key that go, as this one stands for them
  std::size_t most_variants = 0;  ///< that the key may have, the oldest go first; 0: as the store likes
};

/// What became of a put. A store never throws for what a disk does: it says so.
struct put_result {
  bool stored = true;
  std::string warning{};  ///< one sentence, where something could not be written
};

/// What a store is able to do.
struct capabilities {
  bool shared = false;             ///< other processes may read and write it at the same time
  bool lockable = false;           ///< `claim` reaches other processes
  bool mappable = false;           ///< objects are handed out as a mapping of their file
  bool live = false;               ///< keeps live values
  std::uint64_t inline_limit = 0;  ///< stored forms up to this size should be inline in their entry
};

/// Whom a claim tells that it is worth asking again.
struct claim_waiter {
  void (*wake)(void* state, std::uint64_t argument) noexcept = nullptr;  ///< null: nobody is told
  void* state = nullptr;
  std::uint64_t argument = 0;
};

/// Among whom a claim counts: the threads of this process; also the processes of this machine, where the file system is
/// one on which that is safe; or also on the file system of a network, as somebody asked for it.
enum class claim_reach : std::uint8_t { process, machine, asked };

/// How a key is claimed. With `process` no file is touched; else one may be made and written to, and where that cannot be
/// done, the claim counts in this process alone.
struct claim_request {
  digest key{};
  claim_reach reach = claim_reach::process;
  claim_waiter waiter{};
  /// Of the steady clock: where another process has the key, the waiter is told at this time at the latest; 0: no bound.
  std::int64_t until_ns = 0;
};

/// The answer to a claim. Whoever gets `mine` looks the key up once more before computing, as somebody may have stored
/// it between the look-up and the claim. A claim by the thread that holds the key is `busy` too.
struct claim_result {
  enum class status : std::uint8_t { mine, busy };
  status what = status::mine;
  /// `mine`: the claim, released when the last copy goes, on any thread. `busy`: the waiter's place in the queue. `wake`
  /// is called at most once, on some thread and without a lock held, when the key is released, also by an exception or
  /// because the holding process died. Once the place is destroyed it is not called any more; the destructor waits for
  /// a call that is under way, unless it runs inside it. Null where there is no waiter.
  std::shared_ptr<void> hold{};
  std::string holder{};  ///< `busy`: "thread 3 of this process", "process 4711", in words for a report
  bool is_other_process = false;  ///< `busy`: the holder is another process
  std::string
      note{};  ///< why a claim across processes counts in this process alone; "" where it reaches them
};

/// What a store holds, in numbers. `bytes` counts what lies on disk or in memory for entries and objects.
struct store_stats {
  std::uint64_t entries = 0;
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

/// One entry as `list` and `visit` show it.
struct entry_info {
  digest key{};
  std::string project{};
  std::string pipeline{};
  std::string step{};
  std::int64_t created_ms = 0;
  std::int64_t cost_ns = 0;
  std::uint64_t bytes = 0;  ///< of the stored forms that it names
};

/// The outcome of `verify`: how many records were read, and how many of them are damaged (and were removed).
struct verify_result {
  std::uint64_t checked = 0;
  std::uint64_t damaged = 0;
};

/// Limits of a store; zero means none. `max_age_ms` counts from an entry's creation.
struct store_limits {
  std::uint64_t max_bytes = 0;
  std::uint64_t max_entries = 0;
  std::int64_t max_age_ms = 0;
};

/// The outcome of `collect`.
struct collect_result {
  std::uint64_t removed_entries = 0;
  std::uint64_t removed_bytes = 0;
};

}  // namespace memo
