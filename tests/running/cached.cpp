#include <memo/run/cached.hpp>

#include <memo/store/memory_store.hpp>

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

using memo::detail::cached_call;
using memo::detail::hit_rules;
using state = memo::detail::cached_call::state;

namespace {

memo::digest const key{1, 2};

memo::entry entry_of(std::string const& value, std::int64_t created_ms = 1000) {
  auto const encoded = memo::encode(value);
  memo::stored_output out;
  out.value = encoded.value();
  out.codec = memo::detail::codec_of(memo::value_type_of<std::string>);
  out.size = encoded.size();
  out.is_inline = true;
  out.bytes = encoded.join();
  memo::entry made;
  made.step = "x";
  made.created_ms = created_ms;
  made.outputs.push_back(out);
  return made;
}

void put(memo::any_store& store, memo::entry made, bool replace = false) {
  cached_call call;
  call.skip_look_up(key, {}, replace);
  CHECK(call.publish(store, std::move(made), {}).stored);
  CHECK(call.where() == state::stored);
}

std::string text_of(memo::detail::loaded const& value) {
  return value.object == nullptr ? "problem: " + value.problem
                                 : *static_cast<std::string const*>(value.object.get());
}

std::string load(memo::any_store& store, cached_call const& call) {
  return text_of(call.load(store, 0, memo::value_type_of<std::string>, false, memo::access::normal));
}

}  // namespace

TEST_CASE("a key is fresh, then missing, then stored, and a hit for the next call") {
  memo::any_store store{memo::memory_store{}};
  cached_call first;
  CHECK(first.where() == state::fresh);
  first.look_up(store, key, {.now_ms = 1000});
  CHECK(first.where() == state::missing);
  CHECK(first.key() == key);
  CHECK_FALSE(first.has_entry());
  CHECK(first.reason() == "");
  CHECK_FALSE(first.replaces());
  CHECK(first.publish(store, entry_of("value"), {}).stored);
  CHECK(first.where() == state::stored);
  CHECK(load(store, first) == "value");
  cached_call second;
  second.look_up(store, key, {.now_ms = 1000});
  CHECK(second.where() == state::hit);
  CHECK(load(store, second) == "value");
}

TEST_CASE("age is half open, and what comes from the future is a miss") {
  memo::any_store store{memo::memory_store{}};
  put(store, entry_of("value", 1000));
  auto state_at = [&](std::int64_t now, std::int64_t ttl) {
    cached_call call;
    call.look_up(store, key, {.now_ms = now, .ttl_ms = ttl});
    if (call.where() != state::hit) CHECK(call.replaces());
    return call.where() == state::hit ? "hit" : call.reason();
  };
  CHECK(state_at(1000, 0) == "older than its ttl");
  CHECK(state_at(1000, 1) == "hit");
  CHECK(state_at(1001, 1) == "older than its ttl");
  CHECK(state_at(1999, 1000) == "hit");
  CHECK(state_at(2000, 1000) == "older than its ttl");
  CHECK(state_at(2001, 1000) == "older than its ttl");
  CHECK(state_at(1'000'000'000'000, -1) == "hit");
  CHECK(state_at(1'000'000'000'000, std::numeric_limits<std::int64_t>::max()) == "hit");
  CHECK(state_at(1000 - memo::detail::clock_skew_ms, 1) == "hit");
  CHECK(state_at(999 - memo::detail::clock_skew_ms, -1) == "its entry comes from the future");
}

TEST_CASE("an entry of another form is a miss that is replaced") {
  memo::any_store store{memo::memory_store{}};
  put(store, entry_of("value"));
  cached_call call;
  call.look_up(store, key, {.now_ms = 1000, .outputs = 2});
  CHECK(call.where() == state::missing);
  CHECK(call.reason() == "its entry has another form");
  CHECK(call.replaces());
}

TEST_CASE("a hit says which checks it lacks") {
  memo::any_store store{memo::memory_store{}};
  auto made = entry_of("value");
  made.checks = {{5, 5}};
  put(store, made);
  std::vector<memo::digest> const passed{{5, 5}}, more{{5, 5}, {6, 6}};
  cached_call call;
  call.look_up(store, key, {.now_ms = 1000, .checks = passed});
  CHECK(call.where() == state::hit);
  CHECK_FALSE(call.lacks_checks());
  call.look_up(store, key, {.now_ms = 1000, .checks = more});
  CHECK(call.where() == state::hit);
  CHECK(call.lacks_checks());
  call.look_up(store, key, {.now_ms = 1000});
  CHECK_FALSE(call.lacks_checks());
}

TEST_CASE("a value that cannot be had says why") {
  memo::any_store store{memo::memory_store{}};
  SECTION("only its digest was kept") {
    auto made = entry_of("value");
    made.outputs[0].is_inline = false;
    made.outputs[0].bytes = {};
    put(store, made);
    cached_call call;
    call.look_up(store, key, {.now_ms = 1000});
    CHECK(load(store, call) == "problem: its value was not kept");
  }
  SECTION("another type wrote it") {
    put(store, entry_of("value"));
    cached_call call;
    call.look_up(store, key, {.now_ms = 1000});
    auto const loaded =
        call.load(store, 0, memo::value_type_of<std::vector<char>>, false, memo::access::normal);
    CHECK(loaded.object == nullptr);
    CHECK(loaded.problem == "its value has another form");
  }
  SECTION("its bytes are no value of its type") {
    auto made = entry_of("value");
    made.outputs[0].codec = memo::detail::codec_of(memo::value_type_of<std::vector<int>>);
    made.outputs[0].bytes = {nullptr, memo::as_byte_view("odd")};
    put(store, made);
    cached_call call;
    call.look_up(store, key, {.now_ms = 1000});
    auto const loaded =
        call.load(store, 0, memo::value_type_of<std::vector<int>>, false, memo::access::normal);
    CHECK(loaded.object == nullptr);
    CHECK(loaded.problem == "its value is damaged");
  }
  SECTION("its object is gone") {
    auto made = entry_of("value");
    made.outputs[0].is_inline = false;
    made.outputs[0].bytes = {};
    made.outputs[0].object = {9, 9};
    put(store, made);
    cached_call call;
    call.look_up(store, key, {.now_ms = 1000});
    CHECK(call.where() == state::hit);
    auto const loaded = call.load(store, 0, memo::value_type_of<std::string>, false, memo::access::normal);
    CHECK(loaded.object == nullptr);
    CHECK(loaded.problem != "");
  }
}

TEST_CASE("what is computed after a reopened call replaces what is stored, or keeps it") {
  memo::any_store store{memo::memory_store{}};
  put(store, entry_of("old"));
  cached_call call;
  call.look_up(store, key, {.now_ms = 1000});
  call.reopen("forced", true);
  CHECK(call.where() == state::missing);
  CHECK(call.reason() == "forced");
  call.publish(store, entry_of("new"), {});
  cached_call next;
  next.look_up(store, key, {.now_ms = 1000});
  CHECK(load(store, next) == "new");
  put(store, entry_of("late"), false);
  next.look_up(store, key, {.now_ms = 1000});
  CHECK(load(store, next) == "new");
}
