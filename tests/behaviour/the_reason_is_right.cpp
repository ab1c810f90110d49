// Each kind of change at each step of a pipeline of ten: exactly the steps that must run do, each says why, and a plan
// says it beforehand.
#include "../support/changing_pipeline.hpp"

#include <set>

using memo::forecast;
using memo::outcome;
using test::changing_pipeline;

namespace {

//   0 -> 1 -> 3 -> 4 -> 6 -> 7 -> 8 -> 9
//   0 -> 2 -> 3 ----------------------> 9
//        2 -> 5 ------> 6
//             1 ------------------> 8
std::vector<std::vector<std::uint32_t>> const upstream{{},  {0},    {0}, {1, 2}, {3},
                                                       {2}, {4, 5}, {6}, {1, 7}, {8, 3}};

struct trial {
  memo::manual_clock clock;
  changing_pipeline p{upstream};
  memo::any_store store{memo::memory_store{}};
  memo::options options{}, once{};  ///< `once`: of the run that is looked at
  changing_pipeline::answer before{};

  trial() { options.clock = &clock; }

  void begin() {
    once = options;
    before = p.run(store, options);
    REQUIRE(test::all_ran(before.report));
    auto const again = p.run(store, options);
    REQUIRE(test::all_hit(again.report));
    REQUIRE(again.values == before.values);
  }

  /// What was done at `step` is to be the reason there; `spreads` where it changes the step's number.
  void expect(std::size_t step, std::string const& reason, bool spreads) {
    INFO("step " << step << ", " << reason);
    std::set<std::size_t> changed{step};
    std::vector<std::string> reasons(10);
    memo::report const planned = p.plan(store, once);
    auto const after = p.run(store, once);
    CHECK(after.values == p.right_values());
    for (std::size_t i = 0; i < 10; ++i) {
      memo::step_report const& done = after.report.steps[i];
      memo::step_report const& said = planned.steps[i];
      INFO("of step " << i << " the plan says: " << said.reason);
      if (i == step) {
        CHECK(done.outcome == outcome::ran);
        CHECK(memo::detail::with_change(done.reason, done.change) == reason);
        CHECK(said.forecast == forecast::run);
        CHECK(memo::detail::with_change(said.reason, said.change) == reason);
        continue;
      }
      std::size_t first = 10;
      for (std::uint32_t const u : upstream[i])
        if (first == 10 && changed.count(u) != 0) first = u;
      // Behind what runs, a plan cannot know. Nor can it in front of an early cutoff.
      CHECK(said.forecast == (first == 10 ? forecast::hit : forecast::depends));
      if (first != 10) changed.insert(i);
      if (first == 10 || !spreads) {
        CHECK(done.outcome == outcome::hit);
        CHECK(done.reason == "unchanged");
        continue;
      }
      CHECK(done.outcome == outcome::ran);
      CHECK(memo::detail::with_change(done.reason, done.change) ==
            "input `s" + std::to_string(first) + "` changed: " + std::to_string(before.values[first]) +
                " \u2192 " + std::to_string(after.values[first]) + " (" +
                (first == step ? "it" : "`s" + std::to_string(step) + "`") + " ran: " + reason + ")");
    }
    CHECK(test::all_hit(p.run(store, options).report));
  }

  /// All steps run, each for this reason.
  void expect_all(std::string const& reason) {
    memo::report const planned = p.plan(store, once);
    auto const after = p.run(store, once);
    CHECK(after.values == p.right_values());
    CHECK(test::all_ran(after.report));
    for (std::size_t i = 0; i < 10; ++i) {
      CHECK(after.report.steps[i].reason == reason);
      CHECK(planned.steps[i].forecast == (i == 0 ? forecast::run : forecast::depends));
    }
    CHECK(planned.steps[0].reason == reason);
    CHECK(test::all_hit(p.run(store, options).report));
  }
};

/// Tries a change at each step; `prepare` says what the steps are like before it.
template <class Prepare, class Change>
void at_each_step(bool spreads, Prepare prepare, Change change) {
  for (std::size_t i = 0; i < 10; ++i) {
    trial t;
    prepare(t);
    t.begin();
    std::string const reason = change(t, i, std::to_string(i));
    t.expect(i, reason, spreads);
  }
}

void nothing(trial&) {}

}  // namespace

TEST_CASE("a version") {
  at_each_step(true, nothing, [](trial& t, std::size_t i, std::string const&) {
    t.p[i].options.version = 2;
    return "version 1 \u2192 2";
  });
}

TEST_CASE("the source of a function") {
  at_each_step(
      true,
      [](trial& t) {
        for (auto& n : t.p.nodes) n->options.code = memo::code_identity::source;
      },
      [](trial& t, std::size_t i, std::string const&) {
        t.p[i].options.source = {0, 1};
        return "its source changed";
      });
}

