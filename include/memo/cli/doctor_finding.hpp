/// What the doctor of a cache says.
#pragma once

#include <memo/core/clock.hpp>
#include <memo/core/folder.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {

/// How bad a finding is: `ok` is a fact that was looked at, a `note` is worth knowing, a `warning` costs time or space, and
/// with a `problem` the cache does not do its work.
enum class severity : std::uint8_t { ok, note, warning, problem };

constexpr std::string_view name_of(severity what) {
  switch (what) {
    case severity::ok:
      return "ok";
    case severity::note:
      return "note";
    case severity::warning:
      return "warning";
    case severity::problem:
      break;
  }
  return "problem";
}

/// One thing that was found.
struct finding {
  severity what = severity::ok;
  std::string text{};    ///< one sentence
  std::string remedy{};  ///< what a person can type or do; "" where there is nothing to be done
};

/// How the doctor looks.
struct doctor_options {
  bool is_full = false;                   ///< reads all records, however many there are
  std::uint64_t sample_records = 10'000;  ///< of each kind, where not all are read
  std::uint64_t sample_bytes = std::uint64_t{256} << 20;
  std::uint64_t many_files = 100'000;  ///< from so many on, small files are worth a note
  std::string program = "memo-cache";  ///< the command that remedies name
  memo::clock const* clock = nullptr;  ///< null: the machine's
};

namespace detail {

/// A finding on its way: what all checks share.
class doctor_notes {
 public:
  doctor_notes(std::string path, doctor_options const& how) : path_(std::move(path)), how_(how) {}

  void ok(std::string text) { add(severity::ok, std::move(text), {}); }
  void note(std::string text, std::string remedy = {}) {
    add(severity::note, std::move(text), std::move(remedy));
  }
  void warn(std::string text, std::string remedy) {
    add(severity::warning, std::move(text), std::move(remedy));
  }
  void problem(std::string text, std::string remedy) {
    add(severity::problem, std::move(text), std::move(remedy));
  }

  std::string const& path() const { return path_; }
  doctor_options const& how() const { return how_; }
  std::int64_t now_ms() const { return (how_.clock == nullptr ? clock::system() : *how_.clock).wall_ms(); }

  /// A command line for this cache: "memo-cache gc --dir '/x'".
  std::string command(std::string_view words) const {
    return how_.program + ' ' + std::string(words) + " --dir " + quoted();
  }
  /// The path, or one in the cache, as a shell takes it.
  std::string quoted(std::string_view inside = {}) const {
    std::string text = "'";
    for (char const c : path_ + std::string(inside)) {
      if (c == '\'')
        text += "'\\''";
      else
        text += c;
    }
    return text + '\'';
  }

  std::vector<finding> take() { return std::move(all_); }

 private:
  void add(severity what, std::string text, std::string remedy) {
    all_.push_back({what, std::move(text), std::move(remedy)});
  }

  std::string path_;
  doctor_options how_;
  std::vector<finding> all_;
};

/// "1 file", "2 files".
inline std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : many);
}

/// The first few names, and how many more there are.
inline std::string some_of(std::vector<std::string> const& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < 3; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > 3) text += " and " + std::to_string(names.size() - 3) + " more";
  return text;
}

}  // namespace detail
}  // namespace memo
