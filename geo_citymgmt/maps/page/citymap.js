/* What every city map needs: panes, scale, legend panel, popups, and one place that decides what a
   click means. Text from data reaches the page through textContent only. */
(function () {
"use strict";
var gcm = (window.gcm = window.gcm || {});

var WORDS = {
  zh: { legend: "图例", zoomIn: "此处共 {n} 个要素，放大后可分别查看", of: "{i} / {n}",
        km: "公里", m: "米", old: "浏览器版本过旧，无法显示要素图层，请升级浏览器。", layers: "图层", zoomInButton: "放大", zoomOutButton: "缩小", close: "关闭", map: "地图", before: "上一条", after: "下一条" },
  en: { legend: "Legend", zoomIn: "{n} features here; zoom in to tell them apart",
        of: "{i} of {n}", km: "km", m: "m",
        old: "This browser is too old to show the feature layers.", layers: "Layers", zoomInButton: "Zoom in", zoomOutButton: "Zoom out", close: "Close",
        map: "Map", before: "Previous", after: "Next" }
};
var NARROW = 640;
/* A map so narrow or so low has one panel open at a time. */
var ALONE = 600, LOW = 480;
/* What of a phone's map an open legend may take: the city keeps the larger part. */
var KEYED = 0.45;
/* Pixels between two controls, and those a list needs to be of use; a list above a legend that is
   shown whole needs more, lest it be a slit. */
var GAP = 8, LEAST = 110, ROOMY = 200;
var pending = 0;

gcm.word = function (map, key) { return WORDS[map._gcm.lang][key]; };
/* The other scripts bring their own words. */
gcm.words = function (more) { L.extend(WORDS.zh, more.zh); L.extend(WORDS.en, more.en); };
gcm.fill = function (text, values) {
  return text.replace(/\{(\w+)\}/g, function (_, key) { return values[key]; });
};
gcm.node = function (tag, className, text) {
  var node = document.createElement(tag);
  if (className) { node.className = className; }
  if (text !== undefined && text !== null) { node.textContent = text; }
  return node;
};

/* Tests and printing wait for this: all packed layers are unpacked and drawn. */
gcm.begin = function () { pending += 1; document.documentElement.removeAttribute("data-ready"); };
gcm.end = function () {
  pending -= 1;
  if (pending === 0) { document.documentElement.setAttribute("data-ready", "true"); }
};

gcm.maps = [];

gcm.setup = function (map, settings) {
  gcm.maps.push(map);
  map._gcm = { lang: settings.lang, pickers: [], panel: null, bounds: settings.bounds,
               start: [map.getCenter(), map.getZoom()], frame: null, tools: settings.tools, folds: [] };
  var container = map.getContainer();
  container.setAttribute("role", "region");
  container.setAttribute("aria-label", document.title || gcm.word(map, "map"));
  map._gcm.voice = document.body.appendChild(gcm.node("div", "gcm-unseen"));
  map._gcm.voice.setAttribute("aria-live", "polite");
  if (settings.icons) {
    L.Icon.Default.imagePath = "";
    L.Icon.Default.mergeOptions(settings.icons);
  }
  if (map.attributionControl) { map.attributionControl.setPrefix("Leaflet"); }
  if (settings.tools) { gcm.addTools(map); }
  addScale(map);
  if (settings.bounds) { fit(map, settings.bounds); }
  map.on("click", function (event) { pick(map, event); });
  map.on("resize", function () { gcm.arrange(map); gcm.refit(map); });
  map.on("mousemove", hover(map));
  map.on("mouseout", function () { setHover(map, null, null); });
  // A layer of 10,000 parts tells of each of them: only layers with a legend matter.
  map.on("layeradd layerremove gcm:frame", function (event) {
    var panel = map._gcm.panel;
    if (event.type === "gcm:frame" || (panel && panel.sections.some(function (section) {
      return section.layer === event.layer;
    }))) { refreshPanel(map); }
  });
  gcm.begin();
  map.whenReady(function () {
    window.setTimeout(function () {
      gcm.arrange(map); gcm.refit(map); foldSwitch(map);
      nameControls(map); watchSwitch(map); gcm.arrange(map); gcm.refit(map); gcm.end();
    }, 0);
  });
};

/* Leaflet names its buttons in English. */
function nameControls(map) {
  var names = { ".leaflet-control-layers-toggle": "layers", ".leaflet-control-zoom-in": "zoomInButton",
                ".leaflet-control-zoom-out": "zoomOutButton" };
  Object.keys(names).forEach(function (selector) {
    map.getContainer().querySelectorAll(selector).forEach(function (button) {
      button.title = gcm.word(map, names[selector]);
      button.setAttribute("aria-label", button.title);
    });
  });
}

/* For those who do not see the map. */
gcm.say = function (map, text) { map._gcm.voice.textContent = text; };

/* Back to the first view. */
gcm.home = function (map, quiet) {
  if (!quiet) { map.closePopup(); map.fire("gcm:home"); }
  if (map._gcm.bounds) { fit(map, map._gcm.bounds); } else { map.setView(map._gcm.start[0], map._gcm.start[1]); }
};

gcm.pane = function (map, name, zIndex, clicks) {
  var pane = map.getPane(name);
  if (!pane) {
    pane = map.createPane(name);
    pane.style.zIndex = zIndex;
    if (!clicks) { pane.style.pointerEvents = "none"; }
  }
  return pane;
};

/* The whole city as large as it can be without the legend, the layer switch or the tools lying on
   it: at each zoom the places nearest the middle are tried first. Where there is no such place,
   what shows most at the least price. */
function fit(map, bounds) {
  var size = map.getSize(), step = map.options.zoomSnap || 0.25, best = null;
  var edge = size.x < NARROW ? 10 : 20, corners = cornersOf(map, bounds), frames = controls(map);
  var most = map.getBoundsZoom(bounds, false, L.point(2 * edge, 2 * edge));
  for (var zoom = most; zoom > most - 2 && (!best || zoom > best.score); zoom -= step) {
    var low = map.project(bounds[0], zoom), high = map.project(bounds[1], zoom);
    var spare = size.subtract([Math.abs(high.x - low.x), Math.abs(high.y - low.y)]).divideBy(2).subtract([edge, edge]);
    PLACES.forEach(function (place) {
      var worth = zoom - 0.01 * place.distanceTo([0, 0]);
      if (best && worth <= best.score) { return; }
      var middle = low.add(high).divideBy(2).add(spare.scaleBy(place));
      var price = priceOf(frames, corners, middle.subtract(size.divideBy(2)), Math.pow(2, zoom));
      if (!best || worth - price > best.score) { best = { score: worth - price, zoom: zoom, middle: middle }; }
    });
  }
  map.setView(map.unproject(best.middle, best.zoom), best.zoom, { animate: false });
  map._gcm.fitted = [map.getCenter(), map.getZoom()];
}

/* Parts of the room to spare by which the city may stand off the middle, near ones first. */
var PLACES = [];
for (var across = -4; across <= 4; across += 1) {
  for (var down = -4; down <= 4; down += 1) { PLACES.push(L.point(across / 4, down / 4)); }
}
PLACES.sort(function (a, b) { return a.distanceTo([0, 0]) - b.distanceTo([0, 0]); });

/* Where the controls stand in the map, in pixels, and what hiding a part of the city under each costs. */
function controls(map) {
  var box = map.getContainer(), origin = box.getBoundingClientRect(), found = [];
  Array.prototype.forEach.call(box.querySelectorAll(".leaflet-control-container .leaflet-control"), function (node) {
    if (!node.offsetWidth) { return; }
    // What is open can be folded; a button always lies there.
    var folds = node.classList.contains("leaflet-control-layers-expanded") || node.open === true;
    var frame = node.getBoundingClientRect();
    // On a phone it has most of the page: the city is smaller rather than half hidden.
    found.push({ price: folds && origin.width >= ALONE ? 0.8 : 3, left: frame.left - origin.left - 8, right: frame.right - origin.left + 8,
                 top: frame.top - origin.top - 8, bottom: frame.bottom - origin.top + 8 });
  });
  return found;
}

/* What is to be seen, as pixels of zoom 0: the corners of the outlines, or all of the bounds. */
function cornersOf(map, bounds) {
  var found = [];
  map.eachLayer(function (layer) { if (layer.corners) { found = found.concat(layer.corners(map)); } });
  if (found.length) { return found; }
  var a = map.project(bounds[0], 0), b = map.project(bounds[1], 0);
  for (var i = 0; i <= 10; i += 1) {
    for (var j = 0; j <= 10; j += 1) {
      found.push(L.point(a.x + (b.x - a.x) * i / 10, a.y + (b.y - a.y) * j / 10));
    }
  }
  return found;
}

function priceOf(frames, corners, shift, scale) {
  return frames.reduce(function (sum, frame) {
    var left = (frame.left + shift.x) / scale, right = (frame.right + shift.x) / scale;
    var top = (frame.top + shift.y) / scale, bottom = (frame.bottom + shift.y) / scale;
    var hidden = corners.some(function (corner) {
      return corner.x > left && corner.x < right && corner.y > top && corner.y < bottom;
    });
    return hidden ? sum + frame.price : sum;
  }, 0);
}

/* Once more, when the frame has changed; not where the reader has moved the map. */
gcm.fitted = function (map) {
  var was = map._gcm.fitted;
  return Boolean(was) && map.getZoom() === was[1] &&
    map.project(map.getCenter()).distanceTo(map.project(was[0])) < 3;
};
gcm.refit = function (map) { if (gcm.fitted(map)) { fit(map, map._gcm.bounds); } };

/* A list of layers that stands open would lie on the city where the map is not wide enough. */
var onAdd = L.Control.Layers.prototype.onAdd;
L.Control.Layers.include({ onAdd: function (map) {
  if (map._gcm) { map._gcm.switches = this; }
  return onAdd.call(this, map);
} });

function foldSwitch(map) {
  var list = map._gcm.switches;
  if (!list || list.options.collapsed || !map._gcm.bounds) { return; }
  var own = list.getContainer(), origin = map.getContainer().getBoundingClientRect(), at = own.getBoundingClientRect();
  var frame = { price: 1, left: at.left - origin.left - GAP, right: at.right - origin.left + GAP,
                top: at.top - origin.top - GAP, bottom: at.bottom - origin.top + GAP };
  var shift = map.project(map.getCenter()).subtract(map.getSize().divideBy(2));
  var covers = priceOf([frame], cornersOf(map, map._gcm.bounds), shift, Math.pow(2, map.getZoom())) > 0;
  // Beside a city that gave way to it, it has taken its room.
  if (!covers && map.getZoom() >= roomiest(map) - 0.25) { return; }
  list.remove();
  list.options.collapsed = true;
  list.addTo(map);
}

/* How near the whole city could be seen, were the list folded. */
function roomiest(map) {
  var list = map._gcm.switches.getContainer(), shown = list.style.display;
  list.style.display = "none";
  fit(map, map._gcm.bounds);
  var zoom = map.getZoom();
  list.style.display = shown;
  fit(map, map._gcm.bounds);
  return zoom;
}

function addScale(map) {
  var scale = L.control.scale({ imperial: false, position: "bottomright" });
  scale._updateMetric = function (maxMeters) {
    var meters = this._getRoundNum(maxMeters);
    var label = meters < 1000 ? meters + " " + gcm.word(map, "m")
                              : meters / 1000 + " " + gcm.word(map, "km");
    this._updateScale(this._mScale, label, meters / maxMeters);
  };
  scale.addTo(map);
}

/* A line over the map, for what the reader must know before trusting it. */
gcm.notice = function (map, text) {
  if (!map._gcm.notice) {
    map._gcm.notice = gcm.inTopRow(map, gcm.node("p", "gcm-notice", text));
  }
};

/* Popups ------------------------------------------------------------------------------------- */

gcm.card = function (title, rows, chip) {
  var card = gcm.node("div", "gcm-card");
  var heading = gcm.node("h2", null, title);
  if (chip) {
    var dot = gcm.node("span", "gcm-chip");
    dot.style.background = chip;
    heading.insertBefore(dot, heading.firstChild);
  }
  card.appendChild(heading);
  var table = gcm.node("table");
  rows.forEach(function (row) {
    var line = table.insertRow();
    line.appendChild(gcm.node("th", null, row[0])).scope = "row";
    line.appendChild(gcm.node("td", null, row[1]));
  });
  if (rows.length) { card.appendChild(table); }
  return card;
};

/* A picker answers {items: [function -> card], more: n} for a click, or null. The topmost layer
   answers first; zones answer last. */
gcm.addPicker = function (map, picker) {
  map._gcm.pickers.push(picker);
  map._gcm.pickers.sort(function (a, b) { return b.order - a.order; });
  map.fire("gcm:pickers");
};
gcm.removePicker = function (map, picker) {
  map._gcm.pickers = map._gcm.pickers.filter(function (other) { return other !== picker; });
  setHover(map, null, null);
  map.fire("gcm:pickers");
};

function pick(map, event) {
  if (map._gcm.measuring) { map._gcm.measuring.add(event.latlng); return; }
  var pickers = map._gcm.pickers;
  for (var i = 0; i < pickers.length; i += 1) {
    var found = pickers[i].pick(event);
    if (found && found.act) { map.closePopup(); found.act(); return; }
    if (found && found.items.length) { open(map, event.latlng, found); return; }
  }
}

gcm.open = open;

function open(map, latlng, found) {
  var room = map.getSize().x - 60, clear = clearOf(map);
  var popup = L.popup({ maxWidth: Math.min(340, room), minWidth: Math.min(230, room),
                        maxHeight: Math.max(140, map.getSize().y - clear - 60), className: "gcm-popup",
                        autoPanPaddingTopLeft: [10, clear + 6], autoPanPaddingBottomRight: [10, 10] });
  var holder = gcm.node("div");
  var at = 0;
  function show() {
    holder.textContent = "";
    holder.appendChild(found.items[at]());
    if (found.items.length > 1) {
      var pager = gcm.node("div", "gcm-pager");
      var back = gcm.node("button", null, "‹");
      var next = gcm.node("button", null, "›");
      back.setAttribute("aria-label", gcm.word(map, "before"));
      next.setAttribute("aria-label", gcm.word(map, "after"));
      back.onclick = function (e) { turn(-1); L.DomEvent.stop(e); };
      next.onclick = function (e) { turn(1); L.DomEvent.stop(e); };
      pager.appendChild(back);
      pager.appendChild(gcm.node("span", null,
        gcm.fill(gcm.word(map, "of"), { i: at + 1, n: found.items.length })));
      pager.appendChild(next);
      holder.appendChild(pager);
    }
    if (found.more) {
      holder.appendChild(gcm.node("p", "gcm-more",
        gcm.fill(gcm.word(map, "zoomIn"), { n: found.more })));
    }
  }
  function turn(step) {
    at = (at + step + found.items.length) % found.items.length;
    show();
    popup.setLatLng(over(map, latlng, found.boxes && found.boxes[at]));
  }
  show();
  popup.setLatLng(over(map, latlng, found.boxes && found.boxes[0])).setContent(holder).openOn(map);
  popup.getElement().querySelector(".leaflet-popup-close-button")
    .setAttribute("aria-label", gcm.word(map, "close"));
}

/* A popup stands on top of its feature, not over it; of one that fills the view, where it was asked. */
function over(map, latlng, box) {
  if (!box) { return latlng; }
  var west = gcm.placeOf(box[0], box[1]), east = gcm.placeOf(box[2], box[3]), size = map.getSize();
  var from = map.latLngToContainerPoint(west), to = map.latLngToContainerPoint(east);
  if (to.x - from.x > size.x / 2 || to.y - from.y > size.y / 2) { return latlng; }
  return L.latLng(west.lat, (west.lng + east.lng) / 2);
}

/* Down to where the controls reach that stand along the top, where there is room below them. */
function clearOf(map) {
  var bar = map.getContainer().querySelector(".leaflet-top.leaflet-left");
  var reach = bar ? bar.offsetTop + bar.offsetHeight : 0;
  return map.getSize().y - reach > 320 ? reach : 0;
}

function hover(map) {
  var waiting = null;
  return function (event) {
    if (waiting) { waiting = event; return; }
    waiting = event;
    window.requestAnimationFrame(function () {
      var last = waiting;
      waiting = null;
      if (map._animatingZoom || map._gcm.measuring || (map.dragging && map.dragging.moving())) { return; }
      var pickers = map._gcm.pickers;
      for (var i = 0; i < pickers.length; i += 1) {
        var over = pickers[i].over(last);
        if (over !== null) { setHover(map, pickers[i], over, last); return; }
      }
      setHover(map, null, null);
    });
  };
}

function setHover(map, picker, over, event) {
  var state = map._gcm;
  if (state.hovered && (state.hovered !== picker || over === null)) { state.hovered.leave(); }
  state.hovered = picker;
  map.getContainer().classList.toggle("gcm-pointing", Boolean(picker));
  if (picker) { picker.enter(over, event); }
}

/* Panels over the map -------------------------------------------------------------------------- */

/* A panel that folds. In a narrow page opening one shuts the others. */
gcm.fold = function (map, className, title) {
  var box = gcm.node("details", className + " gcm-fold leaflet-control");
  var head = box.appendChild(gcm.node("summary", null, title));
  L.DomEvent.disableClickPropagation(box);
  L.DomEvent.disableScrollPropagation(box);
  // Arrow keys move within the controls here, not the map.
  L.DomEvent.on(box, "keydown", function (event) {
    if (event.key === "Escape" && box.open) { box.open = false; head.focus(); event.preventDefault(); }
    L.DomEvent.stopPropagation(event);
  });
  box.addEventListener("toggle", function (event) {
    if (event.target !== box) { return; }
    if (box.open) { alone(map, box); box.gcmAside = false; }
    gcm.arrange(map, box);
    // The city steps aside from what has opened, and back.
    gcm.refit(map);
  });
  map._gcm.folds.push(box);
  return box;
};

/* What appears for a while gets a row of its own among the controls along the top. */
gcm.inTopRow = function (map, node) {
  node.classList.add("leaflet-control");
  var row = map.getContainer().querySelector(".leaflet-top.leaflet-left");
  [].forEach.call(row.children, function (other) { if (other.open) { other.open = false; } });
  if (isTight(map)) { alone(map, node); }
  row.appendChild(node);
  gcm.arrange(map);
  return node;
};

function alone(map, box) {
  if (!isTight(map)) { return; }
  map._gcm.folds.forEach(function (other) { if (other !== box) { other.open = false; } });
  var layers = map._gcm.layerSwitch, districts = map._gcm.districts;
  if (layers && box !== layers) { layers.classList.remove("leaflet-control-layers-expanded"); }
  if (document.documentElement.clientWidth < ALONE && districts && box !== districts._box && !districts._box.hidden) {
    districts.open(false);
  }
}

/* Whether the map has room for no more than one panel. */
function isTight(map) {
  var box = map.getContainer();
  return box.offsetWidth < ALONE || box.offsetHeight < LOW;
}

/* Leaflet opens its switch by itself; so does the panel of the indicators. */
function watchSwitch(map) {
  var layers = map._gcm.layerSwitch = map.getContainer().querySelector(".leaflet-control-layers");
  function watch(node, attribute, isOpen) {
    var was = isOpen();
    new MutationObserver(function () {
      if (isOpen() === was) { return; }
      was = !was;
      if (was) { alone(map, node); }
      gcm.arrange(map, node);
    }).observe(node, { attributes: true, attributeFilter: [attribute] });
  }
  if (layers) {
    watch(layers, "class", function () { return layers.classList.contains("leaflet-control-layers-expanded"); });
  }
  if (map._gcm.districts) {
    var box = map._gcm.districts._box;
    watch(box, "hidden", function () { return !box.hidden; });
  }
}

/* No control covers another. Those along the top stand in rows; lists that open below them end where
   those along the bottom begin, and the legend below those along the top. Where that leaves too
   little room, what was opened last stays open. */
gcm.arrange = function (map, latest) {
  if (document.documentElement.classList.contains("gcm-printing")) { return; }
  var box = map.getContainer(), origin = box.getBoundingClientRect(), height = origin.height;
  var corner = {}, legend = box.querySelector(".gcm-legend");
  ["top.left", "top.right", "bottom.left", "bottom.right"].forEach(function (name) {
    corner[name] = box.querySelector(".leaflet-" + name.replace(".", ".leaflet-"));
  });
  if (!corner["top.left"] || !origin.width) { return; }
  var lists = box.querySelectorAll(".gcm-filter-body, .gcm-selection-body, .gcm-search ul, .leaflet-control-layers-list");
  var body = legend && legend.querySelector(".gcm-legend-body");
  [].forEach.call(lists, function (list) { list.style.maxHeight = ""; });
  box.classList.toggle("gcm-searching", Boolean(box.querySelector(".gcm-search ul:not([hidden])")));
  if (body) { body.style.maxHeight = legend.style.marginBottom = ""; }
  flow(map, corner["top.left"], corner["top.right"], latest);

  function frame(node) {
    var rect = node.getBoundingClientRect();
    return { left: rect.left - origin.left, right: rect.right - origin.left, top: rect.top - origin.top,
             bottom: rect.bottom - origin.top, width: rect.width };
  }
  function frames(name) { return [].map.call(corner[name].children, frame).filter(function (one) { return one.width; }); }
  // What is folded away may have a height all the same.
  function shows(list) {
    var fold = list.closest("details.gcm-fold");
    return list.offsetHeight && (!fold || fold.open);
  }
  function meet(a, b) { return a.left < b.right + GAP && b.left < a.right + GAP; }

  if (legend && legend.gcmAside && !isTight(map) && ![].some.call(lists, function (list) {
    return shows(list) && corner["top.left"].contains(list);
  })) {
    legend.open = true;
    legend.gcmAside = false;
  }
  var last = frames("bottom.right");
  if (legend && legend.offsetWidth && last.some(function (one) { return meet(one, frame(legend)); })) {
    legend.style.marginBottom = corner["bottom.right"].offsetHeight + GAP + "px";
  }
  [].forEach.call(lists, function (list) {
    if (!shows(list)) { return; }
    var own = frame(list), floor = height - GAP;
    last.forEach(function (one) { if (meet(one, own)) { floor = Math.min(floor, one.top - GAP); } });
    if (legend && legend.offsetWidth && meet(frame(legend), own)) {
      // The legend is whole, or it is folded until the list is gone.
      var head = legend.firstChild.offsetHeight, foot = frame(legend).bottom;
      if (legend.open && foot - legend.offsetHeight - GAP - own.top < Math.min(ROOMY, list.scrollHeight)) {
        if (latest === legend) { shut(map, list); return; }
        legend.open = false;
        legend.gcmAside = true;
      }
      floor = Math.min(floor, foot - (legend.open ? legend.offsetHeight : head) - GAP);
    }
    // The frame of the panel ends a little below its list.
    list.style.maxHeight = Math.max(44, floor - own.top - GAP) + "px";
  });
  if (legend && legend.open && legend.offsetWidth) {
    var under = 0, mine = frame(legend);
    frames("top.left").concat(frames("top.right")).forEach(function (one) {
      if (meet(one, mine)) { under = Math.max(under, one.bottom); }
    });
    var most = box.classList.contains("gcm-keyed") ? height * KEYED : mine.bottom - under - 2 * GAP;
    body.style.maxHeight = Math.max(0, most - legend.firstChild.offsetHeight) + "px";
  }
};

/* On the right where the page is wide; on a phone all stand in one flow of rows. Two panels that do not
   fit beside one another are not open together. */
function flow(map, left, right, latest) {
  var box = map.getContainer(), low = box.offsetHeight < LOW, narrow = low || box.offsetWidth < ALONE, districts = map._gcm.districts;
  var small = low || document.documentElement.clientWidth < ALONE;
  var from = narrow ? right : left;
  [].slice.call(from.children).forEach(function (node) {
    if (narrow) { node.gcmRight = true; left.appendChild(node); } else if (node.gcmRight) { right.appendChild(node); }
  });
  left.style.right = !narrow && right.offsetWidth ? right.offsetWidth + "px" : "";
  var list = box.querySelector(".leaflet-control-layers-expanded");
  var table = document.querySelector(".gcm-zones:not([hidden])");
  box.classList.toggle("gcm-aside", Boolean(small && (table || (districts && !districts._box.hidden) ||
                                                      (list && low))));
  // In a low map what is open stands alone.
  box.classList.toggle("gcm-solo", low && Boolean(box.querySelector(".gcm-fold[open]:not([hidden])")));
  // Over a phone's map the legend is read with the city, not with the tools.
  box.classList.toggle("gcm-keyed", document.documentElement.clientWidth < ALONE &&
                       Boolean(box.querySelector(".gcm-legend[open]:not([hidden])")));
  box.classList.toggle("gcm-busy", low && Boolean(box.querySelector(".gcm-measured, .gcm-paper")));
  var open = [].filter.call(left.children, function (node) { return node.open; });
  if (open.length > 1 && open[0].offsetTop !== open[1].offsetTop) {
    open.forEach(function (node) { if (node !== (latest && latest.open && open.indexOf(latest) >= 0 ? latest : open[0])) { node.open = false; } });
  }
}

function shut(map, list) {
  map._gcm.folds.forEach(function (fold) { if (fold.contains(list)) { fold.open = false; } });
  if (map._gcm.layerSwitch && map._gcm.layerSwitch.contains(list)) {
    map._gcm.layerSwitch.classList.remove("leaflet-control-layers-expanded");
  }
}

/* Legend -------------------------------------------------------------------------------------- */

/* section: {title, note, items: [{label, color, shape, hatch}], layer} */
gcm.legend = function (map, section) {
  if (!map._gcm.panel) { map._gcm.panel = makePanel(map); }
  map._gcm.panel.sections.push(section);
  refreshPanel(map);
};

function makePanel(map) {
  var panel = L.control({ position: "bottomleft" });
  panel.sections = [];
  panel.onAdd = function () {
    var box = gcm.fold(map, "gcm-legend", gcm.word(map, "legend"));
    // By the page, not by the map: a panel beside it does not fold the legend.
    box.open = document.documentElement.clientWidth >= NARROW;
    panel.body = box.appendChild(gcm.node("div", "gcm-legend-body"));
    return box;
  };
  panel.addTo(map);
  return panel;
}

function refreshPanel(map) {
  var panel = map._gcm.panel;
  if (!panel || !panel.body) { return; }
  panel.body.textContent = "";
  panel.lines = [];
  var shown = panel.sections.filter(function (section) {
    return !section.layer || map.hasLayer(section.layer);
  });
  shown.forEach(function (section) { panel.body.appendChild(legendSection(section, map._gcm.frame, panel.lines)); });
  panel.getContainer().hidden = shown.length === 0;
  gcm.recount(map);
  gcm.arrange(map);
}
gcm.relegend = refreshPanel;

/* The legend's counts, and which of its classes are shown. */
gcm.recount = function (map) {
  if (!map._gcm.panel) { return; }
  map._gcm.panel.lines.forEach(function (line) {
    line.count.textContent = line.filter.counts[line.i].toLocaleString("en");
    line.button.setAttribute("aria-pressed", String(line.filter.on[line.i]));
  });
};

function legendSection(section, frame, lines) {
  var part = gcm.node("section");
  // A layer of one class is named by its only line.
  var alone = section.items.length === 1 && section.items[0].label === section.title;
  if (section.title && !alone) { part.appendChild(gcm.node("h2", null, section.title)); }
  if (section.notes && frame !== null) { part.appendChild(gcm.node("p", null, section.notes[frame])); }
  else if (section.note) { part.appendChild(gcm.node("p", null, section.note)); }
  var list = gcm.node("ul");
  section.items.forEach(function (item, i) {
    var line = list.appendChild(gcm.node("li")), filter = section.layer && section.layer.classFilter;
    // An entry of a layer that can be narrowed turns its class off and on.
    if (filter) {
      line = line.appendChild(gcm.node("button"));
      line.type = "button";
      line.onclick = function () { filter.toggle(i); };
    }
    var key = line.appendChild(gcm.node("span", "gcm-key gcm-key-" + (item.shape || "area")));
    if (item.hatch) { key.classList.add("gcm-key-hatch"); } else { key.style.background = item.color; }
    if (item.mark !== undefined) { line.insertBefore(gcm.markedKey(item), key).setAttribute("aria-hidden", "true"); }
    line.appendChild(gcm.node("span", "gcm-key-label", item.label));
    if (item.count === undefined) { return; }
    var count = line.appendChild(gcm.node("span", "gcm-key-count", item.count));
    if (filter) { lines.push({ button: line, count: count, filter: filter, i: i }); }
  });
  part.appendChild(list);
  return part;
}

/* Geometry shared by the layers --------------------------------------------------------------- */

gcm.mercatorX = function (lon) { return lon / 360 + 0.5; };
gcm.mercatorY = function (lat) {
  var sin = Math.sin((lat * Math.PI) / 180);
  return 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI);
};
})();
