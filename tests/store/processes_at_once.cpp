#include "../support/campaign.hpp"

#include <cstdio>
#include <memory>
#include <vector>

// Four processes write into one directory, others look up what they write, and one more clears, collects, erases and
// verifies in between. Whatever is found is right. MEMO_TEST_LONG=1 does it for longer.

namespace {

constexpr int numbers = 120;

template <class Store>
int write_many(std::filesystem::path const& folder, std::uint64_t max_bytes, std::uint64_t seed, int rounds) {
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    // A new handle now and then, so that opening meets the work of others too.
    auto const store = test::open_store<Store>(folder, max_bytes);
    for (int i = 0; i < 100; ++i) {
      seed = test::mixed(seed);
      auto const policy = seed % 8 == 0 ? memo::put_policy::replace : memo::put_policy::keep;
      auto const made = test::sample_of(static_cast<int>(seed / 16 % numbers)).put_into(store, policy);
      // A file that is half written when somebody clears the store may go with the rest.
      if (made.stored) continue;
      if (made.warning.empty()) return 2;
      if (++refused * 10 > rounds * 100) return std::fprintf(stderr, "too many: %s\n", made.warning.c_str());
    }
  }
  return 0;
}

/// Ends with 0 when the channel tells it to, or with 1 at the first wrong value.
template <class Store>
int look_up_until(std::filesystem::path const& folder, test::channel& end, std::uint64_t seed) {
  for (int hits = 0;;) {
    auto const store = test::open_store<Store>(folder);
    for (int i = 0; i < 200; ++i) {
      seed = test::mixed(seed);
      samples::got const got = test::look_up(store, static_cast<int>(seed / 16 % numbers), seed % 2 == 0);
      if (got == samples::got::wrong) return 1;
      hits += got == samples::got::right ? 1 : 0;
    }
    if (end.count() > 0) {
      end.send();  // for the next reader
      return hits > 0 ? 0 : 3;
    }
  }
}

template <class Store>
int disturb_until_killed(std::filesystem::path const& folder, std::uint64_t max_bytes, std::uint64_t seed) {
  auto const store = test::open_store<Store>(folder, max_bytes);
  for (;; ::usleep(static_cast<useconds_t>(seed % 3'000))) {
    seed = test::mixed(seed);
    try {
      switch (seed / 16 % 8) {
        case 0:
          store.clear();
          break;
        case 1:
          if (store.verify().damaged != 0) return 1;
          break;
        case 2:
          store.clear_step("stars", "mean");
          break;
        case 3:
        case 4:
          store.erase(samples::key_of(static_cast<int>(seed / 256 % numbers)));
          break;
        default:
          store.collect();
      }
    } catch (memo::store_error const&) {  // it may be cleared under our feet
    }
  }
}

template <class Store>
void disturb_each_other(std::uint64_t max_bytes) {
  scratch_folder const folder;
  auto const path = folder / "cache";
  test::channel end;
  int const rounds = test::is_long() ? 200 : 6;
  std::vector<test::process> writers, readers;
  for (std::uint64_t i = 0; i < 4; ++i)
    writers.emplace_back([&] { return write_many<Store>(path, max_bytes, test::seed_or(1) + i, rounds); });
  for (std::uint64_t i = 0; i < 2; ++i)
    readers.emplace_back([&] { return look_up_until<Store>(path, end, test::seed_or(100) + i); });
  auto disturber = std::make_unique<test::process>(
      [&] { return disturb_until_killed<Store>(path, max_bytes, test::seed_or(1000)); });

  for (auto& writer : writers) CHECK(writer.join() == 0);
  disturber->end(SIGKILL);

  // What is put now stays, as far as the limit lets it.
  auto const store = test::open_store<Store>(path, max_bytes);
  for (int number = 0; number < 10; ++number) {
    CHECK(test::put(store, number));
    CHECK(test::look_up(store, number) == samples::got::right);
  }
  end.send();
  for (auto& reader : readers) CHECK(reader.join() == 0);
  CHECK(test::found_among(store, numbers) >= 10);
  CHECK(test::found_among(store, numbers, true) >= 10);
  CHECK(store.verify().damaged == 0);
  if (max_bytes != 0) {
    store.collect();
    CHECK(store.stats().bytes <= max_bytes);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("processes that write, read and clear at once find nothing wrong", "",
                   memo::directory_store, memo::mmap_store) {
  disturb_each_other<TestType>(0);
}

TEMPLATE_TEST_CASE("processes that write, read and clear at once within a limit find nothing wrong", "",
                   memo::directory_store, memo::mmap_store) {
  disturb_each_other<TestType>(std::uint64_t{2} << 20);
}
