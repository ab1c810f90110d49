// The engine fed with rows made at run time, and what a run tells while it runs.
#include <memo/run/engine.hpp>

#include "../support/behaviour.hpp"

#include <memory>

using namespace memo::literals;
using memo::event_kind;
using memo::outcome;
using test::names;

namespace {

/// A graph of steps that each add what they read and a constant of their own.
struct built {
  struct node {
    std::string name;
    std::vector<std::uint16_t> reads;
    int constant = 0;
    int ran = 0;
    std::string_view view;
  };
  std::vector<std::unique_ptr<node>> nodes;
  memo::graph rows;

  static void invoke(void const* function, memo::call_frame& frame) {
    auto& n = *const_cast<node*>(static_cast<node const*>(function));
    ++n.ran;
    int sum = n.constant;
    for (auto const& a : frame.arguments) sum += *static_cast<int const*>(a.object);
    frame.results[0] = std::make_shared<int>(sum);
  }

  /// Adds an input where `constant` is nothing.
  std::uint16_t add(std::string name, std::vector<std::uint16_t> reads = {}, bool is_input = false,
                    int constant = 0) {
    static constexpr memo::detail::passing by_reference[16]{};
    nodes.push_back(std::make_unique<node>());
    node& n = *nodes.back();
    n.name = std::move(name);
    n.reads = std::move(reads);
    n.constant = constant;
    n.view = n.name;
    auto const slot = static_cast<std::uint16_t>(rows.slots.size());
    memo::slot_row made;
    made.name = n.view;
    made.type = &memo::value_type_of<int>;
    if (is_input) {
      memo::input_row input;
      input.name = n.view;
      input.slot = slot;
      rows.inputs.push_back(input);
    } else {
      memo::step_row row;
      row.names = {&n.view, 1};
      row.pipeline = "built";
      row.options.code = memo::code_identity::version;
      row.options.version = constant;
      row.first_output = slot;
      row.reads = n.reads;
      row.passings = {by_reference, n.reads.size()};
      row.function = &n;
      row.invoke = &invoke;
      made.step = static_cast<std::uint32_t>(rows.steps.size());
      rows.declared.push_back(made.step);
      rows.steps.push_back(row);
    }
    rows.slots.push_back(made);
    return slot;
  }

  struct answer {
    memo::report report;
    std::vector<int> values;
  };
  answer run(memo::any_store store, std::vector<int> const& inputs, memo::options chosen = {}) {
    rows.name = "built";
    std::vector<std::shared_ptr<void const>> given;
    for (int const i : inputs) given.push_back(std::make_shared<int>(i));
    memo::detail::engine engine({.graph = rows,
                                 .inputs = given,
                                 .targets = {},
                                 .store = std::move(store),
                                 .named_stores = {},
                                 .options = std::move(chosen)});
    memo::inline_executor here;
    engine.run(here);
    answer made{engine.report(), {}};
    for (std::uint32_t i = 0; i < rows.slots.size(); ++i)
      made.values.push_back(*static_cast<int const*>(engine.value(i).get()));
    return made;
  }
};

int next(int n) { return n + 1; }

}  // namespace

TEST_CASE("the engine runs rows that no pipeline declared") {
  built b;
  auto const x = b.add("x", {}, true);
  auto const y = b.add("y", {x}, false, 1);
  auto const z = b.add("z", {x, y}, false, 10);
  b.add("w", {z, z}, false, 100);
  memo::memory_store const store;
  auto const cold = b.run(store, {5});
  CHECK(cold.values == std::vector<int>{5, 6, 21, 142});
  CHECK(test::all_ran(cold.report));
  auto const warm = b.run(store, {5});
  CHECK(warm.values == cold.values);
  CHECK(test::all_hit(warm.report));
  for (auto const& n : b.nodes) CHECK(n->ran == (n->name == "x" ? 0 : 1));
  b.rows.steps[1].options.version = 11;
  b.nodes[2]->constant = 11;
  auto const changed = b.run(store, {5});
  CHECK(changed.values == std::vector<int>{5, 6, 22, 144});
  CHECK(test::ran(changed.report) == names{"z", "w"});
}

TEST_CASE("a long chain and a wide fan run without recursion") {
  built b;
  auto last = b.add("x", {}, true);
  for (int i = 0; i < 3000; ++i) last = b.add("s" + std::to_string(i), {last}, false, 1);
  std::vector<std::uint16_t> fan;
  for (int i = 0; i < 16; ++i) fan.push_back(b.add("f" + std::to_string(i), {last}, false, i));
  b.add("sum", fan);
  memo::memory_store const store;
  auto const cold = b.run(store, {0});
  CHECK(cold.values.back() == 16 * 3000 + 120);
  CHECK(test::all_ran(cold.report));
  CHECK(test::all_hit(b.run(store, {0}).report));
}

