#include <memo/run/dependencies.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <memo/run/cached.hpp>
#include <memo/store/memory_store.hpp>

#include <random>

using memo::dependency;
using memo::digest;
using memo::detail::dependency_notes;
using memo::detail::present_things;
using dependency_kind = memo::dependency::kind;

namespace {

memo::digest digest_of(std::string_view text, std::uint64_t seed = 0) {
  return memo::hash_bytes(memo::as_byte_view(text), seed);
}

std::string clause_for(dependency const& noted) {
  present_things present(0);
  return present.difference({&noted, 1});
}

}  // namespace

TEST_CASE("a path is noted as it is spelled, without what says nothing") {
  using memo::detail::noted_name;
  CHECK(noted_name("a/b.txt") == "a/b.txt");
  CHECK(noted_name("./a//b.txt") == "a/b.txt");
  CHECK(noted_name("a/./b") == "a/b");
  CHECK(noted_name("a/.hidden") == "a/.hidden");
  CHECK(noted_name("link/../b") == "link/../b");
  CHECK(noted_name("") == "");
}

TEST_CASE("each change has its clause") {
  scratch_folder const folder;
  auto const path = (folder / "b.txt").string(), none = (folder / "none").string();
  write_content(path, "now");
  CHECK(clause_for({dependency_kind::file, path, digest_of("now")}) == "");
  CHECK(clause_for({dependency_kind::file, path, digest_of("before")}) == "file `" + path + "` changed");
  CHECK(clause_for({dependency_kind::file, path, {}}) == "file `" + path + "` is there now");
  CHECK(clause_for({dependency_kind::file, none, digest_of("before")}) == "file `" + none + "` is gone");
  CHECK(clause_for({dependency_kind::file, none, {}}) == "");
  CHECK(clause_for({dependency_kind::file, "/dev/null", digest_of("")}) ==
        "file `/dev/null` cannot be read now");
  CHECK(clause_for({dependency_kind::present, path, {}}) == "");
  CHECK(clause_for({dependency_kind::present, none, {}}) == "`" + none + "` is gone");
  CHECK(clause_for({dependency_kind::absent, none, {}}) == "");
  CHECK(clause_for({dependency_kind::absent, path, {}}) == "`" + path + "` is there now");
  auto const pattern = (folder / "*.txt").string();
  CHECK(clause_for(
            {dependency_kind::listing, pattern, memo::detail::digest_of_names(std::vector{path}, 0)}) == "");
  CHECK(clause_for({dependency_kind::listing, pattern, digest_of("")}) ==
        "the files matching `" + pattern + "` changed");
  test::variable const set("MEMO_TEST_SET", "1"), unset("MEMO_TEST_UNSET", nullptr);
  CHECK(clause_for({dependency_kind::variable, "MEMO_TEST_SET", digest_of("1")}) == "");
  CHECK(clause_for({dependency_kind::variable, "MEMO_TEST_SET", digest_of("2")}) ==
        "environment variable MEMO_TEST_SET changed");
  CHECK(clause_for({dependency_kind::variable, "MEMO_TEST_SET", {}}) ==
        "environment variable MEMO_TEST_SET is set now");
  CHECK(clause_for({dependency_kind::variable, "MEMO_TEST_UNSET", digest_of("")}) ==
        "environment variable MEMO_TEST_UNSET is not set now");
}

TEST_CASE("an empty variable and none, an empty file and none, and names cut elsewhere are different") {
  CHECK(memo::detail::noted_variable("X", "", 0) != memo::detail::noted_variable("X", nullptr, 0));
  scratch_folder const folder;
  auto const path = (folder / "empty").string();
  auto const before = memo::detail::look_at(dependency_kind::file, path, 0);
  write_content(path, "");
  CHECK(memo::detail::look_at(dependency_kind::file, path, 0) != before);
  auto const listing = [](std::vector<std::string> const& names) {
    return memo::detail::digest_of_names(names, 0);
  };
  CHECK(listing({"ab", "c"}) != listing({"a", "bc"}));
}

TEST_CASE("a variant is what was read, in any order, and the seed hides it") {
  using memo::detail::variant_of;
  dependency const a{dependency_kind::file, "a", {1, 1}}, b{dependency_kind::file, "b", {2, 2}},
      c{dependency_kind::present, "a", {}};
  std::vector<dependency> const one{a, b, c}, other{c, a, b}, less{a, b};
  CHECK_FALSE(variant_of({}, 0));
  CHECK(variant_of(one, 0) == variant_of(other, 0));
  CHECK(variant_of(one, 0) != variant_of(one, 1));
  CHECK(variant_of(one, 0) != variant_of(less, 0));
  std::vector<dependency> const changed{a, {dependency_kind::file, "b", {2, 3}}},
      swapped{{dependency_kind::file, "a", {2, 2}}, b};
  CHECK(variant_of(less, 0) != variant_of(changed, 0));
  CHECK(variant_of(less, 0) != variant_of(swapped, 0));
}

