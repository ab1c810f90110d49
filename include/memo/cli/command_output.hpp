/// Reports and graphs into files, or to standard output.
#pragma once

#include <memo/cli/command_context.hpp>
#include <memo/core/error.hpp>
#include <memo/core/os_calls.hpp>
#include <memo/export/chrome_trace.hpp>
#include <memo/export/dot.hpp>
#include <memo/export/html.hpp>
#include <memo/export/json.hpp>
#include <memo/export/mermaid.hpp>
#include <memo/report/report.hpp>

#include <cerrno>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

/// Writes to a file, or to standard output for "-". Throws error where it cannot.
inline void write_text(terminal& at, std::string const& path, std::string_view text) {
  if (path == "-") {
    at.out << text << std::flush;
    return;
  }
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file)
    throw error("a file could not be written", {{"file", path}, {"reason", os::error_text(errno)}},
                "name a file in a folder that exists and that you may write to");
}

/// The files that a report is to be written to.
struct report_files {
  std::optional<std::string> html, json, trace, mermaid, dot;

  void take(arguments& with, bool all) {
    with.text("--html", "FILE", "the report as a page for browsers; - is standard output", html);
    with.text("--json", "FILE", "the report as JSON", json);
    with.text("--trace", "FILE", "the time line, for ui.perfetto.dev", trace);
    if (!all) return;
    with.text("--mermaid", "FILE", "the graph for Mermaid, coloured by what happened", mermaid);
    with.text("--dot", "FILE", "the graph for Graphviz", dot);
  }
  bool any() const { return html || json || trace || mermaid || dot; }
  bool to_standard_output() const {
    for (auto const* const file : {&html, &json, &trace, &mermaid, &dot})
      if (*file && **file == "-") return true;
    return false;
  }
  void write(terminal& at, memo::report const& of) const {
    if (html) write_text(at, *html, to_html(of));
    if (json) write_text(at, *json, to_json(of) + '\n');
    if (trace) write_text(at, *trace, to_chrome_trace(of));
    if (mermaid) write_text(at, *mermaid, to_mermaid(of));
    if (dot) write_text(at, *dot, to_dot(of));
  }
};

}  // namespace memo::detail
