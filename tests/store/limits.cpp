#include <memo/store/limits.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_laws_limits.hpp"

#include <memo/store/directory_store.hpp>
#include <memo/store/memory_store.hpp>
#include <memo/store/mmap_store.hpp>
#include <memo/store/tiered_store.hpp>

namespace {

/// Options of any store, from limits.
template <class Options>
Options options_of(memo::store_limits const& limits) {
  Options options;
  options.max_bytes = limits.max_bytes;
  options.max_entries = limits.max_entries;
  options.max_age = std::chrono::milliseconds(limits.max_age_ms);
  return options;
}

memo::memory_store memory_with(memo::store_limits const& limits) {
  return memo::memory_store{options_of<memo::memory_options>(limits)};
}

}  // namespace

TEST_CASE("a memory store keeps its limits") { laws::hold_limits(&memory_with); }

TEST_CASE("a directory store keeps its limits") {
  scratch_folder const folder;
  laws::hold_limits([&](memo::store_limits const& limits) {
    return memo::directory_store{folder / "cache", options_of<memo::directory_options>(limits)};
  });
}

TEST_CASE("a mapped store keeps its limits") {
  scratch_folder const folder;
  laws::hold_limits([&](memo::store_limits const& limits) {
    return memo::mmap_store{folder / "cache", options_of<memo::mmap_options>(limits)};
  });
}

TEST_CASE("tiers keep the limits of the slow one") {
  scratch_folder const folder;
  // Without a limit of its own the fast tier would keep what the slow one lost.
  laws::hold_limits([&](memo::store_limits const& limits) {
    memo::store_limits fast;
    fast.max_entries = limits.max_bytes != 0 || limits.max_entries != 0 ? 1 : 0;
    fast.max_age_ms = limits.max_age_ms;
    return memo::tiered_store{
        memory_with(fast),
        memo::directory_store{folder / "cache", options_of<memo::directory_options>(limits)}};
  });
}

TEST_CASE("room is made for what comes, and a tenth at least") {
  using memo::detail::with_room;
  CHECK(with_room({1000, 50, 7}).max_bytes == 900);
  CHECK(with_room({1000, 50, 7}).max_entries == 45);
  CHECK(with_room({1000, 50, 7}).max_age_ms == 7);
  CHECK(with_room({1000, 50, 0}, 400, 10).max_bytes == 600);
  CHECK(with_room({1000, 50, 0}, 400, 10).max_entries == 40);
  // Zero is no limit, and stays none; what there is stays a limit.
  CHECK(with_room({}, 400, 10).max_bytes == 0);
  CHECK(with_room({1000, 1, 0}, 2000, 1).max_bytes == 1);
  CHECK(with_room({1000, 1, 0}, 2000, 1).max_entries == 1);
}

TEST_CASE("a limit that is less than a run uses is told with its numbers") {
  using memo::detail::too_small_for_run;
  CHECK(too_small_for_run({1000, 0, 0}, 1500, 3) ==
        "the limit of 1000 bytes is less than this run uses (1500 bytes); what it uses stays while the run "
        "lives");
  CHECK(too_small_for_run({1000, 2, 0}, 500, 3) ==
        "the limit of 2 entries is less than this run uses (3 entries); what it uses stays while the run "
        "lives");
}
