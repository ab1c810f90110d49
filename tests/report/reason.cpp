#include <memo/report/reason.hpp>

#include <memo/key/encoding.hpp>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

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

/// The sentence with the values behind it.
std::string whole_difference(std::function<void(key_parts&)> const& before,
                             std::function<void(key_parts&)> const& now) {
  std::string const was = made_by(before), is = made_by(now);
  auto const found = memo::detail::find_difference(memo::as_byte_view(was), memo::as_byte_view(is));
  return found.text + (found.change.empty() ? "" : ": " + found.change);
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

struct settings {
  double rate;
  int epochs;
  std::string note;
};

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
  CHECK(removed(part::environment, "LANG") == "environment variable LANG is gone");
  CHECK(changed(part::environment, "LANG", "", "\1C") == "environment variable LANG is set now");
  CHECK(changed(part::environment, "LANG", "\1C", "") == "environment variable LANG is not set now");
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

TEST_CASE("small values of an input that changed are shown, where its type is the same and can be read") {
  auto change = [](auto const& before, auto const& now) {
    auto one = [](auto const& value) {
      return [&value](key_parts& p) {
        p.add(part::read, "x", memo::schema_of<std::remove_cvref_t<decltype(value)>>());
        p.add(part::input, "x", memo::fingerprint_of(value));
      };
    };
    return whole_difference(one(before), one(now));
  };
  CHECK(change(4, 5) == "input `x` changed: 4 \u2192 5");
  CHECK(change(0.5, 0.25) == "input `x` changed: 0.5 \u2192 0.25");
  CHECK(change(true, false) == "input `x` changed: true \u2192 false");
  CHECK(change(std::string("a\n"), std::string("b")) == "input `x` changed: \"a\\x0a\" \u2192 \"b\"");
  CHECK(change(std::string("12345678ab"), std::string("12345678ac")) ==
        "input `x` changed: \"12345678ab\" \u2192 \"12345678ac\"");
  CHECK(change(std::string("a"), std::string()) == "input `x` changed: \"a\" \u2192 \"\"");
  CHECK(change(std::filesystem::path("/a"), std::filesystem::path("/b")) ==
        "input `x` changed: \"/a\" \u2192 \"/b\"");
  CHECK(change(std::string(70, 'a'), std::string("b")) == "input `x` changed");
  CHECK(change(std::vector<int>{1, 2}, std::vector<int>{1, 5}) == "input `x` changed: [1] 2 \u2192 5");
  CHECK(change(std::vector<bool>{true, true}, std::vector<bool>{true, false}) ==
        "input `x` changed: [1] true \u2192 false");
  CHECK(change(std::vector<std::string>{"a", "b"}, std::vector<std::string>{"a", "c"}) ==
        "input `x` changed: [1] \"b\" \u2192 \"c\"");
  CHECK(change(std::vector<int>{1}, std::vector<int>{1, 2}) == "input `x` changed");
  CHECK(change(std::vector<int>(99, 1), std::vector<int>{2}) == "input `x` changed");
  CHECK(change(std::optional<int>(1), std::optional<int>()) == "input `x` changed");
  CHECK(change(settings{0.5, 3, "a"}, settings{0.5, 4, "b"}) == "input `x` changed: epochs 3 \u2192 4");
  CHECK(change(settings{0.5, 3, "a"}, settings{0.5, 3, "b"}) == "input `x` changed: note \"a\" \u2192 \"b\"");
  CHECK(difference([](key_parts& p) { p.add(part::input, "x", memo::fingerprint_of(4)); },
                   [](key_parts& p) { p.add(part::input, "x", memo::fingerprint_of(5)); }) ==
        "input `x` changed");
  CHECK(change(4, 5L) == "the type of `x` changed");
}

TEST_CASE("of several parts with one name, each is compared with its own") {
  auto paths = [](std::string_view last) {
    return [last](key_parts& p) {
      p.add(part::path, "files", "/a");
      p.add(part::path, "files", "/b");
      p.add(part::input, "k", last);
    };
  };
  CHECK(difference(paths("1"), paths("1")) == "");
  CHECK(difference(paths("1"), paths("2")) == "input `k` changed");
}

TEST_CASE("what is damaged or of a newer format still gives a sentence") {
  auto const now = made_by(version(1));
  CHECK(memo::detail::first_difference(memo::as_byte_view("rubbish"), memo::as_byte_view(now)) ==
        "version none \u2192 1");
  CHECK(changed(static_cast<part>(77), "x") == "its key changed");
}
