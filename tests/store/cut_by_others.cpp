#include "../support/campaign.hpp"

#include <algorithm>
#include <string>
#include <vector>

// Another process cuts the files of a store while it is open: look-ups find the right value or none, and are not ended by a
// signal. What is put afterwards is found again.

namespace fs = std::filesystem;

namespace {

constexpr int numbers = 40;

std::vector<fs::path> files_below(fs::path const& folder) {
  std::vector<fs::path> all;
  for (auto const& item : fs::recursive_directory_iterator(folder))
    if (item.is_regular_file()) all.push_back(item.path());
  std::sort(all.begin(), all.end());
  return all;
}

/// Cuts every file to what `size` gives for its size.
template <class Size>
void cut_all(fs::path const& folder, Size size) {
  test::process other([&] {
    for (auto const& file : files_below(folder)) {
      auto const before = fs::file_size(file);
      fs::resize_file(file, std::min<std::uintmax_t>(before, size(before)));
    }
    return 0;
  });
  REQUIRE(other.join() == 0);
}

/// Puts what is missing, as runs would, and looks it up; here and by a process that knows nothing. What is in memory is found
/// although the file has it no more, and missed when a put begins another file: so it may take a second time.
template <class Store>
void recover(Store store, fs::path const& folder) {
  int missing = numbers;
  for (int times = 0; times < 2 && missing != 0; ++times) {
    for (int number = 0; number < numbers; ++number) {
      if (test::look_up(store, number) == samples::got::right) continue;
      CHECK(test::put(store, number));
      if (test::look_up(store, number) != samples::got::right)
        FAIL("number " << number << " was not found again");
    }
    test::process other(
        [&] { return numbers - test::found_among(test::open_store<Store>(folder), numbers); });
    missing = other.join();
    missing += numbers - test::found_among(store, numbers);
  }
  CHECK(missing == 0);
}

/// `looks`: whether the values were read before the cut, so that some of them are in memory.
template <class Store>
void survive_cuts(bool looks) {
  auto const sizes = {+[](std::uintmax_t) { return std::uintmax_t{0}; },
                      +[](std::uintmax_t size) { return size / 2; },
                      +[](std::uintmax_t size) { return size - 1; },
                      +[](std::uintmax_t size) { return size - std::min<std::uintmax_t>(size, 5'000); },
                      +[](std::uintmax_t) { return std::uintmax_t{1}; },
                      +[](std::uintmax_t) { return std::uintmax_t{600}; },
                      +[](std::uintmax_t) { return std::uintmax_t{4096}; },
                      +[](std::uintmax_t) { return std::uintmax_t{20'000}; }};
  scratch_folder const folder;
  auto const path = folder / "cache";
  auto const store = test::open_store<Store>(path);
  for (int number = 0; number < numbers; ++number) REQUIRE(test::put(store, number));
  for (auto const size : sizes) {
    INFO("files of 100'000 bytes are cut to " << size(100'000));
    if (looks) CHECK(test::found_among(store, numbers) == numbers);
    cut_all(path / "v1", size);
    test::found_among(store, numbers);
    test::found_among(store, numbers, true);
    test::process other(
        [&] { return test::found_among(test::open_store<Store>(path), numbers) >= 0 ? 0 : 1; });
    CHECK(other.join() == 0);
    recover(store, path);
    // Once more with an index, where this kind of store has one.
    store.collect();
    recover(store, path);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("files cut by another process between look-ups are misses and are put again", "",
                   memo::directory_store, memo::mmap_store) {
  survive_cuts<TestType>(true);
  survive_cuts<TestType>(false);
}

TEMPLATE_TEST_CASE("look-ups beside a process that cuts files are never ended by a signal", "",
                   memo::directory_store, memo::mmap_store) {
  scratch_folder const folder;
  auto const path = folder / "cache";
  auto const store = test::open_store<TestType>(path);
  REQUIRE(test::put(store, 0));
  test::process cutter([&] {
    for (std::uint64_t seed = test::seed_or(1);; seed = test::mixed(seed)) {
      std::error_code ignored;
      for (auto const& item : fs::recursive_directory_iterator(path / "v1", ignored)) {
        auto const size = item.is_regular_file(ignored) ? fs::file_size(item.path(), ignored) : 0;
        if (size == 0 || size > (1u << 30)) continue;
        fs::resize_file(item.path(), test::mixed(seed + size) % size, ignored);
      }
      ::usleep(static_cast<useconds_t>(seed % 2'000));
    }
    return 0;
  });
  int const rounds = test::is_long() ? 2'000 : 40;
  for (int round = 0; round < rounds; ++round) {
    for (int number = 0; number < 10; ++number) test::put(store, number, memo::put_policy::replace);
    test::found_among(store, 10);
  }
  cutter.end(SIGKILL);
  for (int number = 0; number < 10; ++number) {
    // What is damaged is replaced: to be kept, an object need only be known.
    if (test::look_up(store, number) != samples::got::right)
      CHECK(test::put(store, number, memo::put_policy::replace));
    CHECK(test::look_up(store, number) == samples::got::right);
  }
}
