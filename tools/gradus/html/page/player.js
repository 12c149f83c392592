// Playing: one step after the other by itself, at a speed of the reader's choice.
"use strict";

const speeds = [1, 2, 4, 10, 0.5]; // steps a second

// `more` says whether there is a next step, `on` takes it.
function makePlayer(button, speedButton, more, on) {
  const icon = button.querySelector("path"),
    shapes = {play: icon.getAttribute("d"), pause: "M4.5 3v10M11.5 3v10"};
  let timer = 0,
    speed = 0;
  const label = () => {
    button.setAttribute("aria-label", timer ? "Pause" : "Play");
    button.title = timer ? "Pause (space)" : "Play (space)";
    button.classList.toggle("playing", Boolean(timer));
    icon.setAttribute("d", timer ? shapes.pause : shapes.play);
    speedButton.textContent = `×${speeds[speed]}`;
    speedButton.setAttribute("aria-label", `Speed: ${speeds[speed]} steps a second`);
  };
  const pause = () => {
    clearInterval(timer);
    timer = 0;
    label();
  };
  const tick = () => (more() ? on() : pause());
  const play = () => {
    timer = setInterval(tick, 1000 / speeds[speed]);
    label();
    tick();
  };
  button.addEventListener("click", () => (timer ? pause() : play()));
  speedButton.addEventListener("click", () => {
    speed = (speed + 1) % speeds.length;
    if (timer) clearInterval(timer), (timer = setInterval(tick, 1000 / speeds[speed]));
    label();
  });
  label();
  return {
    pause,
    toggle: () => (timer ? pause() : play()),
    get playing() {
      return Boolean(timer);
    },
  };
}
