#include <memo/store/memory_store.hpp>

#include "../laws/store_laws.hpp"
#include "../support/deadline.hpp"

#include <algorithm>
#include <stdexcept>

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

TEST_CASE(
    "the value of an entry that another value has replaced may collect when a limit removes the entry") {
  test::deadline const within("a destructor that collects");
  static int const tag = 0;
  static std::vector<int> ended;
  ended.clear();
  struct collector {
    collector(memo::memory_store const* used, int own, bool collects)
        : store(used), number(own), acts(collects) {}
    collector(collector const&) = delete;
    collector& operator=(collector const&) = delete;
    ~collector() {
      if (acts) memo::memory_store(*store).collect({.max_entries = 1});
      ended.push_back(number);
    }
    memo::memory_store const* store;
    int number;
    bool acts;
  };
  memo::memory_store store{{.max_entries = 2}};
  auto const put = [&](int key, std::string const& object, int number, memo::put_policy policy, bool acts) {
    memo::entry made;
    made.created_ms = 1;
    memo::stored_output output;
    output.object = id_of(object);
    output.value = memo::fingerprint::of_digest(output.object);
    output.size = 2000;
    made.outputs.push_back(output);
    memo::object_source source{.object = output.object, .checksum = output.object, .size = 2000};
    source.live = {std::make_shared<collector>(&store, number, acts), &tag, 2000, nullptr};
    memo::put_request const request{key_of(key), &made, policy, {&source, 1}};
    CHECK(store.put({&request, 1}).stored);
  };
  put(10, "shared", 1, memo::put_policy::keep, true);
  put(11, "shared", 2, memo::put_policy::replace, false);  // from here on the first key alone holds value 1
  CHECK(ended.empty());
  put(12, "other", 3, memo::put_policy::keep, false);
  CHECK(ended == std::vector<int>{2, 1});  // the destructor of value 1 has removed the second key
  CHECK(store.find(key_of(10)).status == memo::lookup::miss);
  CHECK(store.find(key_of(11)).status == memo::lookup::miss);
  CHECK(store.find(key_of(12)).status == memo::lookup::hit);
  CHECK(store.stats().entries == 1);
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

namespace {

int const number_tag = 0, text_tag = 0;

/// Puts a live value under a key; without a stored form.
template <class T>
void put_live(memo::memory_store const& store, int number, T value, void const* tag,
              memo::put_policy policy = memo::put_policy::keep) {
  sample one(number);
  one.value.dependencies.clear();
  one.value.created_ms = 1000 + number;
  one.value.outputs[0].object = id_of("live " + std::to_string(number));
  auto source = one.source();
  source.live = {std::make_shared<T const>(std::move(value)), tag, sizeof(T), nullptr};
  memo::put_request const request{one.key, &one.value, policy, {&source, 1}};
  if (!store.put({&request, 1}).stored) throw std::runtime_error("a value was not kept");
}

/// The number under a key, or -1.
int recall_number(memo::memory_store const& store, int number, memo::access how = memo::access::normal) {
  int got = -1;
  std::int64_t const created = store.recall(key_of(number), {&number_tag, how, &got, sizeof got, nullptr});
  CHECK(created == (got == -1 ? -1 : 1000 + number));
  return got;
}

}  // namespace

TEST_CASE("a memory store recalls live values at once, and nothing that is gone or of another type") {
  memo::memory_store const store;
  memo::memory_store const copy = store;
  CHECK(recall_number(store, 1) == -1);
  put_live(store, 1, 11, &number_tag);
  put_live(store, 2, std::string("text"), &text_tag);
  for (int i = 0; i < 3; ++i) CHECK(recall_number(copy, 1) == 11);
  CHECK(recall_number(store, 2) == -1);
  std::shared_ptr<void const> handle;
  CHECK(store.recall(key_of(2), {&text_tag, memo::access::normal, nullptr, 0, &handle}) == 1002);
  CHECK(*static_cast<std::string const*>(handle.get()) == "text");
  CHECK(handle == store.read(id_of("live 2"), &text_tag).live.value);

  put_live(copy, 1, 12, &number_tag);  // keeps
  CHECK(recall_number(store, 1) == 11);
  put_live(copy, 1, 12, &number_tag, memo::put_policy::replace);
  CHECK(recall_number(store, 1) == 12);
  CHECK(copy.erase(key_of(1)));
  CHECK(recall_number(store, 1) == -1);
  put_live(store, 1, 13, &number_tag);
  CHECK(recall_number(store, 1) == 13);
  copy.clear();
  CHECK(recall_number(store, 1) == -1);
  CHECK(*static_cast<std::string const*>(handle.get()) == "text");
}

TEST_CASE("what read files or has variants is not recalled") {
  memo::memory_store const store;
  sample one(1);
  one.value.dependencies.resize(1);
  auto source = one.source();
  source.live = {std::make_shared<int const>(7), &number_tag, 4, nullptr};
  memo::put_request const request{one.key, &one.value, memo::put_policy::keep, {&source, 1}};
  CHECK(store.put({&request, 1}).stored);
  CHECK(recall_number(store, 1) == -1);
  put_live(store, 2, 5, &number_tag);
  CHECK(recall_number(store, 2) == 5);
  sample other(2);
  other.value.variant = id_of("another");
  CHECK(other.put_into(store).stored);
  CHECK(recall_number(store, 2) == -1);
}

TEST_CASE("hits decide which entry of a memory store was used least recently") {
  memo::memory_store const store{{.max_entries = 6}};
  for (int i = 0; i < 6; ++i) put_live(store, i, i, &number_tag);
  for (int round = 0; round < 3; ++round)
    for (int const i : {2, 0, 5, 1}) CHECK(recall_number(store, i) == i);
  CHECK(recall_number(store, 4, memo::access::read_only) == 4);  // which changes nothing
  std::vector<int> left_in_order;
  for (int i = 0; i < 6; ++i) {
    put_live(store, 10 + i, i, &number_tag);
    for (int k = 0; k < 6; ++k)
      if (store.show(key_of(k)).empty() &&
          std::find(left_in_order.begin(), left_in_order.end(), k) == left_in_order.end())
        left_in_order.push_back(k);
  }
  CHECK(left_in_order == std::vector<int>{3, 4, 2, 0, 5, 1});
}

TEST_CASE("pinned entries of a memory store outlive many others") {
  memo::memory_store const store{{.max_entries = 20}};
  for (int i = 0; i < 5; ++i) put_live(store, i, i, &number_tag);
  std::vector<memo::digest> const keys{key_of(1), key_of(3)};
  auto pin = store.pin(keys);
  for (int i = 100; i < 400; ++i) put_live(store, i, i, &number_tag);
  CHECK(store.stats().entries == 20);
  CHECK(recall_number(store, 1) == 1);
  CHECK(recall_number(store, 3) == 3);
  CHECK(recall_number(store, 0) == -1);
  pin.reset();
  for (int i = 400; i < 500; ++i) put_live(store, i, i, &number_tag);
  CHECK(store.stats().entries == 20);
  CHECK(recall_number(store, 1) == -1);
}

TEST_CASE("threads may recall, put, erase and clear at the same time") {
  memo::memory_store const store{{.max_entries = 30}};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      unsigned state = t * 7919 + 1;
      for (int i = 0; i < 3000; ++i) {
        state = state * 1664525 + 1013904223;
        int const number = static_cast<int>((state >> 16) % 40);
        int got = -1;
        std::shared_ptr<void const> handle;
        switch ((state >> 8) % 16) {
          case 0:
            store.erase(key_of(number));
            break;
          case 1:
            if (i % 50 == 0) store.clear();
            break;
          case 2:
          case 3:
            put_live(store, number, number, &number_tag);
            break;
          case 4:
            if (store.recall(key_of(number), {&number_tag, memo::access::normal, nullptr, 0, &handle}) >= 0)
              wrong += *static_cast<int const*>(handle.get()) != number ? 1 : 0;
            break;
          default:
            if (store.recall(key_of(number),
                             {&number_tag, memo::access::normal, &got, sizeof got, nullptr}) >= 0)
              wrong += got != number ? 1 : 0;
        }
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(store.stats().entries <= 30);
}

TEST_CASE(
    "puts into a memory store whose limit is less than what is pinned do not look at all of it each time") {
  memo::memory_store const store{{.max_bytes = 100'000}};
  std::vector<memo::digest> keys;
  for (int i = 0; i < 20'000; ++i) keys.push_back(key_of(i));
  auto pin = store.pin(keys);
  for (int i = 0; i < 20'000; ++i)
    CHECK(sample(i, 16).put_into(store).stored);  // minutes, if each one looked
  CHECK(store.stats().entries == 20'000);
  CHECK(store.put({}).warning.find("the limit of 100000 bytes is less than this run uses") == 0);
  pin.reset();
  CHECK(store.put({}).warning == "");
  CHECK(store.stats().bytes <= 100'000);
  for (int i = 20'000; i < 20'200; ++i) {
    CHECK(sample(i, 16).put_into(store).stored);
    CHECK(store.stats().bytes <= 100'000);
  }
}

TEST_CASE("what is dear to compute again stays longer in a memory store, but not for ever") {
  memo::memory_store const store{{.max_entries = 8}};
  sample dear(0, 1000);
  dear.value.cost_ns = 3'600'000'000'000;
  CHECK(dear.put_into(store).stored);
  auto const put_cheap = [&](int number) {
    sample cheap(number, 1000);
    cheap.value.cost_ns = 1'000'000;
    CHECK(cheap.put_into(store).stored);
    CHECK(look_up(store, number, 1000) == got::right);
  };
  for (int i = 1; i <= 24; ++i) put_cheap(i);
  CHECK(look_up(store, 0, 1000, memo::access::read_only) == got::right);
  for (int i = 25; i <= 200; ++i) put_cheap(i);
  CHECK(look_up(store, 0, 1000) == got::nothing);
}
