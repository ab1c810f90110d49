#include <memo/store/log_put.hpp>

#include "../support/log_folder.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace memo::detail;
using samples::got;
using samples::key_of;
using samples::sample;

namespace {

/// A user of a log that takes requests.
struct putting_user : test::log_user {
  using log_user::log_user;

  int add(std::span<memo::put_request const> requests) {
    auto const turn = begin();
    if (!turn) return -1;
    auto& to = writer.appender();
    int const error = bringing.add(to, requests);
    return error != 0 ? error : writer.commit(to, memo::durability::none);
  }
  std::uint64_t size() {
    reader.sync();
    return reader.view()->log->committed();
  }
  memo::entries variants(int number) {
    reader.sync();
    auto const found = find_entries(reader, key_of(number), memo::access::normal);
    return found.variants ? *found.variants : memo::entries{};
  }
  bool has_object(sample const& of) { return get(record_kind::object, of.object()) == of.bytes; }

  log_put bringing{reader, writer};
};

/// A request with what it points to.
struct request_of {
  explicit request_of(sample const& from, memo::put_policy policy = memo::put_policy::keep)
      : of(from), piece(memo::as_byte_view(of.bytes)), source(of.source()) {
    source.pieces = {&piece, 1};
    request.key = of.key;
    request.value = &of.value;
    request.policy = policy;
    request.objects = {&source, 1};
  }
  request_of(request_of const&) = delete;
  request_of& operator=(request_of const&) = delete;

  int put_into(putting_user& user) const { return user.add({&request, 1}); }

  sample of;
  memo::byte_view piece;
  memo::object_source source;
  memo::put_request request;
};

sample variant_of(int number, std::string const& variant) {
  sample made(number);
  made.value.variant = samples::id_of(variant);
  return made;
}

}  // namespace

TEST_CASE("what is there already is not written again") {
  scratch_folder const folder;
  putting_user user(folder / "cache");
  request_of const one(sample(1));
  CHECK(one.put_into(user) == 0);
  std::uint64_t const size = user.size();
  CHECK(one.put_into(user) == 0);
  CHECK(user.size() == size);
  CHECK(request_of(sample(1), memo::put_policy::replace).put_into(user) == 0);
  CHECK(user.size() > size);
  CHECK(user.variants(1).size() == 1);
  CHECK(user.has_object(one.of));
}

TEST_CASE("what is there and cannot be read is written again") {
  scratch_folder const folder;
  request_of const one(sample(1));
  {
    putting_user user(folder / "cache");
    CHECK(one.put_into(user) == 0);
  }
  auto const log = test::current_file(folder / "cache", "log");
  test::flip_bit(log, content_of(log).find(one.of.bytes));
  putting_user user(folder / "cache");
  CHECK(user.variants(1).size() == 1);
  CHECK_FALSE(user.has_object(one.of));
  CHECK(one.put_into(user) == 0);
  CHECK(user.has_object(one.of));
  CHECK(user.variants(1).size() == 1);
}

TEST_CASE("an entry whose object is gone is written again with it") {
  scratch_folder const folder;
  putting_user user(folder / "cache");
  request_of const one(sample(1));
  CHECK(one.put_into(user) == 0);
  CHECK(user.put_gone(record_kind::object, one.of.object()) == 0);
  CHECK(one.put_into(user) == 0);
  CHECK(user.has_object(one.of));
  CHECK(user.reader.counts().entries == 1);
}

TEST_CASE("variants of a key are kept together, the newest first") {
  scratch_folder const folder;
  putting_user user(folder / "cache");
  putting_user other(folder / "cache");
  for (char const* const name : {"a", "b", "c"})
    CHECK(request_of(variant_of(1, name)).put_into(name[0] == 'b' ? other : user) == 0);
  REQUIRE(other.variants(1).size() == 3);
  CHECK(other.variants(1)[0].variant == samples::id_of("c"));
  CHECK(other.variants(1)[2].variant == samples::id_of("a"));
  request_of last(variant_of(1, "d"));
  memo::digest const gone = samples::id_of("b");
  last.request.supersedes = {&gone, 1};
  last.request.most_variants = 2;
  CHECK(last.put_into(user) == 0);
  REQUIRE(user.variants(1).size() == 2);
  CHECK(user.variants(1)[0].variant == samples::id_of("d"));
  CHECK(user.variants(1)[1].variant == samples::id_of("c"));
}

TEST_CASE("many requests at once are as one after the other") {
  for (int const count : {2, 15, 16, 17, 100}) {
    scratch_folder const folder;
    putting_user user(folder / "cache");
    std::vector<std::unique_ptr<request_of>> made;
    // Each key twice with another variant, all with the same few objects.
    for (int round = 0; round < 2; ++round)
      for (int i = 0; i < count; ++i)
        made.push_back(std::make_unique<request_of>(variant_of(i, round == 0 ? "first" : "second")));
    std::vector<memo::put_request> all;
    for (auto const& one : made) all.push_back(one->request);
    CHECK(user.add(all) == 0);
    putting_user fresh(folder / "cache");
    for (auto* const at : {&user, &fresh})
      for (int i = 0; i < count; ++i) {
        CHECK(at->variants(i).size() == 2);
        CHECK(at->has_object(sample(i)));
      }
    CHECK(user.reader.counts().objects == static_cast<std::uint64_t>(count));
    std::uint64_t const size = user.size();
    CHECK(user.add(all) == 0);
    CHECK(user.size() == size);
  }
}

TEST_CASE("an object may come encoded, or from a file") {
  scratch_folder const folder;
  putting_user user(folder / "cache");
  request_of live(sample(1, 3000));
  live.source.pieces = {};
  live.source.live.value = std::make_shared<std::string const>(live.of.bytes);
  live.source.live.encode = [](void const* value) {
    auto const text = std::make_shared<std::string const>(*static_cast<std::string const*>(value));
    return memo::shared_bytes{text, memo::as_byte_view(*text)};
  };
  CHECK(live.put_into(user) == 0);
  CHECK(user.has_object(live.of));
  request_of file(sample(2, 3000));
  file.source.pieces = {};
  file.source.file = (folder / "user's file").string();
  CHECK(file.put_into(user) == ENOENT);
  CHECK(user.variants(2).empty());
  write_content(file.source.file, file.of.bytes);
  CHECK(file.put_into(user) == 0);
  CHECK(user.has_object(file.of));
  CHECK(user.variants(2).size() == 1);
}

TEST_CASE("a request that is not what it says is refused") {
  scratch_folder const folder;
  putting_user user(folder / "cache");
  request_of one(sample(1));
  one.source.size += 1;
  CHECK(one.put_into(user) == EINVAL);
  CHECK(user.variants(1).empty());
  request_of live(sample(2));
  live.source.pieces = {};
  live.source.live.value = std::make_shared<int const>(1);
  live.source.live.encode = [](void const*) { return memo::shared_bytes{}; };
  CHECK(live.put_into(user) == EINVAL);
  CHECK(request_of(sample(3)).put_into(user) == 0);
  CHECK(user.has_object(sample(3)));
  CHECK(user.variants(2).empty());
}
