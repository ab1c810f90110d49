#pragma once

#include <memo/store/claims.hpp>
#include <memo/store/store_root.hpp>

#include <memory>
#include <string>
#include <utility>

namespace memo::detail {

/// The file of claims in a root, as a `claim_source` wants it.
inline std::shared_ptr<claim_file> open_claims_of(store_root& root, claim_reach reach, std::string& why_not) {
  if (std::string const why = root.open_for_writing(); !why.empty()) {
    why_not = "the cache cannot be written to: " + why;
    return nullptr;
  }
  // Before the file is made.
  if (char const* const name = root.network(); *name != '\0' && reach != claim_reach::asked) {
    why_not = on_network_file_system(name);
    return nullptr;
  }
  auto opened = root.open_claims();
  if (!opened) why_not = "its file of claims cannot be opened: " + os::error_text(opened.error);
  return std::move(opened.value);
}

}  // namespace memo::detail
