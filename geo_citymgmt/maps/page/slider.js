/* A slider over dates: what it stands at is told to whoever asked for it. */
(function () {
"use strict";
var gcm = window.gcm;

gcm.words({
  zh: { date: "日期", play: "播放", pause: "暂停" },
  en: { date: "Date", play: "Play", pause: "Pause" }
});
var PACE = 900;

/* Below the map; `act` is called with the number of the date. It stands at the last. */
gcm.slider = function (map, dates, act) {
  var last = dates.length - 1, timer = null;
  var box = gcm.node("div", "gcm-slider");
  var button = box.appendChild(gcm.node("button", null, "▶"));
  var range = box.appendChild(gcm.node("input"));
  var told = box.appendChild(gcm.node("output", null, dates[last]));
  button.type = "button";
  range.type = "range";
  range.min = 0;
  range.max = last;
  range.step = 1;
  range.value = last;
  range.setAttribute("aria-label", gcm.word(map, "date"));

  function show(frame) {
    range.value = frame;
    range.setAttribute("aria-valuetext", dates[frame]);
    told.textContent = dates[frame];
    act(frame);
  }
  function playing(on) {
    window.clearInterval(timer);
    timer = on ? window.setInterval(step, PACE) : null;
    button.textContent = on ? "❚❚" : "▶";
    button.title = gcm.word(map, on ? "pause" : "play");
    button.setAttribute("aria-label", button.title);
  }
  function step() {
    var next = Number(range.value) + 1;
    show(Math.min(next, last));
    if (next >= last) { playing(false); }
  }
  button.onclick = function () {
    if (timer) { playing(false); return; }
    if (Number(range.value) === last) { show(0); }
    playing(true);
  };
  range.oninput = function () { playing(false); show(Number(range.value)); };
  playing(false);
  range.setAttribute("aria-valuetext", dates[last]);
  map.getContainer().parentNode.appendChild(box);
};
})();
