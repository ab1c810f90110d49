/// What the engine knows of one run: plain data, guarded by the engine's mutex.
#pragma once

#include <memo/graph/row.hpp>
#include <memo/report/report.hpp>
#include <memo/run/cached.hpp>
#include <memo/run/errors.hpp>
#include <memo/run/options.hpp>
#include <memo/run/step_key.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// A value as the run has it now.
struct slot_state {
  std::shared_ptr<void const> object;            ///< the value
  shared_bytes elements;                         ///< or the stored bytes of a contiguous value
  std::optional<memo::fingerprint> fingerprint;  ///< known long before the value is loaded
  std::vector<std::uint32_t> readers;            ///< needed steps that read it, each once
  std::uint32_t readers_left = 0;                ///< of them, those that may still want the value
  bool retained = false;               ///< a target, or handed to the caller: stays while the run lives
  bool busy = false;                   ///< a thread loads or hashes it
  std::vector<std::uint32_t> waiters;  ///< steps that are taken up again when that is done
  std::exception_ptr unhashable;       ///< why an input has no fingerprint
  std::optional<memo::fingerprint>
      without;  ///< an input's `.added_with`: a value that equals it is left out of keys

  bool has_value() const { return object != nullptr || elements.owner != nullptr; }
};

/// Where a step is. A step is worked on by one task at a time.
enum class phase : std::uint8_t {
  waiting,  ///< for what it reads or comes after
  look_up,  ///< its key is to be derived and looked up
  gather,   ///< it must run: the values that it reads are to be had
  verify,   ///< a hit that runs again to be compared: what it reads is to be had
  done,     ///< hit, ran, failed, skipped or cancelled
};

struct step_state {
  detail::phase phase = phase::waiting;
  bool needed = false;
  bool announced = false;          ///< those who wait for it were told that it is decided
  bool busy = false;               ///< a task works on it
  bool again = false;              ///< what it reads changed while it was busy
  bool called = false;             ///< a task came for it while it was busy
  bool forced = false;             ///< by options.force
  bool must_run = false;           ///< no look-up, or its value is lost
  bool recompute = false;          ///< it was decided before and runs again for a lost value
  bool uncacheable = false;        ///< a part of its key cannot be had
  bool ran = false;                ///< its function was called in this run
  bool packed = false;             ///< a map whose elements are stored: its value can be put together again
  bool parked = false;             ///< its key is computed elsewhere: taken up again when that is over
  bool waited_out = false;         ///< it waited as long as options.wait says
  std::int64_t wait_until_ns = 0;  ///< steady clock; zero where it has not waited yet
  std::int64_t height = 0;         ///< ns (or steps) of the longest way from its start to the run's end
  std::shared_ptr<void> claim;     ///< of its key, or its place among those who wait for the key
  std::uint32_t waiting_for = 0;
  std::vector<std::uint32_t> successors;  ///< needed steps that wait for it
  std::vector<std::uint32_t> demanders;   ///< steps that need its value again
  cached_call call;
  digest group;                         ///< of a map: the key under which its elements lie
  std::vector<fingerprint> seen;        ///< of what it read when its key was derived
  std::vector<fingerprint> seeds_from;  ///< the same for a map's seeds, where there is no key
  omitted_reads omitted;                ///< what was left out of it then
  std::vector<std::string_view> exclusions;
  std::vector<digest> checks;  ///< identities of its declared checks
  std::string why;             ///< the reason that goes into the report
  digest variant;              ///< of what it read while it ran; zero where it read nothing
  std::uint32_t cause =
      no_step;  ///< the first of the steps that ran one because of the other, up to this one
  memo::outcome outcome = outcome::not_needed;
  memo::forecast forecast = forecast::not_needed;
  std::exception_ptr error;
  step_report report;
};

struct map_request;
struct map_outcome;

/// What a run is asked to do. It owns everything that it needs.
struct run_request {
  memo::graph graph;
  std::vector<std::shared_ptr<void const>> inputs;  ///< one for each of graph.inputs
  std::vector<std::uint32_t> targets;               ///< slots; empty: all steps are needed
  any_store store;
  std::vector<std::pair<std::string, any_store>> named_stores;
  memo::options options;
  bool plan_only = false;
  /// Runs maps; null where the graph has none, so that programs without maps do not pay for its compilation.
  map_outcome (*run_map)(map_request const&) = nullptr;
};

/// The text that stands for a step in reports and in the last record.
inline std::string step_name(step_row const& row) { return joined_names(row.names); }

/// The identity of a check in an entry: its sentence. A changed predicate with the same sentence is the user's word.
inline digest check_identity(std::string_view why) { return hash_bytes(as_byte_view(why)); }

}  // namespace memo::detail
