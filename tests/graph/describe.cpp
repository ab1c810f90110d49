#include <memo/graph/describe.hpp>

#include <memo/graph/pipeline.hpp>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using strings = std::vector<std::string>;

int one(int x) { return x; }
int sum(int x, int y) { return x + y; }
double scaled(int x, double by) { return x * by; }
std::pair<int, double> both(int x) { return {x, 0.5 * x}; }

constexpr auto part = memo::pipeline<"part">(memo::input<"n", int>,
                                             memo::step<"low", "high">(both).from<"first">().version<7>(),
                                             memo::step<"first">(one).from<"n">().version<3>());
constexpr auto whole =
    memo::pipeline<"whole">(part, memo::input<"xs", std::vector<int>>, memo::input<"by", double>,
                            memo::step<"each">(scaled).over<"xs">().from<"by">().after<"low", "first">(),
                            memo::step<"twice">(sum).from<"low", "low">().cache(memo::never),
                            memo::step<"last">([](double x, std::vector<double> const&) { return x; })
                                .from<"high", "each">()
                                .cache(memo::digest_only));

memo::step_description const& step_of(memo::graph_description const& g, std::string_view name) {
  for (auto const& s : g.steps)
    if (s.name == name) return s;
  throw std::out_of_range(std::string(name));
}

}  // namespace

TEST_CASE("a description has the name of the pipeline and its inputs with their schemas") {
  auto const g = memo::describe(whole);
  CHECK(g.name == "whole");
  REQUIRE(g.inputs.size() == 3);
  strings names, schemas;
  for (auto const& input : g.inputs) {
    names.push_back(input.name);
    schemas.push_back(input.schema);
  }
  CHECK(names == strings{"n", "xs", "by"});
  CHECK(schemas == strings{"i32", "vec<i32>", "f64"});
}

TEST_CASE("steps stand in the order of their declaration, with all of their outputs") {
  auto const g = memo::describe(whole);
  strings names;
  for (auto const& s : g.steps) names.push_back(s.name);
  CHECK(names == strings{"low,high", "first", "each", "twice", "last"});
  CHECK(g.steps[0].names == strings{"low", "high"});
  CHECK(g.steps[0].schemas == strings{"i32", "f64"});
  CHECK(g.steps[2].names == strings{"each"});
  CHECK(g.steps[2].schemas == strings{"vec<f64>"});
}

TEST_CASE(
    "a description tells what a step reads, in the order of its parameters, and what has to run before") {
  auto const g = memo::describe(whole);
  CHECK(step_of(g, "low,high").reads == strings{"first"});
  CHECK(step_of(g, "twice").reads == strings{"low", "low"});
  CHECK(step_of(g, "each").reads == strings{"xs", "by"});
  CHECK(step_of(g, "each").after == strings{"low", "first"});
  CHECK(step_of(g, "last").reads == strings{"high", "each"});
  CHECK(step_of(g, "last").after.empty());
}

TEST_CASE(
    "levels count from the inputs, through what is read and what has to run before, and equal the "
    "pipeline's") {
  auto const g = memo::describe(whole);
  CHECK(step_of(g, "first").level == 1);
  CHECK(step_of(g, "low,high").level == 2);
  CHECK(step_of(g, "twice").level == 3);
  CHECK(step_of(g, "each").level == 3);
  CHECK(step_of(g, "last").level == 4);
  std::uint32_t highest = 0;
  for (auto const& s : g.steps) highest = std::max(highest, s.level);
  // The pipeline counts the level of the inputs too.
  STATIC_REQUIRE(whole.levels() == 5);
  CHECK(highest + 1 == whole.levels());
  CHECK(memo::describe(part).steps[0].level + 1 == part.levels());
}

TEST_CASE(
    "a description tells maps, policies, what stands for the code, and which pipeline declared a step") {
  auto const g = memo::describe(whole);
  for (auto const& s : g.steps) CHECK(s.is_map == (s.name == "each"));
  CHECK(step_of(g, "first").code == "version 3");
  CHECK(step_of(g, "low,high").code == "version 7");
  CHECK(step_of(g, "each").code == "build");
  CHECK(step_of(g, "first").policy == memo::cache_policy::stored);
  CHECK(step_of(g, "twice").policy == memo::cache_policy::never);
  CHECK(step_of(g, "last").policy == memo::cache_policy::digest_only);
  CHECK(step_of(g, "first").pipeline == "part");
  CHECK(step_of(g, "low,high").pipeline == "part");
  CHECK(step_of(g, "last").pipeline == "whole");
}

TEST_CASE("a pipeline of inputs alone has a description without steps") {
  constexpr auto inputs = memo::pipeline<"inputs">(memo::input<"n", int>);
  auto const g = memo::describe(inputs);
  CHECK(g.inputs.size() == 1);
  CHECK(g.steps.empty());
}

TEST_CASE("a lazy description is made once, and copies share it") {
  memo::lazy_description const none;
  CHECK(none == nullptr);
  CHECK_FALSE(none);

  memo::lazy_description const lazy(std::make_shared<memo::graph const>(memo::detail::lower(whole)));
  memo::lazy_description const copy = lazy;
  CHECK(lazy);
  CHECK(&*lazy == &*copy);
  CHECK(copy->name == "whole");
  CHECK(copy->steps.size() == 5);

  auto const made = std::make_shared<memo::graph_description const>(memo::describe(part));
  CHECK(&*memo::lazy_description(made) == made.get());
}

TEST_CASE("threads that ask a lazy description at once get the same") {
  memo::lazy_description const lazy(std::make_shared<memo::graph const>(memo::detail::lower(whole)));
  std::vector<memo::graph_description const*> found(8);
  std::atomic<int> ready = 0;
  std::vector<std::thread> threads;
  for (auto& one_found : found)
    threads.emplace_back([&] {
      for (++ready; ready < 8;) std::this_thread::yield();
      one_found = &*lazy;
    });
  for (auto& thread : threads) thread.join();
  for (auto const* one_found : found) CHECK(one_found == found[0]);
}
