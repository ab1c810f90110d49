#pragma once

#include <memo/store/memory_store.hpp>

namespace memo {

/// The store of this process that keeps the results of `.cache(memo::in_memory)` steps whose own store keeps bytes
/// only. It has no limit; `process_store().clear()` empties it.
inline memory_store process_store() {
  static memory_store const shared;
  return shared;
}

}  // namespace memo
