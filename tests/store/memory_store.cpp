#include <memo/store/memory_store.hpp>

#include "../laws/store_laws.hpp"

using namespace samples;

TEST_CASE("a memory store keeps the promises of a store") {
  laws::hold([] { return memo::memory_store{}; });
}

TEST_CASE("a memory store with limits keeps the promises of a store") {
  laws::hold([] { return memo::memory_store{{.max_bytes = 64 << 20, .max_age = std::chrono::hours(24)}}; });
}

TEST_CASE("a memory store says what it can do") {
  auto const can = memo::memory_store{}.capabilities();
  CHECK(can.live);
  CHECK_FALSE(can.shared);
  CHECK(can.inline_limit == 0);
}

TEST_CASE("a memory store removes first what was not used for longest") {
  memo::memory_store store{{.max_bytes = 50'000}};
  for (int i = 0; i < 4; ++i) {
    CHECK(sample(i, 10'000).put_into(store).stored);
    CHECK(store.stats().bytes <= 50'000);
  }
  CHECK(look_up(store, 0, 10'000) == got::right);  // used now, so that 1 is the oldest
  CHECK(sample(4, 10'000).put_into(store).stored);
  CHECK(look_up(store, 0, 10'000) == got::right);
  CHECK(look_up(store, 1, 10'000) == got::nothing);
  CHECK(look_up(store, 4, 10'000) == got::right);
  for (int i = 5; i < 40; ++i) {
    CHECK(sample(i, 10'000).put_into(store).stored);
    CHECK(store.stats().bytes <= 50'000);
  }
}

TEST_CASE("a memory store bounds the number and the age of entries") {
  memo::memory_store few{{.max_entries = 3}};
  for (int i = 0; i < 10; ++i) CHECK(sample(i).put_into(few).stored);
  CHECK(few.stats().entries == 3);
  CHECK(few.stats().objects == 3);
  memo::memory_store young{{.max_age = std::chrono::hours(1)}};
  sample old(1);
  old.value.created_ms -= 2 * 3600 * 1000;
  CHECK(old.put_into(young).stored);
  CHECK(young.collect().removed_entries == (young.stats().entries == 0 ? 0 : 1));
  CHECK(look_up(young, 1) == got::nothing);
}

TEST_CASE("a value larger than the whole memory store is not kept and does no harm") {
  memo::memory_store store{{.max_bytes = 50'000}};
  CHECK(sample(1, 100'000).put_into(store).stored);
  CHECK(store.stats().bytes <= 50'000);
  CHECK(sample(2, 1000).put_into(store).stored);
  CHECK(look_up(store, 2, 1000) == got::right);
}

TEST_CASE("a live value that was changed is not handed out as bytes") {
  static int const tag = 0;
  memo::memory_store store;
  sample const one(1);
  auto const value = std::make_shared<std::string>(one.bytes);
  auto source = one.source();
  source.live = {value, &tag, 100, &laws::encode_text};
  memo::put_request const request{one.key, &one.value, memo::put_policy::keep, {&source, 1}};
  CHECK(store.put({&request, 1}).stored);
  value->front() ^= 1;
  auto const read = store.read(one.object());
  CHECK(read.status == memo::lookup::error);
  CHECK(read.reason != "");
}

TEST_CASE("a live value that has no stored form is a miss for another type") {
  static int const tag = 0, other = 0;
  memo::memory_store store;
  sample const one(1);
  auto source = one.source();
  source.live = {std::make_shared<int const>(7), &tag, 4, nullptr};
  memo::put_request const request{one.key, &one.value, memo::put_policy::keep, {&source, 1}};
  CHECK(store.put({&request, 1}).stored);
  CHECK(store.read(one.object(), &tag).status == memo::lookup::hit);
  CHECK(store.read(one.object(), &other).status == memo::lookup::miss);
}

TEST_CASE("a value that uses the store when it is destroyed may be removed by a limit") {
  static int const tag = 0;
  static int ended;
  ended = 0;
  struct logger {
    explicit logger(memo::memory_store const* used) : store(used) {}
    logger(logger const&) = delete;
    logger& operator=(logger const&) = delete;
    ~logger() {
      sample(7, 2000).put_into(*store);
      ++ended;
    }
    memo::memory_store const* store;
  };
  memo::memory_store const store{{.max_bytes = 4000}};
  auto const put = [&](int number, memo::put_policy policy, bool names_it) {
    sample const one(number, 2000);
    auto source = one.source();
    source.live = {std::make_shared<logger>(&store), &tag, 2000, nullptr};
    memo::put_request const request{one.key, names_it ? &one.value : nullptr, policy, {&source, 1}};
    return store.put({&request, 1}).stored;
  };
  for (int i = 10; i < 14; ++i) CHECK(put(i, memo::put_policy::keep, true));
  CHECK(put(20, memo::put_policy::keep, false));  // an object that nothing names
  CHECK(put(21, memo::put_policy::keep, true));
  CHECK(ended >= 4);
  CHECK(store.stats().bytes <= 4000);
  store.clear();
}

TEST_CASE("a value for which there is no memory leaves nothing behind") {
#if defined(__has_feature)
#  if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#    define MEMO_TEST_SANITIZED
#  endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(MEMO_TEST_SANITIZED)
  WARN("not run: this sanitizer ends a program that asks for too much memory");
#else
  memo::memory_store const store;
  sample one(1);
  CHECK(one.put_into(store).stored);
  sample other(2);
  other.value.outputs[0].object = one.object();  // which two entries name from now on
  auto source = other.source();
  source.object = id_of("huge");
  source.size = ~std::uint64_t{0} >> 2;
  memo::put_request const request{other.key, &other.value, memo::put_policy::keep, {&source, 1}};
  CHECK_THROWS_AS(store.put({&request, 1}), std::bad_alloc);
  CHECK(look_up(store, 2) == got::nothing);
  CHECK(look_up(store, 1) == got::right);
  store.erase(one.key);
  CHECK(store.stats().objects == 0);
  CHECK(store.stats().bytes == 0);
#endif
}

TEST_CASE("what a reader holds outlives the store") {
  memo::found_object held;
  sample const one(1);
  {
    memo::memory_store store;
    one.put_into(store);
    held = store.read(one.object());
    store.clear();
  }
  CHECK(memo::as_text(held.bytes.view) == one.bytes);
}
