/* Layers of GeoJSON: ordinary Leaflet layers, drawn on a canvas and styled by one function. What lies
   under a click is found as for packed features; what folium bound to a layer is told of it. */
(function () {
"use strict";
var gcm = window.gcm;

/* A canvas that leaves out what a filter hides and draws lines with a white edge. */
var Canvas = L.Canvas.extend({
  _initContainer: function () {
    L.Canvas.prototype._initContainer.call(this);
    this._container.classList.add("gcm-canvas");
  },

  _onZoomEnd: function () {
    var radius = gcm.pointRadius(this._map.getZoom(), this.options.count);
    var weight = gcm.lineWeight(this._map.getZoom(), this.options.count);
    for (var id in this._layers) {
      var layer = this._layers[id];
      if (layer._radius !== undefined) { sized(layer, radius); }
      if (layer.options.gcmLine) { layer.options.weight = weight; }
    }
    L.Canvas.prototype._onZoomEnd.call(this);
  },

  _updateCircle: function (layer) {
    if (layer.gcmHidden) { return; }
    if (layer.options.gcmMark !== undefined && gcm.marking()) {
      if (!this._drawing || layer._empty()) { return; }
      gcm.drawMark(this._ctx, layer.options.gcmMark, layer._point.x, layer._point.y,
        gcm.markRadius(layer._radius), layer.options.fillColor);
      return;
    }
    L.Canvas.prototype._updateCircle.call(this, layer);
  },

  _updatePoly: function (layer, closed) {
    if (layer.gcmHidden || !this._drawing) { return; }
    var box = layer._rawPxBounds, size = box && box.getSize();
    var marked = layer.options.gcmMark !== undefined && gcm.marking();
    if (marked && size && size.x < 12 && size.y < 12) {
      var at = box.getCenter();
      gcm.drawMark(this._ctx, layer.options.gcmMark, at.x, at.y, gcm.markRadius(0), layer.options.color);
      return;
    }
    if (size && size.x < 5 && size.y < 5) {
      // Too small to see as a shape: a mark stands where it is.
      var middle = box.getCenter(), context = this._ctx;
      context.globalAlpha = 0.85;
      context.fillStyle = layer.options.color;
      context.fillRect(middle.x - 1.5, middle.y - 1.5, 3, 3);
      context.globalAlpha = 1;
      return;
    }
    L.Canvas.prototype._updatePoly.call(this, layer, closed);
  },

  _fillStroke: function (context, layer) {
    if (layer.options.gcmLine) {
      context.globalAlpha = 0.9;
      context.lineWidth = layer.options.weight + 2;
      context.strokeStyle = "#ffffff";
      context.lineJoin = context.lineCap = "round";
      context.stroke();
    }
    var marked = layer.options.gcmMark !== undefined && gcm.marking();
    layer.options._dashArray = marked && layer.options.gcmLine ? gcm.dashOf(layer.options.gcmMark) : null;
    L.Canvas.prototype._fillStroke.call(this, context, layer);
    var hatch = marked && layer.options.fill ? gcm.hatch(context, layer.options.gcmMark) : null;
    if (hatch) { context.globalAlpha = 1; context.fillStyle = hatch; context.fill("evenodd"); }
  }
});

function sized(mark, radius) {
  mark._radius = mark.options.radius = radius;
  mark.options.stroke = radius > 3;
}

gcm.Features = L.GeoJSON.extend({
  includes: gcm.Picking,

  initialize: function (config) {
    this._config = config;
    this.order = gcm.pickOrder[config.kind];
    var self = this;
    L.GeoJSON.prototype.initialize.call(this, null, {
      style: function (feature) { return self._look(feature); },
      pointToLayer: function (_, place) { return L.circleMarker(place); }
    });
  },

  /* One function for all: the class of a feature decides. */
  _look: function (feature) {
    var item = this._config.classes[feature.properties.gcm_class], color = item.color, style;
    switch (feature.geometry.type) {
      case "Point": case "MultiPoint":
        style = { color: "#ffffff", weight: 1, fillColor: color, fillOpacity: 0.9, radius: this._radius,
                  stroke: this._radius > 3 };
        break;
      case "LineString": case "MultiLineString":
        style = { color: color, fill: false, gcmLine: true, weight: this._weight };
        break;
      default:
        style = { color: color, weight: 1, fillColor: color, fillOpacity: 0.6 };
    }
    return L.extend(style, { gcmMark: item.mark, renderer: this._canvas, pane: this._canvas.options.pane, interactive: false });
  },

  onAdd: function (map) {
    gcm.featurePanes(map);
    if (!this.store) { this._read(map); }
    L.GeoJSON.prototype.onAdd.call(this, map);
    gcm.addPicker(map, this);
  },

  onRemove: function (map) {
    gcm.removePicker(map, this);
    L.GeoJSON.prototype.onRemove.call(this, map);
    map.removeLayer(this._canvas);
  },

  _read: function (map) {
    var holder = document.getElementById(this._config.data), config = this._config, self = this;
    var collection = JSON.parse(holder.textContent), features = collection.features;
    holder.remove();
    this.store = gcm.storeOfGeoJSON(collection, config);
    var count = features.length, zoom = map.getZoom();
    this._canvas = new Canvas({ pane: "gcm-" + config.kind, padding: 0.12, count: count });
    this._radius = gcm.pointRadius(zoom, count);
    this._weight = gcm.lineWeight(zoom, count);
    // The commonest class is drawn first, so that the rare ones are seen.
    var order = features.map(function (_, f) { return f; }).sort(function (a, b) {
      return config.classes[self.store.classOf(b)].count - config.classes[self.store.classOf(a)].count || a - b;
    });
    this._rows = [];
    order.forEach(function (f) { self.addData(features[f]); });
    this.getLayers().forEach(function (layer, k) { self._rows[order[k]] = layer; });
    this._ready();
    this._hide();
  },

  _narrowed: function () {
    this._hide();
    if (this._canvas._map) { this._canvas._redrawBounds = null; this._canvas._redraw(); }
  },

  _hide: function () {
    var mask = this.store.mask;
    this._rows.forEach(function (layer, f) {
      each(layer, function (path) { path.gcmHidden = Boolean(mask && !mask[f]); });
    });
  },

  /* A popup or tooltip of folium takes the place of ours. */
  pick: function (event) {
    var hits = this._hits(event, 100000);
    if (!hits.length || !this.listens("click")) { return this._found(hits); }
    var layer = this._rows[hits[0]];
    return { items: [], act: function () { tell(layer, "click", event); } };
  },

  over: function (event) {
    var hits = this._hits(event, 1);
    return hits.length ? hits[0] : null;
  },

  enter: function (f, event) {
    if (this._under === f) { tell(this._rows[f], "mousemove", event); return; }
    this.leave();
    this._under = f;
    this._event = event;
    tell(this._rows[f], "mouseover", event);
  },

  leave: function () {
    if (this._under === undefined) { return; }
    var layer = this._rows[this._under];
    this._under = undefined;
    tell(layer, "mouseout", this._event);
  }
});

function each(layer, act) {
  if (layer.eachLayer) { layer.eachLayer(function (part) { each(part, act); }); } else { act(layer); }
}

function tell(layer, type, event) {
  layer.fire(type, { latlng: event.latlng, layerPoint: event.layerPoint,
                     containerPoint: event.containerPoint, originalEvent: event.originalEvent }, true);
}

gcm.features = function (config) { return gcm.listed(new gcm.Features(config)); };
})();
