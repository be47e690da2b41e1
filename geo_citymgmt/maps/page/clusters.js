/* Clusters of points. Points stand along a Z-curve (see packing.py), so those of a cell of any grid
   are one run: one pass over them makes the cells of a zoom. Cells whose middles come too near one
   another are then joined, the larger taking in the smaller, so that no grid shows. */
(function () {
"use strict";
var gcm = window.gcm;
var CELLS_PER_TILE = 4;      // a cell is 64 pixels wide
var NEAR = 46;               // pixels between the middles of two clusters
/* Cells about the view that are joined with it, lest its edge decide what is one cluster. */
var MARGIN = 8;
var ALL = { left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity };

/* The clusters of a layer at a zoom: {count, size[], x[], y[], one[], shares[count * classes]}; `one` is
   a feature of the cluster. While cells are few what each class has in each is kept, so that turning
   a class off is a few sums; where they are many only those about the view are made. */
gcm.Clusters = function (store, level, classes) {
  this.store = store;
  this.level = level;
  this.classes = classes;
  this._whole = counted(store, level) * classes < store.count ? runs(store, level, classes, null, ALL) : null;
};

gcm.Clusters.prototype = {
  narrowed: function () { this._made = null; },

  /* Within a view, in the Mercator square. */
  within: function (view) {
    if (this._made && (this._whole || this._made.view === view)) { return this._made; }
    var store = this.store, whole = this._whole, kept = whole && store.classesKept();
    var own = kept ? whole : whole ? summed(store, whole.count, this.classes, null, whole.cell, store.count, store.mask)
      : runs(store, this.level, this.classes, store.mask, widened(view, this.level));
    this._made = joined(gathered(own, kept, this.classes), this.level, this.classes);
    this._made.view = view;
    return this._made;
  }
};

/* To whole cells, and some about them. */
function widened(view, level) {
  var scale = Math.pow(2, level) * CELLS_PER_TILE;
  return { left: (Math.floor(view.left * scale) - MARGIN) / scale, right: (Math.ceil(view.right * scale) + MARGIN) / scale,
           top: (Math.floor(view.top * scale) - MARGIN) / scale, bottom: (Math.ceil(view.bottom * scale) + MARGIN) / scale };
}

function counted(store, level) {
  var scale = Math.pow(2, level) * CELLS_PER_TILE, xs = store.x, ys = store.y, count = 0, lastX = -1, lastY = -1;
  for (var i = 0; i < store.count; i += 1) {
    var cx = Math.floor(xs[i] * scale), cy = Math.floor(ys[i] * scale);
    if (cx !== lastX || cy !== lastY) { count += 1; lastX = cx; lastY = cy; }
  }
  return count;
}

/* What each class has in each cell: {count, size[count * classes], ...}. */
function runs(store, level, classes, mask, view) {
  var scale = Math.pow(2, level) * CELLS_PER_TILE, n = store.count, xs = store.x, ys = store.y, of = store.classes;
  var room = store.cellRoom = store.cellRoom || { at: new Int32Array(n), cell: new Int32Array(n) };
  var at = room.at, cell = room.cell, count = 0, lastX = -1, lastY = -1, m = 0, i;
  var left = view.left, right = view.right, top = view.top, bottom = view.bottom;
  for (i = 0; i < n; i += 1) {
    if (mask !== null && mask[i] === 0) { continue; }
    var x = xs[i], y = ys[i];
    if (x < left || x >= right || y < top || y >= bottom) { continue; }
    var cx = Math.floor(x * scale), cy = Math.floor(y * scale);
    if (cx !== lastX || cy !== lastY) { count += 1; lastX = cx; lastY = cy; }
    at[m] = i; cell[m] = count - 1;
    m += 1;
  }
  var out = summed(store, count, classes, at, cell, m, null);
  out.cell = cell;
  return out;
}

/* The sums of the first m points of a list, or of all without one; each lies in a cell. */
function summed(store, count, classes, at, cell, m, mask) {
  var out = made(count * classes, 1), xs = store.x, ys = store.y, of = store.classes;
  var size = out.size, x = out.x, y = out.y, one = out.one;
  out.count = count;
  for (var j = 0; j < m; j += 1) {
    var i = at ? at[j] : j;
    if (mask && mask[i] === 0) { continue; }
    var c = cell[j] * classes + (of ? of[i] : 0);
    size[c] += 1; x[c] += xs[i]; y[c] += ys[i]; one[c] = i;
  }
  return out;
}

/* Cells that hold something of the classes that are kept, with the middle of what they hold. */
function gathered(own, kept, classes) {
  var out = made(own.count, classes), at = 0;
  for (var c = 0; c < own.count; c += 1) {
    var size = 0, x = 0, y = 0;
    for (var s = 0; s < classes; s += 1) {
      var k = c * classes + s, share = kept && !kept[s] ? 0 : own.size[k];
      out.shares[at * classes + s] = share;
      if (share) { size += share; x += own.x[k]; y += own.y[k]; out.one[at] = own.one[k]; }
    }
    if (!size) { continue; }
    out.size[at] = size; out.x[at] = x / size; out.y[at] = y / size;
    at += 1;
  }
  out.count = at;
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
