// Tools to study a program that differentiates: its trace, a guard against NaN, engines that are wrong on purpose; and
// pictures of descent.
#pragma once

#include <gradus/study/descent.hpp>
#include <gradus/study/faulty.hpp>
#include <gradus/study/guard.hpp>
#include <gradus/study/landscape.hpp>
#include <gradus/study/read_trace.hpp>
#include <gradus/study/slice.hpp>
#include <gradus/study/surface.hpp>
#include <gradus/study/trace.hpp>
