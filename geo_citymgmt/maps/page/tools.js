/* The bar of tools: search by name or number, home, measure, full screen, print, picture. */
(function () {
"use strict";
var gcm = window.gcm;

gcm.words({
  zh: { tools: "工具", home: "回到全图", measure: "测量距离与面积", full: "全屏", print: "打印",
        picture: "导出 PNG 图片", search: "搜索区县、街道、名称或编号", none: "没有找到", found: "找到 {n} 条",
        more: "另有 {n} 条，请输入更多字", street: "街道（镇）",
        measureHint: "单击地图添加点（键盘：方向键移动，空格添加），退格撤销，Esc 结束。",
        distance: "距离 {text}", area: "面积 {text}", m2: "平方米", ha: "公顷", km2: "平方公里" },
  en: { tools: "Tools", home: "Whole map", measure: "Measure distance and area", full: "Full screen",
        print: "Print", picture: "Save as PNG picture", search: "Search place, name, number",
        none: "Nothing found", found: "{n} found", more: "{n} more; type more letters", street: "Street",
        measureHint: "Click to add points (keys: arrows move, space adds); Backspace undoes, Esc ends.",
        distance: "Distance {text}", area: "Area {text}", m2: "m²", ha: "ha", km2: "km²" }
});

var ICONS = {
  home: "M3 11 12 4l9 7M6 9.5V20h12V9.5",
  measure: "M3 16 16 3l5 5L8 21zM7 12l2 2M10 9l3 3M13 6l2 2",
  full: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  print: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 8.5h.01"
};

gcm.addTools = function (map) {
  var control = L.control({ position: "topleft" });
  control.onAdd = function () {
    var bar = gcm.node("div", "gcm-tools");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", gcm.word(map, "tools"));
    bar.appendChild(gcm.searchBox(map));
    var buttons = bar.appendChild(gcm.node("div", "leaflet-bar gcm-buttons"));
    add("home", function () { gcm.home(map); });
    add("measure", function (button) { measure(map, button); });
    if (document.fullscreenEnabled) { add("full", fullScreen); }
    add("print", function () { gcm.print(map); });
    add("picture", function (button) { gcm.savePicture(map, button); });
    L.DomEvent.disableClickPropagation(bar);
    L.DomEvent.disableScrollPropagation(bar);
    return bar;

    function add(name, act) {
      var button = buttons.appendChild(gcm.node("button", "gcm-tool-" + name));
      button.type = "button";
      button.title = gcm.word(map, name);
      button.setAttribute("aria-label", button.title);
      button.appendChild(icon(ICONS[name]));
      button.onclick = function () { act(button); };
    }
  };
  control.addTo(map);
  gcm.selection(map);
};

function icon(path) {
  var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  var line = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  line.setAttribute("d", path);
  return svg;
}

function fullScreen() {
  if (document.fullscreenElement) { document.exitFullscreen(); return; }
  document.documentElement.requestFullscreen();
}

/* Measuring, on the ellipsoid of WGS 84 ------------------------------------------------------- */

var A = 6378137, E2 = 0.0066943799901413165, E = Math.sqrt(E2), DEG = Math.PI / 180;

/* Length of a short line: the radii of curvature at its middle; 1 in a million over a city. */
gcm.distanceOf = function (a, b) {
  var middle = ((a.lat + b.lat) / 2) * DEG, w = 1 - E2 * Math.sin(middle) * Math.sin(middle);
  var north = (A * (1 - E2)) / Math.pow(w, 1.5) * (b.lat - a.lat) * DEG;
  var east = (A / Math.sqrt(w)) * Math.cos(middle) * (b.lng - a.lng) * DEG;
  return Math.sqrt(north * north + east * east);
};

/* Area by the cylindrical projection that keeps it. */
gcm.areaOf = function (points) {
  function height(lat) {
    var s = Math.sin(lat * DEG);
    return ((1 - E2) / 2) * (s / (1 - E2 * s * s) - Math.log((1 - E * s) / (1 + E * s)) / (2 * E));
  }
  var sum = 0;
  points.forEach(function (a, i) {
    var b = points[(i + 1) % points.length];
    sum += (b.lng - a.lng) * DEG * (height(a.lat) + height(b.lat));
  });
  return Math.abs(sum / 2) * A * A;
};

function grouped(number) {
  return number.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
function lengthText(map, m) {
  return m < 1000 ? Math.round(m) + " " + gcm.word(map, "m") : grouped(m / 1000) + " " + gcm.word(map, "km");
}
function areaText(map, m2) {
  if (m2 < 1e4) { return String(Math.round(m2)) + " " + gcm.word(map, "m2"); }
  if (m2 < 1e6) { return grouped(m2 / 1e4) + " " + gcm.word(map, "ha"); }
  return grouped(m2 / 1e6) + " " + gcm.word(map, "km2");
}

function measure(map, button) {
  if (map._gcm.measuring) { map._gcm.measuring.end(); return; }
  var points = [];
  var renderer = L.svg({ pane: gcm.pane(map, "gcm-measure", 640, false) && "gcm-measure" });
  var style = { renderer: renderer, pane: "gcm-measure", interactive: false, color: "#a3004f", weight: 2.5 };
  var ground = L.polygon([], L.extend({}, style, { weight: 0, fillOpacity: 0.14 })).addTo(map);
  var line = L.polyline([], style).addTo(map);
  var marks = L.layerGroup().addTo(map);
  var told = gcm.inTopRow(map, gcm.node("p", "gcm-measured", gcm.word(map, "measureHint")));
  told.setAttribute("role", "status");
  map.closePopup();
  button.setAttribute("aria-pressed", "true");
  map.getContainer().classList.add("gcm-measuring");
  map.doubleClickZoom.disable();
  map.getContainer().addEventListener("keydown", keys);
  document.addEventListener("keydown", escape, true);
  map.getContainer().focus({ preventScroll: true });
  map._gcm.measuring = { add: add, end: end };

  function add(latlng) { points.push(latlng); show(); }
  function show() {
    line.setLatLngs(points);
    ground.setLatLngs(points.length > 2 ? points : []);
    marks.clearLayers();
    points.forEach(function (point) {
      L.circleMarker(point, L.extend({}, style, { radius: 4, fill: true, fillColor: "#ffffff", fillOpacity: 1 }))
        .addTo(marks);
    });
    if (points.length < 2) { told.textContent = gcm.word(map, "measureHint"); return; }
    var length = 0;
    for (var i = 1; i < points.length; i += 1) { length += gcm.distanceOf(points[i - 1], points[i]); }
    var text = gcm.fill(gcm.word(map, "distance"), { text: lengthText(map, length) });
    if (points.length > 2) {
      text += " · " + gcm.fill(gcm.word(map, "area"), { text: areaText(map, gcm.areaOf(points)) });
    }
    told.textContent = text;
  }
  function keys(event) {
    if (event.target !== map.getContainer()) { return; }
    if (event.key === " " || event.key === "Enter") {
      add(map.getCenter());
    } else if (event.key === "Backspace") { points.pop(); show(); } else { return; }
    event.preventDefault();
  }
  function escape(event) {
    if (event.key === "Escape") { event.preventDefault(); end(); button.focus(); }
  }
  function end() {
    [ground, line, marks, renderer].forEach(function (layer) { layer.remove(); });
    told.remove();
    gcm.arrange(map);
    button.removeAttribute("aria-pressed");
    map.getContainer().classList.remove("gcm-measuring");
    map.doubleClickZoom.enable();
    map.getContainer().removeEventListener("keydown", keys);
    document.removeEventListener("keydown", escape, true);
    map._gcm.measuring = null;
  }
}
})();
