// Several outputs, checks, cache policies, order without reading, nested pipelines and named stores.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <array>
#include <memory>
#include <thread>
#include <tuple>

using namespace memo::literals;
using test::all_hit;
using test::all_ran;
using test::calls;
using test::hits;
using test::names;
using test::ran;

namespace {

int twice(int n) { return 2 * n; }

/// Neither hashable nor serializable.
class handle {
 public:
  explicit handle(int fd) : fd_(std::make_unique<int>(fd)) {}
  int fd() const { return *fd_; }

 private:
  std::unique_ptr<int> fd_;
};

}  // namespace

TEST_CASE("each of several outputs has its own digest and stops the wave by itself") {
  constexpr auto p = memo::pipeline<"split">(
      memo::input<"n", int>, memo::step<"half", "sign">([](int n) {
                               return std::pair(n / 2, std::string(n < 0 ? "-" : "+"));
                             }).from<"n">(),
      memo::step<"a">(twice).from<"half">(),
      memo::step<"b">([](std::string const& s) { return s.size(); }).from<"sign">());
  memo::runner const runner{memo::memory_store{}};
  auto const first = runner.run(p, "n"_in = 4);
  CHECK(first.get<"half">() == 2);
  CHECK(first.get<"sign">() == "+");
  CHECK(first.report()["half"].name == "half,sign");
  CHECK(first.report()["half"].values.size() == 2);
  CHECK(first.report()["sign"].values[1] == memo::digest_of(std::string("+")));
  auto const odd = runner.run(p, "n"_in = 5);
  CHECK(ran(odd.report()) == names{"half,sign"});
  auto const larger = runner.run(p, "n"_in = 6);
  CHECK(ran(larger.report()) == names{"half,sign", "a"});
  CHECK(hits(larger.report()) == names{"b"});
  CHECK(larger.get<"a">() == 6);
  auto const small = runner.run(p, "n"_in = -4);
  CHECK(ran(small.report()) == names{"half,sign", "a", "b"});
}

TEST_CASE("a tuple and an array give several outputs, and one output may be a tuple") {
  constexpr auto p = memo::pipeline<"many">(
      memo::input<"n", int>,
      memo::step<"i", "d", "s">([](int n) { return std::tuple(n, n / 2.0, std::to_string(n)); }).from<"n">(),
      memo::step<"x", "y">([](int n) { return std::array<int, 2>{n, -n}; }).from<"n">(),
      memo::step<"both">([](int n) { return std::tuple(n, std::string("one")); }).from<"n">(),
      memo::step<"all">([](int i, double d, std::string const& s, int y,
                           std::tuple<int, std::string> const& both) {
        return static_cast<double>(i) + d + static_cast<double>(s.size()) + y + std::get<0>(both);
      }).from<"i", "d", "s", "y", "both">());
  memo::runner const runner{memo::memory_store{}};
  auto const cold = runner.run(p, "n"_in = 3);
  CHECK(cold.get<"all">() == 3 + 1.5 + 1 - 3 + 3);
  CHECK(std::get<1>(cold.get<"both">()) == "one");
  auto const warm = runner.run(p, "n"_in = 3);
  CHECK(all_hit(warm.report()));
  CHECK(warm.get<"d">() == 1.5);
  CHECK(warm.get<"y">() == -3);
  CHECK(warm.get<"s">() == "3");
}

TEST_CASE("a step after another runs later and needs it, but reads nothing of it") {
  static std::vector<std::string> order;
  order.clear();
  constexpr auto p = memo::pipeline<"after">(
      memo::input<"n", int>,
      memo::step<"last">([](int n) { return order.push_back("last"), n; }).from<"n">().after<"first", "n">(),
      memo::step<"first">([](int n) { return order.push_back("first"), n + 1; }).from<"n">().version<1>());
  static_assert(p.levels() == 3);
  memo::runner const runner{memo::memory_store{}};
  auto const run = runner.run<"last">(p, "n"_in = 1);
  CHECK(order == names{"first", "last"});
  CHECK(ran(run.report()) == names{"last", "first"});
  constexpr auto changed = memo::pipeline<"after">(
      memo::input<"n", int>,
      memo::step<"last">([](int n) { return order.push_back("last"), n; }).from<"n">().after<"first", "n">(),
      memo::step<"first">([](int n) { return order.push_back("first"), n + 2; }).from<"n">().version<2>());
  auto const again = runner.run(changed, "n"_in = 1);
  CHECK(ran(again.report()) == names{"first"});
  CHECK(hits(again.report()) == names{"last"});
}

