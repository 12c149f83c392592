// What one rank does in the tests of dist: a case by its name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <gradus/dist/dist.hpp>
#include <gradus/gradus.hpp>

using Words = std::vector<std::string>;
using Case = int (*)(const Words& words);

std::map<std::string, Case> group_cases();
std::map<std::string, Case> training_cases();
std::map<std::string, Case> compress_cases();
