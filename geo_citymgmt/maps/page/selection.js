/* What lies in an area: a rectangle or a polygon that is drawn, what is on the screen, or a zone; the
   features of each layer on the map counted and summed by their state, in step with the filter.
   Screen and zone are chosen without a pointer; a polygon is drawn by keys as a measure is. */
(function () {
"use strict";
var gcm = window.gcm;

gcm.words({
  zh: { selection: "选区统计", rectangle: "画矩形", polygon: "画多边形", screen: "当前屏幕", finish: "完成",
        clear: "清除选区", zone: "按{zone}", chooseZone: "请选择", inside: "选区内 {n} 条", nothing: "选区内没有要素",
        start: "请画一个范围，或选择当前屏幕、某个分区。", drag: "按住并拖动，画出矩形。",
        polygonHint: "单击地图添加顶点（键盘：方向键移动，空格添加），回车或“完成”结束，退格撤销。",
        by: "类别", number: "数量", sum: "{label}（{unit}）", total: "合计", unknown: "其中 {n} 条无此数值",
        centre: "按要素的中心位置计；随筛选变化。", none: "不明" },
  en: { selection: "Area sums", rectangle: "Rectangle", polygon: "Polygon", screen: "On screen",
        finish: "Finish", clear: "Clear", zone: "By {zone}", chooseZone: "Choose", inside: "{n} in the area",
        nothing: "No features in the area", start: "Draw an area, or choose the screen or a zone.",
        drag: "Press and drag to draw a rectangle.",
        polygonHint: "Click to add corners (keys: arrows move, space adds); Enter or Finish ends, Backspace undoes.",
        by: "Class", number: "Number", sum: "{label} ({unit})", total: "Total", unknown: "{n} without this number",
        centre: "By the middle of each feature; follows the filter.", none: "Not known" }
});
var STYLE = { pane: "gcm-measure", interactive: false, color: "#a3004f", weight: 2.5, fillOpacity: 0.1 };

gcm.selection = function (map) {
  var area = null, shape = null, drawing = null, panel = L.control({ position: "topleft" }), body, told, out, zones, buttons = {};

  panel.onAdd = function () {
    var box = gcm.fold(map, "gcm-selection", gcm.word(map, "selection"));
    body = box.appendChild(gcm.node("div", "gcm-selection-body"));
    var row = body.appendChild(gcm.node("p", "gcm-selection-ways"));
    [["rectangle", rectangle], ["polygon", polygon], ["screen", screen], ["clear", clear]].forEach(function (way) {
      var button = buttons[way[0]] = row.appendChild(gcm.node("button", null, gcm.word(map, way[0])));
      button.type = "button";
      button.onclick = way[1];
    });
    zones = body.appendChild(gcm.node("label", "gcm-selection-zone"));
    told = body.appendChild(gcm.node("p", null, gcm.word(map, "start")));
    told.setAttribute("role", "status");
    out = body.appendChild(gcm.node("div"));
    box.addEventListener("toggle", function () { if (box.open) { listZones(); show(); } });
    return box;
  };
  panel.addTo(map);
  var box = panel.getContainer();
  map.on("gcm:narrowed gcm:pickers", function () {
    box.hidden = !layers(true).length;
    if (box.open) { listZones(); show(); }
  });
  map.on("moveend", function () { if (area && area.screen) { screen(); } });
  map.on("gcm:home", clear);
  box.hidden = true;

  function layers(all) {
    return gcm.overlays.filter(function (layer) { return map.hasLayer(layer) && (all || layer.store); });
  }

  /* The zones that the records name. */
  function listZones() {
    var names = new Set(), label = "", chosen = area && area.zone;
    layers().forEach(function (layer) {
      var column = layer.store.columns[layer._config.district];
      if (!column || !column.values) { return; }
      label = label || column.label;
      column.values.forEach(function (name) { if (name !== "") { names.add(name); } });
    });
    zones.hidden = !names.size;
    zones.textContent = "";
    zones.appendChild(gcm.node("span", null, gcm.fill(gcm.word(map, "zone"), { zone: label })));
    var select = zones.appendChild(gcm.node("select"));
    select.appendChild(gcm.node("option", null, gcm.word(map, "chooseZone"))).value = "";
    Array.from(names).sort().forEach(function (name) {
      select.appendChild(gcm.node("option", null, name)).value = name;
    });
    select.value = chosen || "";
    select.onchange = function () { set(select.value ? { zone: select.value } : null); };
  }

  /* An area: {zone}, or {places, screen} whose corners are places of the map. */
  function set(next) {
    stop();
    area = next;
    if (shape) { shape.remove(); shape = null; }
    if (area && area.places) {
      area.ring = area.places.map(function (place) {
        return [gcm.mercatorX(place.lng), gcm.mercatorY(place.lat)];
      });
      // The screen has an edge of its own.
      if (!area.screen) { shape = polygonOf(area.places); }
    }
    var select = zones.querySelector("select");
    if (select && !(area && area.zone)) { select.value = ""; }
    buttons.screen.setAttribute("aria-pressed", String(Boolean(area && area.screen)));
    show();
  }
  function clear() { set(null); }
  function polygonOf(places) {
    gcm.pane(map, "gcm-measure", 640, false);
    return L.polygon(places, L.extend({ renderer: L.svg({ pane: "gcm-measure" }) }, STYLE)).addTo(map);
  }
  function screen() {
    var b = map.getBounds();
    set({ screen: true, places: [b.getNorthWest(), b.getNorthEast(), b.getSouthEast(), b.getSouthWest()] });
  }

  /* Drawing ------------------------------------------------------------------------------------- */

  function begin(button, hint, parts) {
    var again = drawing && drawing.button === button;
    stop();
    if (again) { return false; }
    clear();
    map.closePopup();
    drawing = parts;
    drawing.button = button;
    button.setAttribute("aria-pressed", "true");
    told.textContent = gcm.word(map, hint);
    map.getContainer().classList.add("gcm-measuring");
    document.addEventListener("keydown", escape, true);
    // On a small page the map must be seen to be drawn on.
    if (map.getSize().x < 600 || map.getSize().y < 400) { box.open = false; }
    return true;
  }
  function escape(event) {
    if (event.key !== "Escape") { return; }
    event.preventDefault();
    event.stopPropagation();
    var button = drawing.button;
    stop();
    box.open = true;
    button.focus();
  }
  function stop() {
    if (!drawing) { return; }
    var was = drawing;
    drawing = null;
    document.removeEventListener("keydown", escape, true);
    was.end();
    was.button.setAttribute("aria-pressed", "false");
    map.getContainer().classList.remove("gcm-measuring");
    if (!area) { told.textContent = gcm.word(map, "start"); }
  }
  function done(places) { box.open = true; set({ places: places }); }

  function rectangle() {
    var pane = map.getContainer(), from = null, ghost = null;
    function at(event) { return map.mouseEventToContainerPoint(event); }
    function corners(a, b) {
      return [a, L.point(b.x, a.y), b, L.point(a.x, b.y)].map(function (p) { return map.containerPointToLatLng(p); });
    }
    function down(event) {
      if (event.target.closest(".leaflet-control, .leaflet-popup")) { return; }
      from = at(event);
      pane.setPointerCapture(event.pointerId);
      event.preventDefault();
      event.stopPropagation();
    }
    function move(event) {
      if (!from) { return; }
      if (ghost) { ghost.setLatLngs(corners(from, at(event))); } else { ghost = polygonOf(corners(from, at(event))); }
    }
    function up(event) {
      if (!from) { return; }
      var to = at(event), start = from;
      from = null;
      if (start.distanceTo(to) < 6) { return; }
      // The click that follows is the end of the drag.
      map._gcm.measuring = { add: function () {}, end: function () {} };
      window.setTimeout(function () { map._gcm.measuring = null; }, 50);
      done(corners(start, to));
    }
    var ok = begin(buttons.rectangle, "drag", { end: function () {
      pane.removeEventListener("pointerdown", down, true);
      pane.removeEventListener("pointermove", move);
      pane.removeEventListener("pointerup", up);
      pane.classList.remove("gcm-drawing");
      map.dragging.enable();
      if (ghost) { ghost.remove(); }
    } });
    if (!ok) { return; }
    pane.addEventListener("pointerdown", down, true);
    pane.addEventListener("pointermove", move);
    pane.addEventListener("pointerup", up);
    pane.classList.add("gcm-drawing");
    map.dragging.disable();
  }

  function polygon() {
    var places = [], ghost = null;
    function add(place) {
      places.push(place);
      draw();
    }
    function draw() {
      if (ghost) { ghost.setLatLngs(places); } else { ghost = polygonOf(places); }
    }
    function finish() { if (places.length > 2) { done(places); } else { stop(); } }
    function keys(event) {
      if (event.key === "Enter") { finish(); }
      else if (event.target !== map.getContainer()) { return; }
      else if (event.key === " ") { add(map.getCenter()); }
      else if (event.key === "Backspace") { places.pop(); draw(); }
      else { return; }
      event.preventDefault();
      event.stopPropagation();
    }
    // The button of one that is being drawn ends it.
    if (drawing && drawing.finish) { drawing.finish(); return; }
    var ok = begin(buttons.polygon, "polygonHint", { finish: finish, end: function () {
      map._gcm.measuring = null;
      map.doubleClickZoom.enable();
      map.getContainer().removeEventListener("keydown", keys, true);
      if (ghost) { ghost.remove(); }
      buttons.polygon.textContent = gcm.word(map, "polygon");
      if (bar) { bar.remove(); }
    } });
    var bar = null;
    if (!ok) { return; }
    map._gcm.measuring = { add: add, end: stop };
    map.doubleClickZoom.disable();
    map.getContainer().addEventListener("keydown", keys, true);
    buttons.polygon.textContent = gcm.word(map, "finish");
    if (!box.open) {
      // The panel is shut: what ends the drawing stands by itself.
      bar = gcm.inTopRow(map, gcm.node("div", "gcm-measured"));
      bar.appendChild(gcm.node("span", null, gcm.word(map, "polygonHint")));
      var end = bar.appendChild(gcm.node("button", null, gcm.word(map, "finish")));
      end.type = "button";
      end.onclick = finish;
    }
    map.getContainer().focus({ preventScroll: true });
  }

  /* What is in it -------------------------------------------------------------------------------- */

  function show() {
    out.textContent = "";
    if (!area) { if (!drawing) { told.textContent = gcm.word(map, "start"); } gcm.arrange(map, box); return; }
    var all = 0;
    layers().forEach(function (layer) {
      var sums = sumsOf(layer, area);
      if (!sums.count) { return; }
      all += sums.count;
      out.appendChild(table(layer, sums));
    });
    if (all) { out.appendChild(gcm.node("p", "gcm-quiet", gcm.word(map, "centre"))); }
    told.textContent = all ? gcm.fill(gcm.word(map, "inside"), { n: all.toLocaleString("en") })
                           : gcm.word(map, "nothing");
    gcm.arrange(map, box);
  }

  function table(layer, sums) {
    var measure = layer._config.measure, part = gcm.node("table", "gcm-sums");
    part.createCaption().textContent = layer._config.name;
    var head = part.createTHead().insertRow();
    [gcm.word(map, "by"), gcm.word(map, "number")].concat(measure ? [
      measure.unit ? gcm.fill(gcm.word(map, "sum"), measure) : measure.label] : []).forEach(function (text) {
      head.appendChild(gcm.node("th", null, text)).scope = "col";
    });
    var rows = part.createTBody();
    sums.parts.filter(function (one) { return one.count; }).forEach(function (one) { line(rows, one); });
    if (rows.rows.length > 1) {
      line(part.createTFoot(), { label: gcm.word(map, "total"), count: sums.count, sum: sums.sum });
    }
    if (measure && sums.unknown) {
      var cell = part.tFoot ? part.tFoot.insertRow().insertCell() : rows.insertRow().insertCell();
      cell.colSpan = 3;
      cell.textContent = gcm.fill(gcm.word(map, "unknown"), { n: sums.unknown.toLocaleString("en") });
    }
    return part;

    function line(into, one) {
      var row = into.insertRow(), name = row.appendChild(gcm.node("th"));
      name.scope = "row";
      if (one.color) { name.appendChild(gcm.node("span", "gcm-chip")).style.background = one.color; }
      name.appendChild(gcm.node("span", null, one.label));
      row.insertCell().textContent = one.count.toLocaleString("en");
      if (measure) {
        row.insertCell().textContent = one.sum.toLocaleString("en", { maximumFractionDigits: 2 });
      }
    }
  }
};

/* Count and sum of a layer's features in an area that the filter shows, by state or by class. */
function sumsOf(layer, area) {
  var store = layer.store, config = layer._config, column = store.columns[config.state];
  var zone = area.zone ? store.columns[config.district] : null;
  var wanted = zone && zone.values ? zone.values.indexOf(area.zone) : -1;
  var parts = column ? column.values.map(function (text) { return part(text || gcm.word(layer._map, "none")); })
                     : config.classes.map(function (item) { return part(item.label, item.color); });
  var all = { count: 0, sum: 0, unknown: 0, parts: parts }, mask = store.mask;
  for (var f = 0; f < store.count; f += 1) {
    if (mask && !mask[f]) { continue; }
    if (area.zone ? wanted < 0 || (zone.index ? zone.index[f] : f) !== wanted : !store.within(f, area.ring)) { continue; }
    var one = parts[column ? (column.index ? column.index[f] : f) : store.classOf(f)];
    one.count += 1;
    all.count += 1;
    if (!store.measure) { continue; }
    var amount = store.amount(f);
    if (amount === null) { all.unknown += 1; } else { one.sum += amount; all.sum += amount; }
  }
  return all;
}
function part(label, color) { return { label: label, color: color, count: 0, sum: 0 }; }
})();
