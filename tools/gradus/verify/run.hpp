// How each kind of case is run. All throw: Difference, NotImplemented, Skipped, TooLarge, or what the library throws.
#pragma once

#include "verify/kit.hpp"

namespace gradus::tool {

void run_case(const Case& c);  // the one of these that fits the group of the case

void run_operation(const Case& c);  // values, gradients, second derivatives
void run_error(const Case& c);      // what must be refused
void run_module(const Case& c);
void run_optimizer(const Case& c);
void run_schedule(const Case& c);
void run_clip(const Case& c);
void run_init(const Case& c);
void run_training(const Case& c);

}  // namespace gradus::tool
