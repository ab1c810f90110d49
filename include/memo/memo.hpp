/// memo: typed pipelines whose results are kept, and computed again only when something that they depend on changes.
#pragma once

#include <memo/config.hpp>
#include <memo/core/clock.hpp>
#include <memo/core/digest.hpp>
#include <memo/core/error.hpp>
#include <memo/core/view.hpp>
#include <memo/exec/inline_executor.hpp>
#include <memo/graph/check.hpp>
#include <memo/graph/pipeline.hpp>
#include <memo/key/codec.hpp>
#include <memo/key/explain.hpp>
#include <memo/key/file.hpp>
#include <memo/key/source_text.hpp>
#include <memo/report/report.hpp>
#include <memo/report/table.hpp>
#include <memo/run/bindings.hpp>
#include <memo/run/memoize.hpp>
#include <memo/run/result.hpp>
#include <memo/run/runner.hpp>
#include <memo/store/any_store.hpp>
#include <memo/store/directory_store.hpp>
#include <memo/store/memory_store.hpp>
#include <memo/store/mmap_store.hpp>
#include <memo/store/tiered_store.hpp>
