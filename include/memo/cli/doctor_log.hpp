/// What can be wrong with the log of a mapped store.
#pragma once

#include <memo/cli/doctor_content.hpp>
#include <memo/store/log_check.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace memo::detail {

/// One pass over a log, which changes nothing. Others may write meanwhile: it sees what was there when it began.
class log_examination {
 public:
  log_examination(doctor_notes& to, sharing share)
      : to_(to), root_(to.path(), share, folders), reader_(root_, std::uint64_t{64} << 20) {}

  void run() {
    auto now = reader_.sync_to_write();
    // Somebody may have replaced the log just now.
    for (int attempt = 0; attempt < 3 && now.view == nullptr; ++attempt) now = reader_.sync_to_write();
    int const folder = root_.folder(0);
    if (folder < 0) {
      if (std::string const why = root_.trouble(); !why.empty())
        to_.problem("the log cannot be read: " + why, "ls -la " + to_.quoted("/v1/m"));
      return;
    }
    look_at_names(folder, now.view == nullptr ? 0 : now.view->log->generation());
    if (now.view == nullptr) return say_no_log(folder, now.error);
    if (now.is_cut)
      to_.problem("the log is shorter than it was: somebody cut it, or the disk lost its end",
                  to_.command("verify") + "   (keeps what can still be read)");
    look_at(*now.view, reader_.counts());
  }

 private:
  static constexpr std::array<char const*, 1> folders{"m"};
  static constexpr std::int64_t ten_minutes_ns = 600'000'000'000;

  void say_no_log(int folder, int error) {
    if (error != 0) {
      to_.problem("the log cannot be read: " + os::error_text(error), "ls -la " + to_.quoted("/v1/m"));
    } else if (os::status_at(folder, "current")) {
      to_.problem(
          "the log that v1/m/current names is missing, damaged or of another format; nothing is found",
          "the next program that stores something starts a new log; or delete " + to_.quoted("/v1/m"));
    } else {
      to_.ok("mmap_store without a record");
    }
  }

  /// Logs that are not the current one, and half-written files: somebody may be writing a new log at this moment.
  void look_at_names(int folder, std::uint64_t generation) {
    std::vector<std::string> strangers;
    std::uint64_t left = 0;
    std::uint64_t bytes = 0;
    for (auto const& name : os::names_in(folder).value) {
      if (name == "lock" || name == "current" || name == log_name("log", generation) ||
          name == log_name("index", generation))
        continue;
      bool const is_log = name.starts_with("log.") || name.starts_with("index.");
      if (!is_log && !is_temporary_name(name)) {
        strangers.push_back("v1/m/" + name);
        continue;
      }
      auto const status = os::status_at(folder, name.c_str());
      if (!status || to_.now_ms() * 1'000'000 - status.value.modified_ns < ten_minutes_ns) continue;
      ++left;
      bytes += status.value.size;
    }
    if (!strangers.empty())
      to_.note(counted(strangers.size(), "name", "names") + " beside the log " +
                   (strangers.size() == 1 ? "is" : "are") + " none of memo's: " + some_of(strangers),
               "move away what you need");
    if (left != 0 && generation != 0)
      to_.warn(counted(left, "file is", "files are") + " left of a log that was not finished (" +
                   size_text(bytes) + "): a program ended while it wrote",
               to_.command("gc"));
  }

  void look_at(log_view const& view, log_counts const& counts) {
    std::uint64_t const size = view.log->committed();
    auto const& how = to_.how();
    bool const reads_all = how.is_full || size <= how.sample_bytes;
    std::uint64_t const end = reads_all ? size : how.sample_bytes / payload_alignment * payload_alignment;
    scan(view, end);
    judge_damage(to_, damaged_, checked_, lost_);
    judge_content(to_, sums_, !reads_all);
    if (counts.dead_bytes > std::max<std::uint64_t>(size / 2, std::uint64_t{16} << 20))
      to_.note(size_text(counts.dead_bytes) + " of the log are of records that were replaced or removed",
               to_.command("gc"));
    to_.ok("mmap_store: " + counted(counts.entries, "entry", "entries") + ", " +
           counted(counts.objects, "object", "objects") + ", " + size_text(size));
    to_.ok(counted(checked_, "record was", "records were") + " read and verified" +
           (reads_all ? "" : ", as a sample: --full reads all"));
  }

  /// Verifies the records up to an offset.
  void scan(log_view const& view, std::uint64_t end) {
    log_check const found = check_log(view, end, [&](record_header const& header, byte_view payload) {
      if (header.kind == record_kind::entry) look_at_entry(view, header, payload);
    });
    checked_ = found.checked;
    damaged_ += found.gaps + found.damaged.size();
  }

  void look_at_entry(log_view const& view, record_header const& header, byte_view payload) {
    if (!read_outline(payload, outline_)) {
      ++damaged_;
      return;
    }
    sums_.add(outline_, log_record_size(header.size));
    bool const is_lost = std::any_of(outline_.objects.begin(), outline_.objects.end(), [&](digest const& id) {
      return view.find(record_kind::object, id) == 0;
    });
    if (is_lost) ++lost_;
  }

  doctor_notes& to_;
  store_root root_;
  log_reader reader_;
  entry_outline outline_;
  content_sums sums_;
  std::uint64_t checked_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace memo::detail
