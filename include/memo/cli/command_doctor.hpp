/// doctor: what is wrong with a cache and the place where it lies.
#pragma once

#include <memo/cli/command_context.hpp>
#include <memo/cli/doctor.hpp>
#include <memo/report/table.hpp>
#include <memo/report/visible_text.hpp>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace memo::detail {

/// Where a cache lies that may be too ill to be opened.
inline std::string doctored_place(command_context const& context,
                                  std::optional<std::string> const& directory) {
  if (directory) return *directory;
  if (context.program_runner) return place_of(context.program_runner().store());
  char const* const named = std::getenv("MEMO_DIR");
  if (named == nullptr || *named == '\0') refuse_unnamed(context);
  return named;
}

inline int command_doctor(command_context const& context, std::vector<std::string> const& typed) {
  std::optional<std::string> directory;
  bool is_full = false;
  arguments with(context.program + " doctor",
                 "Looks for what is wrong with the cache and the place where it lies, and says what to do. "
                 "Changes nothing.");
  with.flag("--full", "reads every record, however many there are", is_full);
  take_directory(with, context, directory);
  with.footer("exit status: 1 there is a problem, 0 there is none\n");
  with.parse(typed);
  std::vector<finding> const findings =
      doctor(doctored_place(context, directory), {.is_full = is_full, .program = context.program});
  for (finding const& one : findings) {
    context.at.out << name_of(one.what) << ": " << visible(one.text) << '\n';
    if (!one.remedy.empty()) context.at.out << "  " << visible(one.remedy) << '\n';
  }
  bool const is_ill =
      std::ranges::any_of(findings, [](finding const& one) { return one.what == severity::problem; });
  return static_cast<int>(is_ill ? exit_code::failed : exit_code::done);
}

}  // namespace memo::detail
