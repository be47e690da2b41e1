/* Zones: areas filled by class or drawn as outlines, their names with a halo, popups by place. */
(function () {
"use strict";
var gcm = window.gcm;

var CHOSEN = { color: "#1f2d3d", weight: 3 };
/* Between filled zones: seen beside the lightest and beside the darkest. */
var BETWEEN = { color: "#8796a6", weight: 1.2 };
/* Letters on a line of a folded name: "Industrial Park". */
var LINE = 15;
/* Where a long name without spaces may part: behind a people, before a kind of zone. */
var PARTS = /族(?=.)|.(?=自治|工业园|经济|高新|技术|开发|产业园|保税|度假|风景|管理)/g;
/* Where a name may stand when its own place is taken, in widths and heights of its box. */
var MOVES = [];
for (var right = -2; right <= 2; right += 1) {
  for (var down = -2; down <= 2; down += 1) { MOVES.push([right / 4, down / 4]); }
}
/* Up to so many zones a name may run over its outline: whose it is can be seen. */
var FEW = 100;
/* Pixels of a box that no letter reaches. */
var EDGE = 4;
/* Pixels of a square in which names are looked for, about the size of one. */
var SQUARE = 80;
var serial = 0;
MOVES.sort(function (a, b) { return Math.hypot(a[0], a[1]) - Math.hypot(b[0], b[1]); });

gcm.Zones = L.LayerGroup.extend({
  initialize: function (config) {
    L.LayerGroup.prototype.initialize.call(this);
    this._config = this._first = config;
    this.order = config.filled ? 2 : 1;
    this._chosen = -1;
    this._stroke = config.filled ? BETWEEN : { color: "#6b7785", weight: 1.2 };
  },

  onAdd: function (map) {
    this._map = map;
    gcm.pane(map, "gcm-zones", 380, false);
    gcm.pane(map, "gcm-labels", 590, false);
    if (!this._paths) { this._build(); this._describe(map); }
    L.LayerGroup.prototype.onAdd.call(this, map);
    ensureHatch();
    map.on("gcm:pickers", this._fade, this);
    gcm.addPicker(map, this);
    var shown = map._gcm.named = map._gcm.named || [];
    if (!shown.length) {
      map.on("zoomend", function () { thin(map); });
      /* Letters are smaller on a small screen. */
      map.on("resize", function () {
        shown.forEach(function (layer) {
          layer._labels.forEach(function (label) { label.sizes = null; });
        });
        thin(map);
      });
    }
    shown.push(this);
    thin(map);
  },

  onRemove: function (map) {
    map._gcm.named.splice(map._gcm.named.indexOf(this), 1);
    map.off("gcm:pickers", this._fade, this);
    gcm.removePicker(map, this);
    L.LayerGroup.prototype.onRemove.call(this, map);
    thin(map);
  },

  /* Other zones in the same layer: those of another level; null for those it began with. */
  use: function (config) {
    config = config || this._first;
    if (config === this._config) { return; }
    this.leave();
    this.clearLayers();
    this._config = config;
    this._chosen = -1;
    this._spans = this._corners = null;
    this._build();
    this._fade();
    if (this._map.hasLayer(this)) { thin(this._map); }
  },

  /* Other colours and numbers: {color, value, tip, rows} of each zone. */
  paint: function (title, zones) {
    var config = this._config;
    config.title = title;
    config.zones.forEach(function (zone, i) {
      L.extend(zone, zones[i]);
      this._paths[i].setStyle({ fillColor: zone.color || "url(#gcm-hatch)" });
    }, this);
    this._labels.forEach(function (label) {
      var value = config.zones[label.zone].value;
      if (label.value !== value) { label.value = value; label.sizes = null; }
    });
    this._describe(this._map);
    if (this._map.hasLayer(this)) { thin(this._map); }
  },

  /* Districts are chosen where a panel tells their figures. */
  choose: function (code) {
    var was = this._chosen;
    this._chosen = this._find(code);
    if (was >= 0) { this._paths[was].setStyle(this._stroke); }
    if (this._chosen >= 0) { this._paths[this._chosen].setStyle(CHOSEN).bringToFront(); }
  },
  boundsOf: function (code) { return this._paths[this._find(code)].getBounds(); },
  goTo: function (at) {
    var zone = this._config.zones[at];
    if (this.districts) { this.districts.choose(zone.code); return; }
    this._map.fitBounds(this._paths[at].getBounds(), { padding: [40, 40], maxZoom: 14, animate: false });
  },
  _find: function (code) {
    for (var i = 0; code && i < this._config.zones.length; i += 1) {
      if (this._config.zones[i].code === code) { return i; }
    }
    return -1;
  },

  search: function (text, limit) {
    var self = this, out = [];
    gcm.zonesNamed(this._config.zones, text).slice(0, limit).forEach(function (i) {
      var zone = self._config.zones[i];
      out.push({ label: zone.name, kind: zone.code, zone: true, show: function () { self.tell(i); } });
    });
    return out;
  },

  /* Go to a zone and tell its figures: in the panel, or in a popup where none tells them. */
  tell: function (i) {
    var zone = this._config.zones[i];
    this.goTo(i);
    if (this.districts || !zone.rows.length) { return; }
    gcm.open(this._map, this._inner(i), {
      items: [function () { return gcm.card(zone.name, zone.rows, zone.color); }] });
  },
  _inner: function (i) {
    var label = this._config.zones[i].label;
    return label ? L.latLng(label[1], label[0]) : this._paths[i].getBounds().getCenter();
  },

  /* The colours in words, for those who do not see them. */
  _describe: function (map) {
    if (!this._config.filled) { return; }
    if (!this._table) {
      var holder = map.getContainer().parentNode.appendChild(gcm.node("div", "gcm-unseen"));
      this._table = holder.appendChild(gcm.node("table"));
    }
    var table = this._table;
    table.textContent = "";
    table.createCaption().textContent = this._config.title || "";
    this._config.zones.forEach(function (zone) {
      var line = table.insertRow();
      line.appendChild(gcm.node("th", null, zone.name)).scope = "row";
      line.insertCell().textContent = zone.value || this._config.none;
    }, this);
  },

  getBounds: function () {
    var bounds = L.latLngBounds([]);
    (this._paths || []).forEach(function (path) { bounds.extend(path.getBounds()); });
    return bounds;
  },

  /* What a control must not hide; in pixels of zoom 0, so that each zoom is one multiplication. */
  corners: function (map) {
    if (!this._corners) {
      this._corners = [];
      this._config.zones.forEach(function (zone) {
        zone.parts.forEach(function (rings) {
          for (var i = 0; i < rings[0].length; i += 2) {
            this._corners.push(map.project([rings[0][i + 1], rings[0][i]], 0));
          }
        }, this);
      }, this);
    }
    return this._corners;
  },

  _build: function () {
    var config = this._config;
    var renderer = L.svg({ pane: "gcm-zones", padding: 0.5 });
    this._paths = config.zones.map(function (zone) {
      var parts = zone.parts.map(function (rings) {
        return rings.map(function (ring) {
          var points = [];
          for (var i = 0; i < ring.length; i += 2) { points.push([ring[i + 1], ring[i]]); }
          return points;
        });
      });
      return L.polygon(parts, {
        renderer: renderer, pane: "gcm-zones", interactive: false, lineJoin: "round",
        color: this._stroke.color, weight: this._stroke.weight,
        opacity: 1, fill: true, smoothFactor: 0.6,
        fillColor: zone.hatch ? "url(#gcm-hatch)" : zone.color || "#ffffff",
        fillOpacity: config.filled ? 0.92 : 0.7
      });
    }, this);
    this._labels = [];
    config.zones.forEach(function (zone, index) {
      if (zone.label) { this._labels.push(this._label(zone, index)); }
      this.addLayer(this._paths[index]);
    }, this);
  },

  _label: function (zone, index) {
    var map = this._map, self = this;
    serial += 1;
    return {
      id: serial, zone: index, code: zone.code, size: zone.size, value: zone.value,
      place: L.latLng(zone.label[1], zone.label[0]), spelt: spellings(zone.name),
      holds: function (x, y) {
        var at = map.unproject([x, y]);
        return inside(zone.parts, at.lng, at.lat);
      },
      /* Of many zones a name that runs over its own is taken for a neighbour's. */
      strays: this._config.zones.length <= FEW,
      within: function (box) {
        var span = self._span(index), zoom = map.getZoomScale(map.getZoom(), 0);
        if (box.right - box.left > span.x * zoom || box.bottom - box.top > span.y * zoom) {
          return false;
        }
        var left = box.left + EDGE, right = box.right - EDGE;
        var top = box.top + EDGE, bottom = box.bottom - EDGE;
        return this.holds(left, top) && this.holds(right, top) &&
               this.holds(left, bottom) && this.holds(right, bottom);
      }
    };
  },

  /* Width and height of a zone, in pixels of zoom 0. */
  _span: function (index) {
    var spans = this._spans = this._spans || {};
    if (!spans[index]) {
      var bounds = this._paths[index].getBounds();
      var a = this._map.project(bounds.getNorthWest(), 0), b = this._map.project(bounds.getSouthEast(), 0);
      spans[index] = b.subtract(a);
    }
    return spans[index];
  },

  /* Under features the fill steps back, here and in the legend, so that both can be read. */
  _fade: function () {
    if (!this._config.filled) { return; }
    var under = this._map._gcm.pickers.some(function (picker) { return picker instanceof gcm.Overlay; });
    this._map.getContainer().classList.toggle("gcm-faded", under);
    this._paths.forEach(function (path) { path.setStyle({ fillOpacity: under ? 0.5 : 0.92 }); });
  },

  _at: function (event) {
    var lon = event.latlng.lng, lat = event.latlng.lat;
    for (var i = 0; i < this._paths.length; i += 1) {
      if (this._paths[i].getBounds().contains(event.latlng) &&
          inside(this._config.zones[i].parts, lon, lat)) { return i; }
    }
    return -1;
  },

  pick: function (event) {
    var at = this._at(event);
    if (at < 0) { return null; }
    var zone = this._config.zones[at], districts = this.districts;
    if (districts) { return { act: function () { districts.choose(zone.code); } }; }
    if (!zone.rows.length) { return null; }
    return { items: [function () { return gcm.card(zone.name, zone.rows, zone.color); }] };
  },

  over: function (event) {
    var at = this._at(event);
    return at < 0 || !this._config.zones[at].rows.length ? null : at;
  },

  enter: function (at, event) {
    if (this._lit !== at) {
      this.light(at);
      var zone = this._config.zones[at];
      this._tip = L.tooltip({ direction: "top", offset: [0, -8], className: "gcm-tip" });
      this._tip.setContent(gcm.node("span", null, zone.tip || zone.name + (zone.value ? "  " + zone.value : "")));
      this._tip.setLatLng(event.latlng).addTo(this._map);
    }
    if (this._tip) { this._tip.setLatLng(event.latlng); }
  },

  /* A zone that is pointed at here, or in the table beside the map. */
  light: function (at) {
    this.leave();
    this._lit = at;
    this._paths[at].setStyle({ color: "#1f2d3d", weight: 2.4 }).bringToFront();
    this._map.fire("gcm:lit", { layer: this, at: at });
  },

  leave: function () {
    if (this._lit === undefined) { return; }
    this._paths[this._lit].setStyle(this._lit === this._chosen ? CHOSEN : this._stroke);
    this._lit = undefined;
    if (this._tip) { this._tip.remove(); this._tip = null; }
    this._map.fire("gcm:lit", { layer: this, at: -1 });
  }
});

/* Which zones have a text in their name, in either language, or in their code. */
gcm.zonesNamed = function (zones, text) {
  var found = [];
  zones.forEach(function (zone, i) {
    var hit = [zone.name, zone.code].concat(zone.aliases || []).some(function (name) {
      return gcm.foldText(name || "").indexOf(text) >= 0;
    });
    if (hit) { found.push(i); }
  });
  return found;
};

gcm.zones = function (config) { return new gcm.Zones(config); };

/* A second name in brackets goes on a line of its own; where that is too wide, words do as well. */
function spellings(name) {
  var lines = name.replace(/\s*(?=[（(])/, "\n");
  var narrow = lines.split("\n").map(function (line) { return part(fold(line)); }).join("\n");
  return narrow === lines ? [lines] : [lines, narrow];
}

/* In two, as near to the middle as its words allow. */
function part(line) {
  var middle = line.length / 2, best = 0, found;
  PARTS.lastIndex = 0;
  while ((found = PARTS.exec(line))) {
    if (Math.abs(PARTS.lastIndex - middle) < Math.abs(best - middle)) { best = PARTS.lastIndex; }
  }
  return best ? line.slice(0, best) + "\n" + line.slice(best) : line;
}

function fold(line) {
  var out = "", width = 0;
  line.split(" ").forEach(function (word, i) {
    var fits = i && width + 1 + word.length <= LINE;
    out += (i ? (fits ? " " : "\n") : "") + word;
    width = fits ? width + 1 + word.length : word.length;
  });
  return out;
}

/* Names may not run over one another, and no zone is named twice. Large zones come first; where
   more can be read the other way round, since large ones have room to move in, small ones do, or
   those that went without. Filled zones come before others, since theirs carry values. */
function thin(map) {
  var layers = map._gcm.named.slice().sort(function (a, b) { return b.order - a.order; });
  var rows = once(layers), best = null;
  measure(map, rows);
  [function (label) { return label.size; }, function (label) { return -label.size; }, wanting, wanting]
    .forEach(function (rank) {
      var tried = plan(rows, rank);
      if (!best || tried.told > best.told) { best = tried; }
    });
  function wanting(label) {
    var spot = best.spots[label.id];
    return -(spot ? spot.size.told : 0);
  }
  layers.forEach(function (layer) {
    layer._labels.forEach(function (label) { write(map, layer, label, best.spots[label.id]); });
  });
}

/* The names of each layer that no layer above it has. */
function once(layers) {
  var named = {};
  return layers.map(function (layer) {
    var here = layer._labels.filter(function (label) { return !named[label.code]; });
    here.forEach(function (label) { named[label.code] = true; });
    return here;
  });
}

/* The sizes of a name, on one line and folded, with its value and without, and of the value alone.
   All are written before any is asked: a question between two would have the browser lay out the page
   anew for each. */
function measure(map, rows) {
  var holder = gcm.node("div", "gcm-label"), asked = [];
  rows.forEach(function (labels) {
    labels.forEach(function (label) {
      label.at = map.project(label.place);
      if (label.sizes) { return; }
      label.sizes = [];
      (label.value ? [false, true] : [false]).forEach(function (short) {
        label.spelt.forEach(function (name) {
          asked.push([label, { name: name, short: short, told: short ? 1 : 2 }]);
        });
      });
      if (label.value) { asked.push([label, { name: "", short: false, told: 0.5 }]); }
    });
  });
  if (!asked.length) { return; }
  var texts = asked.map(function (item) {
    return holder.appendChild(written(item[1].name, item[1].short ? "" : item[0].value));
  });
  map.getPane("gcm-labels").appendChild(holder);
  asked.forEach(function (item, k) {
    item[1].width = texts[k].offsetWidth;
    item[1].height = texts[k].offsetHeight;
    item[0].sizes.push(item[1]);
  });
  L.DomUtil.remove(holder);
}

function written(name, value) {
  var text = gcm.node("div", "gcm-label-text");
  if (name) { text.appendChild(gcm.node("b", null, name)); }
  if (value) { text.appendChild(gcm.node("span", null, value)); }
  return text;
}

/* Where each name goes, and how much is told that way. */
function plan(rows, rank) {
  var taken = new Taken(), out = { told: 0, spots: {} };
  rows.forEach(function (labels) {
    labels.forEach(function (label) { label.beside = labels; });
    labels.slice().sort(function (a, b) { return rank(b) - rank(a) || b.size - a.size; })
      .forEach(function (label) {
        var spot = settle(label, taken);
        if (!spot) { return; }
        taken.add(spot.box);
        out.told += spot.size.told;
        out.spots[label.id] = spot;
      });
  });
  return out;
}

/* Inside its zone, in its place or moved, else over the outline but over no neighbour's middle;
   without its value only where nothing else helps, or that alone. */
function settle(label, taken) {
  var spot = null;
  [2, 1, 0.5].some(function (told) {
    var sizes = label.sizes.filter(function (size) { return size.told === told; });
    return (label.strays ? [false, true] : [false]).some(function (over) {
      if (over) { sizes.sort(function (a, b) { return a.width - b.width; }); }
      return [MOVES.slice(0, 1), MOVES].some(function (moves) {
        return sizes.some(function (size) {
          return moves.some(function (move) {
            spot = free(label, size, move, taken, over);
            return spot;
          });
        });
      });
    });
  });
  return spot;
}

function free(label, size, move, taken, over) {
  var x = Math.round(move[0] * size.width), y = Math.round(move[1] * size.height);
  var left = label.at.x + x - size.width / 2, top = label.at.y + y - size.height / 2;
  var box = { left: left - 2, right: left + size.width + 2, top: top, bottom: top + size.height };
  if (taken.clashes(box)) { return null; }
  if (!over) { return label.within(box) ? { size: size, x: x, y: y, box: box } : null; }
  if ((x || y) && !label.holds(label.at.x + x, label.at.y + y)) { return null; }
  var hides = label.beside.some(function (other) {
    return other !== label && box.left < other.at.x && other.at.x < box.right &&
           box.top < other.at.y && other.at.y < box.bottom;
  });
  return hides ? null : { size: size, x: x, y: y, box: box };
}

/* A name is on the page only where it has a place. */
function write(map, layer, label, spot) {
  if (!spot) {
    if (label.marker) { layer.removeLayer(label.marker); label.marker = null; }
    return;
  }
  var value = spot.size.short ? "" : label.value;
  var text = written(spot.size.name, value);
  text.style.marginLeft = spot.x + "px";
  text.style.marginTop = spot.y + "px";
  if (label.marker) {
    var holder = label.marker.getElement();
    holder.textContent = "";
    holder.appendChild(text);
    return;
  }
  label.marker = L.marker(label.place, {
    pane: "gcm-labels", interactive: false, keyboard: false,
    icon: L.divIcon({ className: "gcm-label", html: text, iconSize: [0, 0] })
  });
  layer.addLayer(label.marker);
}

/* Boxes by the squares they lie in: each is held against its neighbours alone. */
function Taken() { this._squares = {}; }
Taken.prototype._near = function (box, act) {
  for (var x = Math.floor(box.left / SQUARE); x <= Math.floor(box.right / SQUARE); x += 1) {
    for (var y = Math.floor(box.top / SQUARE); y <= Math.floor(box.bottom / SQUARE); y += 1) {
      if (act(x + ":" + y)) { return true; }
    }
  }
  return false;
};
Taken.prototype.add = function (box) {
  var squares = this._squares;
  this._near(box, function (key) { (squares[key] = squares[key] || []).push(box); });
};
Taken.prototype.clashes = function (box) {
  var squares = this._squares;
  return this._near(box, function (key) {
    return (squares[key] || []).some(function (other) {
      return box.left < other.right && other.left < box.right &&
             box.top < other.bottom && other.top < box.bottom;
    });
  });
};

function inside(parts, x, y) {
  var within = false;
  parts.forEach(function (rings) {
    rings.forEach(function (ring) {
      for (var i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        if (ring[i + 1] > y !== ring[j + 1] > y &&
            x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) {
          within = !within;
        }
      }
    });
  });
  return within;
}

function ensureHatch() {
  if (document.getElementById("gcm-hatch")) { return; }
  var NS = "http://www.w3.org/2000/svg";
  function make(tag, attributes, parent) {
    var node = document.createElementNS(NS, tag);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    return parent.appendChild(node);
  }
  var svg = make("svg", { width: 0, height: 0, style: "position:absolute", "aria-hidden": "true" },
                 document.body);
  var pattern = make("pattern", { id: "gcm-hatch", width: 7, height: 7, patternTransform: "rotate(45)",
                                  patternUnits: "userSpaceOnUse" }, make("defs", {}, svg));
  make("rect", { width: 7, height: 7, fill: "#eceef0" }, pattern);
  make("rect", { width: 1.4, height: 7, fill: "#b9bfc6" }, pattern);
}
})();
