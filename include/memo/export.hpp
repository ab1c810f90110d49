/// Reports and graphs as documents, traces, pictures and pages, and the history of runs.
#pragma once

#include <memo/export/chrome_trace.hpp>
#include <memo/export/dot.hpp>
#include <memo/export/history.hpp>
#include <memo/export/html.hpp>
#include <memo/export/json.hpp>
#include <memo/export/mermaid.hpp>
