/// Writes the pages that page.py looks at: NAME.html and, as what they must show, NAME.json.
///
/// usage: write_pages FOLDER
#include <memo/export/html.hpp>
#include <memo/memo.hpp>

#include "../export/sample_reports.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

using namespace memo::literals;

namespace {

std::string folder;

template <class Document>
void write(std::string const& name, Document const& document) {
  std::ofstream(folder + "/" + name + ".html", std::ios::binary) << memo::to_html(document);
  std::ofstream(folder + "/" + name + ".json", std::ios::binary) << memo::to_json(document);
}

// Work that takes some milliseconds, so that spans can be seen.
double work(int rounds) {
  double sum = 0;
  for (int i = 1; i < rounds * 100'000; ++i) sum += 1.0 / i;
  return sum;
}

std::vector<double> load(int size) {
  std::vector<double> made(static_cast<std::size_t>(size));
  std::iota(made.begin(), made.end(), work(4));
  return made;
}
double scale(double value, double factor) { return value * factor + 1e-9 * work(3); }
std::pair<double, double> split(std::vector<double> const& values) {
  return {values.front() + 1e-9 * work(6), values.back()};
}
double fit(std::vector<double> const& values, std::string const& model, double low) {
  if (model == "cubic") throw std::runtime_error("the matrix is singular at <row> 3 & 4");
  return std::accumulate(values.begin(), values.end(), low) + 1e-9 * work(9);
}
std::string summary(double fitted, double high) { return std::to_string(fitted + high); }

constexpr auto five = memo::pipeline<"calibration">(
    memo::input<"size", int>, memo::input<"factor", double>, memo::input<"model", std::string>,
    memo::step<"samples">(load).from<"size">().version<1>(),
    memo::step<"scaled">(scale).over<"samples">().from<"factor">().version<1>(),
    memo::step<"low", "high">(split).from<"scaled">().version<2>(),
    memo::step<"fitted">(fit).from<"scaled", "model", "low">().version<1>(),
    memo::step<"summary">(summary).from<"fitted", "high">().version<1>());

constexpr auto one =
    memo::pipeline<"one">(memo::input<"size", int>, memo::step<"samples">(load).from<"size">().version<1>());

void write_real_runs() {
  memo::runner runner{memo::memory_store{}, {.jobs = 2, .keep_going = true}};
  write("cold",
        runner.run(five, "size"_in = 24, "factor"_in = 2.0, "model"_in = std::string("linear")).report());
  write("plan", runner.plan(five, "size"_in = 24, "factor"_in = 2.5, "model"_in = std::string("linear")));
  write("failed",
        runner.run(five, "size"_in = 24, "factor"_in = 2.0, "model"_in = std::string("cubic")).report());
  write("five",
        runner.run(five, "size"_in = 30, "factor"_in = 2.0, "model"_in = std::string("linear")).report());
  write("all_hits",
        runner.run(five, "size"_in = 30, "factor"_in = 2.0, "model"_in = std::string("linear")).report());
  runner.options().jobs = 1;
  write("one", runner.run(one, "size"_in = 24).report());
  write("graph", memo::describe(five));
}

memo::step_report step_of(memo::step_description const& wiring) {
  memo::step_report made;
  made.name = wiring.name;
  made.names = wiring.names;
  made.outcome = memo::outcome::hit;
  made.reason = "unchanged";
  made.key = memo::hash_bytes(memo::as_byte_view(wiring.name));
  made.value = memo::hash_bytes(memo::as_byte_view(wiring.name), 1);
  made.values = {made.value};
  made.bytes = 100 + wiring.name.size() * 1000;
  return made;
}

// A made-up pipeline in which steps read steps of the levels before theirs, with outcomes of every kind.
memo::report made_up(std::string const& name, std::uint32_t levels, std::uint32_t steps, bool is_failed) {
  static constexpr char const* verbs[] = {"load",     "clean", "align", "merge", "filter",
                                          "embed",    "train", "score", "plot",  "estimate_background",
                                          "resample", "index"};
  static constexpr char const* nouns[] = {"corpus",    "spectra", "images",
                                          "weights",   "tokens",  "residuals",
                                          "catalogue", "events",  "calibration_constants"};
  std::mt19937 random(levels * 1000 + steps);
  auto const below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  auto graph = std::make_shared<memo::graph_description>();
  graph->name = name;
  for (int i = 0; i < 6; ++i)
    graph->inputs.push_back({"setting_" + std::to_string(i), i % 2 == 0 ? "f64" : "str"});
  std::vector<std::vector<std::string>> by_level(levels + 1);
  for (std::uint32_t i = 0; i < steps; ++i) {
    memo::step_description step;
    step.name = std::string(verbs[below(12)]) + "_" + nouns[below(9)] + "_" + std::to_string(i);
    step.names = {step.name};
    step.schemas = {"vec<f64>"};
    step.pipeline = name;
    step.level = i < levels ? i + 1 : static_cast<std::uint32_t>(1 + below(levels));
    step.code = "version " + std::to_string(1 + below(4));
    step.is_map = below(9) == 0;
    graph->steps.push_back(step);
  }
  std::sort(graph->steps.begin(), graph->steps.end(), [](auto const& a, auto const& b) {
    return std::tie(a.level, a.name) < std::tie(b.level, b.name);
  });
  for (memo::step_description& step : graph->steps) {
    by_level[step.level].push_back(step.name);
    if (step.level > 1)
      for (std::size_t i = 0, n = 1 + below(2); i < n; ++i) {
        std::size_t const back =
            i == 0 || below(3) != 0 ? 1 : std::min<std::size_t>(step.level - 1, 1 + below(4));
        auto const& from = by_level[step.level - back];
        step.reads.push_back(from[below(from.size())]);
      }
    if (step.level == 1 || below(7) == 0) step.reads.push_back(graph->inputs[below(6)].name);
  }
  memo::report made;
  made.pipeline = name;
  made.started_ms = 1'795'230'367'000;
  made.graph = std::shared_ptr<memo::graph_description const>(graph);
  std::vector<std::int64_t> free(8, 0);
  std::vector<std::string> bad;
  for (std::uint32_t i = 0; i < steps; ++i) {
    memo::step_description const& wiring = graph->steps[i];
    memo::step_report step = step_of(wiring);
    bool const needs_bad = std::any_of(
        wiring.reads.begin(), wiring.reads.end(),
        [&](std::string const& read) { return std::find(bad.begin(), bad.end(), read) != bad.end(); });
    if (needs_bad) {
      step.outcome = memo::outcome::skipped;
      step.reason = "it needs a step that failed";
      step.bytes = 0;
      bad.push_back(step.name);
    } else if (below(100) < 35) {
      step.outcome = memo::outcome::ran;
      step.reason = wiring.reads.empty() ? "first time" : "input `" + wiring.reads[0] + "` changed";
      step.time_ns = static_cast<std::int64_t>(1'000'000 + below(400'000'000));
      if (wiring.is_map)
        step.elements = 40, step.elements_ran = 12, step.element_reasons = {"element 5, 0.25, is new"};
      if (is_failed && wiring.level > levels / 2 && bad.empty()) {
        step.outcome = memo::outcome::failed;
        step.reason = "std::runtime_error: no convergence after 500 rounds";
        bad.push_back(step.name);
      }
      auto const worker =
          static_cast<std::uint32_t>(std::min_element(free.begin(), free.end()) - free.begin());
      made.work.push_back({i, worker, free[worker], free[worker] + step.time_ns, step.elements_ran});
      free[worker] += step.time_ns + static_cast<std::int64_t>(below(20'000'000));
    } else {
      step.saved_ns = static_cast<std::int64_t>(below(90'000'000'000));
    }
    made.steps.push_back(step);
  }
  made.time_ns = *std::max_element(free.begin(), free.end()) + 2'000'000;
  return made;
}

// Names and texts that would leave their place if they could.
memo::report hostile() {
  std::vector<std::string> const names{
      "</script><script>document.title='broken'</script>",
      "<img src=x onerror=document.title='broken'>",
      "\"quotes\" & 'more' `ticks`",
      "line\u2028and\u2029paragraph\nnewline\ttab",
      std::string("not \xff\xfe UTF-8 \xc3") + '\0' + "zero \x1b[31m",
      "\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57",
      "<!-- <script> ]]> --> ${x} %2e%zz #step=",
      "a_very_long_name_that_goes_on_and_on_until_nobody_remembers_how_it_began_v2"};
  auto graph = std::make_shared<memo::graph_description>();
  memo::report made;
  graph->name = made.pipeline = "</title><script>document.title='broken'</script>";
  graph->inputs.push_back({"__proto__", "\"><b>"});
  for (std::size_t i = 0; i < names.size(); ++i) {
    memo::step_description step;
    step.name = names[i];
    step.names = {names[i]};
    step.schemas = {"<i>"};
    step.pipeline = "constructor";
    step.reads = {i == 0 ? "__proto__" : names[i - 1]};
    step.level = static_cast<std::uint32_t>(i + 1);
    step.code = "</style>";
    graph->steps.push_back(step);
    memo::step_report told = step_of(step);
    told.outcome = i % 2 == 0 ? memo::outcome::ran : memo::outcome::failed;
    told.reason =
        "input `" + step.reads[0] + "` changed, </script><img src=x onerror=document.title='broken'>";
    told.change = "\"<a>\" \u2192 \"</a>\"";
    told.element_reasons = {"</div><svg onload=document.title='broken'>"};
    told.elements = told.elements_ran = 1;
    told.time_ns = 5'000'000;
    made.work.push_back({static_cast<std::uint32_t>(i), 0, told.time_ns * static_cast<std::int64_t>(i),
                         told.time_ns * static_cast<std::int64_t>(i + 1), 1});
    made.steps.push_back(told);
  }
  made.notes = {"<script>document.title='broken'</script>"};
  made.warnings = {"</ul></main><script>document.title='broken'</script>"};
  made.time_ns = 40'000'000;
  made.graph = std::shared_ptr<memo::graph_description const>(graph);
  return made;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2) throw std::runtime_error("usage: write_pages FOLDER");
  folder = arguments[1];
  write_real_runs();
  write("hundreds", made_up("survey", 18, 200, false));
  write("hundreds_failed", made_up("survey", 18, 200, true));
  write("deep", made_up("deep", 60, 64, false));
  write("wide", made_up("wide", 2, 150, false));
  write("every_outcome", test::sample_report());
  write("strange", test::strange_report());
  write("extreme", test::extreme_report());
  write("hostile", hostile());
  memo::report unwired = made_up("unwired", 4, 30, true);
  unwired.graph = {};
  unwired.work.clear();
  write("unwired", unwired);
  memo::report empty;
  empty.pipeline = "empty";
  write("empty", empty);
} catch (std::exception const& reason) {
  std::cerr << reason.what() << '\n';
  return 1;
}
