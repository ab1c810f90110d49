#include <memo/cli/cache_commands.hpp>

#include "typed.hpp"

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"

#include <memo/store/memory_store.hpp>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>

using test::said;

namespace {

/// As `memo-cache` in a shell.
said type_cache(std::string const& line, std::string const& answer = "", bool asks = false) {
  return test::type(memo::detail::cache_commands, nullptr, {}, "memo-cache", test::words_of(line), answer,
                    asks);
}

/// MEMO_DIR for one test.
class memo_dir {
 public:
  explicit memo_dir(std::string const& value) { ::setenv("MEMO_DIR", value.c_str(), 1); }
  memo_dir(memo_dir const&) = delete;
  memo_dir& operator=(memo_dir const&) = delete;
  ~memo_dir() { ::unsetenv("MEMO_DIR"); }
};

/// Entry `number` of a step, so many minutes old.
void put(memo::any_store const& store, int number, std::string const& step, int minutes, std::int64_t cost_ns,
         std::size_t size = 100, std::string const& pipeline = "stars") {
  samples::sample one(number, size, step);
  one.value.pipeline = pipeline;
  one.value.created_ms -= std::int64_t{60'000} * minutes;
  one.value.cost_ns = cost_ns;
  REQUIRE(one.put_into(store).stored);
}

std::string key_text(int number) { return memo::to_hex(samples::key_of(number)); }

/// The order in which a list names keys.
std::vector<int> order_in(std::string const& out, std::vector<int> const& numbers) {
  std::vector<std::pair<std::size_t, int>> places;
  for (int const number : numbers)
    if (std::size_t const at = out.find(key_text(number).substr(0, 12)); at != out.npos)
      places.emplace_back(at, number);
  std::sort(places.begin(), places.end());
  std::vector<int> order;
  for (auto const& [at, number] : places) order.push_back(number);
  return order;
}

}  // namespace

TEMPLATE_TEST_CASE("the commands of a cache work on any kind of store", "", memo::directory_store,
                   memo::mmap_store) {
  scratch_folder scratch;
  std::string const place = (scratch / "cache").string();
  std::string const dir = " --dir " + place;
  {
    memo::any_store const store = TestType(place);
    put(store, 1, "mean", 10, 3'000'000'000);
    put(store, 2, "mean", 200, 1'000'000'000, 9000);
    put(store, 3, "train,test", 5, 2'000'000'000);
    put(store, 4, "mean", 1, 5, 100, "moons");
  }

  SECTION("list sorts, filters and cuts off") {
    CHECK(order_in(type_cache("list" + dir).out, {1, 2, 3, 4}) == std::vector<int>{4, 3, 1, 2});
    CHECK(order_in(type_cache("list --sort size" + dir).out, {1, 2, 3, 4}).front() == 2);
    CHECK(order_in(type_cache("list --sort cost" + dir).out, {1, 2, 3, 4}) == std::vector<int>{1, 3, 2, 4});
    CHECK(order_in(type_cache("list --sort step" + dir).out, {1, 2, 3, 4}) == std::vector<int>{4, 1, 2, 3});
    CHECK(order_in(type_cache("list --step test" + dir).out, {1, 2, 3, 4}) == std::vector<int>{3});
    said const two = type_cache("list --limit 2" + dir);
    CHECK(order_in(two.out, {1, 2, 3, 4}) == std::vector<int>{4, 3});
    CHECK(two.says("... and 2 more"));
    said const none = type_cache("list --step unheard" + dir);
    CHECK(none.status == 0);
    CHECK(none.out.empty());
    CHECK(none.complains("no entry of the step `unheard`"));
  }
  SECTION("list gives lines of JSON") {
    said const all = type_cache("list --json" + dir);
    CHECK(std::count(all.out.begin(), all.out.end(), '\n') == 4);
    CHECK(all.says("\"key\":\"" + key_text(3) + "\""));
    CHECK(all.says("\"step\":\"train,test\""));
    CHECK(type_cache("list --json --sort cost --limit 1" + dir).says("\"key\":\"" + key_text(1) + "\""));
  }
  SECTION("show takes a beginning of a key") {
    said const shown = type_cache("show " + key_text(3).substr(0, 12) + dir);
    CHECK(shown.status == 0);
    for (char const* part : {"train,test", "stars", "2 s", "survey", "2 checks passed", "output train",
                             "/data/stars.csv", "read absent", "5 min"})
      CHECK(shown.says(part));
    CHECK(type_cache("show " + key_text(3) + dir).out == shown.out);
    said const unknown = type_cache("show 00000000000000000000000000000000" + dir);
    CHECK(unknown.status == 1);
    CHECK(unknown.complains("error: the cache has no entry with the key"));
    CHECK(type_cache("show xyz" + dir).status == 2);
    CHECK(type_cache("show" + dir).status == 2);
    CHECK(type_cache("show 1 2" + dir).status == 2);
  }
  SECTION("stats adds up by step") {
    said const all = type_cache("stats" + dir);
    CHECK(all.says("4 entries"));
    CHECK(all.says(place));
    CHECK(all.says("train,test"));
    CHECK(type_cache("stats --json" + dir).says("\"step\":\"train,test\",\"entries\":1,\"bytes\":100"));
  }
  SECTION("clear removes a step, and says what it removed") {
    said const ambiguous = type_cache("clear mean" + dir);
    CHECK(ambiguous.status == 2);
    CHECK(ambiguous.complains("several pipelines"));
    CHECK(ambiguous.complains("moons, stars"));
    CHECK(type_cache("clear mean --pipeline stars" + dir)
              .says("removed 2 entries (8.887 KiB) of the step `mean`"));
    CHECK(type_cache("clear test" + dir).says("removed 1 entry (100 B)"));
    said const unknown = type_cache("clear maen" + dir);
    CHECK(unknown.status == 2);
    CHECK(unknown.complains("did you mean `mean`?"));
    CHECK(type_cache("list" + dir).says(key_text(4).substr(0, 12)));
  }
  SECTION("clear of everything wants to be sure") {
    said const nobody = type_cache("clear" + dir);
    CHECK(nobody.status == 2);
    CHECK(nobody.complains("needs --yes"));
    said const refused = type_cache("clear" + dir, "n\n", true);
    CHECK(refused.status == 1);
    CHECK(refused.complains("Remove all 4 entries"));
    CHECK(type_cache("stats" + dir).says("4 entries"));
    CHECK(type_cache("clear" + dir, "y\n", true).status == 0);
    CHECK(type_cache("clear --yes" + dir).says("removed 0 entries"));
    said const empty = type_cache("list" + dir);
    CHECK(empty.status == 0);
    CHECK(empty.complains("the cache is empty"));
  }
  SECTION("gc without a limit removes no entry; with one it keeps to it") {
    CHECK(type_cache("gc" + dir).says("removed 0 entries"));
    CHECK(type_cache("stats" + dir).says("4 entries"));
    CHECK(type_cache("gc --max-bytes lots" + dir).complains("give a size"));
    CHECK(type_cache("gc --max-bytes 0" + dir).status == 2);
    CHECK(type_cache("gc --max-age soon" + dir).complains("give a duration"));
    CHECK(type_cache("gc --max-entries -1" + dir).complains("give a whole number"));
    CHECK(type_cache("gc --max-age 1h" + dir).says("removed 1 entry"));
    CHECK(type_cache("gc --max-entries 1" + dir).status == 0);
    CHECK(type_cache("stats" + dir).says("1 entry"));
  }
  SECTION("a cache that is whole passes") {
    said const whole = type_cache("verify" + dir);
    CHECK(whole.status == 0);
    CHECK(whole.says(" 0 damaged"));
  }
  SECTION("a cache in which no program ran has no history and no report") {
    said const past = type_cache("history" + dir);
    CHECK(past.status == 0);
    CHECK(past.complains("no run is in the history"));
    said const last = type_cache("report" + dir);
    CHECK(last.status == 1);
    CHECK(last.complains("no run is kept in this cache"));
    CHECK(last.complains("hint: "));
  }
}

TEST_CASE("verify of a damaged cache tells of differences") {
  scratch_folder scratch;
  std::string const place = (scratch / "cache").string();
  put(memo::directory_store(place), 2, "mean", 0, 1, 9000);
  for (auto const& file : std::filesystem::recursive_directory_iterator(place))
    if (file.is_regular_file() && file.file_size() > 9000) {
      std::string bytes = content_of(file.path());
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
      std::filesystem::permissions(file.path(), std::filesystem::perms::owner_all);
      write_content(file.path(), bytes);
    }
  said const damaged = type_cache("verify --dir " + place);
  CHECK(damaged.status == 3);
  CHECK(damaged.says(" 1 damaged"));
  CHECK(damaged.complains("is removed"));
}

TEST_CASE("an ambiguous beginning of a key lists the candidates") {
  scratch_folder scratch;
  std::string const place = (scratch / "cache").string();
  memo::any_store const store = memo::directory_store(place);
  for (int i = 0; i < 40; ++i) put(store, i, "mean", 0, 1);
  std::string prefix;
  for (int i = 0; i < 40 && prefix.empty(); ++i)
    for (int j = 0; j < i; ++j)
      if (key_text(i)[0] == key_text(j)[0]) prefix = key_text(i).substr(0, 1);
  said const many = type_cache("show " + prefix + " --dir " + place);
  CHECK(many.status == 2);
  CHECK(many.complains("is the beginning of"));
  CHECK(many.complains("give more digits"));
}

TEST_CASE("the directory of a cache comes from the option or from the environment") {
  scratch_folder scratch;
  std::string const place = (scratch / "cache").string();
  put(memo::directory_store(place), 1, "mean", 0, 1);
  said const nowhere = type_cache("list");
  CHECK(nowhere.status == 2);
  CHECK(nowhere.complains("error: no cache is named"));
  CHECK(nowhere.complains("MEMO_DIR"));
  memo_dir const named(place);
  CHECK(type_cache("list").says("mean"));
  CHECK(type_cache("--dir " + place + " list").says("mean"));
  CHECK(type_cache("--dir=" + place + " list").says("mean"));
  said const wrong = type_cache("--dir " + (scratch / "other").string() + " list");
  CHECK(wrong.status == 2);
  CHECK(wrong.complains("there is no such directory"));
}

TEST_CASE("commands that need a pipeline say so where there is none") {
  for (char const* name : {"run", "plan", "explain", "graph"}) {
    said const refused = type_cache(name);
    CHECK(refused.status == 2);
    CHECK(refused.complains("needs a pipeline"));
  }
  CHECK(type_cache("").complains("no command is given"));
  CHECK(type_cache("--json").complains("no command is given"));
  CHECK(type_cache("lsit").complains("did you mean `list`?"));
}

TEST_CASE("each command of a cache has a help of its own") {
  for (char const* name : {"list", "show", "stats", "history", "verify", "clear", "gc", "doctor", "report"}) {
    said const help = type_cache(std::string(name) + " --help");
    INFO(name << '\n' << help.out);
    CHECK(help.status == 0);
    CHECK(help.err.empty());
    CHECK(help.says("usage: memo-cache " + std::string(name)));
    CHECK(help.says("--dir DIR"));
    CHECK(type_cache("help " + std::string(name)).out == help.out);
    CHECK(type_cache("--help").says("  " + std::string(name) + ' '));
  }
  CHECK(type_cache("--version").out.starts_with("memo 0."));
}

TEST_CASE("names in a cache do nothing to the terminal") {
  scratch_folder scratch;
  std::string const place = (scratch / "cache").string();
  put(memo::directory_store(place), 1, "\x1b[31mred\nline", 0, 1);
  for (char const* command : {"list", "stats"}) {
    said const shown = type_cache(std::string(command) + " --dir " + place);
    CHECK_FALSE(shown.says("\x1b"));
    CHECK(shown.says("\\x1b[31mred\\x0aline"));
  }
}
