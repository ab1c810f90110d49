/// The parts of the page that are there without its script: the head line, the totals, what to know, and the table.
#pragma once

#include <memo/export/step_look.hpp>
#include <memo/report/totals.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

/// A step as the address of the page names it: `#step=` and the name with everything but letters, digits and -._~ as %XX.
inline std::string step_fragment(std::string_view name) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string made = "#step=";
  for (char const c : valid_utf8(name)) {
    bool const is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain) {
      made += c;
    } else {
      made += '%';
      made += digits[static_cast<unsigned char>(c) >> 4];
      made += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return made;
}

/// "2026-11-21 03:06:07" and "2026-11-21T03:06:07Z", in UTC.
struct date_text {
  std::string people, machines;
};

inline date_text date_of(std::int64_t ms_since_1970) {
  using namespace std::chrono;
  sys_time<milliseconds> const when{milliseconds{ms_since_1970}};
  auto const day = floor<days>(when);
  year_month_day const date{day};
  hh_mm_ss const time{floor<seconds>(when - day)};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d", int{date.year()}, unsigned{date.month()},
                unsigned{date.day()}, static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  std::string machines = text;
  machines[machines.find(' ')] = 'T';
  return {text, machines + "Z"};
}

inline std::string sign_markup(step_look const& look) {
  std::string const name(look.name);
  return "<svg class=\"sign\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><use href=\"#sign-" + name +
         "\"/></svg>";
}

/// The signs, once, for all who use them.
inline std::string sign_symbols() {
  std::string made = "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" class=\"away\">";
  for (step_look const& look : all_looks)
    made += "<symbol id=\"sign-" + std::string(look.name) + "\" viewBox=\"0 0 12 12\"><path d=\"" +
            std::string(look.sign) + "\"/></symbol>";
  return made + "</svg>\n";
}

/// A sentence in which what stands in backticks is code.
inline std::string sentence_markup(std::string_view sentence) {
  std::string text = html_text(sentence), made;
  if (std::count(text.begin(), text.end(), '`') % 2 != 0) return text;
  bool is_code = false;
  for (char const c : text) {
    if (c != '`') {
      made += c;
      continue;
    }
    made += is_code ? "</code>" : "<code>";
    is_code = !is_code;
  }
  return made;
}

/// A link to a step of the page.
inline std::string step_link(std::string_view name) {
  return "<a class=\"name\" href=\"" + html_text(step_fragment(name)) + "\"><code>" + html_text(name) +
         "</code></a>";
}

