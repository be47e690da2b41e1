/* The panel beside the map: the city's indicators, or those of the district that was chosen, each
   with its target bar, its status in words, its terms, and a chart over the months. */
(function () {
"use strict";
var gcm = window.gcm;
var SVG = "http://www.w3.org/2000/svg";
var MARKS = { met: "✓", ahead: "▲", on_track: "●", behind: "▼", overdue: "!" };

gcm.words({
  zh: { panel: "指标", openPanel: "打开指标面板", closePanel: "关闭指标面板",
        bar: "完成率 {share}", expectedBar: "，时序进度 {share}", target: "目标", month: "{m}月",
        chart: "{name}：{points}", noFigures: "没有指标" },
  en: { panel: "Indicators", openPanel: "Open the indicators",
        closePanel: "Close the indicators", bar: "Attainment {share}",
        expectedBar: ", pace {share}", target: "Target", month: "{m}",
        chart: "{name}: {points}", noFigures: "No indicators" }
});
var MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/* From these widths on there is room for one part beside the map, and for two. */
gcm.BESIDE = 1000;
gcm.BOTH = 1440;
/* Where there is no room for two, opening one part closes the other. */
gcm.onlyOne = function (map, part) {
  if (document.documentElement.clientWidth < gcm.BESIDE) { map.fire("gcm:open", { part: part }); }
};

gcm.Panel = function (map, config) {
  this._map = map;
  this._config = config;
  // Data without a date has one frame all the same.
  this._frame = Math.max(config.dates.length - 1, 0);
  this._code = "";
  this._opened = {};
  this._opened[config.figures.length ? config.figures[0].id : ""] = true;
  map._gcm.districts = this;
  this._build();
  if (config.layer) { config.layer.districts = this; }
  map.on("gcm:frame", function (event) { this._frame = event.frame; this._show(); }, this);
  map.on("gcm:home", function () { this.choose("", true); }, this);
};

gcm.Panel.prototype = {
  _build: function () {
    var self = this, map = this._map;
    var stage = map.getContainer().parentNode.parentNode;
    var box = this._box = gcm.node("aside", "gcm-panel");
    box.setAttribute("aria-label", gcm.word(map, "panel"));
    var head = box.appendChild(gcm.node("div", "gcm-panel-head"));
    var select = this._select = head.appendChild(gcm.node("select"));
    select.setAttribute("aria-label", this._config.choose);
    this._config.places.forEach(function (place) {
      var option = select.appendChild(gcm.node("option", null, place.name));
      option.value = place.code;
    });
    select.onchange = function () { self.choose(select.value); };
    if (this._config.places.length < 2) {
      // Nothing to choose from: the name of the whole is a heading.
      select.hidden = true;
      head.appendChild(gcm.node("strong", "gcm-panel-title", this._config.places[0].name));
    }
    var close = head.appendChild(gcm.node("button", "gcm-close", "×"));
    close.type = "button";
    close.title = gcm.word(map, "closePanel");
    close.setAttribute("aria-label", close.title);
    close.onclick = function () { self.open(false); self._button.focus(); };
    this._body = box.appendChild(gcm.node("div", "gcm-panel-body"));
    this._body.tabIndex = 0;
    this._body.setAttribute("role", "group");
    stage.appendChild(box);
    this._addButton();
    // Esc takes a reader back one step: from a district to the city, from the city to the map.
    document.addEventListener("keydown", function (event) {
      if (event.key !== "Escape" || event.defaultPrevented || box.hidden) { return; }
      if (self._code) { self.choose(""); } else { self.open(false); }
    });
    // Where a table of the zones is open there is room for both on a wide screen alone.
    var table = map._gcm.chooser && map._gcm.chooser.isOpen();
    this.open(stage.offsetWidth >= (table ? gcm.BOTH : gcm.BESIDE));
    map.on("gcm:open", function (event) { if (event.part !== self) { self.open(false); } });
    this._show();
  },

  _addButton: function () {
    var self = this, map = this._map;
    var control = L.control({ position: "topright" });
    control.onAdd = function () {
      var bar = gcm.node("div", "leaflet-bar gcm-panel-button");
      var button = self._button = bar.appendChild(gcm.node("button", null, gcm.word(map, "panel")));
      button.type = "button";
      button.setAttribute("aria-label", gcm.word(map, "openPanel"));
      button.onclick = function () {
        self.open(true);
        (self._select.hidden ? self._body : self._select).focus();
      };
      L.DomEvent.disableClickPropagation(bar);
      return bar;
    };
    control.addTo(map);
    this._control = control;
  },

  open: function (open) {
    if (open && this._box.hidden) { gcm.onlyOne(this._map, this); }
    this._box.hidden = !open;
    this._control.getContainer().hidden = open;
    this._map.invalidateSize({ animate: false });
  },

  /* A district by its code, or the whole city by the empty one. */
  choose: function (code, quiet) {
    var layer = this._config.layer, map = this._map;
    this._code = code;
    this._select.value = code;
    // The panel knows the zones of one level.
    if (code && map._gcm.chooser) { map._gcm.chooser.firstLevel(); }
    if (layer) { layer.choose(code); }
    if (!quiet) {
      this.open(true);
      if (code) {
        map.fitBounds(layer.boundsOf(code), { padding: [28, 28], maxZoom: 13 });
      } else { gcm.home(map, true); }
    }
    this._show();
    this._body.scrollTop = 0;
    gcm.say(map, this._select.options[this._select.selectedIndex].text);
  },

  _show: function () {
    var self = this, body = this._body, group = null;
    body.textContent = "";
    this._body.setAttribute("aria-label", this._select.options[this._select.selectedIndex].text);
    var shown = this._config.figures.filter(function (figure) { return figure.cells[self._code]; });
    if (!shown.length) { body.appendChild(gcm.node("p", "gcm-quiet", gcm.word(this._map, "noFigures"))); }
    shown.forEach(function (figure) {
      if (figure.group !== group) {
        group = figure.group;
        if (group) { body.appendChild(gcm.node("h2", null, group)); }
      }
      body.appendChild(self._figure(figure));
    });
  },

  _figure: function (figure) {
    var self = this, cell = figure.cells[this._code][this._frame];
    var part = gcm.node("details", "gcm-figure");
    var line = part.appendChild(gcm.node("summary"));
    var top = line.appendChild(gcm.node("span", "gcm-figure-top"));
    top.appendChild(gcm.node("span", "gcm-figure-name", figure.name));
    top.appendChild(gcm.node("b", null, this._text(cell.v)));
    if (cell.a !== null) { line.appendChild(this._bar(cell)); }
    if (cell.w !== null) {
      var status = line.appendChild(gcm.node("span", "gcm-status gcm-status-" + cell.s));
      if (MARKS[cell.s]) {
        status.appendChild(gcm.node("span", "gcm-mark", MARKS[cell.s])).setAttribute("aria-hidden", "true");
      }
      status.appendChild(document.createTextNode(this._text(cell.w)));
      if (cell.t !== null) {
        line.appendChild(gcm.node("span", "gcm-target",
          gcm.word(this._map, "target") + " " + this._text(cell.t)));
      }
    }
    function fill() {
      if (part.children.length > 1) { return; }
      if (self._config.dates.length > 1) { part.appendChild(self._chart(figure)); }
      part.appendChild(self._terms(cell));
    }
    part.open = Boolean(this._opened[figure.id]);
    if (part.open) { fill(); }
    part.addEventListener("toggle", function () {
      self._opened[figure.id] = part.open;
      if (part.open) { fill(); }
    });
    return part;
  },

  _text: function (at) { return this._config.texts[at]; },

  _bar: function (cell) {
    var words = gcm.fill(gcm.word(this._map, "bar"), { share: percent(cell.a) });
    var bar = gcm.node("span", "gcm-bar");
    var full = Math.max(1, Math.min(cell.a, 1.25), Math.min(cell.e || 0, 1.25));
    var part = bar.appendChild(gcm.node("span", "gcm-bar-fill gcm-fill-" + cell.s));
    part.style.width = (Math.max(0, Math.min(cell.a, full)) / full) * 100 + "%";
    if (full > 1) {
      bar.appendChild(gcm.node("span", "gcm-bar-whole")).style.left = 100 / full + "%";
    }
    if (cell.e !== null) {
      bar.appendChild(gcm.node("span", "gcm-bar-expected")).style.left =
        (Math.min(cell.e, full) / full) * 100 + "%";
      words += gcm.fill(gcm.word(this._map, "expectedBar"), { share: percent(cell.e) });
    }
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", words);
    bar.title = words;
    return bar;
  },

  _terms: function (cell) {
    var list = gcm.node("dl");
    for (var i = 0; i < cell.l.length; i += 2) {
      list.appendChild(gcm.node("dt", null, this._text(cell.l[i])));
      list.appendChild(gcm.node("dd", null, this._text(cell.l[i + 1])));
    }
    return list;
  },

  /* Values over the months as a line; the target as a dashed one; the shown month marked. */
  _chart: function (figure) {
    var self = this, cells = figure.cells[this._code], dates = this._config.dates;
    var width = 288, height = 116, left = 12, right = 12, top = 24, bottom = 22;
    var target = cells[cells.length - 1].g;
    var known = cells.map(function (cell) { return cell.n; }).filter(function (n) { return n !== null; });
    var most = Math.max.apply(null, known.concat(target === null ? [] : [target], [0])) || 1;
    var least = Math.min.apply(null, known.concat([0]));
    var days = dates.map(function (date) { return Date.parse(date); });
    var span = days[days.length - 1] - days[0] || 1;
    function x(i) { return left + ((days[i] - days[0]) / span) * (width - left - right); }
    function y(n) { return top + (1 - (n - least) / (most - least)) * (height - top - bottom); }
    var svg = make("svg", { viewBox: "0 0 " + width + " " + height, role: "img", "class": "gcm-chart" });
    make("line", { x1: left, x2: width - right, y1: y(0), y2: y(0), "class": "gcm-axis" }, svg);
    if (target !== null) {
      make("line", { x1: left, x2: width - right, y1: y(target), y2: y(target), "class": "gcm-goal" }, svg);
      make("text", { x: left, y: y(target) - 6, "class": "gcm-goal-text" }, svg).textContent =
        gcm.word(this._map, "target") + " " + this._text(cells[cells.length - 1].t);
    }
    var path = "", pen = "M";
    cells.forEach(function (cell, i) {
      if (cell.n === null) { pen = "M"; return; }
      path += pen + x(i).toFixed(1) + " " + y(cell.n).toFixed(1);
      pen = "L";
    });
    if (path) { make("path", { d: path, "class": "gcm-line" }, svg); }
    var every = Math.ceil(dates.length / 6), spoken = [];
    cells.forEach(function (cell, i) {
      var now = i === self._frame;
      if (cell.n !== null) {
        make("circle", { cx: x(i), cy: y(cell.n), r: now ? 4.5 : 2.5, "class": now ? "gcm-now" : "gcm-dot" }, svg);
        spoken.push(self._month(dates[i]) + " " + self._text(cell.v));
        if (now) {
          var anchor = x(i) < 70 ? "start" : x(i) > width - 70 ? "end" : "middle";
          make("text", { x: x(i) + (anchor === "start" ? -4 : anchor === "end" ? 4 : 0), y: y(cell.n) - 9,
                         "text-anchor": anchor, "class": "gcm-now-text" }, svg).textContent = self._text(cell.v);
        }
      }
      if ((dates.length - 1 - i) % every === 0) {
        make("text", { x: x(i), y: height - 6, "class": "gcm-month",
          "text-anchor": i === 0 ? "start" : i === dates.length - 1 ? "end" : "middle" }, svg)
          .textContent = self._month(dates[i]);
      }
    });
    svg.setAttribute("aria-label", gcm.fill(gcm.word(this._map, "chart"),
      { name: figure.name, points: spoken.join(", ") }));
    return svg;
  },

  _month: function (date) {
    var month = Number(date.slice(5, 7));
    if (date.slice(8) !== "" && this._config.daily) { return date.slice(5); }
    return this._map._gcm.lang === "zh" ? gcm.fill(gcm.word(this._map, "month"), { m: month }) : MONTHS[month - 1];
  }
};

gcm.panel = function (map, config) { return new gcm.Panel(map, config); };

function percent(share) { return (share * 100).toFixed(1) + "%"; }

function make(tag, attributes, parent) {
  var node = document.createElementNS(SVG, tag);
  Object.keys(attributes).forEach(function (key) { node.setAttribute(key, attributes[key]); });
  return parent ? parent.appendChild(node) : node;
}
})();
