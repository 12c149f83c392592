// Numbers of FANN: the path of RPROP of one linear neuron, and its activations. Prints JSON.
#include <fann.h>
#include <stdio.h>

static double activation(enum fann_activationfunc_enum f, double x) {
  struct fann *net = fann_create_standard(2, 1, 1);
  fann_set_activation_function_output(net, f);
  net->weights[0] = 1, net->weights[1] = 0;
  fann_type in = (fann_type)x;
  const double y = fann_run(net, &in)[0];
  fann_destroy(net);
  return y;
}

int main(void) {
  struct fann *net = fann_create_standard(2, 1, 1);
  fann_set_activation_function_output(net, FANN_LINEAR);
  fann_set_activation_steepness_output(net, 1);
  fann_set_training_algorithm(net, FANN_TRAIN_RPROP);
  net->weights[0] = 0, net->weights[1] = 0;
  struct fann_train_data *data = fann_create_train(1, 1, 1);
  data->input[0][0] = 1, data->output[0][0] = 1;
  printf("{\"library\": \"FANN\", \"version\": \"2.2.0\", \"rows\": {\"rprop\": {\"path\": [");
  for (int i = 0; i < 12; ++i) {
    fann_train_epoch(net, data);
    printf("%s%.7g", i ? ", " : "", net->weights[0]);
  }
  printf("]}, \"activations\": {\"input\": 1.5");
  printf(", \"sigmoid\": %.7g", activation(FANN_SIGMOID, 1.5));
  printf(", \"sigmoid_symmetric\": %.7g", activation(FANN_SIGMOID_SYMMETRIC, 1.5));
  printf(", \"linear\": %.7g", activation(FANN_LINEAR, 1.5));
  printf(", \"stepwise_at_minus_4\": %.7g", activation(FANN_SIGMOID_STEPWISE, -4));
  printf(", \"sigmoid_at_minus_4\": %.7g}}}\n", activation(FANN_SIGMOID, -4));
  return 0;
}
