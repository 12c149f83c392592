// Tools to study a program that differentiates: its trace, a guard against NaN, engines that are wrong on purpose.
#pragma once

#include <gradus/study/faulty.hpp>
#include <gradus/study/guard.hpp>
#include <gradus/study/trace.hpp>
