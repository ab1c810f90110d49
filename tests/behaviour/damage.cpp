#include <memo/memo.hpp>

#include "../support/campaign.hpp"

#include <catch2/catch.hpp>

#include <concepts>
#include <map>
#include <set>
#include <utility>

// A small store on disk is damaged in every way that one byte, or the end of one file, can be: the run after that gives the
// right values, and the one after it finds everything. (Where it has to begin another log, the one after that.) MEMO_TEST_LONG=1 leaves no byte out.

using namespace memo::literals;
namespace fs = std::filesystem;

namespace {

struct summary {
  double mean = 0;
  std::string text;
};

std::vector<double> numbers(int count) {
  std::vector<double> all;
  for (int i = 0; i < count; ++i) all.push_back(i * 0.5);
  return all;
}
std::pair<std::map<std::string, int>, std::string> words(std::string const& text) {
  std::map<std::string, int> lengths{{text, static_cast<int>(text.size())}, {"none", 0}};
  return {lengths, text + text};
}
summary summarize(std::vector<double> const& all, std::map<std::string, int> const& lengths) {
  return {all.back() / 2 + lengths.at("none"), "of " + std::to_string(all.size())};
}

constexpr auto small =
    memo::pipeline<"small">(memo::input<"count", int>, memo::input<"text", std::string>,
                            memo::step<"numbers">(numbers).from<"count">().version<1>(),
                            memo::step<"lengths", "twice">(words).from<"text">().version<1>(),
                            memo::step<"summary">(summarize).from<"numbers", "lengths">().version<1>(),
                            memo::step<"size">([](std::vector<double> const& all) { return all.size(); })
                                .from<"numbers">()
                                .version<1>()
                                .cache(memo::digest_only));

constexpr int count = 520;  // 4160 bytes: too large to sit in an entry

/// Runs it, checks every value, and gives the report of the run.
memo::report run_and_check(memo::any_store const& store, std::string const& what) {
  memo::runner runner{store, {.jobs = 1}};
  auto run = runner.run(small, "count"_in = count, "text"_in = "abc");
  memo::report const report = run.report();
  bool const right = run.get<"numbers">() == numbers(count) && run.get<"lengths">() == words("abc").first &&
                     run.get<"twice">() == "abcabc" && run.get<"summary">().mean == 129.75 &&
                     run.get<"summary">().text == "of 520" &&
                     report["size"].value == memo::digest_of(std::size_t{count});
  if (!right) FAIL("wrong value after " << what);
  return report;
}

using files = std::map<std::string, std::string>;

files content_of_all(fs::path const& folder) {
  files all;
  for (auto const& item : fs::recursive_directory_iterator(folder))
    if (item.is_regular_file()) all[fs::relative(item.path(), folder).string()] = content_of(item.path());
  return all;
}

/// Every byte near the ends of a file, where its structure is, and some between; all of them in the long form.
bool is_tried(std::size_t at, std::size_t size) {
  return at < 100 || at + 20 > size || at % 7 == 0 || std::getenv("MEMO_TEST_LONG") != nullptr;
}

template <class Store>
class damaged_cache {
 public:
  damaged_cache() {
    run_and_check(test::open_store<Store>(folder_ / "cache"), "nothing");
    if (is_log) {
      // What is collected leaves a log with an index.
      auto const store = test::open_store<Store>(folder_ / "cache");
      test::put(store, 0);
      store.erase(samples::key_of(0));
      store.collect();
    }
    whole_ = content_of_all(folder_ / "cache");
  }

  files const& whole() const { return whole_; }

