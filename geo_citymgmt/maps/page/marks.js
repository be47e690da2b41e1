/* What tells classes apart where colour fails: on paper, which may be grey, and where a reader's own
   colours take the place of ours. A class with a mark has one of five forms, and on it nothing, a dot
   or a bar; areas are hatched and lines are dashed alike. */
(function () {
"use strict";
var gcm = window.gcm;
var DASHES = [[], [9, 5], [2, 4], [11, 4, 2, 4], [5, 5]];
var forced = window.matchMedia("(forced-colors: active)"), patterns = {};

gcm.marking = function () {
  return forced.matches || document.documentElement.classList.contains("gcm-printing");
};
/* Marks are no smaller than their forms can be told apart. */
gcm.markRadius = function (radius) { return Math.max(radius, 4); };
gcm.dashOf = function (mark) { return mark > 0 ? DASHES[mark % DASHES.length] : DASHES[0]; };

/* Circle, square, triangle, diamond, triangle upside down: of about the same ink. */
gcm.drawMark = function (context, mark, x, y, radius, color) {
  var form = mark > 0 ? mark % 5 : 0, detail = mark > 0 ? Math.floor(mark / 5) % 3 : 0;
  context.beginPath();
  if (form === 0) { context.arc(x, y, radius, 0, 2 * Math.PI); }
  if (form === 1) { context.rect(x - radius * 0.88, y - radius * 0.88, radius * 1.76, radius * 1.76); }
  if (form === 2 || form === 4) {
    var up = form === 2 ? -1 : 1;
    context.moveTo(x, y + up * radius * 1.2);
    context.lineTo(x + radius * 1.15, y - up * radius * 0.8);
    context.lineTo(x - radius * 1.15, y - up * radius * 0.8);
    context.closePath();
  }
  if (form === 3) {
    context.moveTo(x, y - radius * 1.25);
    context.lineTo(x + radius * 1.25, y);
    context.lineTo(x, y + radius * 1.25);
    context.lineTo(x - radius * 1.25, y);
    context.closePath();
  }
  context.globalAlpha = 1;
  context.fillStyle = color;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = "#1f2d3d";
  context.stroke();
  context.fillStyle = "#ffffff";
  if (detail === 1) {
    context.beginPath();
    context.arc(x, y, radius * 0.42, 0, 2 * Math.PI);
    context.fill();
  }
  if (detail === 2) { context.fillRect(x - radius * 0.75, y - radius * 0.22, radius * 1.5, radius * 0.44); }
  context.fillStyle = color;
};

/* Lines over an area, by the mark of its class; null for one without. */
gcm.hatch = function (context, mark) {
  if (!(mark > 0)) { return null; }
  if (!patterns[mark]) {
    var tile = document.createElement("canvas"), size = 8 + 4 * (Math.floor(mark / 5) % 3);
    tile.width = tile.height = size;
    var pen = tile.getContext("2d"), form = mark % 5;
    pen.strokeStyle = pen.fillStyle = "#1f2d3d";
    pen.lineWidth = 1.2;
    pen.beginPath();
    // Over the edges, so that tiles join.
    if (form === 1) { for (var a = -1; a <= 1; a += 1) { pen.moveTo(a * size - 2, size + 2); pen.lineTo((a + 1) * size + 2, -2); } }
    if (form === 2) { for (var b = -1; b <= 1; b += 1) { pen.moveTo(b * size - 2, -2); pen.lineTo((b + 1) * size + 2, size + 2); } }
    if (form === 3) { pen.moveTo(0, size / 2); pen.lineTo(size, size / 2); }
    if (form === 4) { pen.moveTo(size / 2, 0); pen.lineTo(size / 2, size); }
    pen.stroke();
    if (form === 0) { pen.fillRect(size / 2 - 1, size / 2 - 1, 2.4, 2.4); }
    patterns[mark] = tile;
  }
  return context.createPattern(patterns[mark], "repeat");
};

/* The mark of a legend's entry, which stands in for its colour where that fails; of areas their lines,
   and the form that stands for those too small for lines. */
gcm.markedKey = function (item) {
  var canvas = gcm.node("canvas", "gcm-key-mark"), context = canvas.getContext("2d");
  canvas.width = item.shape === "areas" ? 68 : 44; canvas.height = 32;
  context.scale(2, 2);
  if (item.shape === "areas") {
    context.fillStyle = item.color;
    context.fillRect(1, 1, 20, 14);
    var lines = gcm.hatch(context, item.mark);
    if (lines) { context.fillStyle = lines; context.fillRect(1, 1, 20, 14); }
    context.strokeStyle = "#1f2d3d";
    context.strokeRect(1, 1, 20, 14);
    gcm.drawMark(context, item.mark, 28, 8, 4, item.color);
  } else if (item.shape === "lines") {
    context.strokeStyle = item.color;
    context.lineWidth = 4;
    context.setLineDash(gcm.dashOf(item.mark));
    context.moveTo(0, 8);
    context.lineTo(22, 8);
    context.stroke();
  } else { gcm.drawMark(context, item.mark, 11, 8, 5.5, item.color); }
  return canvas;
};

function redraw() {
  gcm.overlays.forEach(function (layer) { if (layer._map && layer.store) { layer._narrowed(); } });
}
if (forced.addEventListener) { forced.addEventListener("change", redraw); }
window.addEventListener("afterprint", function () { window.setTimeout(redraw, 0); });
})();