TEST_CASE("a thing that answers twice alike is noted once, and in two ways is refused") {
  dependency_notes notes(0);
  notes.add({dependency_kind::file, "b.txt", {1, 1}});
  notes.add({dependency_kind::file, "b.txt", {1, 1}});
  notes.add({dependency_kind::absent, "b.txt", {}});
  CHECK(notes.all().size() == 2);
  CHECK(notes.problem() == "");
  SECTION("a file") {
    notes.add({dependency_kind::file, "b.txt", {1, 2}});
    CHECK(notes.problem() == "file `b.txt` changed while it ran");
  }
  SECTION("its presence") {
    notes.add({dependency_kind::present, "b.txt", {}});
    CHECK(notes.problem() == "`b.txt` came while it ran");
  }
  CHECK(notes.all().size() == 2);
  CHECK(notes.find_change() == notes.problem());
}

TEST_CASE("what changed since it was noted is found, and a file that was edited and edited back, too") {
  scratch_folder const folder;
  auto const path = (folder / "b.txt").string();
  write_content(path, "first");
  dependency_notes notes(0);
  notes.look(dependency_kind::file, path);
  notes.look(dependency_kind::present, path);
  CHECK(notes.find_change() == "");
  SECTION("changed") {
    write_content(path, "other");
    CHECK(notes.find_change() == "file `" + path + "` changed while it ran");
  }
  SECTION("gone") {
    std::filesystem::remove(path);
    CHECK(notes.find_change() == "file `" + path + "` changed while it ran");
  }
  SECTION("edited and edited back") {
    write_content(path, "other");
    std::filesystem::last_write_time(path,
                                     std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
    CHECK(memo::path_digest(path, 0) == digest_of("other"));
    write_content(path, "first");
    CHECK(notes.find_change() == "file `" + path + "` changed while it ran");
  }
}

TEST_CASE("a special file cannot be noted") {
  dependency_notes notes(0);
  notes.look(dependency_kind::file, "/dev/null");
  CHECK(notes.find_change() == "file `/dev/null` cannot be read");
}

TEST_CASE("each thing is looked at once, whatever names it") {
  present_things present(0);
  dependency const absent{dependency_kind::absent, "/none/at/all", {}},
      there{dependency_kind::present, "/none/at/all", {}};
  for (int i = 0; i < 3; ++i) {
    CHECK(present.find_difference({&absent, 1}) == nullptr);
    CHECK(present.find_difference({&there, 1}) == &there);
  }
  CHECK(present.looks() == 1);
}

// A deterministic function that reads one thing after the other, and which next depends on the answers: variables whose
// values are "0" to "2".
TEST_CASE("the variant that fits is found with the looks of its own list, and one more for each wrong way") {
  std::mt19937 random(7);
  constexpr std::uint32_t things = 30, length = 6;
  auto const name_of = [](std::uint32_t thing) { return "MEMO_TEST_TREE_" + std::to_string(thing); };
  for (std::uint32_t i = 0; i < things; ++i) ::setenv(name_of(i).c_str(), "0", 1);
  auto const run = [&] {
    std::vector<dependency> noted;
    std::uint32_t next = 0, seen = 0;
    for (std::uint32_t i = 0; i < length; ++i) {
      char const* const value = std::getenv(name_of(next).c_str());
      auto one = memo::detail::noted_variable(name_of(next), value, 0);
      if (std::find(noted.begin(), noted.end(), one) == noted.end()) noted.push_back(std::move(one));
      seen = 3 * seen + static_cast<std::uint32_t>(value[0] - '0') + 1;
      next = (7 * seen + i) % things;
    }
    return noted;
  };
  std::vector<std::vector<dependency>> variants;
  for (int trial = 0; trial < 500; ++trial) {
    for (int edits = 0; edits < 3; ++edits)
      ::setenv(name_of(static_cast<std::uint32_t>(random() % (edits == 0 ? 2 : things))).c_str(),
               std::to_string(random() % 3).c_str(), 1);
    auto const right = run();
    present_things present(0);
    std::size_t fits = variants.size();
    for (std::size_t i = 0; i < variants.size() && fits == variants.size(); ++i)
      if (present.find_difference(variants[i]) == nullptr) fits = i;
    bool const is_known = std::find(variants.begin(), variants.end(), right) != variants.end();
    CHECK((fits < variants.size()) == is_known);
    // All that is looked at is on the right way, as the wrong ones leave it at a thing that it asks for.
    CHECK(present.looks() <= right.size());
    if (is_known)
      CHECK(variants[fits] == right);
    else
      variants.insert(variants.begin(), right);
    if (variants.size() > 16) variants.pop_back();
  }
  for (std::uint32_t i = 0; i < things; ++i) ::unsetenv(name_of(i).c_str());
}

TEST_CASE("what is stored of a read is the same with every compiler") {
  using memo::to_hex;
  std::vector<dependency> const noted{{dependency_kind::file, "a/b.txt", {1, 2}},
                                      {dependency_kind::absent, "c", {}}};
  std::vector<std::string> const names{"x.csv", "y.csv"};
  CHECK(to_hex(memo::detail::variant_of(noted, 0)) == "e84f8120066e7eead9fe21874b072a07");
  CHECK(to_hex(memo::detail::digest_of_names(names, 0)) == "9c907120f28796f132c445beff698b8e");
  CHECK(to_hex(memo::detail::noted_variable("X", "value", 0).content) == "d7ab8cce59abd5050d59506fb013961a");
}
