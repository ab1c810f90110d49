#pragma once

#include <memo/core/error.hpp>

namespace memo {

/// Something that keys must hold could not be hashed at run time, such as a file that cannot be read. It
/// disables caching for the step concerned; a key is never made without that part.
class unhashable : public error {
  using error::error;
};

}  // namespace memo
