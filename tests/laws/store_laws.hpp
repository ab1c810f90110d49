/// The promises of the concept `store`, as tests for any model of it.
#pragma once

#include "scratch.hpp"
#include "store_laws_claims.hpp"
#include "store_laws_sharing.hpp"
#include "store_laws_views.hpp"

#include <catch2/catch.hpp>

namespace laws {

/// What goes in comes out. `store` is empty at the start of this and of each of the following.
template <memo::store Store>
void an_entry_is_found_as_it_was_put(Store store) {
  sample const one(1);
  CHECK(store.find(one.key).status == memo::lookup::miss);
  CHECK(store.find(one.key, memo::access::read_only).status == memo::lookup::miss);
  CHECK(store.read(one.object(), nullptr, memo::access::normal).status == memo::lookup::miss);
  CHECK(store.stats().entries == 0);
  CHECK(store.stats().bytes == 0);
  CHECK(store.list().empty());

  auto const put = one.put_into(store);
  CHECK(put.stored);
  CHECK(put.warning == "");
  for (auto const how : {memo::access::normal, memo::access::read_only}) {
    auto const found = store.find(one.key, how);
    REQUIRE(found.status == memo::lookup::hit);
    REQUIRE(found.variants->size() == 1);
    CHECK(same(found.variants->front(), one.value));
    auto const object = store.read(one.object(), nullptr, how);
    REQUIRE(object.status == memo::lookup::hit);
    CHECK(memo::as_text(object.bytes.view) == one.bytes);
    CHECK(is_aligned(object.bytes));
  }
  CHECK(store.find(key_of(2)).status == memo::lookup::miss);
}

template <memo::store Store>
void small_values_sit_in_their_entry(Store store) {
  sample one(1, 1000);
  one.go_inline();
  one.value.outputs.push_back(one.value.outputs[0]);
  memo::stored_output only_digest;
  only_digest.value = memo::fingerprint::of_digest(id_of("huge"));
  one.value.outputs.push_back(only_digest);
  CHECK(one.put_into(store).stored);
  auto const found = store.find(one.key);
  REQUIRE(found.status == memo::lookup::hit);
  auto const& entry = found.variants->front();
  CHECK(same(entry, one.value));
  CHECK(is_aligned(entry.outputs[0].bytes));
  CHECK(is_aligned(entry.outputs[1].bytes));
  CHECK(entry.outputs[0].bytes.owner != nullptr);
  CHECK_FALSE(entry.outputs[2].has_value());
}

template <memo::store Store>
void values_of_every_size_come_back(Store store) {
  int number = 0;
  for (std::size_t const size : {0u, 1u, 63u, 64u, 4096u, 3u << 20}) {
    sample const one(++number, size);
    CHECK(one.put_into(store).stored);
    CHECK(look_up(store, number, size) == got::right);
  }
}

template <memo::store Store>
void values_come_in_pieces_or_from_a_file(Store store) {
  sample const one(1, 200'000);
  std::vector<memo::byte_view> pieces;
  auto rest = memo::as_byte_view(one.bytes);
  for (std::size_t i = 0; !rest.empty(); ++i) {
    auto const size = std::min<std::size_t>(rest.size(), i % 3 == 0 ? 0 : 700 + i);
    pieces.push_back(rest.first(size));
    rest = rest.subspan(size);
  }
  auto put = [&](sample const& from, memo::object_source const& source) {
    memo::put_request request{from.key, &from.value, memo::put_policy::keep, {&source, 1}};
    return store.put({&request, 1});
  };
  auto source = one.source();
  source.pieces = pieces;
  CHECK(put(one, source).stored);
  CHECK(look_up(store, 1, 200'000) == got::right);

  scratch_folder const folder;
  sample const two(2, 2'500'000);
  write_content(folder / "value", two.bytes);
  auto from_file = two.source();
  from_file.file = folder / "value";
  CHECK(put(two, from_file).stored);
  CHECK(look_up(store, 2, 2'500'000) == got::right);

  // A file that is no longer what was announced is not stored, and the entry neither.
  sample const three(3, 1000);
  write_content(folder / "other", value_of(4, 1000));
  auto changed = three.source();
  changed.file = folder / "other";
  auto const refused = put(three, changed);
  CHECK_FALSE(refused.stored);
  CHECK(refused.warning != "");
  CHECK(look_up(store, 3, 1000) == got::nothing);
  changed.file = folder / "missing";
  CHECK_FALSE(put(three, changed).stored);
}

template <memo::store Store>
void objects_may_come_without_an_entry(Store store) {
  sample const one(1);
  memo::byte_view const piece = memo::as_byte_view(one.bytes);
  auto source = one.source();
  source.pieces = {&piece, 1};
  memo::put_request const request{one.key, nullptr, memo::put_policy::keep, {&source, 1}};
  CHECK(store.put({&request, 1}).stored);
  CHECK(store.find(one.key).status == memo::lookup::miss);
  auto const object = store.read(one.object(), nullptr, memo::access::normal);
  REQUIRE(object.status == memo::lookup::hit);
  CHECK(memo::as_text(object.bytes.view) == one.bytes);
}

template <memo::store Store>
void many_are_put_and_found_at_once(Store store) {
  constexpr int count = 300;
  std::vector<sample> all;
  for (int i = 0; i < count; ++i) all.emplace_back(i);
  std::vector<memo::byte_view> pieces(count);
  std::vector<memo::object_source> sources(count);
  std::vector<memo::put_request> requests(count);
  std::vector<memo::digest> keys;
  for (std::size_t i = 0; i < count; ++i) {
    pieces[i] = memo::as_byte_view(all[i].bytes);
    sources[i] = all[i].source();
    sources[i].pieces = {&pieces[i], 1};
    requests[i] = {all[i].key, &all[i].value, memo::put_policy::keep, {&sources[i], 1}};
    keys.push_back(all[i].key);
    keys.push_back(key_of(1000 + static_cast<int>(i)));
  }
  CHECK(store.put(requests).stored);
  std::vector<memo::found_entries> answers(keys.size());
  store.find(keys, answers, memo::access::normal);
  bool all_right = true;
  for (std::size_t i = 0; i < count; ++i) {
    all_right = all_right && answers[2 * i].status == memo::lookup::hit &&
                same(answers[2 * i].variants->front(), all[i].value) &&
                answers[2 * i + 1].status == memo::lookup::miss;
  }
  CHECK(all_right);
  CHECK(store.stats().entries == count);
}

template <memo::store Store>
void an_existing_variant_stays_unless_it_is_replaced(Store store) {
  sample const first(1);
  sample second(1);
  second.value.cost_ns = 7;
  CHECK(first.put_into(store).stored);
  CHECK(second.put_into(store).stored);
  CHECK(same(store.find(first.key).variants->front(), first.value));
  CHECK(second.put_into(store, memo::put_policy::replace).stored);
  auto const found = store.find(first.key);
  REQUIRE(found.variants->size() == 1);
  CHECK(same(found.variants->front(), second.value));
  CHECK(look_up(store, 1) == got::right);
}

template <memo::store Store>
void a_key_keeps_a_variant_for_each_set_of_dependencies(Store store) {
  sample one(1);
  for (int i = 0; i < 20; ++i) {
    one.value.variant = id_of("variant " + std::to_string(i));
    one.value.cost_ns = i;
    CHECK(one.put_into(store).stored);
  }
  auto const found = store.find(one.key);
  REQUIRE(found.status == memo::lookup::hit);
  REQUIRE(found.variants->size() == 16);
  CHECK(found.variants->front().cost_ns == 19);
  CHECK(found.variants->back().cost_ns == 4);
  CHECK(look_up(store, 1) == got::right);
  CHECK(store.show(one.key).size() == 16);
  CHECK(store.stats().entries == 1);
  one.value.variant = id_of("variant 10");
  one.value.cost_ns = 99;
  CHECK(one.put_into(store, memo::put_policy::replace).stored);
  CHECK(store.find(one.key).variants->size() == 16);
  CHECK(store.find(one.key).variants->front().cost_ns == 99);
}

template <memo::store Store>
void what_is_there_is_told(Store store) {
  for (int i = 0; i < 3; ++i) CHECK(sample(i, 1000, "mean").put_into(store).stored);
  for (int i = 3; i < 5; ++i) CHECK(sample(i, 1000, "low,high").put_into(store).stored);
  auto const stats = store.stats();
  CHECK(stats.entries == 5);
  CHECK(stats.objects == 5);
  CHECK(stats.bytes >= 5000);
  auto const listed = store.list();
  REQUIRE(listed.size() == 5);
  std::size_t named = 0;
  for (auto const& info : listed) {
    named += info.project == "survey" && info.pipeline == "stars" && info.bytes == 1000 &&
                     info.cost_ns == 1'500'000'000 && store.find(info.key).status == memo::lookup::hit
                 ? 1
                 : 0;
  }
  CHECK(named == 5);
  std::size_t visited = 0;
  store.visit([](void* count, memo::entry_info const&) { ++*static_cast<std::size_t*>(count); }, &visited);
  CHECK(visited == 5);
  CHECK(store.show(key_of(0)).size() == 1);
  CHECK(store.show(key_of(9)).empty());
  auto const verified = store.verify();
  CHECK(verified.checked >= 5);
  CHECK(verified.damaged == 0);

  store.clear_step("stars", "none");
  store.clear_step("moons", "mean");
  CHECK(store.stats().entries == 5);
  store.clear_step("stars", "high");
  CHECK(store.stats().entries == 3);
  CHECK(store.erase(key_of(0)));
  CHECK_FALSE(store.erase(key_of(0)));
  CHECK(store.find(key_of(0)).status == memo::lookup::miss);
  CHECK(look_up(store, 1, 1000) == got::right);
  store.clear();
  CHECK(store.stats().entries == 0);
  CHECK(store.stats().bytes == 0);
  CHECK(look_up(store, 1, 1000) == got::nothing);
  CHECK(sample(1, 1000).put_into(store).stored);
  CHECK(look_up(store, 1, 1000) == got::right);
}

template <memo::store Store>
void names_of_every_kind_come_back(Store store) {
  std::vector<std::string> const names{
      "", "../../x", "/etc/passwd", std::string("a\0b", 3), std::string(4096, 'n'), "a\nb", "\xc3\xa4\xff",
      "."};
  int number = 0;
  for (auto const& name : names) {
    sample one(++number);
    one.value.project = one.value.pipeline = one.value.step = name;
    CHECK(one.put_into(store).stored);
    CHECK(same(store.find(one.key).variants->front(), one.value));
  }
  CHECK(store.list().size() == names.size());
  store.clear_step("../../x", "../../x");
  CHECK(store.stats().entries == names.size() - 1);
}

template <memo::store Store>
void the_last_record_is_replaced_whole(Store store) {
  auto const id = id_of("survey/stars/mean");
  CHECK(store.read_last(id) == std::nullopt);
  CHECK(store.write_last(id, memo::as_byte_view("version 1, model tfidf")).stored);
  CHECK(store.read_last(id) == "version 1, model tfidf");
  CHECK(store.write_last(id, memo::as_byte_view("v2")).stored);
  CHECK(store.read_last(id) == "v2");
  CHECK(store.read_last(id_of("another")) == std::nullopt);
  CHECK(store.stats().entries == 0);
  store.clear();
  CHECK(store.read_last(id) == std::nullopt);
}

template <memo::store Store>
void a_variant_takes_the_place_of_those_it_supersedes(Store store) {
  std::vector<memo::digest> all;
  auto const put = [&](int number, std::span<memo::digest const> supersedes, std::size_t most) {
    sample one(number);
    one.value.variant = one.object();
    memo::byte_view const piece = memo::as_byte_view(one.bytes);
    memo::object_source made = one.source();
    made.pieces = {&piece, 1};
    memo::put_request const request{key_of(0),  &one.value, memo::put_policy::keep,
                                    {&made, 1}, supersedes, most};
    CHECK(store.put({&request, 1}).stored);
    all.push_back(one.object());
  };
  for (int i = 0; i < 40; ++i) put(i, {}, 30);
  CHECK(store.find(key_of(0)).variants->size() == 30);
  CHECK(store.find(key_of(0)).variants->front().variant == all[39]);
  auto const gone = std::span<memo::digest const>(all).subspan(20, 15);
  put(40, std::vector<memo::digest>(gone.begin(), gone.end()), 30);
  auto const found = store.find(key_of(0));
  REQUIRE(found.variants->size() == 16);
  for (auto const& variant : *found.variants)
    CHECK(std::find(gone.begin(), gone.end(), variant.variant) == gone.end());

  SECTION("and their objects may be discarded") {
    for (auto const& object : gone) store.discard(object);
    for (auto const& object : gone) CHECK(store.read(object).status == memo::lookup::miss);
    CHECK(store.read(all[39]).status == memo::lookup::hit);
    store.discard(id_of("there is no such object"));
  }
}

/// All laws, each on an empty store of `make`'s making.
template <class Make>
void hold(Make make) {
  SECTION("an entry is found as it was put") { an_entry_is_found_as_it_was_put(make()); }
  SECTION("small values sit in their entry") { small_values_sit_in_their_entry(make()); }
  SECTION("values of every size come back") { values_of_every_size_come_back(make()); }
  SECTION("values come in pieces or from a file") { values_come_in_pieces_or_from_a_file(make()); }
  SECTION("objects may come without an entry") { objects_may_come_without_an_entry(make()); }
  SECTION("many are put and found at once") { many_are_put_and_found_at_once(make()); }
  SECTION("an existing variant stays unless it is replaced") {
    an_existing_variant_stays_unless_it_is_replaced(make());
  }
  SECTION("a key keeps a variant for each set of dependencies") {
    a_key_keeps_a_variant_for_each_set_of_dependencies(make());
  }
  SECTION("a variant takes the place of those it supersedes") {
    a_variant_takes_the_place_of_those_it_supersedes(make());
  }
  SECTION("what is there is told") { what_is_there_is_told(make()); }
  SECTION("names of every kind come back") { names_of_every_kind_come_back(make()); }
  SECTION("the last record is replaced whole") { the_last_record_is_replaced_whole(make()); }
  SECTION("a view outlives what it was taken from") { a_view_outlives_what_it_was_taken_from(make()); }
  SECTION("threads may view what others change") { threads_may_view_what_others_change(make()); }
  SECTION("one at a time holds a claim") { one_at_a_time_holds_a_claim(make()); }
  SECTION("a claim is released by an exception") { a_claim_is_released_by_an_exception(make()); }
  SECTION("who waits is told once") { who_waits_is_told_once(make()); }
  SECTION("who stopped waiting is not told") { who_stopped_waiting_is_not_told(make()); }
  SECTION("a waiter may claim where it is told") { a_waiter_may_claim_where_it_is_told(make()); }
  SECTION("thousands may wait for one key") { thousands_may_wait_for_one_key(make()); }
  SECTION("of many threads one computes") { of_many_threads_one_computes(make()); }
  SECTION("pinned keys survive") { pinned_keys_survive(make()); }
  SECTION("collect keeps to limits") { collect_keeps_to_limits(make()); }
  SECTION("copies share what they hold") { copies_share_what_they_hold(make()); }
  SECTION("live values keep their type") { live_values_keep_their_type(make()); }
  SECTION("threads may mix everything") { threads_may_mix_everything(make()); }
}

}  // namespace laws
