#include "../support/campaign.hpp"

#include <sched.h>
#include <sys/mount.h>

#include <cstdio>
#include <string>

// A store on a file system of a few mebibytes that gets full. Needs the right to mount one; the mount is seen by a child
// process alone.

namespace fs = std::filesystem;

namespace {

constexpr int skipped = 77;

/// A child's checks: what is wrong is printed, and makes its status 1.
struct verdict {
  int status = 0;
  void check(bool is_right, char const* what) {
    if (is_right) return;
    std::fprintf(stderr, "on a full file system: %s\n", what);
    status = 1;
  }
};

template <class Store>
int fill_up(fs::path const& folder) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=4m,mode=0700") != 0)
    return skipped;
  verdict all;
  auto const path = folder / "cache";
  constexpr int numbers = 2'000;
  {
    auto const store = test::open_store<Store>(path);
    int stored = 0, refused = 0;
    for (int number = 0; number < numbers; ++number) {
      auto const put = test::sample_of(number).put_into(store);
      stored += put.stored ? 1 : 0;
      refused += put.stored ? 0 : 1;
      if (!put.stored) all.check(!put.warning.empty(), "a put failed and did not say why");
      // What was said to be stored is there.
      if (put.stored) all.check(test::look_up(store, number) == samples::got::right, "a put did not last");
    }
    all.check(stored > 20, "hardly anything was stored");
    all.check(refused > 100, "the file system did not get full");
    all.check(test::found_among(store, numbers) >= stored, "what was stored is missing");
    all.check(test::found_among(store, numbers, true) >= stored, "what was stored cannot be viewed");
    // None of these has room; they may throw a store_error and must not spoil anything.
    for (int i = 0; i < 3; ++i) try {
        store.collect();
        store.write_last(samples::id_of("last"), memo::as_byte_view(std::string(10'000, 'x')));
        store.erase(samples::key_of(7));
      } catch (memo::store_error const&) {
      }
    all.check(test::found_among(store, numbers) >= stored - 1, "a collection without room lost entries");
    all.check(store.verify().damaged == 0, "something is damaged");
  }
  {
    auto const store = test::open_store<Store>(path);
    int const there = test::found_among(store, numbers);
    all.check(there > 20, "a new handle does not find what is there");
    store.clear();
    for (int number = 0; number < 20; ++number) {
      all.check(test::put(store, number), "no put after room was made");
      all.check(test::look_up(store, number) == samples::got::right, "no value after room was made");
    }
  }
  {
    // Room that somebody else makes.
    auto const store = test::open_store<Store>(path);
    auto const other = (folder / "other").string();
    store.clear();
    test::put(store, 1);
    std::FILE* const file = std::fopen(other.c_str(), "wb");
    std::string const zeros(4096, '\0');
    while (std::fwrite(zeros.data(), 1, zeros.size(), file) == zeros.size() && std::fflush(file) == 0) {
    }
    std::fclose(file);
    bool const stored = test::put(store, 3);  // where the store had room of its own left
    all.check(test::look_up(store, 1) == samples::got::right, "a value was lost");
    all.check(test::look_up(store, 3) == (stored ? samples::got::right : samples::got::nothing),
              "a put without room did not do what it said");
    fs::remove(other);
    all.check(test::put(store, 3), "no put after another made room");
    all.check(test::look_up(store, 3) == samples::got::right, "no value after another made room");
  }
  {
    // No room from the start on.
    fs::remove_all(path);
    std::FILE* const file = std::fopen((folder / "other").c_str(), "wb");
    std::string const zeros(4096, '\0');
    while (std::fwrite(zeros.data(), 1, zeros.size(), file) == zeros.size() && std::fflush(file) == 0) {
    }
    std::fclose(file);
    auto const store = test::open_store<Store>(path);
    all.check(!test::put(store, 3), "a value was stored where there was never room");
    all.check(test::look_up(store, 3) == samples::got::nothing, "a value from nowhere");
    fs::remove(folder / "other");
    all.check(test::put(store, 3), "no put after room was made for the first time");
    all.check(test::look_up(store, 3) == samples::got::right,
              "no value after room was made for the first time");
  }
  return all.status;
}

}  // namespace

TEMPLATE_TEST_CASE("on a full file system puts fail with a warning and nothing wrong is read", "",
                   memo::directory_store, memo::mmap_store) {
  scratch_folder const folder;
  test::process child([&] { return fill_up<TestType>(folder.path()); });
  int const status = child.join();
  if (status == skipped)
    WARN("skipped: this process may not mount a file system");
  else
    CHECK(status == 0);
}
