#include <memo/store/record_reader.hpp>

#include "../laws/store_samples.hpp"

#include <catch2/catch.hpp>

using namespace memo::detail;

namespace {

memo::entries two_variants() {
  memo::entries all{samples::entry_for("short"), samples::entry_for(samples::value_of(2, 200))};
  all[1].variant = samples::id_of("v");
  std::string static const bytes = samples::value_of(3, 90);
  memo::stored_output kept;
  kept.is_inline = true;
  kept.size = bytes.size();
  kept.bytes = {nullptr, memo::as_byte_view(bytes)};
  all[0].outputs.push_back(kept);
  return all;
}

std::optional<memo::entries> decode(std::string const& payload) {
  return decode_entries({nullptr, memo::as_byte_view(payload)});
}

}  // namespace

TEST_CASE("entries are decoded as they were encoded") {
  auto const all = two_variants();
  std::string const payload(memo::as_text(encode_entries(all).view()));
  auto const again = decode(payload);
  REQUIRE(again);
  REQUIRE(again->size() == 2);
  CHECK(samples::same((*again)[0], all[0]));
  CHECK(samples::same((*again)[1], all[1]));
}

TEST_CASE("a payload that is cut or too long is no list of entries") {
  std::string const payload(memo::as_text(encode_entries(two_variants()).view()));
  for (std::size_t size = 0; size < payload.size(); ++size) {
    INFO("cut at " << size);
    CHECK_FALSE(decode(payload.substr(0, size)));
  }
  CHECK_FALSE(decode(payload + '\0'));
}

TEST_CASE("any change of a payload is decoded within its bounds") {
  // Without the checksum that a record has: this asks the decoder alone, with a sanitizer in the best case.
  std::string const payload(memo::as_text(encode_entries(two_variants()).view()));
  std::size_t decoded = 0;
  for (std::size_t at = 0; at < payload.size(); ++at)
    for (unsigned const flip : {0x01u, 0x80u, 0xffu}) {
      std::string changed = payload;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
      decoded += decode(changed) ? 1 : 0;
    }
  CHECK(decoded < 3 * payload.size());
}

TEST_CASE("a count or a length that cannot be is refused before memory is taken for it") {
  byte_writer many;
  many.number(std::uint32_t{0xffffffff});
  CHECK_FALSE(decode_entries({nullptr, many.view()}));
  byte_writer text;
  text.number(std::uint32_t{1});
  text.number(std::uint32_t{0xfffffff0});
  CHECK_FALSE(decode_entries({nullptr, text.view()}));
  byte_writer none;
  none.number(std::uint32_t{0});
  CHECK_FALSE(decode_entries({nullptr, none.view()}));
}

TEST_CASE("every cut and every flipped bit of a record is noticed") {
  auto const id = samples::id_of("id");
  std::string const payload = samples::value_of(1, 40);
  memo::byte_view const bytes = memo::as_byte_view(payload);
  std::string record(
      memo::as_text(encode_header({record_kind::object, id, bytes.size(), memo::hash_bytes(bytes)})));
  record += payload;
  memo::byte_view found;
  CHECK(read_record(memo::as_byte_view(record), record_kind::object, id, found) == record_state::good);
  CHECK(memo::as_text(found) == payload);
  for (std::size_t size = 0; size < record.size(); ++size)
    CHECK(read_record(memo::as_byte_view(record.substr(0, size)), record_kind::object, id, found) ==
          record_state::damaged);
  for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
    std::string changed = record;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    auto const expected = bit / 8 >= 8 && bit / 8 < 12 ? record_state::other_format : record_state::damaged;
    CHECK(read_record(memo::as_byte_view(changed), record_kind::object, id, found) == expected);
  }
  CHECK(read_record(memo::as_byte_view(record), record_kind::entry, id, found) == record_state::damaged);
  CHECK(read_record(memo::as_byte_view(record), record_kind::object, {1, 2}, found) == record_state::damaged);
}
