/* Tiles under a map: from the hosts the page's policy names, or out of the page itself. Whatever
   becomes of them, the features stay usable and the page says what is missing. */
(function () {
"use strict";
var gcm = window.gcm;
var WORDS = {
  zh: { failed: "底图未能加载（{host}），要素与数值不受影响。" },
  en: { failed: "The basemap did not load ({host}); features and figures are not affected." }
};
// A host that neither answers nor refuses is given this long.
var PATIENCE = 8000;
var STEPS = 5;

/* GCJ-02, where the tiles are in it: the map's own projection is shifted, so everything drawn is,
   and what a click or an export tells stays in WGS 84. The formula is that of cleaning/datum.py. */
var AXIS = 6378245, ECCENTRICITY2 = 0.00669342162296594323, PI = Math.PI;
function gcj02(lon, lat) {
  if (!(lon > 70 && lon < 140 && lat > 0 && lat < 60)) { return [lon, lat]; }
  var x = lon - 105, y = lat - 35, root = Math.sqrt(Math.abs(x));
  var waves = 20 * Math.sin(6 * PI * x) + 20 * Math.sin(2 * PI * x);
  var north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root +
    2 / 3 * (waves + 20 * Math.sin(PI * y) + 40 * Math.sin(PI * y / 3)) +
    2 / 3 * (160 * Math.sin(PI * y / 12) + 320 * Math.sin(PI * y / 30));
  var east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root +
    2 / 3 * (waves + 20 * Math.sin(PI * x) + 40 * Math.sin(PI * x / 3)) +
    2 / 3 * (150 * Math.sin(PI * x / 12) + 300 * Math.sin(PI * x / 30));
  var phi = lat * PI / 180, sin = Math.sin(phi), w2 = 1 - ECCENTRICITY2 * sin * sin;
  var meridian = AXIS * (1 - ECCENTRICITY2) / (w2 * Math.sqrt(w2));
  var parallel = AXIS / Math.sqrt(w2) * Math.cos(phi);
  return [lon + east / parallel * 180 / PI, lat + north / meridian * 180 / PI];
}
function wgs84(lon, lat) {
  var east = lon, north = lat;
  for (var i = 0; i < STEPS; i += 1) {
    var there = gcj02(east, north);
    east -= there[0] - lon;
    north -= there[1] - lat;
  }
  return [east, north];
}
gcm.gcj02 = gcj02;
gcm.wgs84 = wgs84;

var plain = L.Projection.SphericalMercator;
L.CRS.GCJ02 = L.extend({}, L.CRS.EPSG3857, {
  code: "GCJ-02",
  projection: L.extend({}, plain, {
    project: function (latlng) {
      var there = gcj02(latlng.lng, latlng.lat);
      return plain.project(L.latLng(there[1], there[0]));
    },
    unproject: function (point) {
      var there = plain.unproject(point), back = wgs84(there.lng, there.lat);
      return L.latLng(back[1], back[0]);
    }
  })
});

/* Packed features are projected by the page itself, in the Mercator square. */
gcm.shiftStores = function () {
  var Store = gcm.Store;
  gcm.Store = function (parts) {
    for (var i = 0; i < parts.x.length; i += 1) {
      var lat = Math.atan(Math.sinh(PI * (1 - 2 * parts.y[i]))) * 180 / PI;
      var there = gcj02((parts.x[i] - 0.5) * 360, lat);
      parts.x[i] = gcm.mercatorX(there[0]);
      parts.y[i] = gcm.mercatorY(there[1]);
    }
    Store.call(this, parts);
  };
  gcm.Store.prototype = Store.prototype;
};

/* Tiles of a geographic grid (EPSG:4490, 4326) on a Mercator map. Only the rows differ, and within
   one tile of a city's zooms by less than half a pixel, so each picture is set into its place. */
var Geographic = L.LayerGroup.extend({
  initialize: function (options) {
    L.LayerGroup.prototype.initialize.call(this);
    L.setOptions(this, options);
    this._shown = {};
  },

  onAdd: function (map) {
    this._map = map;
    L.LayerGroup.prototype.onAdd.call(this, map);
    map.on("moveend", this._update, this);
    this._update();
  },

  onRemove: function (map) {
    map.off("moveend", this._update, this);
    L.LayerGroup.prototype.onRemove.call(this, map);
  },

  _update: function () {
    var options = this.options, view = this._map.getBounds().pad(0.1);
    // At level 0 the world is two tiles of 180 degrees.
    var zoom = Math.round(this._map.getZoom());
    var level = Math.max(options.minNativeZoom, Math.min(options.maxNativeZoom, zoom)) - 1;
    if (level < 0) { return; }
    var span = 180 / Math.pow(2, level), wanted = {}, rows = Math.pow(2, level);
    var west = Math.max(0, Math.floor((view.getWest() + 180) / span));
    var east = Math.min(2 * rows - 1, Math.floor((view.getEast() + 180) / span));
    var north = Math.max(0, Math.floor((90 - view.getNorth()) / span));
    var south = Math.min(rows - 1, Math.floor((90 - view.getSouth()) / span));
    for (var y = north; y <= south; y += 1) {
      for (var x = west; x <= east; x += 1) {
        var key = level + "/" + x + "/" + y;
        wanted[key] = true;
        if (!this._shown[key]) { this._show(key, x, y, level, span); }
      }
    }
    this._wanted = wanted;
    this._sweep();
  },

  _show: function (key, x, y, level, span) {
    var self = this, options = this.options, rows = Math.pow(2, level);
    var subdomains = options.subdomains;
    var address = L.Util.template(options.url, {
      s: subdomains[(x + y) % subdomains.length], z: level + options.zoomOffset, x: x,
      y: options.tms ? rows - 1 - y : y
    });
    var top = Math.min(85.0511, 90 - y * span), bottom = Math.max(-85.0511, 90 - (y + 1) * span);
    var tile = L.imageOverlay(address, [[bottom, x * span - 180], [top, (x + 1) * span - 180]],
      { pane: "tilePane", className: "gcm-tile", alt: "" });
    this._shown[key] = tile;
    tile.on("load", function () { tile._done = true; self.fire("tileload"); self._sweep(); });
    tile.on("error", function () {
      tile._done = true;
      self.removeLayer(tile);
      self.fire("tileerror");
      self._sweep();
    });
    this.addLayer(tile);
  },

  /* What was shown before goes when what takes its place is there. */
  _sweep: function () {
    var self = this;
    var waits = Object.keys(this._wanted || {}).some(function (key) { return !self._shown[key]._done; });
    if (waits || !this._wanted) { return; }
    Object.keys(this._shown).forEach(function (key) {
      if (!self._wanted[key]) { self.removeLayer(self._shown[key]); delete self._shown[key]; }
    });
  }
});
L.extend(Geographic.prototype, L.Evented.prototype);

/* Tiles that stand in the page. */
var Inlined = L.TileLayer.extend({
  initialize: function (options) {
    this._packed = JSON.parse(document.getElementById(options.data).textContent);
    L.TileLayer.prototype.initialize.call(this, "", options);
  },
  getTileUrl: function (at) {
    var z = this._getZoomForUrl(), index = this._packed.index[z + "/" + at.x + "/" + at.y];
    // A tile the file does not have is empty, not broken.
    return index === undefined ? L.Util.emptyImageUrl : "data:" + this._packed.tiles[index];
  }
});

function layerOf(options) {
  if (options.data) { return new Inlined(options); }
  if (options.geographic) { return new Geographic(options); }
  return L.tileLayer(options.url, options);
}

gcm.basemap = function (map, config) {
  if (config.gcj02 && gcm.Store) { gcm.shiftStores(); }
  if (map.attributionControl) { map.attributionControl.addAttribution(config.attribution); }
  var loaded = 0, failed = 0, note = null;
  function tell() {
    if (loaded || note) { return; }
    var text = gcm.fill(WORDS[map._gcm.lang].failed, { host: config.host });
    note = map.getContainer().appendChild(gcm.node("p", "gcm-notice gcm-basemap-notice", text));
    note.setAttribute("role", "status");
  }
  var timer = window.setTimeout(tell, PATIENCE);
  config.layers.forEach(function (options, i) {
    var layer = layerOf(options);
    layer.on("tileload", function () {
      loaded += 1;
      // Fills step back for what lies under them, not for tiles that never came.
      map.getContainer().classList.add("gcm-has-basemap");
      window.clearTimeout(timer);
      if (note) { note.remove(); note = null; }
    });
    layer.on("tileerror", function (event) {
      failed += 1;
      if (event.tile) { event.tile.style.visibility = "hidden"; }
      if (failed >= 3) { tell(); }
    });
    if (layer.setZIndex) { layer.setZIndex(i + 1); }
    layer.addTo(map);
  });
};
})();
