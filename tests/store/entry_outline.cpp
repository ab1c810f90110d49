#include <memo/store/entry_outline.hpp>

#include "../laws/store_samples.hpp"

#include <catch2/catch.hpp>

using namespace memo::detail;

namespace {

/// Variants with dependencies, checks, inline bytes, small values and parts of one result.
memo::entries many_variants() {
  memo::entries all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(samples::entry_for(samples::value_of(i, 30 + 20 * static_cast<std::size_t>(i)), "a,b"));
    all.back().created_ms = 1000 - 100 * i + (i == 2 ? 500 : 0);
    all.back().cost_ns = 10 * (i + 1);
    if (i != 0) all.back().variant = samples::id_of(std::to_string(i));
  }
  all[2].dependencies.clear();
  std::string static const bytes = samples::value_of(3, 90);
  memo::stored_output kept;
  kept.is_inline = true;
  kept.size = bytes.size();
  kept.bytes = {nullptr, memo::as_byte_view(bytes)};
  all[0].outputs.push_back(kept);
  memo::stored_output small;
  small.value = memo::fingerprint::of_bytes(memo::as_byte_view("small"));
  all[1].outputs.push_back(small);
  return all;
}

/// Whether the outline says what the decoded entries say.
bool agrees(memo::entries const& all, entry_outline const& outline) {
  auto const info = info_of({}, all);
  std::vector<memo::digest> objects;
  std::int64_t newest_ms = 0;
  for (auto const& variant : all) {
    newest_ms = std::max(newest_ms, variant.created_ms);
    for (auto const& output : variant.outputs)
      if (output.object) objects.push_back(output.object);
  }
  return outline.info.project == info.project && outline.info.pipeline == info.pipeline &&
         outline.info.step == info.step && outline.info.created_ms == info.created_ms &&
         outline.info.cost_ns == info.cost_ns && outline.info.bytes == info.bytes &&
         outline.newest_ms == newest_ms && outline.recompute_ns == recompute_cost(all) &&
         outline.variants == all.size() && outline.objects == objects;
}

}  // namespace

TEST_CASE("an outline says of an entry what decoding it says") {
  entry_outline outline;
  for (auto const& all : {many_variants(), memo::entries{samples::entry_for("x")}, many_variants()}) {
    REQUIRE(read_outline(encode_entries(all).view(), outline));
    CHECK(agrees(all, outline));
  }
}

TEST_CASE("there is an outline of what can be decoded and of nothing else") {
  std::string const payload(memo::as_text(encode_entries(many_variants()).view()));
  entry_outline outline;
  auto const is_same = [&](std::string const& bytes) {
    auto const decoded = decode_entries({nullptr, memo::as_byte_view(bytes)});
    bool const has_outline = read_outline(memo::as_byte_view(bytes), outline);
    return has_outline == decoded.has_value() && (!decoded || agrees(*decoded, outline));
  };
  for (std::size_t size = 0; size < payload.size(); ++size) {
    INFO("cut at " << size);
    CHECK(is_same(payload.substr(0, size)));
  }
  CHECK(is_same(payload + '\0'));
  std::size_t different = 0;
  for (std::size_t at = 0; at < payload.size(); ++at)
    for (unsigned const flip : {0x01u, 0x02u, 0x04u, 0x80u, 0xffu}) {
      std::string changed = payload;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
      different += is_same(changed) ? 0 : 1;
    }
  CHECK(different == 0);
}
