/// How the page shows what became of a step: the same word, colour and sign everywhere.
#pragma once

#include <memo/export/html_text.hpp>
#include <memo/report/report.hpp>

#include <array>
#include <string>
#include <string_view>

namespace memo::detail {

/// A class of the style sheet, a word, and the path of a sign in a square of 12 pixels. Signs differ in shape, so that
/// nobody needs the colour.
struct step_look {
  std::string_view name;
  std::string_view word;
  std::string_view sign;
};

inline constexpr std::array<step_look, 8> all_looks{{
    {"hit", "hit", "M2 6.5 4.8 9.3 10.2 3.2"},
    {"ran", "ran", "M3.2 1.8 10.4 6 3.2 10.2z"},
    {"failed", "failed", "M2.6 2.6 9.4 9.4M9.4 2.6 2.6 9.4"},
    {"skipped", "skipped", "M1.8 2.4 5.4 6 1.8 9.6M6.4 2.4 10 6 6.4 9.6"},
    {"cancelled", "cancelled", "M2.4 2.4h7.2v7.2h-7.2z"},
    {"unneeded", "not needed", "M2 6h8"},
    {"depends", "depends", "M6 1.2 10.8 6 6 10.8 1.2 6z"},
    {"plain", "step", "M6 4a2 2 0 1 1 0 4a2 2 0 1 1 0-4z"},
}};

inline step_look const& look_of(outcome what) {
  switch (what) {
    case outcome::hit:
      return all_looks[0];
    case outcome::ran:
      return all_looks[1];
    case outcome::failed:
      return all_looks[2];
    case outcome::skipped:
      return all_looks[3];
    case outcome::cancelled:
      return all_looks[4];
    case outcome::not_needed:
      return all_looks[5];
  }
  return all_looks[7];
}

inline step_look look_of(forecast what) {
  switch (what) {
    case forecast::hit:
      return all_looks[0];
    case forecast::run:
      return {"ran", "run", all_looks[1].sign};
    case forecast::depends:
      return all_looks[6];
    case forecast::not_needed:
      return all_looks[5];
  }
  return all_looks[7];
}

inline step_look look_of(step_report const& step, bool is_plan) {
  return is_plan ? look_of(step.forecast) : look_of(step.outcome);
}

/// Beside the word, in a few characters: "ran 1.2 s", "hit, saved 3.4 s", "3 of 41 ran 2.1 s".
inline std::string look_detail(step_report const& step, bool is_plan) {
  std::string text(look_of(step, is_plan).word);
  bool const is_hit = is_plan ? step.forecast == forecast::hit : step.outcome == outcome::hit;
  if (is_hit && step.saved_ns > 0) text += ", saved " + long_duration_text(step.saved_ns);
  if (is_plan) return text;
  if (step.outcome == outcome::ran && step.elements > 0)
    text = std::to_string(step.elements_ran) + " of " + std::to_string(step.elements) + " ran";
  if (step.outcome == outcome::failed && step.time_ns > 0) text += " after";
  if ((step.outcome == outcome::ran || step.outcome == outcome::failed) && step.time_ns > 0)
    text += " " + long_duration_text(step.time_ns);
  return text;
}

}  // namespace memo::detail
