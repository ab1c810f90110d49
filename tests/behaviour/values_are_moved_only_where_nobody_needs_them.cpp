// Who gets a copy, who may take the value, and what stays for whom.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <atomic>
#include <memory>

using namespace memo::literals;
using test::names;

namespace {

/// A vector that counts its copies and moves.
struct counted {
  std::vector<double> values;

  counted() = default;
  explicit counted(std::vector<double> v) : values(std::move(v)) {}
  counted(counted const& other) : values(other.values) { ++copies; }
  counted(counted&& other) noexcept : values(std::move(other.values)) { ++moves; }
  counted& operator=(counted const&) = default;
  counted& operator=(counted&&) = default;
  ~counted() = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(values);
  }

  static inline std::atomic<int> copies{0}, moves{0};  // steps run at the same time
};

counted make(int n) { return counted(std::vector<double>(static_cast<std::size_t>(n), 1.5)); }
double sum_of(counted c) {
  double sum = 0;
  for (double& v : c.values) sum += std::exchange(v, 0.0);
  return sum;
}
double size_of(counted const& c) { return static_cast<double>(c.values.size()); }

/// A vector that knows how many of its kind are alive.
struct block {
  static inline std::atomic<int> alive{0}, most{0};
  std::vector<double> values;

  block() { count(); }
  block(block const& o) : values(o.values) { count(); }
  block(block&& o) noexcept : values(std::move(o.values)) { count(); }
  block& operator=(block const&) = default;
  block& operator=(block&&) = default;
  ~block() { --alive; }

  static void count() {
    int const now = ++alive;
    for (int known = most; known < now && !most.compare_exchange_weak(known, now);) {
    }
  }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(values);
  }
};

memo::directory_store in(scratch_folder const& folder) { return memo::directory_store{folder / "cache"}; }

void reset() { counted::copies = counted::moves = 0; }

}  // namespace

TEST_CASE("the last reader that takes its argument by value takes it without a copy") {
  constexpr auto chain = memo::pipeline<"chain">(memo::input<"n", int>, memo::step<"big">(make).from<"n">(),
                                                 memo::step<"sum">(sum_of).from<"big">());
  scratch_folder const folder;
  memo::runner const runner{in(folder)};
  reset();
  auto const run = runner.run(chain, "n"_in = 1000);
  CHECK(test::all_ran(run.report()));
  CHECK(counted::copies == 0);
  CHECK(counted::moves <= 2);
  CHECK(run.get<"sum">() == 1500);
  CHECK(run.get<"big">().values[7] == 1.5);
  CHECK(memo::digest_of(run.get<"big">()) == run.report()["big"].value);
}

TEST_CASE("an argument by value is copied where somebody else can need it") {
  scratch_folder const folder;
  memo::runner const runner{in(folder)};
  reset();
  SECTION("it is a target") {
    constexpr auto chain = memo::pipeline<"chain">(memo::input<"n", int>, memo::step<"big">(make).from<"n">(),
                                                   memo::step<"sum">(sum_of).from<"big">());
    auto const run = runner.run<"big", "sum">(chain, "n"_in = 1000);
    CHECK(counted::copies == 1);
    CHECK(run.get<"big">().values[999] == 1.5);
    CHECK(run.get<"sum">() == 1500);
  }
  SECTION("another parameter reads it") {
    constexpr auto twice = memo::pipeline<"twice">(memo::input<"n", int>, memo::step<"big">(make).from<"n">(),
                                                   memo::step<"sum">([](counted a, counted b) {
                                                     return sum_of(std::move(a)) + sum_of(std::move(b));
                                                   }).from<"big", "big">());
    auto const run = runner.run(twice, "n"_in = 10);
    CHECK(run.get<"sum">() == 30);
    CHECK(run.get<"big">().values[9] == 1.5);
  }
  SECTION("another step reads it later") {
    constexpr auto fork = memo::pipeline<"fork">(
        memo::input<"n", int>, memo::step<"big">(make).from<"n">(), memo::step<"sum">(sum_of).from<"big">(),
        memo::step<"again">(sum_of).from<"big">(), memo::step<"size">(size_of).from<"big">().after<"sum">());
    auto const run = runner.run(fork, "n"_in = 10);
    CHECK(run.get<"sum">() == 15);
    CHECK(run.get<"again">() == 15);
    CHECK(run.get<"size">() == 10);
  }
  SECTION("a further attempt may need it") {
    constexpr auto attempts =
        memo::pipeline<"attempts">(memo::input<"n", int>, memo::step<"big">(make).from<"n">(),
                                   memo::step<"sum">([](counted c) {
                                     double const sum = sum_of(std::move(c));
                                     if (test::calls("attempts")++ == 0) throw std::runtime_error("once");
                                     return sum;
                                   })
                                       .from<"big">()
                                       .retry(1));
    auto const run = runner.run(attempts, "n"_in = 10);
    CHECK(run.get<"sum">() == 15);
  }
  SECTION("it is an input, that the caller may ask for") {
    constexpr auto direct =
        memo::pipeline<"direct">(memo::input<"big", counted>, memo::step<"sum">(sum_of).from<"big">(),
                                 memo::step<"again">(sum_of).from<"big">());
    auto const run = runner.run(direct, "big"_in = make(10));
    CHECK(run.get<"sum">() == 15);
    CHECK(run.get<"again">() == 15);
    CHECK(run.get<"big">().values[0] == 1.5);
  }
}

