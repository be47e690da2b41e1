/* Packed features: thousands of points, lines and areas drawn on one canvas, far more than 10,000
   points in clusters. The data stands in the page as base64 of gzip; see packing.py. */
(function () {
"use strict";
var gcm = window.gcm;
var POINT = 0, LINE = 1, AREA = 2;

gcm.Overlay = L.Renderer.extend({
  includes: gcm.Picking,
  options: { padding: 0.12 },

  initialize: function (config) {
    L.Renderer.prototype.initialize.call(this, { pane: "gcm-" + config.kind });
    this._config = config;
    this.order = gcm.pickOrder[config.kind];
    this._colors = config.classes.map(function (item) { return item.color; });
  },

  beforeAdd: function (map) {
    gcm.featurePanes(map);
    return this;
  },

  onAdd: function () {
    L.Renderer.prototype.onAdd.call(this);
    gcm.addPicker(this._map, this);
    this._load();
  },

  onRemove: function () {
    gcm.removePicker(this._map, this);
    L.Renderer.prototype.onRemove.call(this);
  },

  /* A layer that is switched off is unpacked when it is first switched on. */
  _load: function () {
    if (this._loading) { return; }
    this._loading = true;
    var self = this;
    var holder = document.getElementById(this._config.data);
    gcm.begin();
    if (!gcm.canUnpack()) {
      gcm.notice(this._map, gcm.word(this._map, "old"));
      gcm.end();
      return;
    }
    gcm.unpack(holder.textContent).then(function (header) {
      holder.remove();
      self.store = gcm.storeOfPacked(header, self._config.shown);
      self._order = byClass(self.store.classes, header.count, self._config.classes.length);
      self._ready();
      if (self._map) { self._update(); }
    }).finally(gcm.end);
  },

  _narrowed: function () {
    if (this._made) { this._made.narrowed(); }
    this._update();
  },

  /* Clusters until the reader is near enough for every point to stand for itself. */
  _clusters: function () {
    var from = this._config.pointsFrom, level = Math.floor(this._map.getZoom());
    if (from === null || this._map.getZoom() >= from) { return null; }
    if (!this._made || this._made.level !== level) {
      this._made = new gcm.Clusters(this.store, level, this._config.classes.length);
    }
    return this._made.within(this._view);
  },

  _initContainer: function () {
    var canvas = (this._container = document.createElement("canvas"));
    canvas.className = "gcm-canvas";
    this._context = canvas.getContext("2d");
  },
  _destroyContainer: function () { this._container.remove(); delete this._container; },
  _updatePaths: function () {},
  _onZoomEnd: function () {},

  _update: function () {
    if (this._map._animatingZoom && this._bounds) { return; }
    L.Renderer.prototype._update.call(this);
    var size = this._bounds.getSize();
    var ratio = Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = Math.ceil(size.x * ratio);
    this._container.height = Math.ceil(size.y * ratio);
    this._container.style.width = size.x + "px";
    this._container.style.height = size.y + "px";
    this._context.setTransform(ratio, 0, 0, ratio, -this._bounds.min.x * ratio, -this._bounds.min.y * ratio);
    if (this.store) { this._draw(); }
    this.fire("update");
  },

  _frame: function () {
    var scale = 256 * Math.pow(2, this._map.getZoom());
    var origin = this._map.getPixelOrigin();
    return { scale: scale, x: origin.x, y: origin.y };
  },

  _draw: function () {
    var frame = this._frame(), view = this._bounds;
    this._view = { left: (view.min.x + frame.x) / frame.scale, right: (view.max.x + frame.x) / frame.scale,
                   top: (view.min.y + frame.y) / frame.scale, bottom: (view.max.y + frame.y) / frame.scale };
    var clusters = this._clusters();
    if (clusters) { this._drawClusters(clusters, frame, view); return; }
    var radius = gcm.pointRadius(this._map.getZoom(), this.store.count);
    var context = this._context, classes = this._config.classes;
    if (radius > 3) { view = L.bounds(view.min.subtract([radius, radius]), view.max.add([radius, radius])); }
    // The commonest class is drawn first, so that the rare ones are seen.
    var ranked = classes.map(function (_, i) { return i; })
      .sort(function (a, b) { return classes[b].count - classes[a].count; });
    for (var r = 0; r < ranked.length; r += 1) {
      var c = ranked[r];
      var from = this._order.starts[c], to = this._order.starts[c + 1];
      if (from === to) { continue; }
      context.fillStyle = context.strokeStyle = classes[c].color;
      if (this.store.simple) {
        this._drawPoints(from, to, frame, view, radius, classes[c]);
      } else {
        this._drawShapes(from, to, frame, view, radius, classes[c]);
      }
    }
    context.globalAlpha = 1;
  },

  _drawClusters: function (clusters, frame, view) {
    var context = this._context, colors = this._colors, classes = colors.length, i;
    var point = gcm.pointRadius(this._map.getZoom(), this.store.count), side = Math.max(point * 1.8, 4);
    var min = view.min, max = view.max, seen = [];
    for (i = 0; i < clusters.count; i += 1) {
      var px = clusters.x[i] * frame.scale - frame.x, py = clusters.y[i] * frame.scale - frame.y;
      if (px < min.x - 40 || px > max.x + 40 || py < min.y - 40 || py > max.y + 40) { continue; }
      if (clusters.size[i] > 1) { seen.push([i, px, py]); continue; }
      context.globalAlpha = 0.9;
      context.fillStyle = colors[this.store.classOf(clusters.one[i])];
      context.fillRect(px - side / 2, py - side / 2, side, side);
    }
    seen.sort(function (a, b) { return clusters.size[a[0]] - clusters.size[b[0]]; });
    for (i = 0; i < seen.length; i += 1) {
      var c = seen[i][0];
      gcm.drawCluster(context, seen[i][1], seen[i][2], clusters.size[c],
        clusters.shares.subarray(c * classes, (c + 1) * classes), colors);
    }
  },

  /* The cluster under a place; the larger lies on top. */
  _clusterAt: function (event, clusters) {
    var frame = this._frame(), best = -1;
    var x = event.layerPoint.x + frame.x, y = event.layerPoint.y + frame.y;
    var point = gcm.pointRadius(this._map.getZoom(), this.store.count) + 4;
    for (var i = 0; i < clusters.count; i += 1) {
      var dx = clusters.x[i] * frame.scale - x, dy = clusters.y[i] * frame.scale - y;
      var reach = gcm.clusterRadius(clusters.size[i], point);
      if (dx * dx + dy * dy <= reach * reach && (best < 0 || clusters.size[i] > clusters.size[best])) { best = i; }
    }
    return best;
  },

  /* A click on a cluster brings it nearer; on a point it tells its record. */
  pick: function (event) {
    var clusters = this.store && this._clusters();
    if (!clusters) { return gcm.Picking.pick.call(this, event); }
    var at = this._clusterAt(event, clusters);
    if (at < 0) { return null; }
    if (clusters.size[at] === 1) { return this._found([clusters.one[at]]); }
    var map = this._map, place = gcm.placeOf(clusters.x[at], clusters.y[at]);
    return { items: [], act: function () {
      map.setView(place, Math.min(map.getZoom() + 2, map.getMaxZoom()));
    } };
  },

  over: function (event) {
    var clusters = this.store && this._clusters();
    if (!clusters) { return gcm.Picking.over.call(this, event); }
    return this._clusterAt(event, clusters) < 0 ? null : 0;
  },

  _drawPoints: function (from, to, frame, view, radius, item) {
    var context = this._context, list = this._order.list, mask = this.store.mask;
    var min = view.min, max = view.max, xs = this.store.x, ys = this.store.y;
    var marked = item.mark !== undefined && gcm.marking();
    var square = radius < 2.2, side = radius * 1.8;
    context.globalAlpha = square ? 0.75 : 0.9;
    if (!square) { context.beginPath(); }
    for (var k = from; k < to; k += 1) {
      if (mask && !mask[list[k]]) { continue; }
      var px = xs[list[k]] * frame.scale - frame.x, py = ys[list[k]] * frame.scale - frame.y;
      if (px < min.x || px > max.x || py < min.y || py > max.y) { continue; }
      if (marked) {
        gcm.drawMark(context, item.mark, px, py, gcm.markRadius(radius), item.color);
      } else if (square) {
        context.fillRect(px - side / 2, py - side / 2, side, side);
      } else {
        context.moveTo(px + radius, py);
        context.arc(px, py, radius, 0, 2 * Math.PI);
      }
    }
    if (!square && !marked) {
      context.fill();
      if (radius > 3) {
        context.globalAlpha = 1;
        context.lineWidth = 1;
        context.strokeStyle = "#ffffff";
        context.stroke();
      }
    }
  },

  _drawShapes: function (from, to, frame, view, radius, item) {
    var context = this._context, list = this._order.list, self = this, color = item.color;
    var marked = item.mark !== undefined && gcm.marking(), hatch = marked ? gcm.hatch(context, item.mark) : null;
    var b = this.store.boxes, mask = this.store.mask;
    var weight = gcm.lineWeight(this._map.getZoom(), this.store.count);
    context.lineJoin = context.lineCap = "round";
    for (var k = from; k < to; k += 1) {
      var f = list[k], at = f * 4;
      if (mask && !mask[f]) { continue; }
      var left = b[at] * frame.scale - frame.x, right = b[at + 2] * frame.scale - frame.x;
      var top = b[at + 1] * frame.scale - frame.y, bottom = b[at + 3] * frame.scale - frame.y;
      if (right < view.min.x || left > view.max.x || bottom < view.min.y || top > view.max.y) { continue; }
      if (marked && right - left < 12 && bottom - top < 12) {
        gcm.drawMark(context, item.mark, (left + right) / 2, (top + bottom) / 2, gcm.markRadius(radius), color);
        continue;
      }
      if (right - left < 5 && bottom - top < 5) {
        // Too small to see as a shape: a mark stands where it is.
        var side = Math.max(radius * 1.8, 3);
        context.globalAlpha = 0.85;
        context.fillRect((left + right - side) / 2, (top + bottom - side) / 2, side, side);
        continue;
      }
      [AREA, LINE, POINT].forEach(function (kind) {
        if (!self._trace(f, kind, frame, radius)) { return; }
        if (kind === LINE) {
          context.globalAlpha = 0.9;
          context.lineWidth = weight + 2; context.strokeStyle = "#ffffff"; context.stroke();
          context.globalAlpha = 1;
          context.lineWidth = weight; context.strokeStyle = color;
          if (marked) { context.setLineDash(gcm.dashOf(item.mark)); }
          context.stroke();
          context.setLineDash([]);
        } else {
          context.globalAlpha = kind === AREA ? 0.6 : 0.9;
          context.fill("evenodd");
          context.globalAlpha = 1;
          if (hatch) { context.fillStyle = hatch; context.fill("evenodd"); context.fillStyle = color; }
          context.lineWidth = 1;
          context.strokeStyle = kind === AREA ? color : "#ffffff";
          context.stroke();
        }
      });
    }
  },

  _trace: function (f, kind, frame, radius) {
    var context = this._context, store = this.store, any = false;
    context.beginPath();
    for (var p = store.parts[f]; p < store.parts[f + 1]; p += 1) {
      if (store.kinds[p] !== kind) { continue; }
      any = true;
      for (var i = store.sizes[p]; i < store.sizes[p + 1]; i += 1) {
        var px = store.x[i] * frame.scale - frame.x, py = store.y[i] * frame.scale - frame.y;
        if (kind === POINT) {
          context.moveTo(px + radius, py);
          context.arc(px, py, radius, 0, 2 * Math.PI);
        } else if (i === store.sizes[p]) { context.moveTo(px, py); } else { context.lineTo(px, py); }
      }
      if (kind === AREA) { context.closePath(); }
    }
    return any;
  }
});

gcm.lineWeight = function (zoom, count) {
  return Math.max(2, Math.min(6, zoom - 8)) + (count < 200 ? 1 : 0);
};

gcm.overlay = function (config) { return gcm.listed(new gcm.Overlay(config)); };

function byClass(index, count, classes) {
  var begin = new Int32Array(classes + 1), list = new Int32Array(count), i;
  for (i = 0; i < count; i += 1) { begin[(index ? index[i] : 0) + 1] += 1; }
  for (i = 0; i < classes; i += 1) { begin[i + 1] += begin[i]; }
  var next = begin.slice();
  for (i = 0; i < count; i += 1) { list[next[index ? index[i] : 0]++] = i; }
  return { list: list, starts: begin };
}
})();
