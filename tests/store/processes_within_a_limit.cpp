#include "../support/campaign.hpp"

#include <algorithm>
#include <vector>

// Four processes write ten times of what a store may have. While they do it lies little above the limit, and under it soon
// after the last of them. MEMO_TEST_LONG=1 takes larger limits.

namespace fs = std::filesystem;

namespace {

/// Of all files that hold entries and values, those that are being written too.
std::uint64_t bytes_below(fs::path const& folder) {
  std::uint64_t all = 0;
  std::error_code ignored;
  for (auto at = fs::recursive_directory_iterator(folder, ignored); at != fs::recursive_directory_iterator();
       at.increment(ignored)) {
    auto const size = at->is_regular_file(ignored) ? at->file_size(ignored) : 0;
    if (size != static_cast<std::uintmax_t>(-1)) all += size;
  }
  return all;
}

template <class Store>
int write_until(fs::path const& folder, std::uint64_t max_bytes, std::uint64_t share, int first) {
  auto const store = test::open_store<Store>(folder, max_bytes);
  std::uint64_t written = 0;
  for (int number = first; written < share; ++number) {
    auto const made = test::sample_of(number);
    if (!made.put_into(store).stored) return 1;
    written += made.bytes.size();
  }
  return 0;
}

}  // namespace

TEMPLATE_TEST_CASE("processes that write ten times the limit stay close to it", "", memo::directory_store,
                   memo::mmap_store) {
  std::uint64_t const max_bytes = std::uint64_t{test::is_long() ? 32u : 3u} << 20;
  scratch_folder const folder;
  auto const path = folder / "cache";
  std::vector<test::process> writers;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back(
        [&, i] { return write_until<TestType>(path, max_bytes, max_bytes * 10 / 4, i * 1'000'000); });
  test::process watcher([&] {
    for (std::uint64_t most = 0;; ::usleep(2'000)) {
      most = std::max(most, bytes_below(path));
      if (most > max_bytes + max_bytes / 10)
        return static_cast<int>(std::min(most * 100 / max_bytes, std::uint64_t{255}));
    }
  });
  for (auto& writer : writers) CHECK(writer.join() == 0);
  ::kill(watcher.id(), SIGKILL);
  CHECK(watcher.join() == -SIGKILL);  // else by how many percent of the limit
  for (int i = 0; i < 100 && bytes_below(path) > max_bytes; ++i) ::usleep(10'000);
  CHECK(bytes_below(path) <= max_bytes);
  auto const store = test::open_store<TestType>(path, max_bytes);
  CHECK(store.stats().entries > 0);
  CHECK(store.verify().damaged == 0);
}
