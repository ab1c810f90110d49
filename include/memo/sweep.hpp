/// Parameter sweeps: points for a map to go over, and tables of what came out. Not part of <memo/memo.hpp>.
#pragma once

#include <memo/sweep/csv.hpp>
#include <memo/sweep/grid.hpp>
#include <memo/sweep/spacing.hpp>
