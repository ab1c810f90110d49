#pragma once
#include <string>

std::string square(int side);
