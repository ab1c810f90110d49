// Zero copy: a reader of elements and `run.view` see the bytes of a store where they are, and keep them.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <memo/core/mapping.hpp>

#include <cstdint>
#include <fstream>
#include <memory>
#include <numeric>
#include <optional>
#include <span>

using namespace memo::literals;
using test::all_hit;
using test::all_ran;
using test::calls;
using test::hits;
using test::names;
using test::ran;

namespace {

constexpr int count = 50'000;  // doubles: large enough to be mapped

void const* seen = nullptr;
bool was_mapped = false;
std::filesystem::path watched;

/// True where an address lies in a mapping of a file inside `folder`, as the kernel tells.
bool is_mapped_from(void const* address, std::filesystem::path const& folder) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0, to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &from, &to) != 2) continue;
    auto const at = reinterpret_cast<std::uintptr_t>(address);
    if (at >= from && at < to) return line.find(folder.string()) != std::string::npos;
  }
  return false;
}

std::vector<double> make_grid(int n) {
  ++calls("grid");
  std::vector<double> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 0.0);
  return values;
}
double sum_of(std::span<double const> values, int k) {
  ++calls("sum");
  seen = values.data();
  was_mapped = is_mapped_from(seen, watched);
  return std::accumulate(values.begin(), values.end(), 0.0) + k;
}
double last_of(memo::view<double> values, int k) { return values.back() + k; }
double first_of(std::vector<double> const& values, int k) { return values.front() + k; }

constexpr auto field = memo::pipeline<"field">(
    memo::input<"n", int>, memo::input<"k", int>, memo::input<"j", int>.defaults_to(0),
    memo::step<"grid">(make_grid).from<"n">(), memo::step<"sum">(sum_of).from<"grid", "k">(),
    memo::step<"last">(last_of).from<"grid", "k">(), memo::step<"first">(first_of).from<"grid", "j">());

bool is_mappable(memo::any_store const& store) {
  if (store.capabilities().mappable) return true;
  WARN("the file system of this test's folder is none on which files are mapped");
  return false;
}

memo::any_store open(std::string const& kind, std::filesystem::path const& path) {
  if (kind == "mapped") return memo::mmap_store{path};
  if (kind == "tiered")
    return memo::tiered_store{memo::memory_store{{.max_bytes = 1}}, memo::mmap_store{path}};
  return memo::directory_store{path};
}

bool is_right(memo::view<double> const& values) {
  if (values.size() != count) return false;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != static_cast<double>(i)) return false;
  return true;
}

struct fixture {
  fixture() {
    seen = nullptr;
    was_mapped = false;
    watched = cache;
    for (char const* name : {"grid", "sum"}) calls(name) = 0;
  }
  auto run(int k, int j = 0) const { return runner.run(field, "n"_in = count, "k"_in = k, "j"_in = j); }

  std::string const kind = GENERATE("directory", "mapped", "tiered");
  scratch_folder folder;
  std::filesystem::path cache = folder / "cache";
  memo::any_store store = open(kind, cache);
  memo::runner runner{store};
};

}  // namespace

TEST_CASE_METHOD(fixture, "a step that takes a span or a view reads a stored value in place") {
  CHECK(all_ran(run(0).report()));
  CHECK_FALSE(was_mapped);
  auto const again = run(1);
  CHECK(hits(again.report()) == names{"grid", "first"});
  CHECK(ran(again.report()) == names{"sum", "last"});
  CHECK(again.get<"sum">() == 1249975001.0);
  CHECK(again.get<"last">() == count);
  CHECK(reinterpret_cast<std::uintptr_t>(seen) % 64 == 0);
  CHECK(calls("grid") == 1);
  CHECK(was_mapped == is_mappable(store));
}

TEST_CASE_METHOD(fixture, "a caller's view shows a stored value in place, and get after it gives the value") {
  CHECK(all_ran(run(0).report()));
  auto const warm = run(0);
  CHECK(all_hit(warm.report()));
  auto const view = warm.view<"grid">();
  CHECK(is_right(view));
  if (is_mappable(store)) CHECK(is_mapped_from(view.data(), cache));
  CHECK(warm.view<"grid">().data() == view.data());
  CHECK(warm.get<"grid">()[17] == 17.0);
  CHECK(is_right(view));
  CHECK(calls("grid") == 1);
}

TEST_CASE_METHOD(fixture, "a step that takes the container gets it from the same bytes") {
  CHECK(all_ran(run(0).report()));
  auto const mixed = run(1, 1);
  CHECK(hits(mixed.report()) == names{"grid"});
  CHECK(mixed.get<"sum">() == 1249975001.0);
  CHECK(mixed.get<"first">() == 1.0);
  CHECK(calls("grid") == 1);
}

