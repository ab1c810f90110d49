#pragma once

#include <memo/store/log_reader.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace memo::detail {

/// A record of which the file no longer has what was written.
struct damaged_record {
  record_kind kind = record_kind::entry;
  digest id;
  std::uint64_t offset = 0;
};

/// What reading a whole log gave. What a process that died left half-written is no damage.
struct log_check {
  std::uint64_t checked = 0;  ///< records that look-ups may give, and places where one was
  std::uint64_t gaps = 0;     ///< places where there was a record and is none
  std::vector<damaged_record> damaged;
};

/// Reads all records that begin before `end` and that look-ups may give, from the file and not from what is kept of it in memory. Calls
/// `seen(header, payload)` for each entry that is sound.
template <class Seen>
log_check check_log(log_view const& view, std::uint64_t end, Seen seen) {
  log_check result;
  log_scan scan(*view.log, log_page_size);
  std::uint64_t expected = log_page_size;
  bool is_part = false;
  auto const note_gap = [&](std::uint64_t next) {
    if (next == expected) return;
    auto const start = scan.window(expected, payload_alignment);
    bool const was_left =
        std::all_of(start.begin(), start.end(), [](std::byte b) { return b == std::byte{}; });
    if (!was_left) ++result.gaps;
  };
  while (scan.next()) {
    if (scan.offset() >= end) {
      is_part = true;
      break;
    }
    note_gap(scan.offset());
    expected = scan.offset() + scan.size();
    record_header const header = scan.header();
    if (header.is_gone || view.find(header.kind, header.id) != scan.offset()) continue;
    ++result.checked;
    if (header.kind == record_kind::entry) {
      auto const payload = scan.payload(max_entry_size);
      if (scan.error() != 0) return result;
      if (payload)
        seen(header, *payload);
      else
        result.damaged.push_back({header.kind, header.id, scan.offset()});
      continue;
    }
    byte_hasher hasher;
    std::uint64_t done = 0;
    while (done < header.size) {
      byte_view const piece = scan.window(scan.offset() + record_header_size + done,
                                          std::min(header.size - done, log_scan::most_at_once / 2));
      if (piece.empty()) break;
      hasher.update(piece);
      done += piece.size();
    }
    // What cannot be read now may be sound.
    if (scan.error() != 0) return result;
    if (done != header.size || hasher.finish() != header.checksum)
      result.damaged.push_back({header.kind, header.id, scan.offset()});
  }
  if (!is_part && scan.error() == 0) note_gap(scan.end());
  result.checked += result.gaps;
  return result;
}

inline log_check check_log(log_view const& view) {
  return check_log(view, view.log->committed(), [](record_header const&, byte_view) {});
}

}  // namespace memo::detail
