// Every optimizer, clipping and the schedules of learning rates.
#pragma once

#include <gradus/optim/adadelta.hpp>
#include <gradus/optim/adagrad.hpp>
#include <gradus/optim/adam.hpp>
#include <gradus/optim/adamax.hpp>
#include <gradus/optim/any.hpp>
#include <gradus/optim/asgd.hpp>
#include <gradus/optim/clip.hpp>
#include <gradus/optim/lbfgs.hpp>
#include <gradus/optim/lion.hpp>
#include <gradus/optim/muon.hpp>
#include <gradus/optim/nadam.hpp>
#include <gradus/optim/names.hpp>
#include <gradus/optim/newton.hpp>
#include <gradus/optim/newton_cg.hpp>
#include <gradus/optim/optimizer.hpp>
#include <gradus/optim/radam.hpp>
#include <gradus/optim/rmsprop.hpp>
#include <gradus/optim/rprop.hpp>
#include <gradus/optim/schedule.hpp>
#include <gradus/optim/schedule_free.hpp>
#include <gradus/optim/sgd.hpp>
