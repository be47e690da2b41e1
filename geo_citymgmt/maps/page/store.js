/* The features of one layer as plain arrays, whatever they came from: packed columns or GeoJSON.
   One place that finds what lies under a click, builds its card and keeps what a filter lets
   through. For the packed layout see packing.py. */
(function () {
"use strict";
var gcm = window.gcm;
var POINT = 0, LINE = 1, AREA = 2;
var MANY = 12;

gcm.Store = function (parts) {
  Object.assign(this, parts);
  this.simple = !this.parts;
  this.mask = null;
  this.visible = this.count;
  if (!this.simple) { this.boxes = boxes(this.x, this.y, this.parts, this.sizes, this.count); }
};

/* From packed columns -------------------------------------------------------------------------- */

gcm.canUnpack = function () { return typeof DecompressionStream !== "undefined"; };

gcm.unpack = function (text) {
  var stream = new Blob([bytesOf(text.trim())]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer().then(function (buffer) {
    var length = new DataView(buffer).getUint32(0, true);
    var header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    var start = 4 + length;
    header.section = function (name) {
      var at = header.sections[name];
      return at ? unshuffle(new Uint8Array(buffer, start + at[0], at[1] * at[2]), at[1], at[2]) : null;
    };
    return header;
  });
};

function bytesOf(text) {
  var plain = atob(text), bytes = new Uint8Array(plain.length);
  for (var i = 0; i < plain.length; i += 1) { bytes[i] = plain.charCodeAt(i); }
  return bytes;
}

/* Numbers are stored byte plane by byte plane, which gzip halves. */
function unshuffle(bytes, count, width) {
  var out = new Uint8Array(count * width);
  for (var plane = 0; plane < width; plane += 1) {
    for (var i = 0, at = plane * count; i < count; i += 1) { out[i * width + plane] = bytes[at + i]; }
  }
  return width === 1 ? out : width === 2 ? new Uint16Array(out.buffer) : new Int32Array(out.buffer);
}

gcm.storeOfPacked = function (header, shown) {
  var dx = header.section("x"), dy = header.section("y");
  var n = dx.length, x = 0, y = 0, xs = new Float64Array(n), ys = new Float64Array(n);
  for (var i = 0; i < n; i += 1) {
    x += dx[i]; y += dy[i];
    xs[i] = gcm.mercatorX(x * 1e-6);
    ys[i] = gcm.mercatorY(y * 1e-6);
  }
  var parts = header.section("parts");
  return new gcm.Store({
    count: header.count, x: xs, y: ys, classes: header.section("class"),
    parts: parts && starts(parts), sizes: parts && starts(header.section("sizes")),
    kinds: header.section("kinds"), title: header.title, shown: shown,
    columns: header.columns.map(function (column) {
      var index = header.section(column.section);
      return column.values ? { label: column.label, values: column.values, index: index }
                           : numbered(column, index);
    })
  });
};

/* Ids of one make are numbers; their text is made when it is asked for. */
function numbered(column, differences) {
  for (var i = 1; i < differences.length; i += 1) { differences[i] += differences[i - 1]; }
  var noughts = "0".repeat(column.digits);
  return { label: column.label, text: function (f) {
    return column.prefix + (noughts + differences[f]).slice(-column.digits);
  } };
}

/* From GeoJSON --------------------------------------------------------------------------------- */

gcm.storeOfGeoJSON = function (features, config) {
  var xs = [], ys = [], parts = [], sizes = [], kinds = [], count = features.length;
  function add(kind, places, length) {
    for (var i = 0; i < length; i += 1) {
      xs.push(gcm.mercatorX(places[i][0]));
      ys.push(gcm.mercatorY(places[i][1]));
    }
    sizes.push(length); kinds.push(kind);
  }
  function take(shape) {
    var at = shape.coordinates;
    switch (shape.type) {
      case "Point": add(POINT, [at], 1); break;
      case "MultiPoint": at.forEach(function (place) { add(POINT, [place], 1); }); break;
      case "LineString": add(LINE, at, at.length); break;
      case "MultiLineString": at.forEach(function (line) { add(LINE, line, line.length); }); break;
      case "Polygon": at.forEach(function (ring) { add(AREA, ring, ring.length - 1); }); break;
      case "MultiPolygon": at.forEach(function (area) {
        area.forEach(function (ring) { add(AREA, ring, ring.length - 1); });
      }); break;
      case "GeometryCollection": shape.geometries.forEach(take); break;
    }
  }
  var classes = new Uint8Array(count);
  features.forEach(function (feature, f) {
    var before = sizes.length;
    take(feature.geometry);
    parts.push(sizes.length - before);
    classes[f] = feature.properties.gcm_class;
  });
  var simple = features.every(function (feature) { return feature.geometry.type === "Point"; });
  return new gcm.Store({
    count: count, x: Float64Array.from(xs), y: Float64Array.from(ys), classes: classes,
    parts: simple ? null : starts(parts), sizes: simple ? null : starts(sizes), kinds: kinds,
    title: config.title, shown: config.shown,
    columns: config.columns.map(function (column) {
      var table = new Map(), values = [], index = new Int32Array(count);
      features.forEach(function (feature, f) {
        var text = feature.properties[column.name];
        if (!table.has(text)) { table.set(text, values.length); values.push(text); }
        index[f] = table.get(text);
      });
      return { label: column.label, values: values, index: index };
    })
  });
};

/* What the rest asks --------------------------------------------------------------------------- */

gcm.Store.prototype = {
  text: function (column, f) {
    var c = this.columns[column];
    return c.text ? c.text(f) : c.values[c.index ? c.index[f] : f];
  },

  classOf: function (f) { return this.classes ? this.classes[f] : 0; },

  /* Each condition is {column, passes(text)}: asked once for each different text. */
  filter: function (conditions) {
    var self = this, mask = null, visible = 0;
    conditions.forEach(function (condition) {
      var column = self.columns[condition.column], f;
      var passes = column.values ? column.values.map(condition.passes) : null;
      mask = mask || new Uint8Array(self.count).fill(1);
      for (f = 0; f < self.count; f += 1) {
        if (passes ? !passes[column.index ? column.index[f] : f] : !condition.passes(column.text(f))) {
          mask[f] = 0;
        }
      }
    });
    for (var i = 0; mask && i < this.count; i += 1) { visible += mask[i]; }
    this.mask = mask;
    this.visible = mask ? visible : this.count;
    return this.visible;
  },

  /* A text of the given columns, folded as the search folds it; only what the filter shows. */
  find: function (text, columns, limit) {
    var self = this, found = [];
    columns.forEach(function (c) {
      var column = self.columns[c];
      var holds = function (value) { return value !== "" && gcm.foldText(value).indexOf(text) >= 0; };
      var table = column.values ? column.values.map(holds) : null;
      for (var f = 0; f < self.count && found.length < limit; f += 1) {
        if (self.mask && !self.mask[f]) { continue; }
        if (table ? table[column.index ? column.index[f] : f] : holds(column.text(f))) {
          found.push({ f: f, label: self.text(c, f) });
        }
      }
    });
    return found;
  },

  /* Where a popup of the feature stands: on it, as far as its first place is. */
  placeOf: function (f) {
    var at = this.simple ? f : this.sizes[this.parts[f]];
    if (this.simple || this.kinds[this.parts[f]] !== AREA) { return gcm.placeOf(this.x[at], this.y[at]); }
    var b = this.boxes, x = (b[f * 4] + b[f * 4 + 2]) / 2, y = (b[f * 4 + 1] + b[f * 4 + 3]) / 2;
    return this._touches(f, x, y, 0) ? gcm.placeOf(x, y) : gcm.placeOf(this.x[at], this.y[at]);
  },

  /* Features at a place of the Mercator square, nearest or topmost first. */
  hits: function (px, py, reach, limit) {
    return this.simple ? this._pointHits(px, py, reach, limit) : this._shapeHits(px, py, reach, limit);
  },

  _pointHits: function (px, py, reach, limit) {
    var hits = [], square = reach * reach, xs = this.x, ys = this.y, mask = this.mask;
    for (var i = 0; i < this.count; i += 1) {
      var dx = xs[i] - px;
      if (dx > reach || dx < -reach || (mask && !mask[i])) { continue; }
      var dy = ys[i] - py, d = dx * dx + dy * dy;
      if (d <= square) { hits.push([d, i]); if (hits.length === limit) { break; } }
    }
    return hits.sort(function (a, b) { return a[0] - b[0]; }).map(function (hit) { return hit[1]; });
  },

  _shapeHits: function (px, py, reach, limit) {
    var hits = [], b = this.boxes;
    for (var f = 0; f < this.count && hits.length < limit; f += 1) {
      var at = f * 4;
      if (px < b[at] - reach || px > b[at + 2] + reach || py < b[at + 1] - reach || py > b[at + 3] + reach) {
        continue;
      }
      if (this.mask && !this.mask[f]) { continue; }
      var small = b[at + 2] - b[at] < reach && b[at + 3] - b[at + 1] < reach;
      if (small || this._touches(f, px, py, reach)) { hits.push(f); }
    }
    return hits;
  },

  _touches: function (f, px, py, reach) {
    var within = false, square = reach * reach;
    for (var p = this.parts[f]; p < this.parts[f + 1]; p += 1) {
      var from = this.sizes[p], to = this.sizes[p + 1], kind = this.kinds[p];
      for (var i = from; i < to; i += 1) {
        var j = i > from ? i - 1 : kind === AREA ? to - 1 : i;
        var x = this.x[i], y = this.y[i], u = this.x[j], v = this.y[j];
        if (kind === AREA) {
          if (y > py !== v > py && px < ((u - x) * (py - y)) / (v - y) + x) { within = !within; }
        } else if (distance(px, py, u, v, x, y) <= square) { return true; }
      }
    }
    return within;
  },

  card: function (f, name, color) {
    var rows = [], title = name;
    for (var c = 0; c < this.shown; c += 1) {
      var text = this.text(c, f);
      if (text === "") { continue; }
      if (c === this.title) { title = text; } else { rows.push([this.columns[c].label, text]); }
    }
    return gcm.card(title, rows, color);
  }
};

/* From the Mercator square to degrees. */
gcm.placeOf = function (x, y) {
  return L.latLng((Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, (x - 0.5) * 360);
};

/* What every layer of features answers to the map (see gcm.addPicker) -------------------------- */

/* Few points may be large; many stay small until the reader comes closer. */
gcm.pointRadius = function (zoom, count) {
  var crowd = count > 5000 ? 0 : count > 800 ? 1 : 2;
  return Math.max(1.1, Math.min(7, (zoom - 8) * 0.62 + 0.9 + crowd * 0.5));
};

gcm.Picking = {
  _hits: function (event, limit) {
    if (!this.store) { return []; }
    var zoom = this._map.getZoom(), scale = 256 * Math.pow(2, zoom), origin = this._map.getPixelOrigin();
    return this.store.hits(
      (event.layerPoint.x + origin.x) / scale, (event.layerPoint.y + origin.y) / scale,
      (gcm.pointRadius(zoom, this.store.count) + 4) / scale, limit);
  },

  _found: function (hits) {
    var self = this;
    return {
      more: hits.length > MANY ? hits.length : 0,
      items: (hits.length > MANY ? hits.slice(0, 1) : hits).map(function (f) {
        return function () {
          return self.store.card(f, self._config.name, self._config.classes[self.store.classOf(f)].color);
        };
      })
    };
  },

  pick: function (event) { return this._found(this._hits(event, 100000)); },
  over: function (event) { return this._hits(event, 1).length ? 0 : null; },
  enter: function () {},
  leave: function () {},

  /* Features whose name or number holds the text, for the page's search. */
  search: function (text, limit) {
    var self = this, config = this._config;
    if (!this.store) { return []; }
    return this.store.find(text, config.search || [], limit).map(function (found) {
      return { label: found.label, kind: config.name, id: String(found.f), show: function () {
        var place = self.store.placeOf(found.f), map = self._map;
        map.setView(place, Math.max(map.getZoom(), 17), { animate: false });
        gcm.open(map, place, self._found([found.f]));
      } };
    });
  },

  /* The filter panel: how many of how many; null until the data are read. */
  narrow: function (conditions) {
    this._conditions = conditions;
    if (!this.store) { return null; }
    this.store.filter(conditions);
    if (this._map) { this._map.closePopup(); this._narrowed(); }
    return this.store.visible;
  },

  _ready: function () {
    if (this._conditions) { this.store.filter(this._conditions); }
    this.fire("gcm:read");
  }
};

/* Points under small things answer a click before lines, lines before areas. */
gcm.pickOrder = { areas: 10, lines: 20, points: 30 };

gcm.featurePanes = function (map) {
  gcm.pane(map, "gcm-areas", 410, false);
  gcm.pane(map, "gcm-lines", 420, false);
  gcm.pane(map, "gcm-points", 430, false);
};

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
    var at = f * 4;
    out[at] = left; out[at + 1] = top; out[at + 2] = right; out[at + 3] = bottom;
  }
  return out;
}

function distance(px, py, ax, ay, bx, by) {
  var dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
  var t = length ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / length)) : 0;
  dx = ax + t * dx - px; dy = ay + t * dy - py;
  return dx * dx + dy * dy;
}
})();
