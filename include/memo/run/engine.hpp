/// The engine with all its parts.
#pragma once

#include <memo/run/engine_attempt.hpp>
#include <memo/run/engine_claims.hpp>
#include <memo/run/engine_class.hpp>
#include <memo/run/engine_compute.hpp>
#include <memo/run/engine_decide.hpp>
#include <memo/run/engine_flow.hpp>
#include <memo/run/engine_plan.hpp>
#include <memo/run/engine_schedule.hpp>
#include <memo/run/engine_setup.hpp>
#include <memo/run/engine_values.hpp>
#include <memo/run/engine_verify.hpp>