TEST_CASE("a view outlives run, runner, store, clear and eviction") {
  calls("grid") = 0;
  std::string const kind = GENERATE("directory", "mapped", "tiered");
  scratch_folder const folder;
  auto const cache = folder / "cache";
  memo::runner{open(kind, cache)}.run(field, "n"_in = count, "k"_in = 0);
  auto const take = [&] {
    memo::runner runner{open(kind, cache)};
    auto const run = runner.run(field, "n"_in = count, "k"_in = 0);
    CHECK(all_hit(run.report()));
    return run.view<"grid">();
  };
  auto const first = take();
  CHECK(is_right(first));

  SECTION("clear") {
    open(kind, cache).clear();
    CHECK(is_right(first));
    auto const again = memo::runner{open(kind, cache)}.run(field, "n"_in = count, "k"_in = 0);
    CHECK(all_ran(again.report()));
    CHECK(is_right(first));
    CHECK(calls("grid") == 2);
  }
  SECTION("eviction") {
    auto const store = open(kind, cache);
    store.collect({.max_bytes = 100'000});
    CHECK(store.stats().bytes <= 100'000);
    CHECK(is_right(first));
  }
  SECTION("replacement") {
    auto const again = memo::runner{open(kind, cache), {.mode = memo::mode::write_only}}.run(
        field, "n"_in = count, "k"_in = 0);
    CHECK(all_ran(again.report()));
    CHECK(is_right(first));
  }
  SECTION("the folder") {
    std::filesystem::remove_all(cache);
    CHECK(is_right(first));
  }
  CHECK(is_right(first));
}

TEST_CASE("a value whose file was cut between look-ups is computed again, and raises no signal") {
  calls("grid") = 0;
  scratch_folder const folder;
  memo::runner runner{memo::directory_store{folder / "cache"}};
  CHECK(all_ran(runner.run(field, "n"_in = count, "k"_in = 0).report()));
  CHECK(is_right(runner.run(field, "n"_in = count, "k"_in = 0).view<"grid">()));
  for (auto const& item : std::filesystem::recursive_directory_iterator(folder / "cache/v1/o"))
    if (item.is_regular_file()) std::filesystem::resize_file(item.path(), 8192);
  auto const run = runner.run(field, "n"_in = count, "k"_in = 1);
  CHECK(ran(run.report()) == names{"grid", "sum", "last"});
  CHECK(run.report()["grid"].reason.find("damaged") != std::string::npos);
  CHECK(run.get<"sum">() == 1249975001.0);
  CHECK(is_right(run.view<"grid">()));
  CHECK(calls("grid") == 2);
}

TEST_CASE("a value that was damaged is never seen, by a span or a view") {
  calls("grid") = 0;
  scratch_folder const folder;
  memo::runner runner{memo::directory_store{folder / "cache"}};
  CHECK(all_ran(runner.run(field, "n"_in = count, "k"_in = 0).report()));
  if (GENERATE(false, true)) CHECK(is_right(runner.run(field, "n"_in = count, "k"_in = 0).view<"grid">()));
  for (auto const& item : std::filesystem::recursive_directory_iterator(folder / "cache/v1/o")) {
    if (!item.is_regular_file()) continue;
    std::fstream file(item.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(200'000);
    file.put('!');
  }
  if (GENERATE(false, true)) {
    auto const run = runner.run(field, "n"_in = count, "k"_in = 0);
    CHECK(all_hit(run.report()));
    CHECK(is_right(run.view<"grid">()));
  } else {
    auto const run = runner.run(field, "n"_in = count, "k"_in = 1);
    CHECK(ran(run.report()) == names{"grid", "sum", "last"});
    CHECK(run.get<"sum">() == 1249975001.0);
  }
  CHECK(calls("grid") == 2);
}

TEST_CASE("a memory store's view is the live value itself, in front of another store too") {
  calls("grid") = 0;
  scratch_folder const folder;
  bool const has_tiers = GENERATE(false, true);
  memo::any_store const store =
      has_tiers
          ? memo::any_store(memo::tiered_store{memo::memory_store{}, memo::directory_store{folder / "cache"}})
          : memo::any_store(memo::memory_store{});
  memo::runner runner{store};
  auto const cold = runner.run(field, "n"_in = count, "k"_in = 0);
  CHECK(all_ran(cold.report()));
  auto const warm = runner.run(field, "n"_in = count, "k"_in = 0);
  CHECK(all_hit(warm.report()));
  auto const view = warm.view<"grid">();
  CHECK(view.data() == warm.get<"grid">().data());
  CHECK(runner.run(field, "n"_in = count, "k"_in = 0).view<"grid">().data() == view.data());
  CHECK(calls("grid") == 1);
}
