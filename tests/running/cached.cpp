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

namespace {

/// An entry whose computation saw this value of a variable.
memo::entry entry_that_saw(std::string const& seen, std::string const& value,
                           std::int64_t created_ms = 1000) {
  auto made = entry_of(value, created_ms);
  made.dependencies = {memo::detail::noted_variable("MEMO_TEST_CACHED", seen.c_str(), 0)};
  made.variant = memo::detail::variant_of(made.dependencies, 0);
  return made;
}

void see(std::string const& value) { ::setenv("MEMO_TEST_CACHED", value.c_str(), 1); }

}  // namespace

TEST_CASE("of several entries the one is a hit whose computation saw what is there now") {
  memo::any_store store{memo::memory_store{}};
  for (auto const* seen : {"a", "b", "c"}) put(store, entry_that_saw(seen, std::string("from ") + seen));
  cached_call call;
  for (auto const* seen : {"b", "a", "c", "a"}) {
    see(seen);
    call.look_up(store, key, {.now_ms = 1000});
    REQUIRE(call.where() == state::hit);
    CHECK(load(store, call) == std::string("from ") + seen);
  }
  see("d");
  call.look_up(store, key, {.now_ms = 1000});
  CHECK(call.where() == state::missing);
  CHECK(call.reason() == "environment variable MEMO_TEST_CACHED changed");
  CHECK_FALSE(call.replaces());
  CHECK_FALSE(call.out_of_time());
  CHECK(call.publish(store, entry_that_saw("d", "from d"), {}).stored);
  CHECK(store.show(key).size() == 4);
  see("b");
  call.look_up(store, key, {.now_ms = 1000});
  CHECK(load(store, call) == "from b");
  ::unsetenv("MEMO_TEST_CACHED");
}

TEST_CASE("an expired entry that fits is replaced, and the others stay") {
  memo::any_store store{memo::memory_store{}};
  put(store, entry_that_saw("a", "old", 1000));
  put(store, entry_that_saw("b", "young", 5000));
  cached_call call;
  see("a");
  call.look_up(store, key, {.now_ms = 5000, .ttl_ms = 1000});
  CHECK(call.where() == state::missing);
  CHECK(call.reason() == "older than its ttl");
  CHECK(call.out_of_time());
  CHECK(call.replaces());
  CHECK(call.publish(store, entry_that_saw("a", "new", 5000), {}).stored);
  call.look_up(store, key, {.now_ms = 5000, .ttl_ms = 1000});
  CHECK(load(store, call) == "new");
  see("b");
  call.look_up(store, key, {.now_ms = 5000, .ttl_ms = 1000});
  CHECK(load(store, call) == "young");
  CHECK(store.show(key).size() == 2);
  see("c");
  call.look_up(store, key, {.now_ms = 50'000, .ttl_ms = 1000});
  CHECK_FALSE(call.out_of_time());
  ::unsetenv("MEMO_TEST_CACHED");
}

TEST_CASE("a live value whose computation read something is not recalled unseen") {
  memo::memory_store store;
  auto const f = memo::value_type_of<std::string>;
  auto const live = std::make_shared<std::string const>("live");
  auto const encoded = memo::encode(*live);
  for (bool const reads : {true, false}) {
    auto made = entry_of("live");
    if (reads) made = entry_that_saw("a", "live");
    made.outputs[0].object = encoded.object();
    auto const source = memo::detail::object_of(encoded, memo::value_type_of<std::string>, live);
    memo::any_store any{store};
    cached_call call;
    call.skip_look_up(reads ? key : memo::digest{5, 5}, {}, false);
    CHECK(call.publish(any, std::move(made), {&source, 1}).stored);
    std::shared_ptr<void const> handle;
    std::int64_t const age = any.recall(call.key(), {.tag = f.tag, .handle = &handle});
    CHECK((age < 0) == reads);
  }
}
