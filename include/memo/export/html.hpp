/// A report or a graph as one HTML page.
///
/// The page needs nothing beside itself: its style, its script and its data are in it, and its Content-Security-Policy
/// allows nothing else, neither another script nor the network. Totals, graph and table are there without the script, which
/// adds zoom, search, the time line and the panel of a step. `#step=name` in the address opens the page at a step. The data
/// is the document of json.hpp, in the element with the id `data`.
#pragma once

#include <memo/export/graph_svg.hpp>
#include <memo/export/json.hpp>
#include <memo/export/page_markup.hpp>
#include <memo/export/page_script.hpp>
#include <memo/export/page_style.hpp>
#include <memo/export/sha256.hpp>

#include <string>
#include <string_view>

namespace memo {
namespace detail {

/// What differs between pages. All of it is markup, apart from the title.
struct page_parts {
  std::string title;
  std::string top;
  std::string graph;
  std::string graph_note;
  std::string table;
  std::string data;
  bool has_times = true;
};

inline std::string page_of(page_parts const& parts) {
  std::string const script = page_script();
  std::string text = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  text +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
      "form-action 'none'; "
      "img-src data:; style-src '" +
      policy_hash(page_style) + "'; script-src '" + policy_hash(script) + "'\">\n";
  text +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" "
      "content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n<title>" +
      html_text(parts.title) + "</title>\n<style>";
  text += page_style;
  text += "</style>\n</head>\n<body>\n" + sign_symbols() + parts.top +
          (parts.has_times ? "<main>\n" : "<main class=\"no-times\">\n");
  text +=
      "<section class=\"card graph-card\" aria-labelledby=\"graph-head\"><div class=\"head\"><h2 "
      "id=\"graph-head\">"
      "Graph</h2><form class=\"search-form needs-script\" role=\"search\"><input class=\"search\" "
      "id=\"search\" "
      "type=\"search\" placeholder=\"Find a step\" aria-label=\"Find a step\" autocomplete=\"off\" "
      "spellcheck=\"false\"></form><span id=\"found\" class=\"muted needs-script\" role=\"status\"></span>"
      "<div class=\"tools needs-script\"><button id=\"zoom-out\" title=\"Smaller (-)\">\u2212</button>"
      "<button id=\"zoom-in\" title=\"Larger (+)\">+</button><button id=\"fit\" title=\"All of it "
      "(0)\">Fit</button>"
      "</div></div>\n";
  text +=
      parts.graph_note + "<div class=\"viewport\" id=\"viewport\">\n" + parts.graph + "</div></section>\n";
  text +=
      "<aside class=\"card panel needs-script\" id=\"panel\" aria-live=\"polite\" "
      "aria-label=\"Details\"></aside>\n";
  if (parts.has_times)
    text +=
        "<section class=\"card time-card needs-script\" aria-labelledby=\"time-head\"><div class=\"head\">"
        "<h2 id=\"time-head\">Time line</h2><div class=\"tools\" id=\"time-tools\"><button id=\"time-out\" "
        "title=\"Longer\">\u2212</button><button id=\"time-in\" title=\"Closer\">+</button><button "
        "id=\"time-fit\" "
        "title=\"All of it\">Fit</button></div></div><p class=\"note-line\" id=\"time-note\"></p>"
        "<div class=\"lanes\" id=\"lanes\"></div></section>\n";
  text +=
      "<section class=\"card table-card\" aria-labelledby=\"table-head\"><div class=\"head\"><h2 "
      "id=\"table-head\">"
      "Steps</h2></div><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
      "aria-labelledby=\"table-head\">\n" +
      parts.table + "</div></section>\n</main>\n<footer>written by memo</footer>\n";
  text += "<script type=\"application/json\" id=\"data\">" + parts.data + "</script>\n<script>" + script +
          "</script>\n</body>\n</html>\n";
  return text;
}

/// JSON that can stand in a <script>: a "<" can be in its strings only, where it has another spelling.
inline std::string json_in_script(std::string_view json) {
  std::string text;
  text.reserve(json.size() + json.size() / 16);
  for (char const c : json)
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  return text;
}

inline std::string graph_label(std::size_t steps) {
  return counted_text(steps, "step") + " by levels from left to right; arrow keys move, Enter selects";
}

}  // namespace detail

/// The page of a run, or of a plan: what happened to each step and why.
inline std::string to_html(report const& r) {
  bool const has_wiring = r.graph != nullptr && r.graph->steps.size() == r.steps.size();
  detail::drawn_graph const drawn = detail::drawn_from(r);
  std::string note;
  if (r.steps.empty())
    note = "<p class=\"note-line\">The pipeline has no step.</p>\n";
  else if (!has_wiring)
    note = "<p class=\"note-line\">The report does not tell which step reads which.</p>\n";
  return detail::page_of(
      {.title = r.pipeline + (r.is_plan ? ": plan" : ": report"),
       .top = detail::header_markup(r) + detail::tiles_markup(r) + detail::notices_markup(r),
       .graph = detail::graph_drawing(drawn).svg(detail::graph_label(r.steps.size())),
       .graph_note = note,
       .table = detail::table_markup(r),
       .data = detail::json_in_script(to_json(r)),
       .has_times = true});
}

/// The page of a pipeline without a run: how its steps hang together.
inline std::string to_html(graph_description const& graph) {
  detail::drawn_graph const drawn = detail::drawn_from(graph);
  std::string const top = "<header><h1>" + detail::html_text(graph.name) +
                          "</h1><p class=\"when\">pipeline of " +
                          detail::counted_text(graph.steps.size(), "step") + " and " +
                          detail::counted_text(graph.inputs.size(), "input") + "</p></header>\n";
  return detail::page_of({.title = graph.name + ": graph",
                          .top = top,
                          .graph = detail::graph_drawing(drawn).svg(detail::graph_label(graph.steps.size())),
                          .graph_note = {},
                          .table = detail::table_markup(graph),
                          .data = detail::json_in_script(to_json(graph)),
                          .has_times = false});
}

}  // namespace memo
