#include <memo/run/engine_plan.hpp>

#include "../support/changing_pipeline.hpp"
#include "../support/processes.hpp"
#include "random_graph.hpp"

#include <set>

// Random pipelines and random edits of everything that counts. Before each run a plan is asked: what it says would run is
// what runs, for the reason that it gave; what it says is a hit is one; and it says "depends" only behind what runs.
//
// MEMO_TEST_LONG=1 tries 100 000 edits; MEMO_TEST_SEED=N only the pipeline that a failure named.

using memo::forecast;
using memo::outcome;
using test::changing_pipeline;

namespace {

std::vector<std::vector<std::uint32_t>> random_upstream(random_graph::numbers& draw) {
  std::vector<std::vector<std::uint32_t>> upstream(3 + draw.below(7));
  for (std::uint32_t i = 1; i < upstream.size(); ++i) {
    std::set<std::uint32_t> chosen;
    for (std::size_t count = draw.below(3); count-- > 0;)
      chosen.insert(static_cast<std::uint32_t>(draw.below(i)));
    upstream[i].assign(chosen.begin(), chosen.end());
  }
  return upstream;
}

class trial {
 public:
  trial(std::uint64_t seed, memo::any_store store)
      : draw_(seed), upstream_(random_upstream(draw_)), p_(upstream_), store_(std::move(store)) {
    options_.clock = &clock_;
    options_.verify = 1;
    for (auto& n : p_.nodes) {
      n->is_coarse = draw_.one_in(3);
      n->looks_around = draw_.one_in(3);
      n->has_variable = draw_.one_in(3);
      n->has_state = draw_.one_in(3);
      if (draw_.one_in(4)) n->added = 1;
      if (draw_.one_in(8)) n->policy = memo::cache_policy::never;
      if (draw_.one_in(6)) n->options.ttl_ms = 60'000;
    }
    last_ = p_.run(store_, options_).report;
  }

  std::size_t said(forecast what) const { return said_[static_cast<std::size_t>(what)]; }

  /// Gives what went wrong, or "".
  std::string attempt() {
    for (int i = 0; i < 20 && problem_.empty(); ++i) {
      constexpr memo::mode modes[] = {memo::mode::off, memo::mode::read_only, memo::mode::write_only,
                                      memo::mode::verify};
      options_.mode = draw_.one_in(5) ? modes[draw_.below(4)] : memo::mode::read_write;
      options_.force.clear();
      edits_.clear();
      for (std::size_t edits = 1 + draw_.below(3); edits-- > 0;) edit(draw_.below(p_.nodes.size()));
      compare();
      if (!problem_.empty()) problem_ += "\n  after" + edits_;
    }
    return problem_;
  }

 private:
  void edit(std::size_t at) {
    changing_pipeline::node& n = p_[at];
    std::size_t const kind = draw_.below(13);
    std::string const digit = std::to_string(draw_.below(4));
    edits_ += " " + n.name + ":" + std::to_string(kind);
    switch (kind) {
      case 0:
        n.options.version = 1 + static_cast<std::int64_t>(draw_.below(4));
        return;
      case 1:
        n.options.source = {0, draw_.below(3)};
        n.options.code = draw_.one_in(2) ? memo::code_identity::source : memo::code_identity::version;
        return;
      case 2:
        n.options.code = memo::code_identity::build;
        return;
      case 3:
        n.state = n.has_state ? static_cast<int>(draw_.below(4)) : 0;
        return;
      case 4:
      case 5:
        n.input = static_cast<int>(draw_.below(4));
        return;
      case 6:
        return write_content(n.file, digit);
      case 7:
        return write_content(n.near, digit);
      case 8:
        if (std::filesystem::exists(n.absent))
          std::filesystem::remove(n.absent);
        else
          write_content(n.absent, "");
        return;
      case 9:
        if (draw_.one_in(3))
          ::unsetenv(n.variable.c_str());
        else
          ::setenv(n.variable.c_str(), digit.c_str(), 1);
        return;
      case 10:
        options_.force.push_back(n.name);
        return;
      case 11:
        store_.erase(last_.steps[at].key);
        return;
      default:
        clock_.advance(std::chrono::seconds(40));
        if (draw_.one_in(4)) options_.project = draw_.one_in(2) ? "p" : "";
    }
  }

  void compare() {
    std::vector<int> ran_before;
    for (auto const& n : p_.nodes) ran_before.push_back(n->ran);
    memo::report const planned = p_.plan(store_, options_);
    for (std::size_t i = 0; i < p_.nodes.size(); ++i)
      if (p_[i].ran != ran_before[i]) problem_ += "\n  the plan ran " + p_[i].name;
    auto const done = p_.run(store_, options_);
    last_ = done.report;
    for (std::size_t i = 0; i < p_.nodes.size(); ++i) compare_step(i, planned, done.report);
    if (done.values != p_.right_values()) problem_ += "\n  a value is wrong";
  }

  void compare_step(std::size_t i, memo::report const& planned, memo::report const& done) {
    memo::step_report const& said = planned.steps[i];
    memo::step_report const& is = done.steps[i];
    bool is_behind = false;
    for (std::uint32_t const u : upstream_[i])
      is_behind = is_behind || planned.steps[u].forecast != forecast::hit;
    bool right = false;
    ++said_[static_cast<std::size_t>(said.forecast)];
    switch (said.forecast) {
      case forecast::hit:
        right = is.outcome == outcome::hit && is.reason == said.reason && is.change.empty() && !is.differs;
        break;
      case forecast::run:
        right = is.outcome == outcome::ran && is.reason == said.reason && is.change == said.change;
        break;
      default:
        right = said.forecast == forecast::depends && is_behind;
        break;
    }
    if (!right)
      problem_ += "\n  of " + is.name + " the plan says " + std::string(to_text(said.forecast)) + " (" +
                  said.reason + "), and the run " + std::string(to_text(is.outcome)) + " (" + is.reason + ")";
  }

  random_graph::numbers draw_;
  memo::manual_clock clock_;
  std::vector<std::vector<std::uint32_t>> upstream_;
  changing_pipeline p_;
  memo::any_store store_;
  memo::options options_{};
  memo::report last_{};
  std::string edits_, problem_;
  std::size_t said_[4]{};
};

}  // namespace

TEST_CASE("after random edits, what a plan said would run is what runs, for the same reasons") {
  std::uint64_t first = 0, count = test::is_long() ? 5000 : 50;
  if (char const* const only = std::getenv("MEMO_TEST_SEED")) {
    first = std::strtoull(only, nullptr, 10);
    count = 1;
  }
  std::size_t said[3]{};
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    scratch_folder const folder;
    memo::any_store store{memo::memory_store{}};
    if (seed % 5 == 0) store = memo::directory_store{folder / "cache"};
    trial one(seed, store);
    std::string const problem = one.attempt();
    if (!problem.empty()) FAIL("MEMO_TEST_SEED=" << seed << ": " << problem);
    for (std::size_t i = 0; i < 3; ++i) said[i] += one.said(static_cast<forecast>(i));
  }
  // All of them were put to the test.
  for (std::size_t const times : said) CHECK(times > 10);
}
