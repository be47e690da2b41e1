/* Packed features: thousands of points, lines and areas drawn on one canvas, popups built on click.
   The data stands in the page as base64 of gzip; see packing.py for its layout. */
(function () {
"use strict";
var gcm = window.gcm;
var POINT = 0, LINE = 1, AREA = 2;
var MANY = 12;

gcm.unpack = async function (text) {
  var packed = Uint8Array.from(atob(text.trim()), function (c) { return c.charCodeAt(0); });
  var stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  var buffer = await new Response(stream).arrayBuffer();
  var length = new DataView(buffer).getUint32(0, true);
  var header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  var start = 4 + length;
  header.section = function (name) {
    var at = header.sections[name];
    return at ? unshuffle(new Uint8Array(buffer, start + at[0], at[1] * at[2]), at[1], at[2]) : null;
  };
  return header;
};

/* Numbers are stored byte plane by byte plane, which gzip halves. */
function unshuffle(bytes, count, width) {
  var out = new Uint8Array(count * width);
  for (var plane = 0; plane < width; plane += 1) {
    for (var i = 0, at = plane * count; i < count; i += 1) { out[i * width + plane] = bytes[at + i]; }
  }
  return width === 1 ? out : width === 2 ? new Uint16Array(out.buffer) : new Int32Array(out.buffer);
}

gcm.Overlay = L.Renderer.extend({
  options: { padding: 0.12 },

  initialize: function (config) {
    L.Renderer.prototype.initialize.call(this, { pane: "gcm-" + config.kind });
    this._config = config;
    // Small things over large ones: points answer a click before lines, lines before areas.
    this.order = { areas: 10, lines: 20, points: 30 }[config.kind];
  },

  beforeAdd: function (map) {
    gcm.pane(map, "gcm-areas", 410, false);
    gcm.pane(map, "gcm-lines", 420, false);
    gcm.pane(map, "gcm-points", 430, false);
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
    if (typeof DecompressionStream === "undefined") {
      gcm.notice(this._map, gcm.word(this._map, "old"));
      gcm.end();
      return;
    }
    gcm.unpack(holder.textContent).then(function (header) {
      holder.remove();
      self._take(header);
      if (self._map) { self._update(); }
    }).finally(gcm.end);
  },

  _take: function (header) {
    var dx = header.section("x"), dy = header.section("y");
    var n = dx.length, x = 0, y = 0;
    this._x = new Float64Array(n);
    this._y = new Float64Array(n);
    for (var i = 0; i < n; i += 1) {
      x += dx[i]; y += dy[i];
      this._x[i] = gcm.mercatorX(x * 1e-6);
      this._y[i] = gcm.mercatorY(y * 1e-6);
    }
    this._count = header.count;
    this._class = header.section("class");
    this._columns = header.columns.map(function (column) {
      return { label: column.label, values: column.values, index: header.section(column.section) };
    });
    this._title = header.title;
    var parts = header.section("parts"), sizes = header.section("sizes");
    this._kinds = header.section("kinds");
    this._simple = !parts;
    if (parts) {
      this._parts = starts(parts);
      this._sizes = starts(sizes);
      this._boxes = boxes(this._x, this._y, this._parts, this._sizes, header.count);
    }
    this._order = byClass(this._class, header.count, this._config.classes.length);
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
    if (this._x) { this._draw(); }
    this.fire("update");
  },

  _frame: function () {
    var scale = 256 * Math.pow(2, this._map.getZoom());
    var origin = this._map.getPixelOrigin();
    return { scale: scale, x: origin.x, y: origin.y };
  },

  /* Few points may be large; many stay small until the reader comes closer. */
  _radius: function () {
    var zoom = this._map.getZoom();
    var crowd = this._count > 5000 ? 0 : this._count > 800 ? 1 : 2;
    return Math.max(1.1, Math.min(7, (zoom - 8) * 0.62 + 0.9 + crowd * 0.5));
  },

  _draw: function () {
    var frame = this._frame(), view = this._bounds;
    var radius = this._radius(), context = this._context, classes = this._config.classes;
    if (radius > 3) { view = L.bounds(view.min.subtract([radius, radius]), view.max.add([radius, radius])); }
    // The commonest class is drawn first, so that the rare ones are seen.
    var ranked = classes.map(function (_, i) { return i; })
      .sort(function (a, b) { return classes[b].count - classes[a].count; });
    for (var r = 0; r < ranked.length; r += 1) {
      var c = ranked[r];
      var from = this._order.starts[c], to = this._order.starts[c + 1];
      if (from === to) { continue; }
      context.fillStyle = context.strokeStyle = classes[c].color;
      if (this._simple) {
        this._drawPoints(from, to, frame, view, radius, classes[c].color);
      } else {
        this._drawShapes(from, to, frame, view, radius, classes[c].color);
      }
    }
    context.globalAlpha = 1;
  },

  _drawPoints: function (from, to, frame, view, radius) {
    var context = this._context, list = this._order.list;
    var min = view.min, max = view.max, xs = this._x, ys = this._y;
    var square = radius < 2.2, side = radius * 1.8;
    context.globalAlpha = square ? 0.75 : 0.9;
    if (!square) { context.beginPath(); }
    for (var k = from; k < to; k += 1) {
      var px = xs[list[k]] * frame.scale - frame.x, py = ys[list[k]] * frame.scale - frame.y;
      if (px < min.x || px > max.x || py < min.y || py > max.y) { continue; }
      if (square) {
        context.fillRect(px - side / 2, py - side / 2, side, side);
      } else {
        context.moveTo(px + radius, py);
        context.arc(px, py, radius, 0, 2 * Math.PI);
      }
    }
    if (!square) {
      context.fill();
      if (radius > 3) {
        context.globalAlpha = 1;
        context.lineWidth = 1;
        context.strokeStyle = "#ffffff";
        context.stroke();
      }
    }
  },

  _drawShapes: function (from, to, frame, view, radius, color) {
    var context = this._context, list = this._order.list, self = this;
    var weight = Math.max(2, Math.min(6, this._map.getZoom() - 8)) + (this._count < 200 ? 1 : 0);
    context.lineJoin = context.lineCap = "round";
    for (var k = from; k < to; k += 1) {
      var f = list[k], at = f * 4, b = this._boxes;
      var left = b[at] * frame.scale - frame.x, right = b[at + 2] * frame.scale - frame.x;
      var top = b[at + 1] * frame.scale - frame.y, bottom = b[at + 3] * frame.scale - frame.y;
      if (right < view.min.x || left > view.max.x || bottom < view.min.y || top > view.max.y) { continue; }
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
          context.lineWidth = weight; context.strokeStyle = color; context.stroke();
        } else {
          context.globalAlpha = kind === AREA ? 0.6 : 0.9;
          context.fill("evenodd");
          context.globalAlpha = 1;
          context.lineWidth = 1;
          context.strokeStyle = kind === AREA ? color : "#ffffff";
          context.stroke();
        }
      });
    }
  },

  _trace: function (f, kind, frame, radius) {
    var context = this._context, any = false;
    context.beginPath();
    for (var p = this._parts[f]; p < this._parts[f + 1]; p += 1) {
      if (this._kinds[p] !== kind) { continue; }
      any = true;
      for (var i = this._sizes[p]; i < this._sizes[p + 1]; i += 1) {
        var px = this._x[i] * frame.scale - frame.x, py = this._y[i] * frame.scale - frame.y;
        if (kind === POINT) {
          context.moveTo(px + radius, py);
          context.arc(px, py, radius, 0, 2 * Math.PI);
        } else if (i === this._sizes[p]) { context.moveTo(px, py); } else { context.lineTo(px, py); }
      }
      if (kind === AREA) { context.closePath(); }
    }
    return any;
  },

  /* Finding features ---------------------------------------------------------------------------- */

  _hits: function (event, limit) {
    if (!this._x) { return []; }
    var frame = this._frame();
    var px = (event.layerPoint.x + frame.x) / frame.scale, py = (event.layerPoint.y + frame.y) / frame.scale;
    var reach = (this._radius() + 4) / frame.scale;
    return this._simple ? this._pointHits(px, py, reach, limit) : this._shapeHits(px, py, reach, limit);
  },

  _pointHits: function (px, py, reach, limit) {
    var hits = [], square = reach * reach;
    for (var i = 0; i < this._count; i += 1) {
      var dx = this._x[i] - px;
      if (dx > reach || dx < -reach) { continue; }
      var dy = this._y[i] - py, d = dx * dx + dy * dy;
      if (d <= square) { hits.push([d, i]); if (hits.length === limit) { break; } }
    }
    return hits.sort(function (a, b) { return a[0] - b[0]; }).map(function (hit) { return hit[1]; });
  },

  _shapeHits: function (px, py, reach, limit) {
    var hits = [], b = this._boxes;
    for (var f = 0; f < this._count && hits.length < limit; f += 1) {
      var at = f * 4;
      if (px < b[at] - reach || px > b[at + 2] + reach || py < b[at + 1] - reach || py > b[at + 3] + reach) {
        continue;
      }
      var small = b[at + 2] - b[at] < reach && b[at + 3] - b[at + 1] < reach;
      if (small || this._touches(f, px, py, reach)) { hits.push(f); }
    }
    return hits;
  },

  _touches: function (f, px, py, reach) {
    var within = false, square = reach * reach;
    for (var p = this._parts[f]; p < this._parts[f + 1]; p += 1) {
      var from = this._sizes[p], to = this._sizes[p + 1], kind = this._kinds[p];
      for (var i = from; i < to; i += 1) {
        var j = i > from ? i - 1 : kind === AREA ? to - 1 : i;
        var x = this._x[i], y = this._y[i], u = this._x[j], v = this._y[j];
        if (kind === AREA) {
          if (y > py !== v > py && px < ((u - x) * (py - y)) / (v - y) + x) { within = !within; }
        } else if (distance(px, py, u, v, x, y) <= square) { return true; }
      }
    }
    return within;
  },

  pick: function (event) {
    var hits = this._hits(event, 100000), self = this;
    return {
      more: hits.length > MANY ? hits.length : 0,
      items: (hits.length > MANY ? hits.slice(0, 1) : hits).map(function (f) {
        return function () { return self._card(f); };
      })
    };
  },

  _card: function (f) {
    var rows = [], title = this._config.name;
    this._columns.forEach(function (column, index) {
      var text = column.values[column.index ? column.index[f] : f];
      if (text === "") { return; }
      if (index === this._title) { title = text; } else { rows.push([column.label, text]); }
    }, this);
    return gcm.card(title, rows, this._config.classes[this._class ? this._class[f] : 0].color);
  },

  over: function (event) { return this._hits(event, 1).length ? 0 : null; },
  enter: function () {},
  leave: function () {}
});

