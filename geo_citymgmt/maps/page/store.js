/* The features of one layer as plain arrays, whatever they came from: packed columns or GeoJSON.
   One place that finds what lies under a click, builds its card and keeps what a filter lets
   through. For the packed layout see packing.py. */
(function () {
"use strict";
var gcm = window.gcm;
var POINT = 0, LINE = 1, AREA = 2;
var MANY = 12;
/* Stands for a number that is not known; see _overlays.py. */
var NO_NUMBER = -2147483648;

gcm.Store = function (parts) {
  Object.assign(this, parts);
  this.simple = !this.parts;
  this.conditions = [];
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
    measure: header.section("measure"), steps: header.steps,
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
  function tail(f) { return (noughts + differences[f]).slice(-column.digits); }
  return { label: column.label, prefix: column.prefix, tail: tail,
           text: function (f) { return column.prefix + tail(f); } };
}

/* From GeoJSON --------------------------------------------------------------------------------- */

gcm.storeOfGeoJSON = function (collection, config) {
  var features = collection.features;
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
    measure: collection.measure && collection.measure.map(function (number) {
      return number === null ? NO_NUMBER : number;
    }),
    steps: 1,
    columns: config.columns.map(function (column, c) {
      if (c >= config.shown) {
        var coded = collection.coded[c - config.shown];
        return { label: column.label, values: coded.values, index: Int32Array.from(coded.index) };
      }
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

  /* What a condition, {column, passes(text)} or {classes: [whether a class passes]}, says: a table and
     where each feature stands in it. Texts are asked once for each that differs. */
  _asked: function (condition) {
    if (condition.classes) {
      return { table: Uint8Array.from(condition.classes, Number), index: this._indexOf(null) };
    }
    var column = this.columns[condition.column], n = this.count, f, table;
    if (column.values) {
      table = Uint8Array.from(column.values, function (text) { return condition.passes(text) ? 1 : 0; });
      return { table: table, index: column.index };
    }
    table = new Uint8Array(n);
    for (f = 0; f < n; f += 1) { table[f] = condition.passes(column.text(f)) ? 1 : 0; }
    return { table: table, index: null };
  },
  _nought: function () { return (this._noughts = this._noughts || new Uint8Array(this.count)); },

  /* How many features pass. Of one condition that is known from what its texts have in all; which
     they are is asked when something needs it. */
  filter: function (conditions) {
    this.conditions = conditions;
    this._asked_of = conditions.map(this._asked, this);
    this._passed = false;
    var one = conditions.length === 1 && this._asked_of[0];
    if (!one) { this.visible = conditions.length ? sum(this.mask) : this.count; }
    else if (!one.index) { this.visible = sum(one.table); }
    else {
      var counts = this._inAll(conditions[0].classes ? null : conditions[0].column);
      this.visible = one.table.reduce(function (total, passes, at) { return passes ? total + counts[at] : total; }, 0);
    }
    return this.visible;
  },

  /* Whether each feature passes; null where all do. */
  get mask() { return this.conditions.length ? this._pass().mask : null; },

  /* How many conditions each feature fails, and which: so each control can say how many it would let
     through by itself. The arrays are made once: of half a million features that alone would take
     as long as the rest. */
  _pass: function () {
    var n = this.count, f;
    var room = this._room = this._room ||
      { mask: new Uint8Array(n), fails: new Uint8Array(n), failed: new Uint8Array(n) };
    if (this._passed) { return room; }
    this._passed = true;
    this._asked_of.forEach(function (asked, k) {
      (k ? more : first)(room.fails, room.failed, asked.table, asked.index, k);
    });
    for (f = 0; f < n; f += 1) { room.mask[f] = room.fails[f] === 0 ? 1 : 0; }
    return room;
  },

  /* Which classes pass, where nothing but the class decides; null elsewhere. */
  classesKept: function () {
    if (!this.conditions.length) { return new Uint8Array(256).fill(1); }
    return this.conditions.length === 1 && this.conditions[0].classes ? this._asked_of[0].table : null;
  },

  /* Features of each class, or of each text of a column, that pass all conditions but the k-th. */
  tally: function (column, k) {
    var values = column === null ? null : this.columns[column].values, self = this, counts, room;
    if (this.conditions.length === (k < 0 ? 0 : 1)) { counts = this._inAll(column); } else {
      room = this._pass();
      counts = counted(new Int32Array(values ? values.length : 256), this._indexOf(column), room.fails, room.failed, k);
    }
    return { counts: counts, values: values, of: function (text) {
      var at = self.columns[column].values.indexOf(text);
      return at < 0 ? 0 : counts[at];
    } };
  },

  _indexOf: function (column) {
    return column === null ? this.classes || this._nought() : this.columns[column].index;
  },

  /* Features of each class or text, whatever a filter says; counted once. */
  _inAll: function (column) {
    var known = this._whole = this._whole || {};
    if (!known[column]) {
      var values = column === null ? null : this.columns[column].values;
      known[column] = countedAll(new Int32Array(values ? values.length : 256), this._indexOf(column), this.count);
    }
    return known[column];
  },

  /* Features with a text in one of the columns, both folded, that the filter shows: the first of
     them, and how many there are. */
  find: function (text, columns, limit) {
    var self = this, found = [], total = 0, mask = this.mask, seen = columns.length > 1 ? new Set() : null;
    columns.forEach(function (c) {
      var holds = self._holding(self.columns[c], text);
      for (var f = 0; holds && f < self.count; f += 1) {
        if ((mask && !mask[f]) || !holds(f) || (seen && seen.has(f))) { continue; }
        total += 1;
        if (seen) { seen.add(f); }
        if (found.length < limit) { found.push({ f: f, label: self.text(c, f) }); }
      }
    });
    found.total = total;
    return found;
  },

  /* The feature of exactly this name or number; -1 where there is none. */
  exact: function (text, columns) {
    for (var k = 0; k < columns.length; k += 1) {
      for (var f = 0; f < this.count; f += 1) { if (this.text(columns[k], f) === text) { return f; } }
    }
    return -1;
  },

  _holding: function (column, text) {
    if (column.values) {
      var any = false, table = Uint8Array.from(column.values, function (value) {
        var holds = value !== "" && gcm.foldText(value).indexOf(text) >= 0;
        any = any || holds;
        return holds ? 1 : 0;
      });
      return !any ? null : column.index ? function (f) { return table[column.index[f]]; }
                                        : function (f) { return table[f]; };
    }
    // Numbers of one make: only what stands before the digits needs to be folded.
    var before = gcm.foldText(column.prefix);
    return function (f) { return (before + column.tail(f)).indexOf(text) >= 0; };
  },

  /* Where a popup of the feature stands: on it, as far as its first place is. */
  placeOf: function (f) {
    var at = this.simple ? f : this.sizes[this.parts[f]];
    if (this.simple || this.kinds[this.parts[f]] !== AREA) { return gcm.placeOf(this.x[at], this.y[at]); }
    var b = this.boxes, x = (b[f * 4] + b[f * 4 + 2]) / 2, y = (b[f * 4 + 1] + b[f * 4 + 3]) / 2;
    return this._touches(f, x, y, 0) ? gcm.placeOf(x, y) : gcm.placeOf(this.x[at], this.y[at]);
  },

  /* Whether a feature lies within a ring [[x, y], ...] of the Mercator square: by the middle of its
     box, a point by itself. */
  within: function (f, ring) {
    var b = this.boxes, x, y, inside = false;
    if (this.simple) { x = this.x[f]; y = this.y[f]; } else {
      x = (b[f * 4] + b[f * 4 + 2]) / 2; y = (b[f * 4 + 1] + b[f * 4 + 3]) / 2;
    }
    for (var i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      if (ring[i][1] > y !== ring[j][1] > y &&
          x < ((ring[j][0] - ring[i][0]) * (y - ring[i][1])) / (ring[j][1] - ring[i][1]) + ring[i][0]) {
        inside = !inside;
      }
    }
    return inside;
  },

  /* What a feature is summed by; null where it does not say it. */
  amount: function (f) {
    var steps = this.measure[f];
    return steps === NO_NUMBER ? null : steps / this.steps;
  },

  /* West, north, east and south of a feature, in the Mercator square. */
  boxOf: function (f) {
    var b = this.boxes;
    return this.simple ? [this.x[f], this.y[f], this.x[f], this.y[f]]
                       : [b[f * 4], b[f * 4 + 1], b[f * 4 + 2], b[f * 4 + 3]];
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
    var hits = [], b = this.boxes, mask = this.mask;
    for (var f = 0; f < this.count && hits.length < limit; f += 1) {
      var at = f * 4;
      if (px < b[at] - reach || px > b[at + 2] + reach || py < b[at + 1] - reach || py > b[at + 3] + reach) {
        continue;
      }
      if (mask && !mask[f]) { continue; }
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
      boxes: (hits.length > MANY ? hits.slice(0, 1) : hits).map(function (f) { return self.store.boxOf(f); }),
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
    var self = this, config = this._config, hits;
    if (!this.store) { return []; }
    hits = this.store.find(text, config.search || [], limit);
    var found = hits.map(function (hit) {
      return { label: hit.label, kind: config.name, id: String(hit.f), show: function () { self.lead(hit.f); } };
    });
    found.more = hits.total - found.length;
    return found;
  },

  /* Go to a feature and tell its record. */
  lead: function (f) {
    var place = this.store.placeOf(f), map = this._map;
    map.setView(place, Math.max(map.getZoom(), 17), { animate: false });
    gcm.open(map, place, this._found([f]));
  },

  /* The filter panel: how many of how many; null until the data are read. */
  narrow: function (conditions) {
    this._conditions = conditions;
    if (!this.store) { return null; }
    this.store.filter(conditions);
    if (this._map) {
      this._map.closePopup();
      this._narrowed();
      this._map.fire("gcm:narrowed", { overlay: this });
    }
    return this.store.visible;
  },

  _ready: function () {
    if (this._conditions) { this.store.filter(this._conditions); }
    this.fire("gcm:read");
  }
};

/* All layers of features, whether on the map or not. */
gcm.overlays = [];
gcm.listed = function (layer) { gcm.overlays.push(layer); return layer; };

/* Points under small things answer a click before lines, lines before areas. */
gcm.pickOrder = { areas: 10, lines: 20, points: 30 };

gcm.featurePanes = function (map) {
  gcm.pane(map, "gcm-areas", 410, false);
  gcm.pane(map, "gcm-lines", 420, false);
  gcm.pane(map, "gcm-points", 430, false);
};

/* Each a function of its own, which a browser makes fast once for all layers. Without an index each
   feature has an entry of its own. */
function first(fails, failed, table, index) {
  var n = fails.length, f;
  if (index) { for (f = 0; f < n; f += 1) { fails[f] = 1 - table[index[f]]; } }
  else { for (f = 0; f < n; f += 1) { fails[f] = 1 - table[f]; } }
  failed.fill(0);
}

function more(fails, failed, table, index, k) {
  for (var f = 0; f < fails.length; f += 1) {
    if (!table[index ? index[f] : f]) { fails[f] += 1; failed[f] = k; }
  }
}

function counted(counts, index, fails, failed, k) {
  for (var f = 0; f < fails.length; f += 1) {
    if (fails[f] === 0 || (fails[f] === 1 && failed[f] === k)) { counts[index ? index[f] : f] += 1; }
  }
  return counts;
}

function countedAll(counts, index, n) {
  for (var f = 0; f < n; f += 1) { counts[index ? index[f] : f] += 1; }
  return counts;
}

function sum(mask) {
  var total = 0;
  for (var f = 0; f < mask.length; f += 1) { total += mask[f]; }
  return total;
}

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