/// "1 step", "3 steps".
inline std::string counted_text(std::size_t count, std::string_view one) {
  return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

/// How many steps have each look, in the order in which looks are told.
struct look_count {
  step_look look;
  std::size_t count = 0;
};

inline std::vector<look_count> count_looks(report const& r) {
  report_totals const totals = totals_of(r);
  std::vector<look_count> made;
  auto const add = [&](auto what) {
    if (totals.count(what) != 0) made.push_back({look_of(what), totals.count(what)});
  };
  if (r.is_plan)
    for (forecast const f : {forecast::run, forecast::depends, forecast::hit, forecast::not_needed}) add(f);
  else
    for (outcome const o : {outcome::failed, outcome::skipped, outcome::cancelled, outcome::ran, outcome::hit,
                            outcome::not_needed})
      add(o);
  return made;
}

inline std::string header_markup(report const& r) {
  step_look const* verdict = &all_looks[0];
  std::string words = "succeeded";
  if (r.is_plan) {
    verdict = &all_looks[7];
    words = "plan: nothing has run";
  } else if (r.count(outcome::failed) != 0) {
    verdict = &all_looks[2];
    words = "failed";
  } else if (!r.ok()) {
    verdict = &all_looks[4];
    words = "stopped";
  }
  std::string text = "<header><h1>" + html_text(r.pipeline) + "</h1><span class=\"verdict " +
                     std::string(verdict->name) + "\">" + sign_markup(*verdict) + words +
                     "</span><p class=\"when\">";
  if (r.started_ms > 0) {
    date_text const date = date_of(r.started_ms);
    text += (r.is_plan ? "planned " : "started ") +
            ("<time datetime=\"" + date.machines + "\">" + date.people) + " UTC</time>, ";
  }
  return text + "took " + long_duration_text(r.time_ns) + "</p></header>\n";
}

inline std::string tile_markup(std::string_view label, std::string_view figure, std::string_view note) {
  return "<li class=\"tile\"><p class=\"label\">" + std::string(label) + "</p><p class=\"figure\">" +
         std::string(figure) + "</p><p class=\"note\">" + std::string(note) + "</p></li>\n";
}

inline std::string tiles_markup(report const& r) {
  report_totals const totals = totals_of(r);
  std::string bar, counts;
  double x = 0;
  std::vector<look_count> const looks = count_looks(r);
  // One of thousands can be seen, too.
  double const least = 4, rest = 400 - least * static_cast<double>(looks.size());
  for (look_count const& one : looks) {
    double const width = least + rest * static_cast<double>(one.count) / static_cast<double>(r.steps.size());
    bar += "<rect class=\"" + std::string(one.look.name) + "\" x=\"" + pixels(x) + "\" width=\"" +
           pixels(width) + "\" height=\"8\"/>";
    x += width;
    counts += "<li class=\"" + std::string(one.look.name) + "\">" + sign_markup(one.look) + "<span><b>" +
              std::to_string(one.count) + "</b> " + std::string(one.look.word) + "</span></li>";
  }
  std::string text =
      "<ul class=\"tiles\">\n<li class=\"tile wide\"><p class=\"label\">" +
      counted_text(r.steps.size(), "step") +
      "</p><svg class=\"bar\" viewBox=\"0 0 400 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">" +
      bar + "</svg><ul class=\"counts\">" + counts + "</ul></li>\n";
  std::string rate = "\u2013";
  if (totals.hit_rate) rate = std::to_string(static_cast<int>(std::floor(*totals.hit_rate * 100))) + " %";
  std::size_t const hits = r.is_plan ? totals.count(forecast::hit) : totals.count(outcome::hit);
  text +=
      tile_markup("Hit rate", rate, counted_text(hits, "step") + (r.is_plan ? " would be found" : " found"));
  text += tile_markup("Time saved", totals.saved_ns > 0 ? long_duration_text(totals.saved_ns) : "\u2013",
                      "what the hits took once");
  if (r.is_plan)
    text += tile_markup("Would run", std::to_string(totals.count(forecast::run)),
                        totals.count(forecast::depends) == 0
                            ? "nothing depends on the run"
                            : std::to_string(totals.count(forecast::depends)) + " more depend on it");
  else
    text += tile_markup("Time spent", totals.time_ns > 0 ? long_duration_text(totals.time_ns) : "\u2013",
                        totals.time_ns > 0 ? "in functions, in all threads" : "no function was called");
  text += tile_markup("Results", totals.bytes > 0 ? size_text(totals.bytes) : "\u2013",
                      totals.elements > 0 ? std::to_string(totals.elements_ran) + " of " +
                                                std::to_string(totals.elements) + " elements ran"
                                          : "in the store");
  return text + "</ul>\n";
}

/// Failures first, then warnings and notes.
inline std::string notices_markup(report const& r) {
  constexpr std::size_t most_failures = 5;
  std::string text;
  std::size_t failures = 0;
  auto const add = [&](std::string_view look, std::string_view kind, std::string const& told) {
    text += "<li class=\"" + std::string(look) + "\"><b>" + std::string(kind) + "</b> " + told + "</li>\n";
  };
  for (step_report const& step : r.steps) {
    if (r.is_plan || step.outcome != outcome::failed || ++failures > most_failures) continue;
    add("failed", "failed", step_link(step.name) + " " + sentence_markup(reason_text(step)));
  }
  if (failures > most_failures) add("failed", "failed", counted_text(failures - most_failures, "more step"));
  for (step_report const& step : r.steps)
    if (step.differs) add("failed", "verify", step_link(step.name) + " " + sentence_markup(step.difference));
  for (std::string const& warning : r.warnings) add("skipped", "warning", sentence_markup(warning));
  for (std::string const& note : r.notes) add("plain", "note", sentence_markup(note));
  return text.empty() ? text : "<ul class=\"card notices\">\n" + text + "</ul>\n";
}

/// One line for each step; a script may sort it by `data-value`.
inline std::string table_markup(report const& r) {
  auto const head = [](std::string_view name, std::string_view kind) {
    return "<th class=\"" + std::string(kind) + "\" scope=\"col\">" + std::string(name) + "</th>";
  };
  auto const number = [](std::uint64_t value, std::string const& text, std::string_view kind) {
    return "<td class=\"number " + std::string(kind) + "\" data-value=\"" + std::to_string(value) + "\">" +
           (value == 0 ? "\u2013" : text) + "</td>";
  };
  auto const not_below_zero = [](std::int64_t value) {
    return static_cast<std::uint64_t>(value < 0 ? 0 : value);
  };
  std::string text = "<table id=\"steps\"><thead><tr>" + head("Step", "") +
                     head(r.is_plan ? "Forecast" : "Outcome", "") + head("Time", "number") +
                     head("Saved", "number optional") + head("Size", "number optional") + head("Why", "") +
                     "</tr></thead><tbody>\n";
  for (std::size_t i = 0; i < r.steps.size(); ++i) {
    step_report const& step = r.steps[i];
    step_look const look = look_of(step, r.is_plan);
    text += "<tr data-node=\"" + std::to_string(i) + "\" class=\"" + std::string(look.name) +
            "\"><td class=\"name\">" + step_link(step.name) +
            "</td><td class=\"outcome-cell\"><span class=\"outcome\">" + sign_markup(look) +
            std::string(look.word) + "</span></td>";
    text += number(not_below_zero(step.time_ns), long_duration_text(step.time_ns), "");
    text += number(not_below_zero(step.saved_ns), long_duration_text(step.saved_ns), "optional");
    text += number(step.bytes, size_text(step.bytes), "optional");
    text += "<td class=\"why\">" + sentence_markup(reason_text(step)) + "</td></tr>\n";
  }
  return text + "</tbody></table>\n";
}

/// The same for a graph without a run: what its steps are and read.
inline std::string table_markup(graph_description const& graph) {
  std::string text =
      "<table id=\"steps\"><thead><tr><th scope=\"col\">Step</th><th class=\"number\" "
      "scope=\"col\">Level</th>"
      "<th scope=\"col\">Code</th><th scope=\"col\">Gives</th><th "
      "scope=\"col\">Reads</th></tr></thead><tbody>\n";
  auto const joined = [](std::vector<std::string> const& names) {
    std::string all;
    for (std::string const& name : names) all += (all.empty() ? "" : ", ") + name;
    return html_text(all);
  };
  for (std::size_t i = 0; i < graph.steps.size(); ++i) {
    step_description const& step = graph.steps[i];
    text += "<tr data-node=\"" + std::to_string(i) + "\"><td class=\"name\">" + step_link(step.name) +
            "</td><td class=\"number\" data-value=\"" + std::to_string(step.level) + "\">" +
            std::to_string(step.level) + "</td><td>" + html_text(step.code) + "</td><td><code>" +
            joined(step.schemas) + "</code></td><td class=\"why\"><code>" + joined(step.reads) +
            "</code></td></tr>\n";
  }
  return text + "</tbody></table>\n";
}

}  // namespace memo::detail
