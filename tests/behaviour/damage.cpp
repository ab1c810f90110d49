#include <memo/memo.hpp>

#include "../laws/scratch.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <utility>

// A small cache directory is damaged in every way that one byte, or the end of one file, can be: the run after that
// gives the right values, and the run after the next finds everything.

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
memo::report run_and_check(fs::path const& folder, std::string const& what) {
  memo::runner runner{memo::directory_store{folder}, {.jobs = 1}};
  auto run = runner.run(small, "count"_in = count, "text"_in = "abc");
  memo::report const report = run.report();
  bool const right = run.get<"numbers">() == numbers(count) && run.get<"lengths">() == words("abc").first &&
                     run.get<"twice">() == "abcabc" && run.get<"summary">().mean == 129.75 &&
                     run.get<"summary">().text == "of 520" && run.get<"size">() == std::size_t{count};
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

/// Makes the folder what it was.
void restore(fs::path const& folder, files const& wanted) {
  files const there = content_of_all(folder);
  for (auto const& [name, bytes] : there)
    if (wanted.count(name) == 0) fs::remove(folder / name);
  for (auto const& [name, bytes] : wanted) {
    auto const now = there.find(name);
    if (now != there.end() && now->second == bytes) continue;
    fs::create_directories((folder / name).parent_path());
    write_content(folder / name, bytes);
  }
}

class damaged_cache {
 public:
  damaged_cache() {
    run_and_check(folder_ / "cache", "nothing");
    whole_ = content_of_all(folder_ / "cache");
  }

  files const& whole() const { return whole_; }

  /// Replaces a file by `bytes` and runs three times. Nothing may be thrown.
  void try_with(std::string const& name, std::string const& bytes, std::string const& what) {
    std::string const said = name + ": " + what;
    INFO(said);
    write_content(folder_ / "cache" / name, bytes);
    try {
      run_and_check(folder_ / "cache", said);
      run_and_check(folder_ / "cache", said);
      memo::report const third = run_and_check(folder_ / "cache", said);
      if (third.count(memo::outcome::hit) != third.steps.size()) FAIL("no hit in the run after the next");
    } catch (std::exception const& e) {
      FAIL(e.what());
    }
    restore(folder_ / "cache", whole_);
  }

 private:
  scratch_folder folder_;
  files whole_;
};

}  // namespace

TEST_CASE("the cache of the damage tests holds a file of every kind") {
  damaged_cache const cache;
  std::set<std::string> kinds;
  for (auto const& [name, bytes] : cache.whole())
    kinds.insert(name.substr(0, name.rfind('/') + 1).substr(0, 4));
  CHECK(kinds == std::set<std::string>{"", "v1/e", "v1/l", "v1/o"});
  CHECK(cache.whole().count("MEMO") + cache.whole().count("CACHEDIR.TAG") +
            cache.whole().count(".gitignore") ==
        3);
}

TEST_CASE("after any truncation of any file, values are right and the run after the next is all hits") {
  damaged_cache cache;
  std::size_t tried = 0;
  for (auto const& [name, bytes] : cache.whole())
    for (std::size_t size = 0; size < bytes.size(); ++size, ++tried)
      cache.try_with(name, bytes.substr(0, size), "truncated to " + std::to_string(size));
  CHECK(tried > 1000);
}

TEST_CASE("after a change of any byte of any file, values are right and the run after the next is all hits") {
  damaged_cache cache;
  std::size_t tried = 0;
  for (auto const& [name, bytes] : cache.whole())
    for (std::size_t at = 0; at < bytes.size(); ++at)
      for (unsigned const mask : {0xffu, 0x01u}) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ mask);
        cache.try_with(name, changed, "byte " + std::to_string(at) + " xor " + std::to_string(mask));
        ++tried;
      }
  CHECK(tried > 1000);
}

TEST_CASE("after the loss of any file, values are right and the run after the next is all hits") {
  damaged_cache cache;
  for (auto const& [name, bytes] : cache.whole()) cache.try_with(name, "", "emptied");
}
