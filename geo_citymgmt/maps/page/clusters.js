/* Clusters of points. Points stand along a Z-curve (see packing.py), so those of a cell of any grid
   are one run: one pass over them makes the cells of a zoom. Cells whose middles come too near one
   another are then joined, the larger taking in the smaller, so that no grid shows. */
(function () {
"use strict";
var gcm = window.gcm;
var CELLS_PER_TILE = 4;      // a cell is 64 pixels wide
var NEAR = 46;               // pixels between the middles of two clusters
var MANY_CELLS = 150000;

/* {count, size[], x[], y[], one[], shares[count * classes]}; `one` is a feature of the cluster. */
gcm.clusters = function (store, level, classes) {
  var cells = runs(store, level, classes);
  return cells.count > MANY_CELLS ? cells : joined(cells, level, classes);
};

function runs(store, level, classes) {
  var scale = Math.pow(2, level) * CELLS_PER_TILE, n = store.count, mask = store.mask;
  var xs = store.x, ys = store.y, cellOf = new Int32Array(n), count = 0, lastX = -1, lastY = -1, i, c;
  for (i = 0; i < n; i += 1) {
    if (mask && !mask[i]) { continue; }
    var cx = Math.floor(xs[i] * scale), cy = Math.floor(ys[i] * scale);
    if (cx !== lastX || cy !== lastY) { count += 1; lastX = cx; lastY = cy; }
    cellOf[i] = count;
  }
  var out = made(count, classes);
  for (i = 0; i < n; i += 1) {
    c = cellOf[i] - 1;
    if (c < 0) { continue; }
    out.size[c] += 1; out.x[c] += xs[i]; out.y[c] += ys[i]; out.one[c] = i;
    out.shares[c * classes + store.classOf(i)] += 1;
  }
  for (c = 0; c < count; c += 1) { out.x[c] /= out.size[c]; out.y[c] /= out.size[c]; }
  return out;
}

function made(count, classes) {
  return { count: count, size: new Int32Array(count), x: new Float64Array(count),
           y: new Float64Array(count), one: new Int32Array(count),
           shares: new Int32Array(count * classes) };
}

function joined(cells, level, classes) {
  var scale = Math.pow(2, level) * CELLS_PER_TILE, wide = scale + 2;
  var reach = Math.pow(NEAR / 256 / Math.pow(2, level), 2), n = cells.count, c;
  var at = new Map(), order = new Int32Array(n), owner = new Int32Array(n).fill(-1), number = 0;
  for (c = 0; c < n; c += 1) {
    order[c] = c;
    at.set(Math.floor(cells.y[c] * scale) * wide + Math.floor(cells.x[c] * scale), c);
  }
  order.sort(function (a, b) { return cells.size[b] - cells.size[a] || a - b; });
  for (var k = 0; k < n; k += 1) {
    c = order[k];
    if (owner[c] >= 0) { continue; }
    owner[c] = number;
    var key = Math.floor(cells.y[c] * scale) * wide + Math.floor(cells.x[c] * scale);
    for (var dy = -1; dy <= 1; dy += 1) {
      for (var dx = -1; dx <= 1; dx += 1) {
        var other = at.get(key + dy * wide + dx);
        if (other === undefined || owner[other] >= 0) { continue; }
        var u = cells.x[other] - cells.x[c], v = cells.y[other] - cells.y[c];
        if (u * u + v * v < reach) { owner[other] = number; }
      }
    }
    number += 1;
  }
  var out = made(number, classes);
  for (c = 0; c < n; c += 1) {
    var o = owner[c], size = cells.size[c];
    out.size[o] += size;
    out.x[o] += cells.x[c] * size; out.y[o] += cells.y[c] * size;
    out.one[o] = cells.one[c];
    for (var s = 0; s < classes; s += 1) { out.shares[o * classes + s] += cells.shares[c * classes + s]; }
  }
  for (c = 0; c < number; c += 1) { out.x[c] /= out.size[c]; out.y[c] /= out.size[c]; }
  return out;
}

gcm.clusterRadius = function (size, point) {
  return size === 1 ? point : 11 + 4 * Math.log10(size);
};

/* A disc with the number, and around it a ring of the classes by their shares. */
gcm.drawCluster = function (context, x, y, size, shares, colors) {
  var radius = gcm.clusterRadius(size), from = -Math.PI / 2;
  context.globalAlpha = 1;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = "#ffffff";
  context.fill();
  context.lineWidth = 4.5;
  for (var c = 0; c < colors.length; c += 1) {
    if (!shares[c]) { continue; }
    var to = from + (2 * Math.PI * shares[c]) / size;
    context.beginPath();
    context.arc(x, y, radius - 2, from, to);
    context.strokeStyle = colors[c];
    context.stroke();
    from = to;
  }
  context.beginPath();
  context.arc(x, y, radius + 0.5, 0, 2 * Math.PI);
  context.lineWidth = 1;
  context.strokeStyle = "rgba(31, 45, 61, .35)";
  context.stroke();
  context.fillStyle = "#1f2d3d";
  context.font = "600 12px sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(size.toLocaleString("en"), x, y + 0.5);
};
})();
