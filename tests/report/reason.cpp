#include <memo/report/reason.hpp>

#include <memo/key/encoding.hpp>

#include <catch2/catch.hpp>
#include <functional>
#include <string>

using memo::key_parts;
using memo::part;

namespace {

std::string made_by(std::function<void(key_parts&)> const& fill) {
  key_parts parts;
  fill(parts);
  return std::string(memo::as_text(parts.bytes()));
}

std::string difference(std::function<void(key_parts&)> const& before,
                       std::function<void(key_parts&)> const& now) {
  return memo::detail::first_difference(memo::as_byte_view(made_by(before)),
                                        memo::as_byte_view(made_by(now)));
}

/// The sentence for a part of this kind that was `before` and is `now`.
std::string changed(part tag, std::string_view name, std::string_view before = "before",
                    std::string_view now = "now") {
  return difference([&](key_parts& p) { p.add(tag, name, before); },
                    [&](key_parts& p) { p.add(tag, name, now); });
}

/// The sentence for a part of this kind that was not there.
std::string added(part tag, std::string_view name) {
  return difference([](key_parts&) {}, [&](key_parts& p) { p.add(tag, name, std::string_view("now")); });
}

std::string removed(part tag, std::string_view name) {
  return difference([&](key_parts& p) { p.add(tag, name, std::string_view("before")); }, [](key_parts&) {});
}

auto version(std::int64_t number) {
  return [number](key_parts& p) { p.add(part::version, {}, static_cast<std::uint64_t>(number)); };
}
auto source(std::uint64_t low) {
  return [low](key_parts& p) { p.add(part::source, {}, memo::digest{0, low}); };
}
auto build(std::uint64_t low) {
  return [low](key_parts& p) { p.add(part::build, {}, memo::digest{0, low}); };
}

}  // namespace

TEST_CASE("each kind of change has its sentence") {
  CHECK(changed(part::format, "") == "the key format of memo changed");
  CHECK(changed(part::project, "") == "the project changed");
  CHECK(changed(part::pipeline, "") == "the name of the pipeline changed");
  CHECK(changed(part::step, "mean") == "the names of its outputs changed");
  CHECK(changed(part::result, "mean", "f64", "f32") == "the type of `mean` changed");
  CHECK(changed(part::read, "data", "f64", "f32") == "the type of `data` changed");
  CHECK(changed(part::arithmetic, "", "plain", "fma") == "the compiler's floating-point flags changed");
  CHECK(changed(part::state, "") == "the state of its function changed");
  CHECK(changed(part::input, "model") == "input `model` changed");
  CHECK(changed(part::path, "table") == "the path of `table` changed");
  CHECK(changed(part::user_key, "") == "what .key() gives changed");
  CHECK(changed(part::environment, "LANG") == "environment variable LANG changed");
}

TEST_CASE("the code has a sentence for each way to identify it") {
  CHECK(difference(version(2), version(3)) == "version 2 \u2192 3");
  CHECK(difference(version(0), version(-1)) == "version 0 \u2192 -1");
  CHECK(difference(source(1), source(2)) == "its source changed");
  CHECK(difference(build(1), build(2)) == "the program was rebuilt");
  CHECK(difference(build(1), version(1)) == "version by the build \u2192 1");
  CHECK(difference(version(1), build(1)) == "version 1 \u2192 by the build");
  CHECK(difference(version(1), source(1)) == "version 1 \u2192 by its source");
  CHECK(difference([](key_parts&) {}, version(1)) == "version none \u2192 1");
  CHECK(difference(version(1), version(1)) == "");
}

TEST_CASE("what is new and what no longer counts is said") {
  CHECK(added(part::input, "k") == "input `k` is new");
  CHECK(added(part::read, "k") == "it reads `k` now");
  CHECK(added(part::environment, "LANG") == "environment variable LANG is new");
  CHECK(added(part::result, "sum") == "the type of `sum` is new");
  CHECK(removed(part::input, "k") == "`k` no longer counts");
  CHECK(removed(part::environment, "LANG") == "`LANG` no longer counts");
}

TEST_CASE("the first part that differs counts, and equal parts give nothing") {
  auto parts = [](std::string_view a, std::string_view b) {
    return [=](key_parts& p) {
      p.add(part::input, "a", a);
      p.add(part::input, "b", b);
    };
  };
  CHECK(difference(parts("1", "2"), parts("1", "2")) == "");
  CHECK(difference(parts("1", "2"), parts("1", "3")) == "input `b` changed");
  CHECK(difference(parts("1", "2"), parts("3", "3")) == "input `a` changed");
}

TEST_CASE("what is damaged or of a newer format still gives a sentence") {
  auto const now = made_by(version(1));
  CHECK(memo::detail::first_difference(memo::as_byte_view("rubbish"), memo::as_byte_view(now)) ==
        "version none \u2192 1");
  CHECK(changed(static_cast<part>(77), "x") == "its key changed");
}
