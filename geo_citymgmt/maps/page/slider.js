/* A slider over dates: colours, labels, legend and panel follow it. */
(function () {
"use strict";
var gcm = window.gcm;

gcm.words({
  zh: { date: "日期", play: "播放", pause: "暂停" },
  en: { date: "Date", play: "Play", pause: "Pause" }
});
var PACE = 900;

gcm.slider = function (map, config) {
  var last = config.dates.length - 1, timer = null;
  var box = gcm.node("div", "gcm-slider");
  var button = box.appendChild(gcm.node("button", null, "▶"));
  var range = box.appendChild(gcm.node("input"));
  var told = box.appendChild(gcm.node("output", null, config.dates[last]));
  button.type = "button";
  range.type = "range";
  range.min = 0;
  range.max = last;
  range.step = 1;
  range.value = last;
  range.setAttribute("aria-label", gcm.word(map, "date"));

  function show(frame) {
    range.value = frame;
    range.setAttribute("aria-valuetext", config.dates[frame]);
    told.textContent = config.dates[frame];
    config.layer.setFrame(frame);
    if (config.captions.length) {
      document.querySelector(".gcm-caption").textContent = config.captions[frame];
    }
    map._gcm.frame = frame;
    map.fire("gcm:frame", { frame: frame });
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
  range.setAttribute("aria-valuetext", config.dates[last]);
  map._gcm.frame = last;
  map.getContainer().parentNode.appendChild(box);
  map.invalidateSize({ animate: false });
};
})();
