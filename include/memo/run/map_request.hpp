/// What a map run is asked, and what it answers: the engine's side of a map.
#pragma once

#include <memo/core/error.hpp>
#include <memo/exec/concept.hpp>
#include <memo/graph/map_row.hpp>
#include <memo/key/file_table.hpp>
#include <memo/run/options.hpp>
#include <memo/run/step_key.hpp>
#include <memo/run/work_log.hpp>
#include <memo/store/any_store.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace memo::detail {

/// What a map is to be run on, and how. What it refers to outlives the run.
struct map_request {
  memo::graph const& graph;
  step_row const& row;
  std::span<argument const> arguments;  ///< as for a step: the range, then the rest
  std::span<fingerprint const>
      seen{};                    ///< of the arguments; empty where nothing is to be hashed: in mode off, or
                                 ///< where one of them cannot be
  omitted_reads const& omitted;  ///< empty, or one flag for each argument
  std::span<fingerprint const> seeds_from{};  ///< as `seen`, for the seeds of contexts, in every mode
  any_store* store = nullptr;                 ///< null: nothing of it is cached
  memo::options const& options;
  std::uint64_t seed = 0;  ///< of all hashes
  executor_ref executor;
  std::stop_token stop{};
  std::int64_t priority = 0;
  bool looks_up = true;         ///< false: every element runs, and is newer than what is stored
  bool ignores_age = false;     ///< the `.ttl` was judged before, for the whole
  bool writes = true;           ///< false: not a byte is written
  bool verifies = false;        ///< hits run again by `options.verify`
  bool only_looks = false;      ///< a plan: no function is called, and nothing is loaded
  file_looks* files = nullptr;  ///< are told of the files that are looked at
  work_log* work = nullptr;     ///< is told who computes elements, by the machine's clock; null: nobody is
  std::uint32_t step = 0;       ///< for `work`
};

/// How a map went. It failed where `message` is not empty; it was stopped where it neither failed nor has a value.
struct map_outcome {
  std::shared_ptr<void> value{};      ///< the step's output; null where it failed or was stopped
  std::uint64_t elements = 0;         ///< of the range
  std::uint64_t distinct = 0;         ///< different ones; all of them where they are not hashed
  std::uint64_t found = 0;            ///< of the different ones, those whose results were stored
  std::uint64_t ran = 0;              ///< those whose function was called and returned
  std::int64_t cost_ns = 0;           ///< of computing these two, at whatever time
  std::string message{};              ///< which elements failed, and what the first of them said
  std::exception_ptr error{};         ///< of the first element that failed
  std::vector<std::size_t> failed{};  ///< the places of the elements that failed, in order
  std::vector<fact> facts{};          ///< the first few of them
  std::string reason{};  ///< a clause on the elements that ran: "1 of 100 elements is new: element 5, 0.25"
  std::vector<std::string> element_reasons{};  ///< of the first few of them
  std::string uncacheable{};            ///< a clause why the value must not be stored; empty where it may be
  std::vector<std::string> warnings{};  ///< what the store could not do, one for each different thing
  std::vector<dependency> dependencies{};  ///< what the elements read while they ran
  std::vector<digest> entries{};           ///< the keys of elements that have an entry of their own
  std::string difference{};    ///< verify: the first element that gives another result than the stored one
  digest group{};              ///< the key of the elements' packs in the store; zero where there are none
  bool packed = false;         ///< the store can give all elements back: packs were opened and nothing failed
  std::int64_t oldest_ms = 0;  ///< the creation time of the oldest result in the value, wall clock
  std::shared_ptr<void> pin{};  ///< keeps what was found and written in the store
  std::exception_ptr broken{};  ///< no memory, or an observer threw: the run is to end
};

}  // namespace memo::detail
