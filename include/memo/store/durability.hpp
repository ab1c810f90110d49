/// What a store on disk promises for the case that the power fails.
#pragma once

#include <cstdint>

namespace memo {

/// Whether a put waits for the disk.
///
/// - `none`: nothing is forced to the disk. After a power failure the newest records may be gone or cut short, which makes
///   them misses, as checksums tell.
/// - `full`: a put returns when its bytes and its names are on the disk, which costs milliseconds. Where the system cannot
///   say so, nothing is stored, and the put warns.
///
/// A process that dies, however it does, takes nothing away with either.
enum class durability : std::uint8_t { none, full };

}  // namespace memo