TEST_CASE("events come in order, and a hit has no will_run") {
  constexpr auto p = memo::pipeline<"events">(memo::input<"n", int>, memo::step<"a">(next).from<"n">(),
                                              memo::step<"b">(next).from<"a">().cache(memo::never));
  test::recorder events;
  memo::runner const runner{memo::memory_store{}, {.observer = &events}};
  auto told = [&] {
    std::vector<std::pair<event_kind, std::string>> list;
    for (auto const& e : events.seen()) list.emplace_back(e.kind, e.step);
    return list;
  };
  using list = std::vector<std::pair<event_kind, std::string>>;
  runner.run(p, "n"_in = 1);
  CHECK(told() == list{{event_kind::will_start, ""},
                       {event_kind::will_run, "a"},
                       {event_kind::did_run, "a"},
                       {event_kind::will_run, "b"},
                       {event_kind::did_run, "b"},
                       {event_kind::did_finish, ""}});
  CHECK(events.seen()[0].count == 2);
  CHECK(events.seen()[1].text == "first time");
  events.clear();
  runner.run(p, "n"_in = 1);
  CHECK(told() == list{{event_kind::will_start, ""},
                       {event_kind::did_hit, "a"},
                       {event_kind::did_load, "a"},
                       {event_kind::will_run, "b"},
                       {event_kind::did_run, "b"},
                       {event_kind::did_finish, ""}});
  events.clear();
  runner.run<"a">(p, "n"_in = 1);
  CHECK(events.seen()[0].count == 1);
  CHECK(events.steps(event_kind::did_hit) == names{"a"});
}

TEST_CASE("explain prints what a result depends on") {
  constexpr auto p = memo::pipeline<"stars">(
      memo::input<"path", std::string>, memo::input<"k", int>,
      memo::step<"mean">([](std::string const& s, int k) { return k * static_cast<double>(s.size()); })
          .from<"path", "k">()
          .version<4>()
          .env<"MEMO_TEST_EXPLAIN">());
  test::variable const set("MEMO_TEST_EXPLAIN", "a b");
  auto const run =
      memo::runner{memo::memory_store{}, {.project = "survey"}}.run(p, "path"_in = "x.csv", "k"_in = -2);
  CHECK(run.explain("mean") ==
        "key format 1\n"
        "project \"survey\"\n"
        "pipeline \"stars\"\n"
        "step \"mean\"\n"
        "gives mean: f64\n"
        "reads path: str\n"
        "reads k: i32\n"
        "version 4\n"
        "arithmetic plain\n"
        "input path = \"x.csv\"\n"
        "input k = -2\n"
        "environment MEMO_TEST_EXPLAIN = \"a b\"\n");
  CHECK_THROWS_AS(run.explain("men"), memo::usage_error);
}

TEST_CASE("a report as a table is the same for the same run, but for its times") {
  constexpr auto p =
      memo::pipeline<"table">(memo::input<"n", int>, memo::step<"first">(next).from<"n">().version<1>(),
                              memo::step<"second">(next).from<"first">().version<1>());
  memo::manual_clock clock;
  memo::runner const runner{memo::memory_store{}, {.clock = &clock}};
  CHECK(memo::to_text(runner.run(p, "n"_in = 1).report()) ==
        "step    outcome  time  size  why\n"
        "first   ran      0 ns  4 B   first time\n"
        "second  ran      0 ns  4 B   first time\n"
        "0 hit, 2 ran in 0 ns\n");
  CHECK(memo::to_text(runner.run<"first">(p, "n"_in = 1).report()) ==
        "step    outcome     time  size  why\n"
        "first   hit         -     4 B   unchanged\n"
        "second  not needed  -     -\n"
        "1 hit, 0 ran, 1 not needed in 0 ns\n");
  CHECK(memo::to_text(runner.plan(p, "n"_in = 2)) ==
        "step    forecast  time  size  why\n"
        "first   run       -     -     input `n` changed: 1 \u2192 2\n"
        "second  depends   -     -     `first` is not known yet\n");
}

TEST_CASE("a report has keys, digests, bytes, costs and what a hit saved") {
  static memo::manual_clock* ticking;
  memo::manual_clock clock;
  ticking = &clock;
  constexpr auto p =
      memo::pipeline<"costs">(memo::input<"n", int>, memo::step<"slow">([](int n) {
                                                       ticking->advance(std::chrono::milliseconds(1500));
                                                       return std::vector<int>(100, n);
                                                     }).from<"n">());
  memo::runner const runner{memo::memory_store{}, {.clock = &clock}};
  auto const cold = runner.run(p, "n"_in = 3);
  auto const& ran = cold.report()["slow"];
  CHECK(ran.time_ns == 1'500'000'000);
  CHECK(ran.saved_ns == 0);
  CHECK(ran.bytes >= 400);
  CHECK(ran.key);
  CHECK(ran.value == memo::digest_of(std::vector<int>(100, 3)));
  CHECK(cold.report().time_ns == 1'500'000'000);
  auto const warm = runner.run(p, "n"_in = 3);
  auto const& hit = warm.report()["slow"];
  CHECK(hit.key == ran.key);
  CHECK(hit.value == ran.value);
  CHECK(hit.time_ns == 0);
  CHECK(hit.saved_ns == 1'500'000'000);
  CHECK(hit.bytes == ran.bytes);
  CHECK(hit.forecast == memo::forecast::hit);
  CHECK(test::contains(memo::to_text(warm.report()), "saved 1.5 s"));
}
