#pragma once

#include <stdlib.h>

#include <string>

namespace memo::detail {

/// The environment variable that shows that an MPI launcher started this process as one of several ranks; "" where
/// none does. It says nothing of whether the program uses MPI.
///
/// Looked at are those of Open MPI, of MPICH and what derives from it (Hydra, Intel MPI, Cray), MVAPICH2, IBM's jsrun, Flux
/// and Slurm's srun. A rank by PMIx alone does not know how many there are and counts as one of several.
inline std::string mpi_launcher() {
  auto const number = [](char const* name) {
    char const* const text = ::getenv(name);
    return text == nullptr || *text == '\0' ? -1 : ::strtol(text, nullptr, 10);
  };
  bool is_alone = false;
  for (char const* const size : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE",
                                 "JSM_NAMESPACE_SIZE", "FLUX_JOB_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    long const ranks = number(size);
    // Slurm sets the size for what it does not start as a rank, too.
    if (size[0] == 'S' && number("SLURM_PROCID") < 0) continue;
    if (ranks > 1) return size;
    is_alone |= ranks == 1;
  }
  return !is_alone && number("PMIX_RANK") >= 0 ? "PMIX_RANK" : "";
}

}  // namespace memo::detail
