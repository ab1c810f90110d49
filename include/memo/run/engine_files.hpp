/// What a run knows of the files that it looks at: from earlier processes, and for later ones.
#pragma once

#include <memo/exec/parallel_for.hpp>
#include <memo/run/engine_class.hpp>
#include <memo/run/file_record.hpp>

namespace memo::detail {

/// Which records this process has read, and what it wrote of its own files. Any thread.
class file_records {
 public:
  struct known {
    digest id;
    void const* store = nullptr;
    digest written;
  };

  /// Zero for a record that this process did not write; `is_new` where it has not read it either.
  digest written(digest const& id, void const* store, bool& is_new) {
    std::lock_guard const lock(mutex_);
    for (known const& k : all_)
      if (k.id == id && k.store == store) {
        is_new = false;
        return k.written;
      }
    is_new = true;
    if (all_.size() == 256) all_.clear();
    all_.push_back({id, store, {}});
    return {};
  }

  void note(digest const& id, void const* store, digest const& written) {
    std::lock_guard const lock(mutex_);
    for (known& k : all_)
      if (k.id == id && k.store == store) k.written = written;
  }

  void clear() {
    std::lock_guard const lock(mutex_);
    all_.clear();
  }

  static file_records& process() {
    static file_records& one = *new file_records;
    return one;
  }

 private:
  std::mutex mutex_;
  std::vector<known> all_;
};

/// Who hashes several big files at once.
inline file_workers engine::workers() const {
  if (executor_ == nullptr) return {};
  return {[](void* executor, std::size_t count, void (*body)(void*, std::size_t, std::size_t), void* of) {
            parallel_for(*static_cast<executor_ref*>(executor), count, {body, of});
          },
          executor_};
}

/// Reads what earlier processes knew of files, once in this one.
inline void engine::recall_files() {
  graph const& g = rows();
  bool const looks =
      std::any_of(g.slots.begin(), g.slots.end(),
                  [](slot_row const& s) { return s.type->may_hold_file(); }) ||
      std::any_of(g.steps.begin(), g.steps.end(), [](step_row const& r) { return r.takes_context; });
  if (!looks || request_.options.mode == mode::off) return;
  digest const id = file_record_id(last_record_id(request_.options.project, g.name));
  bool is_new = false;
  file_records::process().written(id, request_.store.identity(), is_new);
  if (!is_new) return;
  if (auto const record = request_.store.read_last(id))
    for (known_file const& file : read_file_record(*record)) file_table::process().recall(file);
}

/// Writes what is known of the files of this run for later processes, where it is not what they will find.
inline void engine::remember_files() {
  if (!rules().writes || request_.plan_only) return;
  std::vector<digest> const seen = files_.seen();
  if (seen.empty()) return;
  std::vector<known_file> files;
  files.reserve(seen.size());
  for (digest const& path : seen)
    if (known_file known = file_table::process().find(path); known.path) files.push_back(known);
  digest const id = file_record_id(last_record_id(request_.options.project, rows().name));
  std::string record = write_file_record(files);
  digest const now = hash_bytes(as_byte_view(record));
  bool is_new = false;
  if (file_records::process().written(id, request_.store.identity(), is_new) == now) return;

  std::string before;
  if (std::optional<std::string> kept = request_.store.read_last(id)) before = std::move(*kept);
  std::size_t others = 0;
  for (known_file const& file : read_file_record(before)) {
    if (std::binary_search(seen.begin(), seen.end(), file.path)) continue;
    if (others++ == most_other_files) break;
    files.push_back(file);
  }
  if (others != 0) record = write_file_record(files);
  if (record != before) {
    put_result const written = request_.store.write_last(id, as_byte_view(record));
    if (!written.warning.empty()) return warn(no_step, written.warning);
  }
  file_records::process().note(id, request_.store.identity(), now);
}

/// "touched, same content: `a.csv`, `b.csv` and 998 more"; empty where there is none.
inline std::string engine::touched_note() const {
  std::vector<std::string> const touched = files_.touched();
  if (touched.empty()) return {};
  constexpr std::size_t most = 3;
  std::string note = "touched, same content: ";
  std::size_t const shown = touched.size() <= most ? touched.size() : most - 1;
  for (std::size_t i = 0; i < shown; ++i)
    note += (i == 0 ? "`" : i + 1 == touched.size() ? " and `" : ", `") + touched[i] + "`";
  if (shown < touched.size()) note += " and " + std::to_string(touched.size() - shown) + " more";
  return note;
}

}  // namespace memo::detail