TEST_CASE("a step that is never cached always runs, once a run, and its equal value stops the wave") {
  constexpr auto p = memo::pipeline<"never">(
      memo::input<"n", int>,
      memo::step<"read">([](int n) { return ++calls("read"), n; }).from<"n">().cache(memo::never),
      memo::step<"use">(twice).from<"read">());
  memo::memory_store store;
  memo::runner const runner{store};
  calls("read") = 0;
  runner.run(p, "n"_in = 1);
  auto const run = runner.run(p, "n"_in = 1);
  CHECK(calls("read") == 2);
  CHECK(ran(run.report()) == names{"read"});
  CHECK(run.report()["read"].reason == "never cached");
  CHECK(hits(run.report()) == names{"use"});
  CHECK(run.get<"read">() == 1);
  CHECK(run.get<"use">() == 2);
  CHECK(calls("read") == 2);
  CHECK(store.stats().entries == 1);
}

TEST_CASE("a step that is never cached may give what can be neither hashed nor stored") {
  constexpr auto p = memo::pipeline<"handles">(
      memo::input<"n", int>,
      memo::step<"open">([](int n) { return ++calls("open"), handle(n); }).from<"n">().cache(memo::never),
      memo::step<"fd">([](handle const& h) { return h.fd(); }).from<"open">());
  memo::runner const runner{memo::memory_store{}};
  calls("open") = 0;
  CHECK(runner.run(p, "n"_in = 7).get<"fd">() == 7);
  auto const run = runner.run(p, "n"_in = 7);
  CHECK(run.get<"fd">() == 7);
  CHECK(run.get<"open">().fd() == 7);
  CHECK(calls("open") == 2);
  CHECK(all_ran(run.report()));
}

TEST_CASE("a step in memory keeps any type for the process, also beside a directory") {
  constexpr auto p = memo::pipeline<"in_memory">(
      memo::input<"n", int>,
      memo::step<"open">([](int n) { return ++calls("held"), handle(n); }).from<"n">().cache(memo::in_memory),
      memo::step<"fd">([](handle const& h) { return h.fd(); }).from<"open">());
  scratch_folder const folder;
  memo::process_store().clear();
  auto check = [&](memo::runner const& runner) {
    calls("held") = 0;
    CHECK(runner.run(p, "n"_in = 7).get<"fd">() == 7);
    auto const warm = runner.run(p, "n"_in = 7);
    CHECK(all_hit(warm.report()));
    CHECK(warm.get<"open">().fd() == 7);
    CHECK(calls("held") == 1);
    auto const other = runner.run(p, "n"_in = 8);
    CHECK(all_ran(other.report()));
    CHECK(other.get<"fd">() == 8);
  };
  SECTION("a directory") { check(memo::runner{memo::directory_store{folder / "cache"}}); }
  SECTION("a memory store") { check(memo::runner{memo::memory_store{}}); }
  SECTION("a lost value is computed again") {
    memo::runner const runner{memo::directory_store{folder / "cache"}};
    runner.run(p, "n"_in = 7);
    memo::process_store().clear();
    auto const run = runner.run(p, "n"_in = 7);
    CHECK(ran(run.report()) == names{"open"});
    CHECK(run.get<"open">().fd() == 7);
  }
}