gcm.overlay = function (config) { return new gcm.Overlay(config); };

function starts(sizes) {
  var out = new Int32Array(sizes.length + 1);
  for (var i = 0; i < sizes.length; i += 1) { out[i + 1] = out[i] + sizes[i]; }
  return out;
}

function boxes(xs, ys, parts, sizes, count) {
  var out = new Float64Array(count * 4);
  for (var f = 0; f < count; f += 1) {
    var left = Infinity, top = Infinity, right = -Infinity, bottom = -Infinity;
    for (var i = sizes[parts[f]]; i < sizes[parts[f + 1]]; i += 1) {
      if (xs[i] < left) { left = xs[i]; }
      if (xs[i] > right) { right = xs[i]; }
      if (ys[i] < top) { top = ys[i]; }
      if (ys[i] > bottom) { bottom = ys[i]; }
    }
    out.set([left, top, right, bottom], f * 4);
  }
  return out;
}

function byClass(index, count, classes) {
  var begin = new Int32Array(classes + 1), list = new Int32Array(count), i;
  for (i = 0; i < count; i += 1) { begin[(index ? index[i] : 0) + 1] += 1; }
  for (i = 0; i < classes; i += 1) { begin[i + 1] += begin[i]; }
  var next = begin.slice();
  for (i = 0; i < count; i += 1) { list[next[index ? index[i] : 0]++] = i; }
  return { list: list, starts: begin };
}

function distance(px, py, ax, ay, bx, by) {
  var dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
  var t = length ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / length)) : 0;
  dx = ax + t * dx - px; dy = ay + t * dy - py;
  return dx * dx + dy * dy;
}
})();
