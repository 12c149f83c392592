// The passes of a convolution: of f32, the images that suit the lanes (conv_plan.inl says which), then the others one
// by one or as columns. After set_deterministic(true) all are columns, so that an image has the same bits in each
// batch.
template <class T>
void conv2d(const Conv& v, const T* x, const T* weight, const T* bias, T* y, T* scratch) {
  Conv rest = v;
  if constexpr (sizeof(T) == 4) {
    const Index done = conv2d_lanes(v, x, weight, bias, y, scratch);
    rest.n -= done;
    x += done * v.c * v.h * v.w;
    y += done * v.o * v.oh * v.ow;
    if (suits_direct(rest) && direct_here(rest))
      return convolve_direct(rest, x, weights_of(rest, weight), bias, y, scratch);
  }
  if (rest.n > 0) conv2d_columns(rest, x, weight, bias, y, scratch);
}

template <class T>
void conv2d_input(const Conv& v, const T* weight, const T* gy, T* gx, T* scratch) {
  Conv rest = v;
  if constexpr (sizeof(T) == 4) {
    const Index done = conv2d_input_lanes(v, weight, gy, gx, scratch);
    rest.n -= done;
    gy += done * v.o * v.oh * v.ow;
    gx += done * v.c * v.h * v.w;
    if (suits_input_direct(rest) && direct_here(adjoint(rest)))
      return convolve_direct(adjoint(rest), gy, turned_weights_of(rest, weight), nullptr, gx, scratch);
  }
  if (rest.n > 0) conv2d_input_columns(rest, weight, gy, gx, scratch);
}

template <class T>
void conv2d_weight(const Conv& v, const T* x, const T* gy, T* gweight, T* scratch) {
  if constexpr (sizeof(T) == 4) {
    const Index done = images_in_weight_lanes(v);
    Conv rest = v;
    rest.n -= done;
    if (rest.n > 0 || done == 0)
      conv2d_weight_columns(rest, x + done * v.c * v.h * v.w, gy + done * v.o * v.oh * v.ow, gweight, scratch);
    if (done > 0) conv2d_weight_lanes(v, rest.n > 0, x, gy, gweight, scratch);
  } else {
    conv2d_weight_columns(v, x, gy, gweight, scratch);
  }
}