TEST_CASE("digest_only keeps no value and runs again only if a reader must run") {
  constexpr auto p = memo::pipeline<"huge">(
      memo::input<"n", int>, memo::input<"k", int>.defaults_to(1),
      memo::step<"huge">([](int n) { return ++calls("huge"), std::vector<int>(10'000, n); })
          .from<"n">()
          .cache(memo::digest_only),
      memo::step<"sum">([](std::vector<int> v, int k) {
        return k * v[0] * static_cast<int>(v.size());
      }).from<"huge", "k">());
  memo::memory_store store;
  memo::runner const runner{store};
  calls("huge") = 0;
  auto const cold = runner.run(p, "n"_in = 2);
  CHECK(cold.get<"sum">() == 20'000);
  CHECK(store.stats().bytes < 10'000);
  auto const warm = runner.run(p, "n"_in = 2);
  CHECK(all_hit(warm.report()));
  CHECK(warm.get<"sum">() == 20'000);
  CHECK(calls("huge") == 1);
  auto const other = runner.run(p, "n"_in = 2, "k"_in = 3);
  CHECK(other.get<"sum">() == 60'000);
  CHECK(all_ran(other.report()));
  CHECK(calls("huge") == 2);
  CHECK(other.report()["huge"].reason == "its value was not kept");
  auto const wanted = runner.run(p, "n"_in = 2);
  CHECK(wanted.get<"huge">()[9'999] == 2);
  CHECK(calls("huge") == 3);
}

TEST_CASE("a step that returns nothing is a hit like any other") {
  constexpr auto p = memo::pipeline<"effects">(
      memo::input<"n", int>, memo::step<"send">([](int) { ++calls("send"); }).from<"n">(),
      memo::step<"once">([] { return ++calls("once"), std::string("made"); }),
      memo::step<"read">([](memo::unit, std::string const& s) { return s.size(); }).from<"send", "once">());
  static_assert(p.levels() == 3);
  memo::runner const runner{memo::memory_store{}};
  calls("send") = calls("once") = 0;
  auto const cold = runner.run(p, "n"_in = 1);
  CHECK(cold.get<"read">() == 4);
  CHECK(cold.get<"send">() == memo::unit{});
  auto const warm = runner.run(p, "n"_in = 1);
  CHECK(all_hit(warm.report()));
  CHECK(warm.get<"once">() == "made");
  auto const other = runner.run(p, "n"_in = 2);
  CHECK(ran(other.report()) == names{"send"});
  CHECK(calls("send") == 2);
  CHECK(calls("once") == 1);
}

TEST_CASE("an output that fails a check is an error with its sentence, and is not kept") {
  constexpr auto p = memo::pipeline<"checked">(memo::input<"n", int>,
                                               memo::step<"x">([](int n) { return ++calls("checked"), n; })
                                                   .from<"n">()
                                                   .check([](int v) { return v >= 0; }, "not negative")
                                                   .check([](int v) { return v < 10; }, "below ten"));
  memo::memory_store store;
  memo::runner const runner{store};
  calls("checked") = 0;
  auto const low = test::error_of<memo::step_failed>([&] { runner.run(p, "n"_in = -1); });
  CHECK(test::contains(low, "the step `x` failed"));
  CHECK(test::contains(low, "\"not negative\""));
  auto const high = test::error_of<memo::step_failed>([&] { runner.run(p, "n"_in = 10); });
  CHECK(test::contains(high, "\"below ten\""));
  CHECK(store.stats().entries == 0);
  CHECK(runner.run(p, "n"_in = 9).get<"x">() == 9);
  CHECK(all_hit(runner.run(p, "n"_in = 9).report()));
  CHECK(calls("checked") == 3);
  CHECK_THROWS_AS(runner.run(p, "n"_in = 10), memo::step_failed);
  CHECK(calls("checked") == 4);
}

TEST_CASE("a check sees all outputs of the step") {
  constexpr auto p = memo::pipeline<"pairs">(
      memo::input<"n", int>,
      memo::step<"a", "b">([](int n) { return std::pair(n, std::to_string(n)); })
          .from<"n">()
          .check([](int a, std::string const& b) { return std::to_string(a).size() == b.size() && a < 5; },
                 "fits"));
  memo::runner const runner{memo::memory_store{}};
  CHECK(runner.run(p, "n"_in = 4).get<"b">() == "4");
  CHECK_THROWS_AS(runner.run(p, "n"_in = 5), memo::step_failed);
}

TEST_CASE("an old result that lacks a check is loaded and checked, once") {
  constexpr auto before = memo::pipeline<"later">(
      memo::input<"n", int>,
      memo::step<"x">([](int n) { return ++calls("later"), n; }).from<"n">().version<1>());
  constexpr auto now = memo::pipeline<"later">(
      memo::input<"n", int>, memo::step<"x">([](int n) { return ++calls("later"), n; })
                                 .from<"n">()
                                 .version<1>()
                                 .check([](int v) { return ++calls("looked"), v < 10; }, "below ten"));
  scratch_folder const folder;
  memo::directory_store const directory{folder / "cache"};
  memo::any_store const store =
      GENERATE(0, 1) == 0 ? memo::any_store(directory) : memo::any_store(memo::memory_store{});
  memo::runner const runner{store};
  calls("later") = calls("looked") = 0;
  runner.run(before, "n"_in = 3);
  runner.run(before, "n"_in = 30);
  auto const good = runner.run(now, "n"_in = 3);
  CHECK(good.get<"x">() == 3);
  CHECK(all_hit(good.report()));
  CHECK(calls("later") == 2);
  CHECK(calls("looked") == 1);
  CHECK(all_hit(runner.run(now, "n"_in = 3).report()));
  CHECK(calls("looked") == 1);
  CHECK(all_hit(runner.run(before, "n"_in = 3).report()));
  auto const bad = test::error_of<memo::step_failed>([&] { runner.run(now, "n"_in = 30); });
  CHECK(test::contains(bad, "below ten"));
  CHECK(calls("later") == 3);
}

TEST_CASE("a step is attempted again after an exception, as often as declared") {
  constexpr auto p = memo::pipeline<"retries">(memo::input<"n", int>, memo::step<"x">([](int n) {
                                                                        if (++calls("tries") < n)
                                                                          throw std::runtime_error("busy");
                                                                        return n;
                                                                      })
                                                                          .from<"n">()
                                                                          .retry(3));
  memo::runner const runner{memo::memory_store{}};
  calls("tries") = 0;
  CHECK(runner.run(p, "n"_in = 4).get<"x">() == 4);
  CHECK(calls("tries") == 4);
  calls("tries") = 0;
  CHECK_THROWS_AS(runner.run(p, "n"_in = 5), memo::step_failed);
  CHECK(calls("tries") == 4);
}

TEST_CASE("a step's store is chosen by name, and a name that the runner lacks is an error") {
  constexpr auto p =
      memo::pipeline<"stores">(memo::input<"n", int>, memo::step<"x">(twice).from<"n">().in<"scratch">(),
                               memo::step<"y">(twice).from<"x">());
  memo::memory_store store, scratch;
  memo::runner runner{store};
  auto const text = test::error_of<memo::usage_error>([&] { runner.run(p, "n"_in = 1); });
  CHECK(test::contains(text, "scratch"));
  CHECK(test::contains(text, "runner.add_store(\"scratch\", store)"));
  runner.add_store("scratch", scratch);
  CHECK(runner.run(p, "n"_in = 1).get<"y">() == 4);
  CHECK(store.stats().entries == 1);
  CHECK(scratch.stats().entries == 1);
  CHECK(all_hit(runner.run(p, "n"_in = 1).report()));
  scratch.clear();
  auto const run = runner.run(p, "n"_in = 1);
  CHECK(ran(run.report()) == names{"x"});
  CHECK(run.get<"x">() == 2);
}

TEST_CASE("pipelines that include a pipeline share its results") {
  constexpr auto inner = memo::pipeline<"inner">(
      memo::input<"n", int>, memo::step<"x">([](int n) { return ++calls("inner"), n + 1; }).from<"n">());
  constexpr auto one = memo::pipeline<"one">(memo::step<"y">(twice).from<"x">(), inner);
  constexpr auto two = memo::pipeline<"two">(
      inner, memo::input<"k", int>, memo::step<"z">([](int x, int k) { return x * k; }).from<"x", "k">());
  memo::runner const runner{memo::memory_store{}};
  calls("inner") = 0;
  CHECK(runner.run(one, "n"_in = 1).get<"y">() == 4);
  auto const second = runner.run(two, "n"_in = 1, "k"_in = 5);
  CHECK(second.get<"z">() == 10);
  CHECK(hits(second.report()) == names{"x"});
  CHECK(all_hit(runner.run(inner, "n"_in = 1).report()));
  CHECK(calls("inner") == 1);
  constexpr auto same_names = memo::pipeline<"other">(
      memo::input<"n", int>, memo::step<"x">([](int n) { return ++calls("inner"), n + 1; }).from<"n">());
  CHECK(all_ran(runner.run(same_names, "n"_in = 1).report()));
}

TEST_CASE("a view reads stored numbers in place, and a span in place of a vector is no change") {
  constexpr auto make = [](int n) { return std::vector<double>(static_cast<std::size_t>(n), 0.5); };
  constexpr auto by_vector = memo::pipeline<"views">(
      memo::input<"n", int>, memo::input<"k", int>, memo::step<"data">(make).from<"n">().version<1>(),
      memo::step<"sum">(
          [](std::vector<double> const& v, int k) { return k * v[0] * static_cast<double>(v.size()); })
          .from<"data", "k">()
          .version<1>());
  constexpr auto by_span = memo::pipeline<"views">(memo::input<"n", int>, memo::input<"k", int>,
                                                   memo::step<"data">(make).from<"n">().version<1>(),
                                                   memo::step<"sum">([](std::span<double const> v, int k) {
                                                     return k * v[0] * static_cast<double>(v.size());
                                                   })
                                                       .from<"data", "k">()
                                                       .version<1>());
  constexpr auto by_view = memo::pipeline<"views">(
      memo::input<"n", int>, memo::input<"k", int>, memo::step<"data">(make).from<"n">().version<1>(),
      memo::step<"sum">([](memo::view<double> v, int k) { return k * v[0] * static_cast<double>(v.size()); })
          .from<"data", "k">()
          .version<1>());
  scratch_folder const folder;
  memo::runner const runner{memo::directory_store{folder / "cache"}};
  CHECK(runner.run(by_vector, "n"_in = 10'000, "k"_in = 1).get<"sum">() == 5'000);
  CHECK(all_hit(runner.run(by_span, "n"_in = 10'000, "k"_in = 1).report()));
  CHECK(all_hit(runner.run(by_view, "n"_in = 10'000, "k"_in = 1).report()));
  auto const span = runner.run(by_span, "n"_in = 10'000, "k"_in = 2);
  CHECK(span.get<"sum">() == 10'000);
  CHECK(hits(span.report()) == names{"data"});
  auto const viewed = runner.run(by_view, "n"_in = 10'000, "k"_in = 3);
  CHECK(viewed.get<"sum">() == 15'000);
  auto const elements = viewed.view<"data">();
  REQUIRE(elements.size() == 10'000);
  CHECK(elements[9'999] == 0.5);
  CHECK(reinterpret_cast<std::uintptr_t>(elements.data()) % memo::payload_alignment == 0);
  CHECK(viewed.get<"data">().size() == 10'000);
  auto const small = runner.run(by_view, "n"_in = 3, "k"_in = 2);
  CHECK(small.get<"sum">() == 3);
  CHECK(small.view<"data">().size() == 3);
  auto const none = runner.run<"data">(by_span, "n"_in = 0, "k"_in = 2).view<"data">();
  CHECK(none.empty());
}