TEST_CASE("what stands for the code") {
  at_each_step(true, nothing, [](trial& t, std::size_t i, std::string const&) {
    t.p[i].options.code = memo::code_identity::build;
    return "version 1 \u2192 by the build";
  });
}

TEST_CASE("the state of a function object") {
  at_each_step(
      true,
      [](trial& t) {
        for (auto& n : t.p.nodes) n->has_state = true;
      },
      [](trial& t, std::size_t i, std::string const&) {
        t.p[i].state = 3;
        return "the state of its function changed: 0 \u2192 3";
      });
}

TEST_CASE("the value of an input") {
  at_each_step(true, nothing, [](trial& t, std::size_t i, std::string const& number) {
    t.p[i].input = 5;
    return "input `k" + number + "` changed: 1 \u2192 5";
  });
}

TEST_CASE("an input that differs from the value that it was added with, and goes back to it") {
  for (int const at : {1, 5})
    at_each_step(
        true,
        [at](trial& t) {
          for (auto& n : t.p.nodes) {
            n->added = 1;
            n->input = at;
          }
        },
        [at](trial& t, std::size_t i, std::string const& number) {
          t.p[i].input = 6 - at;
          return "input `k" + number + "` changed: " + std::to_string(at) + " \u2192 " +
                 std::to_string(6 - at);
        });
}

TEST_CASE("the content of a file") {
  at_each_step(true, nothing, [](trial& t, std::size_t i, std::string const& number) {
    write_content(t.p[i].file, "2");
    return "input `f" + number + "` changed: f" + number + ".txt";
  });
}

TEST_CASE("a file that a step reads through its context") {
  at_each_step(
      true,
      [](trial& t) {
        for (auto& n : t.p.nodes) n->looks_around = true;
      },
      [](trial& t, std::size_t i, std::string const&) {
        write_content(t.p[i].near, "2");
        return "file `" + t.p[i].near.string() + "` changed";
      });
}

TEST_CASE("a file that a step looked for, and that appears, and goes again") {
  for (bool const is_there : {false, true})
    at_each_step(
        true,
        [is_there](trial& t) {
          for (auto& n : t.p.nodes) {
            n->looks_around = true;
            if (is_there) write_content(n->absent, "");
          }
        },
        [is_there](trial& t, std::size_t i, std::string const&) {
          if (is_there) {
            std::filesystem::remove(t.p[i].absent);
            return "`" + t.p[i].absent.string() + "` is gone";
          }
          write_content(t.p[i].absent, "");
          return "`" + t.p[i].absent.string() + "` is there now";
        });
}

TEST_CASE("a variable of .env") {
  at_each_step(
      true,
      [](trial& t) {
        for (auto& n : t.p.nodes) {
          n->has_variable = true;
          ::setenv(n->variable.c_str(), "1", 1);
        }
      },
      [](trial& t, std::size_t i, std::string const&) {
        ::setenv(t.p[i].variable.c_str(), "2", 1);
        return "environment variable " + t.p[i].variable + " changed";
      });
}

TEST_CASE("a variable of .env that was not set") {
  at_each_step(
      true,
      [](trial& t) {
        for (auto& n : t.p.nodes) n->has_variable = true;
      },
      [](trial& t, std::size_t i, std::string const&) {
        ::setenv(t.p[i].variable.c_str(), "2", 1);
        return "environment variable " + t.p[i].variable + " is set now";
      });
}

TEST_CASE("options.force") {
  at_each_step(false, nothing, [](trial& t, std::size_t i, std::string const&) {
    t.once.force = {t.p[i].name};
    return "forced";
  });
}

TEST_CASE("an age") {
  at_each_step(false, nothing, [](trial& t, std::size_t i, std::string const&) {
    t.clock.advance(std::chrono::hours(2));
    t.p[i].options.ttl_ms = 3'600'000;
    return "older than its ttl";
  });
}

TEST_CASE("a result that was erased") {
  at_each_step(false, nothing, [](trial& t, std::size_t i, std::string const&) {
    CHECK(t.store.erase(t.before.report.steps[i].key));
    return "the store has no result of it";
  });
}

TEST_CASE("a variable of options.env, and a project") {
  test::variable const set("MEMO_TEST_RUN", "1");
  trial t;
  t.options.env = {"MEMO_TEST_RUN"};
  t.begin();
  ::setenv("MEMO_TEST_RUN", "2", 1);
  t.expect_all("environment variable MEMO_TEST_RUN changed");
  t.once.project = t.options.project = "other";
  t.expect_all("first time");
}