  /// Replaces a file by `bytes` and runs twice. Nothing may be thrown.
  void try_with(std::string const& name, std::string const& bytes, std::string const& what) {
    std::string const said = name + ": " + what;
    if (is_log) {  // a repair may have begun another log
      fs::remove_all(folder_ / "cache" / "v1" / "m");
      for (auto const& [file, content] : whole_) {
        fs::create_directories((folder_ / "cache" / file).parent_path());
        put_file(file, content);
      }
    }
    fs::create_directories((folder_ / "cache" / name).parent_path());
    put_file(name, bytes);
    std::string problem;
    try {
      run_and_check(test::open_store<Store>(folder_ / "cache"), said);
      memo::report next = run_and_check(test::open_store<Store>(folder_ / "cache"), said);
      if (is_log && next.count(memo::outcome::hit) != next.steps.size())
        next = run_and_check(test::open_store<Store>(folder_ / "cache"), said);
      if (next.count(memo::outcome::hit) != next.steps.size()) problem = "the next run does not hit";
    } catch (std::exception const& e) {
      problem = e.what();
    }
    if (!problem.empty()) FAIL(said << ": " << problem);
    ++tried_;
  }

  /// How many damages were survived.
  std::size_t tried() const { return tried_; }

  void repair(std::string const& name) { put_file(name, whole_.at(name)); }

 private:
  static constexpr bool is_log = std::same_as<Store, memo::mmap_store>;

  void put_file(std::string const& name, std::string const& bytes) {
    // Some file systems wait for the disk where a file is overwritten, and not where it is new.
    fs::remove(folder_ / "cache" / name);
    write_content(folder_ / "cache" / name, bytes);
  }

  test::memory_folder folder_;
  files whole_;
  std::size_t tried_ = 0;
};

}  // namespace

TEST_CASE("the cache of the damage tests holds a file of every kind") {
  damaged_cache<memo::directory_store> const cache;
  std::set<std::string> kinds;
  for (auto const& [name, bytes] : cache.whole())
    kinds.insert(name.substr(0, name.rfind('/') + 1).substr(0, 4));
  CHECK(kinds == std::set<std::string>{"", "v1/", "v1/e", "v1/l", "v1/o"});
  CHECK(cache.whole().count("MEMO") + cache.whole().count("CACHEDIR.TAG") +
            cache.whole().count(".gitignore") ==
        3);
}

TEST_CASE("the log of the damage tests has an index and a file that names it") {
  damaged_cache<memo::mmap_store> const cache;
  std::set<std::string> kinds;
  for (auto const& [name, bytes] : cache.whole())
    if (name.starts_with("v1/m/")) kinds.insert(name.substr(5, name.find('.') - 5));
  CHECK(kinds == std::set<std::string>{"current", "index", "lock", "log"});
}

TEMPLATE_TEST_CASE("after any truncation of any file, values are right and the next run is all hits", "",
                   memo::directory_store, memo::mmap_store) {
  damaged_cache<TestType> cache;
  for (auto const& [name, bytes] : cache.whole()) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
      if (is_tried(size, bytes.size()))
        cache.try_with(name, bytes.substr(0, size), "truncated to " + std::to_string(size));
    cache.repair(name);
  }
  CHECK(cache.tried() > 100);
}

TEMPLATE_TEST_CASE("after a change of any byte of any file, values are right and the next run is all hits",
                   "", memo::directory_store, memo::mmap_store) {
  damaged_cache<TestType> cache;
  for (auto const& [name, bytes] : cache.whole()) {
    for (std::size_t at = 0; at < bytes.size(); ++at)
      for (unsigned const mask : {0xffu, 0x01u}) {
        if (!is_tried(at, bytes.size())) continue;
        std::string changed = bytes;
        changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ mask);
        cache.try_with(name, changed, "byte " + std::to_string(at) + " xor " + std::to_string(mask));
      }
    cache.repair(name);
  }
  CHECK(cache.tried() > 100);
}

TEMPLATE_TEST_CASE("after the loss of any file, values are right and the next run is all hits", "",
                   memo::directory_store, memo::mmap_store) {
  scratch_folder const folder;
  run_and_check(test::open_store<TestType>(folder / "cache"), "nothing");
  for (auto const& [name, bytes] : content_of_all(folder / "cache")) {
    fs::remove(folder / "cache" / name);
    run_and_check(test::open_store<TestType>(folder / "cache"), "the loss of " + name);
    memo::report const next =
        run_and_check(test::open_store<TestType>(folder / "cache"), "the loss of " + name);
    CHECK(next.count(memo::outcome::hit) == next.steps.size());
  }
}
