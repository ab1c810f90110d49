/// What a put request becomes in a log: records for what is not there yet.
#pragma once

#include <memo/store/digest_map.hpp>
#include <memo/store/log_writer.hpp>

#include <algorithm>
#include <span>
#include <vector>

namespace memo::detail {

/// The variants under a key, as the log has them.
inline found_entries find_entries(log_reader& in, digest const& key, access how) {
  log_answer found = in.read(record_kind::entry, key, how);
  if (found.status != lookup::hit) return {found.status, nullptr, found.reason};
  auto variants = decode_entries(found.payload);
  if (!variants) return {lookup::error, nullptr, "entry damaged"};
  return {lookup::hit, std::make_shared<entries const>(std::move(*variants)), {}};
}

/// Adds records for put requests. For whoever has the right to write.
class log_put {
 public:
  log_put(log_reader& reader, log_writer& writer) : reader_(reader), writer_(writer) {}

  /// Adds what the requests bring and the log has not; 0 or an errno.
  int add(log_appender& to, std::span<put_request const> requests) {
    brought_.clear();
    for (auto const& request : requests) {
      for (auto const& source : request.objects)
        if (int const error = put_object(to, source, request.policy)) return error;
      if (request.value == nullptr) continue;
      // What an earlier request of this put brings is not in the index before it is committed.
      if (has_brought(request.key)) {
        if (int const error = writer_.commit(to, durability::none)) return error;
        writer_.appender();
      }
      if (int const error = put_entry(to, request)) return error;
      if (requests.size() > 1) bring(request.key);
    }
    return 0;
  }

 private:
  /// What the present put has brought so far: few things are looked for one by one, more in a table.
  bool has_brought(digest const& id) const {
    if (brought_.size() < few) return std::find(brought_.begin(), brought_.end(), id) != brought_.end();
    return brought_table_.find(id) != nullptr;
  }
  void bring(digest const& id) {
    if (brought_.empty()) brought_table_.clear();
    brought_.push_back(id);
    if (brought_.size() < few) return;
    if (brought_.size() == few)
      for (digest const& one : brought_) brought_table_[one] = true;
    brought_table_[id] = true;
  }

  int put_object(log_appender& to, object_source const& from, put_policy policy) {
    record_header const header{record_kind::object, from.object, from.size, from.checksum};
    if (has_brought(from.object)) return 0;
    if (policy == put_policy::keep && has_object(header)) return 0;
    bring(from.object);
    if (!from.file.empty()) return to.add_file(header, from.file);
    if (from.pieces.empty() && from.size != 0 && from.live && from.live.encode != nullptr) {
      shared_bytes const encoded = from.live.encode(from.live.value.get());
      if (encoded.view.size() != from.size) return EINVAL;
      if (int const error = to.add(header, std::span(&encoded.view, 1))) return error;
      return to.flush();
    }
    std::uint64_t sum = 0;
    for (byte_view const piece : from.pieces) sum += piece.size();
    return sum == from.size ? to.add(header, from.pieces) : EINVAL;
  }

  bool has_object(record_header const& wanted) {
    log_view const& view = writer_.view();
    std::uint64_t const offset = view.find(record_kind::object, wanted.id);
    record_header there;
    return offset != 0 && view.log->header_at(offset, there) == record_state::good && there.id == wanted.id &&
           there.size == wanted.size && there.checksum == wanted.checksum;
  }

  int put_entry(log_appender& to, put_request const& request) {
    entries const none;
    found_entries before;
    if (writer_.view().find(record_kind::entry, request.key) != 0)
      before = find_entries(reader_, request.key, access::normal);
    entries const& old = before.variants ? *before.variants : none;
    if (request.policy == put_policy::keep)
      for (auto const& variant : old)
        if (variant.variant == request.value->variant && is_complete(variant)) return 0;
    byte_writer payload =
        old.empty()
            ? encode_entry(*request.value)
            : encode_entries(with_variant(old, *request.value, request.supersedes, request.most_variants));
    byte_view const bytes = payload.view();
    if (bytes.size() > max_entry_size) return EFBIG;
    record_header const header{record_kind::entry, request.key, bytes.size(), hash_bytes(bytes)};
    return to.add(header, std::move(payload));
  }

  /// True where the objects that a variant names are there.
  bool is_complete(entry const& variant) {
    log_view const& view = writer_.view();
    for (auto const& output : variant.outputs) {
      if (output.is_inline || !output.object || has_brought(output.object)) continue;
      std::uint64_t const offset = view.find(record_kind::object, output.object);
      record_header there;
      if (offset == 0 || view.log->header_at(offset, there) != record_state::good ||
          there.size != output.size)
        return false;
    }
    return true;
  }

  static constexpr std::size_t few = 16;

  log_reader& reader_;
  log_writer& writer_;
  std::vector<digest> brought_;
  digest_map<bool> brought_table_;
};

}  // namespace memo::detail