TEST_CASE("a value of a memory store is never taken from it") {
  constexpr auto chain = memo::pipeline<"chain">(memo::input<"n", int>, memo::step<"big">(make).from<"n">(),
                                                 memo::step<"sum">([](counted c, double factor) {
                                                   return factor * sum_of(std::move(c));
                                                 }).from<"big", "factor">(),
                                                 memo::input<"factor", double>);
  memo::runner const runner{memo::memory_store{}};
  CHECK(runner.run(chain, "n"_in = 100, "factor"_in = 1.0).get<"sum">() == 150);
  auto const run = runner.run(chain, "n"_in = 100, "factor"_in = 2.0);
  CHECK(test::hits(run.report()) == names{"big"});
  CHECK(run.get<"sum">() == 300);
  CHECK(run.get<"big">().values[0] == 1.5);
}

TEST_CASE("in mode off nothing is taken, and every value can be asked for") {
  constexpr auto chain = memo::pipeline<"chain">(memo::input<"n", int>, memo::step<"big">(make).from<"n">(),
                                                 memo::step<"sum">(sum_of).from<"big">());
  memo::runner const runner{memo::memory_store{}, {.mode = memo::mode::off}};
  auto const run = runner.run(chain, "n"_in = 100);
  CHECK(run.get<"sum">() == 150);
  CHECK(run.get<"big">().values[99] == 1.5);
  CHECK(test::all_ran(run.report()));
}

TEST_CASE("an argument given as an rvalue is moved into the run") {
  constexpr auto direct =
      memo::pipeline<"direct">(memo::input<"big", counted>, memo::step<"size">(size_of).from<"big">());
  memo::runner const runner{memo::memory_store{}};
  counted big = make(1000);
  reset();
  auto const run = runner.run(direct, "big"_in = std::move(big));
  CHECK(counted::copies == 0);
  CHECK(run.get<"size">() == 1000);
  counted const kept = make(1000);
  reset();
  CHECK(runner.run(direct, "big"_in = kept).get<"size">() == 1000);
  CHECK(counted::copies == 1);
  CHECK(kept.values.size() == 1000);
}

TEST_CASE("values leave memory when their last reader is done") {
  block::alive = block::most = 0;
  constexpr auto grow = [](block const& b) {
    block next;
    next.values = b.values;
    next.values.push_back(0.5);
    return next;
  };
  constexpr auto chain = memo::pipeline<"chain">(
      memo::input<"n", int>, memo::step<"a">([](int n) {
                               block b;
                               b.values.assign(static_cast<std::size_t>(n), 0.5);
                               return b;
                             }).from<"n">(),
      memo::step<"b">(grow).from<"a">(), memo::step<"c">(grow).from<"b">(), memo::step<"d">(grow).from<"c">(),
      memo::step<"e">(grow).from<"d">(), memo::step<"f">(grow).from<"e">());
  scratch_folder const folder;
  memo::runner const runner{in(folder)};
  {
    auto const run = runner.run(chain, "n"_in = 1000);
    CHECK(test::all_ran(run.report()));
    CHECK(block::most <= 3);
    CHECK(block::alive == 1);
    CHECK(run.get<"c">().values.size() == 1002);
    CHECK(run.get<"f">().values.size() == 1005);
  }
  CHECK(block::alive == 0);
}
