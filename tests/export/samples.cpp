// Documents for the scripts in this folder, which parse them by the tools that they are made for.
#include <memo/export.hpp>
#include <memo/memo.hpp>

#include "sample_reports.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace memo::literals;

namespace {

double energy(double x, double scale) {
  if (x < 0) throw std::runtime_error("negative");
  return x * scale;
}
double sum(std::vector<double> const& xs) {
  double all = 0;
  for (double const x : xs) all += x;
  return all;
}

constexpr auto part = memo::pipeline<"part">(
    memo::input<"xs", std::vector<double>>, memo::input<"scale", double>,
    memo::step<"energies">(energy).over<"xs">().from<"scale">().version<2>().env<"MEMO_SAMPLE_SECRET">());
constexpr auto whole = memo::pipeline<"whole">(
    part, memo::step<"total">(sum).from<"energies">(),
    memo::step<"low", "high">([](double x) { return std::pair(x - 1, x + 1); }).from<"total">().version<1>(),
    memo::step<"shift">([](double x) { return x + 1; }).from<"scale">().after<"low">().cache(memo::never),
    memo::step<"unused">([](double x) { return x; }).from<"scale">().cache(memo::digest_only));

class sample_folder {
 public:
  explicit sample_folder(std::filesystem::path path) : path_(std::move(path)) {}

  void write(std::string const& name, std::string const& text) const {
    std::ofstream file(path_ / name, std::ios::binary);
    file << text;
    file.close();
    if (!file) throw std::runtime_error("cannot write " + name);
  }
  void write_all(std::string const& name, memo::report const& r) const {
    write(name + ".report.json", memo::to_json(r));
    write(name + ".report.dot", memo::to_dot(r));
    write(name + ".report.mmd", memo::to_mermaid(r));
    write(name + ".trace.json", memo::to_chrome_trace(r));
    if (r.graph == nullptr) return;
    write(name + ".graph.json", memo::to_json(*r.graph));
    write(name + ".graph.dot", memo::to_dot(*r.graph));
    write(name + ".graph.mmd", memo::to_mermaid(*r.graph));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("sample documents of real runs are written where MEMO_EXPORT_SAMPLES says") {
  char const* const place = std::getenv("MEMO_EXPORT_SAMPLES");
  if (place == nullptr) {
    SUCCEED("MEMO_EXPORT_SAMPLES names no folder");
    return;
  }
  sample_folder const folder(place);
  setenv("MEMO_SAMPLE_SECRET", "correct horse battery staple", 1);
  std::vector<double> const few{1, 2, 3}, more{1, 2, 3, 4}, wrong{1, -2, 3};
  memo::memory_store const store;
  memo::runner const runner{store, {.jobs = 2}};

  folder.write_all("plan", runner.plan(whole, "xs"_in = few, "scale"_in = 2.0));
  folder.write_all("first", runner.run(whole, "xs"_in = few, "scale"_in = 2.0).report());
  folder.write_all("warm", runner.run<"low">(whole, "xs"_in = few, "scale"_in = 2.0).report());
  folder.write_all("changed", runner.run(whole, "xs"_in = more, "scale"_in = 2.0).report());
  memo::runner const going{store, {.jobs = 2, .keep_going = true}};
  auto const failed = going.run(whole, "xs"_in = wrong, "scale"_in = 2.0);
  CHECK_FALSE(failed.ok());
  folder.write_all("failed", failed.report());
  memo::runner const verify{store, {.mode = memo::mode::verify, .verify = 1}};
  folder.write_all("verify", verify.run(whole, "xs"_in = few, "scale"_in = 2.0).report());

  folder.write_all("empty", memo::report{});
  folder.write_all("sample", test::sample_report());
  folder.write_all("strange", test::strange_report());
  folder.write_all("extreme", test::extreme_report());
  folder.write_all("wide", test::wide_report(200));
  memo::report plan = test::strange_report();
  plan.is_plan = true;
  folder.write_all("strange_plan", plan);
  memo::report unwired = test::sample_report();
  unwired.graph = {};
  folder.write_all("unwired", unwired);
}
