#include "square.hpp"

#include <model/model.hpp>

std::string square(int side) { return std::to_string(side * side) + unit() + beyond(); }
