/// Entries and values for tests of stores: whatever is found under a key can be checked without knowing who
/// put it.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/store/concept.hpp>

#include <string>
#include <vector>

namespace samples {

inline memo::digest id_of(std::string const& text) { return memo::hash_bytes(memo::as_byte_view(text)); }

/// The value of key number `number`: pseudo-random bytes.
inline std::string value_of(int number, std::size_t size = 100) {
  std::string bytes(size, '\0');
  auto state = static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15u + 1;
  for (char& c : bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state >> 32);
  }
  return bytes;
}

inline memo::digest key_of(int number) { return id_of("key " + std::to_string(number)); }

/// An entry with something in every field, whose one output is `bytes`.
inline memo::entry entry_for(std::string const& bytes, std::string const& step = "mean") {
  memo::entry made;
  made.project = "survey";
  made.pipeline = "stars";
  made.step = step;
  made.created_ms = memo::clock::system().wall_ms();
  made.cost_ns = 1'500'000'000;
  made.dependencies.push_back({memo::dependency::kind::file, "/data/stars.csv", id_of("stars")});
  made.dependencies.push_back({memo::dependency::kind::absent, "/data/none.csv", {}});
  made.checks = {id_of("positive"), id_of("finite")};
  memo::stored_output output;
  output.value = memo::fingerprint::of_bytes(memo::as_byte_view(bytes));
  output.object = id_of("object" + bytes);
  output.codec = id_of("vec<f64>");
  output.size = bytes.size();
  made.outputs.push_back(output);
  return made;
}

/// What a put needs, with the bytes that it points to.
struct sample {
  explicit sample(int number, std::size_t size = 100, std::string const& step = "mean")
      : key(key_of(number)), bytes(value_of(number, size)), value(entry_for(bytes, step)) {}

  memo::digest object() const { return value.outputs[0].object; }

  memo::object_source source() const {
    memo::object_source made;
    made.object = object();
    made.checksum = memo::hash_bytes(memo::as_byte_view(bytes));
    made.size = bytes.size();
    return made;
  }

  /// Makes the output inline, so that the entry needs no object.
  void go_inline() {
    auto& output = value.outputs[0];
    output.is_inline = true;
    output.object = {};
    output.bytes = {nullptr, memo::as_byte_view(bytes)};
  }

  template <class Store>
  memo::put_result put_into(Store store, memo::put_policy policy = memo::put_policy::keep) const {
    memo::byte_view const piece = memo::as_byte_view(bytes);
    memo::object_source made = source();
    made.pieces = {&piece, 1};
    memo::put_request request;
    request.key = key;
    request.value = &value;
    request.policy = policy;
    if (!value.outputs[0].is_inline) request.objects = {&made, 1};
    return store.put({&request, 1});
  }

  memo::digest key;
  std::string bytes;
  memo::entry value;
};

inline bool same(memo::stored_output const& a, memo::stored_output const& b) {
  return a.value == b.value && a.object == b.object && a.codec == b.codec && a.size == b.size &&
         a.is_inline == b.is_inline && memo::as_text(a.bytes.view) == memo::as_text(b.bytes.view);
}

inline bool same(memo::entry const& a, memo::entry const& b) {
  bool all = a.project == b.project && a.pipeline == b.pipeline && a.step == b.step &&
             a.variant == b.variant && a.created_ms == b.created_ms && a.cost_ns == b.cost_ns &&
             a.dependencies == b.dependencies && a.checks == b.checks && a.outputs.size() == b.outputs.size();
  for (std::size_t i = 0; all && i < a.outputs.size(); ++i) all = same(a.outputs[i], b.outputs[i]);
  return all;
}

enum class got { right, nothing, wrong };

/// Looks key `number` up, entry and value, and says what came of it.
template <class Store>
got look_up(Store store, int number, std::size_t size = 100, memo::access how = memo::access::normal) {
  auto const found = store.find(key_of(number), how);
  if (found.status != memo::lookup::hit) return got::nothing;
  auto const& output = found.variants->front().outputs.at(0);
  std::string const right = value_of(number, size);
  if (output.is_inline) return memo::as_text(output.bytes.view) == right ? got::right : got::wrong;
  if (output.object != id_of("object" + right)) return got::wrong;
  auto const object = store.read(output.object, nullptr, how);
  if (object.status != memo::lookup::hit) return got::nothing;
  return memo::as_text(object.bytes.view) == right ? got::right : got::wrong;
}

}  // namespace samples
