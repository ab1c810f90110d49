#include <memo/store/tiered_store.hpp>

#include "../laws/store_laws.hpp"
#include "../support/losing_store.hpp"

#include <memo/store/directory_store.hpp>
#include <memo/store/memory_store.hpp>

using namespace samples;
namespace fs = std::filesystem;

namespace {

memo::tiered_store memory_over(fs::path const& path) {
  return {memo::memory_store{}, memo::directory_store{path}};
}

std::int64_t created_in(memo::tiered_store const& store, int number) {
  auto const found = store.find(key_of(number));
  return found.status == memo::lookup::hit ? found.variants->front().created_ms : -1;
}

}  // namespace

TEST_CASE("memory over a directory keeps the promises of a store") {
  scratch_folder const folder;
  laws::hold([&] { return memory_over(folder / "cache"); });
}

TEST_CASE("a directory over a directory keeps the promises of a store") {
  scratch_folder const folder;
  laws::hold([&] {
    return memo::tiered_store{memo::directory_store{folder / "near"}, memo::directory_store{folder / "far"}};
  });
}

TEST_CASE("memory over memory keeps the promises of a store") {
  laws::hold([] { return memo::tiered_store{memo::memory_store{}, memo::memory_store{}}; });
}

TEST_CASE("a small fast tier keeps the promises of a store") {
  scratch_folder const folder;
  laws::hold([&] {
    return memo::tiered_store{memo::memory_store{{.max_entries = 2}},
                              memo::tiered_store{memo::memory_store{{.max_bytes = 20'000}},
                                                 memo::directory_store{folder / "cache"}}};
  });
}

TEST_CASE("a tiered store can do what its tiers can") {
  scratch_folder const folder;
  auto const can = memory_over(folder / "cache").capabilities();
  CHECK(can.live);
  CHECK(can.shared);
  CHECK(can.lockable == memo::directory_store{folder / "cache"}.capabilities().lockable);
  CHECK(can.inline_limit == 4096);
  CHECK(fs::is_empty(folder.path()));
  memo::tiered_store const both{memo::memory_store{}, memo::memory_store{}};
  CHECK_FALSE(both.capabilities().shared);
  CHECK(both.capabilities().inline_limit == 0);
}

TEST_CASE("what only the slow tier has is found and put into the fast one") {
  scratch_folder const folder;
  memo::memory_store const fast;
  memo::directory_store const slow{folder / "cache"};
  memo::tiered_store const store{fast, slow};
  CHECK(sample(1, 5000).put_into(slow).stored);
  CHECK(fast.find(key_of(1)).status == memo::lookup::miss);
  CHECK(look_up(store, 1, 5000) == got::right);
  CHECK(look_up(fast, 1, 5000) == got::right);
  slow.clear();
  CHECK(look_up(store, 1, 5000) == got::right);
  CHECK(fast.stats().objects == 1);
}

TEST_CASE("a batch is asked for in both tiers") {
  scratch_folder const folder;
  memo::memory_store const fast;
  memo::directory_store const slow{folder / "cache"};
  memo::tiered_store const store{fast, slow};
  for (int i = 0; i < 10; ++i)
    CHECK((i % 2 == 0 ? sample(i).put_into(fast) : sample(i).put_into(slow)).stored);
  std::vector<memo::digest> keys;
  for (int i = 0; i < 12; ++i) keys.push_back(key_of(i));
  std::vector<memo::found_entries> answers(keys.size());
  store.find(keys, answers);
  for (std::size_t i = 0; i < keys.size(); ++i) CHECK((answers[i].status == memo::lookup::hit) == (i < 10));
  CHECK(fast.stats().entries == 10);
  CHECK(store.stats().entries == 10);
  CHECK(store.stats().objects == 10);
  CHECK(store.list().size() == 10);
}

TEST_CASE("reading without writing leaves a fast tier that others see as it is") {
  scratch_folder const folder;
  memo::directory_store const near{folder / "near"};
  memo::directory_store const far{folder / "far"};
  CHECK(sample(1).put_into(far).stored);
  CHECK(look_up(memo::tiered_store{near, far}, 1, 100, memo::access::read_only) == got::right);
  CHECK_FALSE(fs::exists(folder / "near"));
  memo::memory_store const memory;
  CHECK(look_up(memo::tiered_store{memory, far}, 1, 100, memo::access::read_only) == got::right);
  CHECK(memory.stats().entries == 1);
  CHECK(look_up(memo::tiered_store{near, far}, 1) == got::right);
  CHECK(look_up(near, 1) == got::right);
}

TEST_CASE("an entry and its object may lie in different tiers") {
  scratch_folder const folder;
  memo::memory_store const fast;
  memo::directory_store const slow{folder / "cache"};
  memo::tiered_store const store{fast, slow};
  for (int i = 1; i <= 2; ++i) {
    sample const one(i, 5000);
    memo::put_request const entry_alone{one.key, &one.value};
    memo::byte_view const piece = memo::as_byte_view(one.bytes);
    auto source = one.source();
    source.pieces = {&piece, 1};
    memo::put_request const object_alone{one.key, nullptr, memo::put_policy::keep, {&source, 1}};
    if (i == 1) {
      CHECK(fast.put({&entry_alone, 1}).stored);
      CHECK(slow.put({&object_alone, 1}).stored);
    } else {
      CHECK(slow.put({&entry_alone, 1}).stored);
      CHECK(fast.put({&object_alone, 1}).stored);
    }
    CHECK(look_up(store, i, 5000) == got::right);
  }
}

TEST_CASE("what the fast tier lost or has damaged is still a hit") {
  scratch_folder const folder;
  memo::directory_store const near{folder / "near"};
  memo::tiered_store const store{near, memo::directory_store{folder / "far"}};
  CHECK(sample(1, 5000).put_into(store).stored);
  for (auto const& file : fs::recursive_directory_iterator(folder / "near/v1/e"))
    if (file.is_regular_file()) write_content(file.path(), "rubbish");
  CHECK(look_up(store, 1, 5000) == got::right);
  for (auto const& file : fs::recursive_directory_iterator(folder / "near/v1/o"))
    if (file.is_regular_file()) write_content(file.path(), "rubbish");
  CHECK(look_up(store, 1, 5000) == got::right);
  CHECK(look_up(near, 1, 5000) == got::right);
  near.clear();
  CHECK(look_up(store, 1, 5000) == got::right);
}

TEST_CASE("live values stay in the fast tier and bytes go to the slow one") {
  static int const tag = 0;
  scratch_folder const folder;
  memo::directory_store const slow{folder / "cache"};
  memo::tiered_store const store{memo::memory_store{}, slow};
  sample one(1, 200);
  one.go_inline();
  one.value.variant = {};
  one.value.dependencies.clear();
  one.value.outputs[0].object = id_of("beside the inline bytes");
  auto source = one.source();
  memo::byte_view const piece = memo::as_byte_view(one.bytes);
  source.pieces = {&piece, 1};
  auto const value = std::make_shared<std::string const>(one.bytes);
  source.live = {value, &tag, one.bytes.size(), &laws::encode_text};
  memo::put_request const request{one.key, &one.value, memo::put_policy::keep, {&source, 1}};
  CHECK(store.put({&request, 1}).stored);
  std::shared_ptr<void const> handle;
  CHECK(store.recall(one.key, {&tag, memo::access::normal, nullptr, 0, &handle}) == one.value.created_ms);
  CHECK(handle == value);
  CHECK(slow.stats().objects == 0);
  auto const found = slow.find(one.key);
  REQUIRE(found.status == memo::lookup::hit);
  CHECK_FALSE(found.variants->front().outputs[0].object);
  CHECK(look_up(slow, 1, 200) == got::right);
  CHECK(look_up(store, 1, 200) == got::right);
}

TEST_CASE("a value without bytes is kept in the fast tier alone") {
  static int const tag = 0;
  scratch_folder const folder;
  memo::directory_store const slow{folder / "cache"};
  memo::tiered_store const store{memo::memory_store{}, slow};
  for (bool const has_form : {false, true}) {
    sample const one(has_form ? 1 : 2, 200);
    auto source = one.source();
    source.checksum = source.object;
    auto const value = std::make_shared<std::string const>(one.bytes);
    source.live = {value, &tag, one.bytes.size(), has_form ? &laws::encode_text : nullptr};
    memo::put_request const request{one.key, &one.value, memo::put_policy::keep, {&source, 1}};
    CHECK(store.put({&request, 1}).stored);
    CHECK(store.find(one.key).status == memo::lookup::hit);
    CHECK(store.read(one.object(), &tag).live.value == value);
    CHECK(slow.find(one.key).status == memo::lookup::miss);
  }
  CHECK(store.stats().entries == 2);
  CHECK(store.stats().objects == 2);
  CHECK(store.collect({0, 1, 0}).removed_entries == 1);
  CHECK(store.stats().entries == 1);
}

TEST_CASE("a slow tier that cannot be written to costs a warning, and the value is kept") {
  scratch_folder const folder;
  write_content(folder / "file", "x");
  memo::tiered_store const store{memo::memory_store{}, memo::directory_store{folder / "file/cache"}};
  auto const put = sample(1).put_into(store);
  CHECK(put.stored);
  CHECK(put.warning.find("Not a directory") != std::string::npos);
  CHECK(look_up(store, 1) == got::right);
  CHECK(store.stats().entries == 1);
  CHECK_FALSE(store.write_last(key_of(1), memo::as_byte_view("text")).warning.empty());
  CHECK(store.read_last(key_of(1)) == "text");
}

TEST_CASE("who has claimed a key sees what another process has stored since") {
  scratch_folder const folder;
  memo::tiered_store const one = memory_over(folder / "cache");
  memo::tiered_store const other = memory_over(folder / "cache");
  sample made(1);
  made.value.variant = {};
  made.value.dependencies.clear();
  made.value.created_ms = 1000;
  CHECK(made.put_into(one).stored);
  made.value.created_ms = 2000;
  CHECK(made.put_into(other, memo::put_policy::replace).stored);
  CHECK(created_in(other, 1) == 2000);
  CHECK(created_in(one, 1) == 1000);  // right, and at hand
  {
    auto const mine = one.claim({.key = key_of(1)});
    REQUIRE(mine.what == memo::claim_result::status::mine);
    CHECK(created_in(one, 1) == 2000);
  }
  CHECK(created_in(one, 1) == 2000);
  CHECK(look_up(one, 1) == got::right);

  // The newer one counts, wherever it is.
  memo::directory_store const slow{folder / "cache"};
  made.value.created_ms = 1500;
  CHECK(made.put_into(slow, memo::put_policy::replace).stored);
  auto const mine = one.claim({.key = key_of(1)});
  CHECK(created_in(one, 1) == 2000);
}

TEST_CASE("a key with variants is known with those of other processes") {
  scratch_folder const folder;
  memo::tiered_store const one = memory_over(folder / "cache");
  memo::tiered_store const other = memory_over(folder / "cache");
  auto const put = [](memo::tiered_store const& to, int number, std::vector<memo::digest> const& gone) {
    sample made(number);
    made.value.variant = id_of("variant " + std::to_string(number));
    made.value.created_ms = 1000 + number;
    memo::byte_view const piece = memo::as_byte_view(made.bytes);
    auto source = made.source();
    source.pieces = {&piece, 1};
    memo::put_request const request{key_of(0), &made.value, memo::put_policy::keep, {&source, 1}, gone, 30};
    CHECK(to.put({&request, 1}).stored);
  };
  auto const variants = [](memo::tiered_store const& of) {
    std::vector<std::int64_t> numbers;
    auto const found = of.find(key_of(0));
    if (found.variants)
      for (auto const& variant : *found.variants) numbers.push_back(variant.created_ms - 1000);
    return numbers;
  };
  for (int i = 1; i <= 20; ++i) put(i % 2 == 0 ? one : other, i, {});
  std::vector<std::int64_t> wanted;
  for (int i = 20; i > 0; --i) wanted.push_back(i);
  CHECK(variants(one) == wanted);
  CHECK(variants(other) == wanted);
  put(other, 21, {id_of("variant 7"), id_of("variant 8")});
  wanted.insert(wanted.begin(), 21);
  wanted.erase(std::find(wanted.begin(), wanted.end(), 7));
  wanted.erase(std::find(wanted.begin(), wanted.end(), 8));
  CHECK(variants(one) == wanted);
  CHECK(variants(one) == wanted);
  CHECK(variants(other) == wanted);
}

TEST_CASE("what is erased is erased in both tiers") {
  scratch_folder const folder;
  memo::memory_store const fast;
  memo::directory_store const slow{folder / "cache"};
  memo::tiered_store const store{fast, slow};
  CHECK(sample(1).put_into(store).stored);
  CHECK(sample(2).put_into(fast).stored);
  CHECK(sample(3).put_into(slow).stored);
  for (int i = 1; i <= 3; ++i) {
    CHECK(store.erase(key_of(i)));
    CHECK_FALSE(store.erase(key_of(i)));
    CHECK(look_up(fast, i) == got::nothing);
    CHECK(look_up(slow, i) == got::nothing);
  }
}

TEST_CASE("the fast tier keeps its own limit and the slow one has the rest") {
  scratch_folder const folder;
  memo::memory_store const fast{{.max_bytes = 50'000}};
  memo::tiered_store const store{fast, memo::directory_store{folder / "cache"}};
  for (int i = 0; i < 20; ++i) CHECK(sample(i, 10'000).put_into(store).stored);
  CHECK(fast.stats().bytes <= 50'000);
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 20; ++i) {
      CHECK(look_up(store, i, 10'000) == got::right);
      CHECK(fast.stats().bytes <= 50'000);
    }
  CHECK(store.stats().entries == 20);
  CHECK(sample(20, 100'000).put_into(store).stored);
  CHECK(look_up(store, 20, 100'000) == got::right);
  CHECK(fast.stats().bytes <= 50'000);
}
