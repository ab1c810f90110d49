#pragma once

#include <memo/run/map_class.hpp>
#include <memo/run/map_verify.hpp>

namespace memo::detail {

/// Runs a map on the calling thread and on the executor's. Throws std::bad_alloc at most.
inline map_outcome run_map(map_request const& request) {
  try {
    return map_run(request).run();
  } catch (std::bad_alloc const&) {
    throw;
  } catch (...) {
    // Copying an element or a result of the user's.
    map_outcome failed;
    failed.error = std::current_exception();
    failed.message = "its elements or results could not be copied: " + message_of(failed.error);
    return failed;
  }
}

}  // namespace memo::detail
