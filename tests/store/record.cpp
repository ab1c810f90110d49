#include <memo/store/record.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"

#include <catch2/catch.hpp>

namespace {

std::string hex_lines(memo::byte_view bytes) {
  std::string text;
  constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto const value = std::to_integer<unsigned>(bytes[i]);
    text += digits[value >> 4];
    text += digits[value & 15];
    text += i % 16 == 15 || i + 1 == bytes.size() ? '\n' : ' ';
  }
  return text;
}

std::string record_of(memo::detail::record_kind kind, memo::digest const& id, memo::byte_view payload) {
  auto const header = memo::detail::encode_header({kind, id, payload.size(), memo::hash_bytes(payload)});
  return std::string(memo::as_text(header)) += memo::as_text(payload);
}

std::string golden(std::string const& name) {
  return content_of(std::filesystem::path(MEMO_SOURCE_DIR) / "tests/golden" / name);
}

memo::entry sample_entry() {
  memo::entry entry = samples::entry_for("0123456789");
  entry.created_ms = 1'700'000'000'000;
  entry.variant = samples::id_of("variant");
  memo::stored_output kept;
  std::string static const bytes = samples::value_of(1, 70);
  kept.value = memo::fingerprint::of_bytes(memo::as_byte_view(bytes));
  kept.is_inline = true;
  kept.size = bytes.size();
  kept.bytes = {nullptr, memo::as_byte_view(bytes)};
  entry.outputs.push_back(kept);
  return entry;
}

}  // namespace

// Red here means that records which programs wrote before are read wrongly or not at all: was that meant? Then
// raise store_format_version and add to its list.
TEST_CASE("records are written as the golden files have them") {
  using memo::detail::record_kind;
  CHECK(memo::store_format_version == 1);
  auto const payload = memo::detail::encode_entries({sample_entry(), memo::entry{}});
  auto const id = samples::id_of("id");
  CHECK(hex_lines(memo::as_byte_view(record_of(record_kind::entry, id, payload.view()))) ==
        golden("entry_record.hex"));
  CHECK(hex_lines(memo::as_byte_view(record_of(
            record_kind::object, id, memo::as_byte_view("stored bytes")))) == golden("object_record.hex"));
  CHECK(hex_lines(memo::as_byte_view(record_of(record_kind::last, id, {}))) == golden("last_record.hex"));
}

TEST_CASE("inline bytes lie at multiples of 64 in the payload") {
  auto const payload = memo::detail::encode_entries({sample_entry(), sample_entry()});
  auto const text = memo::as_text(payload.view());
  auto const first = text.find(samples::value_of(1, 70));
  auto const second = text.find(samples::value_of(1, 70), first + 1);
  REQUIRE(second != text.npos);
  CHECK(first % 64 == 0);
  CHECK(second % 64 == 0);
}

TEST_CASE("a new variant comes first, takes the place of its like, and pushes out the seventeenth") {
  memo::entries all;
  for (unsigned i = 1; i <= 20; ++i) {
    memo::entry one;
    one.variant = {0, i};
    all = memo::detail::with_variant(all, one);
  }
  CHECK(all.size() == 16);
  CHECK(all.front().variant.low == 20);
  CHECK(all.back().variant.low == 5);
  memo::entry again;
  again.variant = {0, 10};
  again.cost_ns = 1;
  all = memo::detail::with_variant(all, again);
  CHECK(all.size() == 16);
  CHECK(all.front().cost_ns == 1);
  CHECK(all.back().variant.low == 5);
}

TEST_CASE("a put may keep more variants, and let some go") {
  memo::entries all;
  for (unsigned i = 1; i <= 20; ++i) {
    memo::entry one;
    one.variant = {0, i};
    all = memo::detail::with_variant(all, one, {}, 18);
  }
  CHECK(all.size() == 18);
  memo::entry merged;
  merged.variant = {1, 0};
  memo::digest const gone[] = {{0, 20}, {0, 10}, {5, 5}};
  all = memo::detail::with_variant(all, merged, gone, 18);
  CHECK(all.size() == 17);
  CHECK(all[1].variant.low == 19);
  for (auto const& one : all) CHECK(one.variant != gone[1]);
}

TEST_CASE("a step is named by any of its outputs") {
  using memo::detail::names_step;
  CHECK(names_step("mean", "mean"));
  CHECK(names_step("low,high", "low"));
  CHECK(names_step("low,high", "high"));
  CHECK(names_step("low,high", "low,high"));
  CHECK(names_step("low,high", ""));
  CHECK_FALSE(names_step("low,high", "lo"));
  CHECK_FALSE(names_step("low,high", "igh"));
  CHECK_FALSE(names_step("", "x"));
}
