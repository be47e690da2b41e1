/* What the map asks back: a reader chooses the figure, what of it fills the zones, their level, the
   date and another to compare with; map, legend, tips, title and a table of the zones follow. All
   numbers come with the page; only the difference of two that are shown is made here. */
(function () {
"use strict";
var gcm = window.gcm;

/* Its own: a word of another part may bear the same name. */
var WORDS = {
  zh: { choose: "选择指标", figure: "指标", fill: "着色", level: "层级", against: "对比",
        noDate: "不对比", zones: "列表", openZones: "打开分区列表", closeZones: "关闭分区列表", zone: "名称",
        value: "数值", goal: "目标", distance: "与时序相差", points: "百分点", change: "增减",
        changeOf: "{label}：{now} 比 {then} 的增减", more: "增 {range}", fewer: "减 {range}", same: "不变",
        darkChange: "颜色越深，增减越多：蓝为增，橙为减", few: "基数小", net: "净数", nothing: "无数据", per: "（{unit}）",
        than: "{date} 比 {then}", comma: "，", colon: "：", sorted: "按“{head}”{way}排列", up: "由低到高", down: "由高到低",
        fewNote: "基数小：原数过小，只看两数，不宜比较幅度。" },
  en: { choose: "Choose a figure", figure: "Figure", fill: "Colour by", level: "Level",
        against: "Compare with", noDate: "no other date", zones: "Table", openZones: "Open the table",
        closeZones: "Close the table", zone: "Name", value: "Value", goal: "Target",
        distance: "From pace", points: "points", change: "Change",
        changeOf: "{label}: change from {then} to {now}", more: "up {range}", fewer: "down {range}",
        same: "no change", darkChange: "The darker, the greater the change: blue up, orange down",
        few: "few", net: "net", nothing: "No data", per: " ({unit})", than: "{date} against {then}",
        comma: ", ", colon: ": ",
        sorted: "Sorted by {head}, {way}", up: "lowest first", down: "highest first",
        fewNote: "few: so small a number that only the two numbers tell the change." }
};
var ORDER = "0123456789abcdefghijklmnopqrstuvwxy";

function Chooser(map, config) {
  this._map = map;
  this._config = config;
  this._layer = config.layer;
  this._last = Math.max(config.dates.length - 1, 0);
  this._figure = this._level = 0;
  this._frame = this._last;
  this._against = -1;
  this._column = config.figures[0].fills[0].column;
  this._sort = { own: true };
  this._parts = {};
  map._gcm.chooser = this;
  map._gcm.frame = this._last;
  this._addBar();
  this._addTable();
  if (config.dates.length > 1) {
    var self = this;
    gcm.slider(map, config.dates, function (frame) { self._frame = frame; self._changed(); });
  }
  map.on("gcm:lit", this._light, this);
  this.open(this._stage().offsetWidth >= (config.figures.length > 1 ? gcm.BESIDE : gcm.BOTH));
  if (narrow()) { map._gcm.panel.getContainer().open = false; }
  this._show(true);
  map.invalidateSize({ animate: false });
}

Chooser.prototype = {
  _stage: function () { return this._map.getContainer().parentNode.parentNode; },
  _word: function (key) { return WORDS[this._map._gcm.lang][key]; },
  _text: function (at) { return this._config.texts[at]; },
  _list: function (at) {
    return (this._parts[at] = this._parts[at] || this._text(at).split("|"));
  },
  figure: function () { return this._config.figures[this._figure]; },
  level: function () { return this._config.levels[this._level]; },
  /* What of the figure has a value at the level; where nothing has, all the same the first. */
  fills: function () {
    var key = this.level().key, fills = this.figure().fills;
    var known = fills.filter(function (fill) { return fill.levels[key].span; });
    return known.length ? known : fills.slice(0, 1);
  },
  fill: function () {
    var column = this._column, fills = this.fills();
    return fills.filter(function (fill) { return fill.column === column; })[0] || fills[0];
  },
  /* What the zones show of one column on a date. */
  _column_of: function (column, frame) {
    return this._list(this.figure().levels[this.level().key][column][frame]);
  },

  /* Controls ---------------------------------------------------------------------------------- */

  _addBar: function () {
    var self = this, config = this._config, map = this._map;
    var bar = gcm.node("details", "gcm-chooser");
    this._told = bar.appendChild(gcm.node("summary"));
    var form = bar.appendChild(gcm.node("div", "gcm-chooser-form"));
    form.setAttribute("role", "group");
    form.setAttribute("aria-label", this._word("choose"));
    this._selects = {};
    add("figure", config.figures.length > 1, function (value) { self._figure = value; });
    add("fill", config.figures.some(function (figure) { return figure.fills.length > 1; }),
        function (value) { self._column = self.fills()[value].column; });
    add("level", config.levels.length > 1, function (value) { self._level = value; });
    add("against", config.dates.length > 1, function (value) { self._against = value; });
    this._groups(this._selects.figure);
    options(this._selects.level, config.levels.map(function (level) { return level.name; }));
    bar.open = !narrow();
    // On a small screen the map keeps its place: one part beside it at a time.
    bar.addEventListener("toggle", function () { if (bar.open && narrow()) { self.open(false); } });
    this._bar = bar;
    if (form.children.length) {
      var view = map.getContainer().parentNode;
      view.insertBefore(bar, view.firstChild);
    }

    function add(name, needed, act) {
      var label = gcm.node("label", "gcm-choose-" + name);
      label.appendChild(gcm.node("span", null, self._word(name)));
      var select = self._selects[name] = label.appendChild(gcm.node("select"));
      select.onchange = function () { act(Number(select.value)); self._changed(); gcm.refit(map); };
      if (needed) { form.appendChild(label); }
    }
  },

  /* The figures of each layer stand together. */
  _groups: function (select) {
    var groups = {}, list = this._config.figures;
    list.forEach(function (figure, i) {
      var parent = select;
      if (figure.group) {
        parent = groups[figure.group];
        if (!parent) {
          parent = groups[figure.group] = select.appendChild(gcm.node("optgroup"));
          parent.label = figure.group;
        }
      }
      parent.appendChild(gcm.node("option", null, figure.name)).value = i;
    });
    select.value = 0;
  },

  firstLevel: function () {
    if (this._level) { this._level = 0; this._changed(); }
  },

  /* Zones of the levels that are not shown: to find one shows its level. */
  search: function (text, limit) {
    var self = this, out = [];
    this._config.levels.forEach(function (level, k) {
      if (k === self._level) { return; }
      var zones = (level.zones || self._layer._first).zones;
      gcm.zonesNamed(zones, text).slice(0, limit).forEach(function (i) {
        out.push({ label: zones[i].name, kind: level.name, street: true, show: function () {
          self._level = k;
          self._changed();
          self._layer.tell(i);
        } });
      });
    });
    return out;
  },

  _changed: function () {
    this._show(false);
    gcm.say(this._map, this._sentence());
  },

  /* What is shown ----------------------------------------------------------------------------- */

  _show: function (first) {
    var config = this._config, level = this.level(), layer = this._layer, map = this._map;
    var fill = this.fill(), caption = document.querySelector(".gcm-caption");
    if (this._against === this._frame) { this._against = -1; }
    // Outlines first: they lie under what is filled.
    config.outlines.use(outlined(level));
    layer.use(level.zones);
    if (map._gcm.districts) { layer.districts = this._level ? null : map._gcm.districts; }
    this._rows = this._zonesShown();
    layer.paint(fill.label, this._rows.map(function (row) {
      var painted = { color: row.color, value: row.label, tip: row.tip };
      // The page begins with all terms of the figure.
      if (!first) { painted.rows = row.lines; }
      return painted;
    }));
    if (!this._level && map._gcm.districts && map._gcm.districts._code) {
      layer.choose(map._gcm.districts._code);
    }
    this._legend();
    this._selects.figure.value = this._figure;
    // A long name is cut in its control.
    this._selects.figure.title = this.figure().name;
    options(this._selects.fill, this.fills().map(function (each) { return each.name; }));
    this._selects.fill.value = this.fills().indexOf(fill);
    this._selects.fill.title = fill.name;
    this._selects.level.value = this._level;
    this._dates();
    // What the map's title says need not be read twice.
    this._told.textContent = this._sentence(config.titled);
    if (config.titled) {
      document.querySelector(".gcm-subject").textContent = this._against < 0 ? fill.label : this._changeOf();
    }
    if (config.captions.length && caption) { caption.textContent = config.captions[this._frame]; }
    this._fillTable();
    map._gcm.frame = this._frame;
    map.fire("gcm:frame", { frame: this._frame });
  },

  _changeOf: function () {
    var dates = this._config.dates;
    return gcm.fill(this._word("changeOf"), {
      label: this.fill().label, now: whole(dates[this._frame]), then: whole(dates[this._against]) });
  },

  _sentence: function (titled) {
    var parts = titled && this._config.dates.length ? [] : [this.fill().label], date = this._config.dates[this._frame];
    if (this._config.levels.length > 1) { parts.push(this.level().name); }
    if (date) {
      parts.push(this._against < 0 ? whole(date)
        : gcm.fill(this._word("than"), { date: whole(date), then: whole(this._config.dates[this._against]) }));
    }
    if (!this._rows.some(function (row) { return row.shown; })) { parts.push(this._word("nothing")); }
    return parts.join(this._word("comma"));
  },

  /* A date without any number of this level is none to compare with. */
  _dates: function () {
    var self = this, select = this._selects.against, column = this.fill().column;
    select.textContent = "";
    select.appendChild(gcm.node("option", null, this._word("noDate"))).value = -1;
    this._config.dates.forEach(function (date, i) {
      var option = select.appendChild(gcm.node("option", null, date));
      option.value = i;
      option.disabled = i === self._frame || !self._column_of(column, i).some(Boolean);
    });
    select.value = this._against;
  },

  _zonesShown: function () {
    var self = this, fill = this.fill(), figure = this.figure(), then = this._against;
    var zones = (this.level().zones || this._layer._first).zones, sign = fill.sign;
    var now = this._column_of(fill.column, this._frame);
    var value = this._column_of("value", this._frame), target = this._column_of("target", this._frame);
    var distance = this._column_of("distance", this._frame);
    var classes = this._text(fill.levels[this.level().key].classes[this._frame]);
    var colors = this._list(fill.colors);
    var before = then < 0 ? null : this._column_of(fill.column, then);
    var few = then < 0 ? null : this._column_of("few", then);
    return zones.map(function (zone, i) {
      var row = { at: i, name: zone.name, shown: now[i], value: value[i], target: target[i],
                  distance: distance[i], color: colors[ORDER.indexOf(classes[i])] || null };
      row.label = now[i] && now[i] + sign;
      // Below zero only what is taken back can bring it, which a reader does not guess.
      row.net = number(value[i]) < 0 ? figure.net : "";
      row.lines = [[self._word("value"), withUnit(value[i]) + (row.net && self._word("comma") + row.net)],
                   [self._word("goal"), withUnit(target[i])],
                   [self._word("distance"), distance[i] && distance[i] + " " + self._word("points")]]
        .filter(function (line) { return line[1]; });
      if (!row.lines.length) { row.lines.push([self._word("value"), self._word("nothing")]); }
      if (before) {
        row.before = before[i];
        row.change = difference(now[i], before[i]);
        row.few = Boolean(row.change && few[i]);
        row.label = row.change;
        row.color = self._changeColor(row.change);
        row.tip = zone.name + "  " + [before[i] || "–", now[i] || "–"].join(" → ") +
          (row.change ? "  " + row.change + self._per(fill.unit) : "") +
          (row.few ? self._word("comma") + self._word("few") : "");
        row.lines = [[self._config.dates[self._frame], now[i] && now[i] + sign],
                     [self._config.dates[then], before[i] && before[i] + sign],
                     [self._word("change"), row.change + (row.few ? " · " + self._word("few") : "")]];
      } else {
        row.tip = zone.name + (now[i] ? "  " + now[i] + (sign || self._gap(fill.unit)) : "") +
          (row.net ? "\n" + row.net : "");
      }
      return row;
    });

    function withUnit(text) {
      if (!text || number(text) === null) { return text; }
      return text + (figure.unit === "%" ? "%" : self._gap(figure.unit));
    }
  },
  _gap: function (unit) { return (this._map._gcm.lang === "zh" || !unit ? "" : " ") + unit; },
  _per: function (unit) { return unit ? gcm.fill(this._word("per"), { unit: unit }) : ""; },

  _changeColor: function (change) {
    if (!change) { return null; }
    var size = number(change), colors = this._changeColors();
    if (!size) { return this._config.unchanged; }
    return colors[size > 0 ? "more" : "fewer"][step(this.fill().steps, Math.abs(size))];
  },
  _changeColors: function () { return this._config.changes[this.fill().steps.length + 1]; },

  /* The legend has all classes between the lowest and the highest that any date has. */
  _legend: function () {
    var layer = this._layer, fill = this.fill(), figure = this.figure(), self = this;
    var section = this._map._gcm.panel.sections.filter(function (each) { return each.layer === layer; })[0];
    var dark = this._word("darkChange"), missing = false, body = this._map._gcm.panel.body;
    // On a small screen the legend scrolls, which is done with keys too.
    body.tabIndex = 0;
    body.setAttribute("role", "group");
    body.setAttribute("aria-label", gcm.word(this._map, "legend"));
    section.items = [];
    if (this._against < 0) {
      var own = fill.levels[this.level().key], labels = this._list(fill.labels), colors = this._list(fill.colors);
      for (var k = own.span ? own.span[1] : -1; own.span && k >= own.span[0]; k -= 1) {
        section.items.push({ label: labels[k], color: colors[k] });
      }
      missing = own.classes.some(function (at) { return self._text(at).indexOf("-") >= 0; });
      section.title = fill.heading;
      dark = fill.dark;
    } else {
      section.items = this._changeItems();
      missing = this._rows.some(function (row) { return !row.change; });
      section.title = this._changeOf() + this._per(fill.unit);
    }
    // Without any class there is nothing to read darker or lighter.
    var lead = section.items.length ? [dark, this._config.same] : [];
    if (missing) { section.items.push({ label: this._word("nothing"), hatch: true }); }
    var then = this._against;
    section.notes = figure.notes.map(function (at, frame) {
      var city = then < 0 ? [self._text(at)] : [then, frame].map(function (day) { return self._cityOn(day); });
      return lead.concat(city).filter(Boolean).join("\n");
    });
  },

  /* Of two dates the city's number on each, without what else is told of one. */
  _cityOn: function (frame) {
    var first = this._text(this.figure().notes[frame]).split("\n")[0];
    return first && whole(this._config.dates[frame]) + " " + first;
  },

  _changeItems: function () {
    var steps = this.fill().steps, ranges = this.fill().ranges, colors = this._changeColors(), items = [], most = { more: -1, fewer: -1 };
    this._rows.forEach(function (row) {
      var size = row.change ? number(row.change) : 0, side = size > 0 ? "more" : "fewer";
      if (size) { most[side] = Math.max(most[side], step(steps, Math.abs(size))); }
    });
    var self = this;
    function add(side, k) {
      items.push({ label: gcm.fill(self._word(side), { range: ranges[k] }), color: colors[side][k] });
    }
    for (var k = most.more; k >= 0; k -= 1) { add("more", k); }
    items.push({ label: this._word("same"), color: this._config.unchanged });
    for (k = 0; k <= most.fewer; k += 1) { add("fewer", k); }
    return items;
  },

  /* The table of the zones -------------------------------------------------------------------- */

  _addTable: function () {
    var self = this, map = this._map, stage = this._stage();
    var box = this._box = gcm.node("aside", "gcm-zones");
    box.setAttribute("aria-label", this._word("zones"));
    var head = box.appendChild(gcm.node("div", "gcm-panel-head"));
    this._title = head.appendChild(gcm.node("strong", "gcm-panel-title"));
    var close = head.appendChild(gcm.node("button", "gcm-close", "×"));
    close.type = "button";
    close.title = this._word("closeZones");
    close.setAttribute("aria-label", close.title);
    close.onclick = function () { self.open(false); self._button.focus(); };
    var body = this._body = box.appendChild(gcm.node("div", "gcm-zones-body"));
    body.tabIndex = 0;
    body.setAttribute("role", "group");
    this._table = body.appendChild(gcm.node("table"));
    this._foot = body.appendChild(gcm.node("p", "gcm-quiet gcm-zones-notes"));
    stage.insertBefore(box, stage.firstChild);
    var control = L.control({ position: "topright" });
    control.onAdd = function () {
      var bar = gcm.node("div", "leaflet-bar gcm-zones-button");
      var button = self._button = bar.appendChild(gcm.node("button", null, self._word("zones")));
      button.type = "button";
      button.setAttribute("aria-label", self._word("openZones"));
      button.onclick = function () { self.open(true); body.focus(); };
      L.DomEvent.disableClickPropagation(bar);
      return bar;
    };
    control.addTo(map);
    this._control = control;
    map.on("gcm:open", function (event) { if (event.part !== self) { self.open(false); } });
    // What folds over a small map closes the table beside it, and the other way; "toggle" does not rise.
    map.getContainer().addEventListener("toggle", function (event) {
      if (event.target.open && narrow() && !self._box.hidden) { self.open(false); }
    }, true);
  },

  isOpen: function () { return !this._box.hidden; },
  open: function (open) {
    if (open && this._box.hidden) { gcm.onlyOne(this._map, this); }
    if (open && narrow()) {
      this._bar.open = false;
      [].forEach.call(this._map.getContainer().querySelectorAll("details[open]"), function (fold) { fold.open = false; });
    }
    this._box.hidden = !open;
    this._control.getContainer().hidden = open;
    this._map.invalidateSize({ animate: false });
  },

  _has: function (key) { return this._rows.some(function (row) { return row[key]; }); },
  _heads: function () {
    var fill = this.fill(), dates = this._config.dates;
    if (this._against >= 0) {
      return [["name", this._word("zone")], ["before", dates[this._against]],
              ["shown", dates[this._frame]], ["change", this._word("change")]];
    }
    var heads = [["name", this._word("zone")], ["value", this._word("value")]];
    if (this._has("target")) { heads.push(["target", this._word("goal")]); }
    if (fill.column === "attainment") { heads.push(["shown", fill.name + " %"]); }
    if (this._has("distance")) { heads.push(["distance", this._word("distance")]); }
    return heads;
  },

  _fillTable: function () {
    var self = this, heads = this._heads(), sort = this._sort;
    var keys = heads.map(function (head) { return head[0]; });
    // Until a head is pressed, the furthest behind first, or the most.
    if (keys.indexOf(sort.key) < 0 || sort.own) {
      var own = ["change", "distance", "value"].filter(function (key) { return keys.indexOf(key) >= 0; })[0];
      sort = this._sort = { key: own, down: own !== "distance", own: true };
    }
    var by = sort.key;
    var focused = this._table.contains(document.activeElement) ? document.activeElement.getAttribute("data-key") : null;
    this._title.textContent = this._against < 0 ? this.figure().name + this._per(this.figure().unit)
      : this.fill().label + this._per(this.fill().unit);
    this._body.setAttribute("aria-label", this._sentence());
    this._table.textContent = "";
    var line = this._table.createTHead().insertRow();
    heads.forEach(function (head) {
      var cell = line.appendChild(gcm.node("th"));
      cell.scope = "col";
      cell.setAttribute("aria-sort", by !== head[0] ? "none" : sort.down ? "descending" : "ascending");
      var button = cell.appendChild(gcm.node("button", null, head[1]));
      button.type = "button";
      button.setAttribute("data-key", head[0]);
      if (/\d-\d/.test(head[1])) { button.className = "gcm-date"; }
      button.onclick = function () {
        self._sort = { key: head[0], down: by === head[0] ? !sort.down : head[0] !== "name" };
        self._fillTable();
        gcm.say(self._map, gcm.fill(self._word("sorted"), { head: head[1],
          way: self._word(self._sort.down ? "down" : "up") }));
      };
      if (head[0] === focused) { button.focus(); }
    });
    var rows = this._rows.slice().sort(function (a, b) { return compare(a, b, by, sort.down); });
    var body = this._table.createTBody();
    this._lines = [];
    rows.forEach(function (row) { self._lines[row.at] = self._line(body.insertRow(), row, heads); });
    var notes = rows.some(function (row) { return row.few; }) ? [this._word("fewNote")] : [];
    // Beside two dates the value has no column.
    if (keys.indexOf("value") >= 0 && rows.some(function (row) { return row.net; })) {
      notes.push(this._word("net") + this._word("colon") + this.figure().net);
    }
    this._foot.textContent = notes.join("\n");
    this._foot.hidden = !notes.length;
  },

  _line: function (line, row, heads) {
    var self = this, layer = this._layer;
    heads.forEach(function (head) {
      if (head[0] === "name") {
        var first = line.appendChild(gcm.node("th"));
        first.scope = "row";
        var chip = first.appendChild(gcm.node("span", "gcm-chip"));
        if (row.color) { chip.style.background = row.color; } else { chip.className += " gcm-key-hatch"; }
        var name = first.appendChild(gcm.node("button", null, row.name));
        name.type = "button";
        name.onfocus = function () { layer.light(row.at); };
        name.onblur = function () { layer.leave(); };
        name.onclick = function () { layer.goTo(row.at); };
        return;
      }
      var cell = line.appendChild(gcm.node("td", null, row[head[0]] || "–"));
      if (head[0] === "change" && row.few) { cell.appendChild(gcm.node("small", null, self._word("few"))); }
      if (head[0] === "value" && row.net) { cell.appendChild(gcm.node("small", null, self._word("net"))); }
    });
    line.onmouseenter = function () { layer.light(row.at); };
    line.onmouseleave = function () { layer.leave(); };
    return line;
  },

  /* The row of the zone that is pointed at comes into sight. */
  _light: function (event) {
    if (event.layer !== this._layer || !this._lines) { return; }
    if (this._lit) { this._lit.classList.remove("gcm-lit"); }
    var line = this._lit = this._lines[event.at];
    if (!line) { return; }
    line.classList.add("gcm-lit");
    var body = this._body, top = line.offsetTop - this._table.tHead.offsetHeight;
    if (body.matches(":hover") || body.contains(document.activeElement)) { return; }
    if (top < body.scrollTop) { body.scrollTop = top; }
    var low = line.offsetTop + line.offsetHeight - body.clientHeight;
    if (low > body.scrollTop) { body.scrollTop = low; }
  }
};

gcm.chooser = function (map, config) { return new Chooser(map, config); };

/* The zones of a level without a colour; null for the level the page began with. */
function outlined(level) {
  if (level.zones && !level.outlines) {
    level.outlines = L.extend({}, level.zones, { filled: false, zones: level.zones.zones.map(function (zone) {
      return L.extend({}, zone, { color: null, hatch: false, value: "", rows: [] });
    }) });
  }
  return level.outlines || null;
}

/* As in the style sheet: where controls in rows would take the place of the map. */
function narrow() { return window.matchMedia("(max-width: 640px), (max-height: 500px)").matches; }

/* A date that does not part at its hyphens: U+2060 behind them. */
function whole(date) { return date.replace(/-/g, "-\u2060"); }

function options(select, names) {
  select.textContent = "";
  names.forEach(function (name, i) { select.appendChild(gcm.node("option", null, name)).value = i; });
}

/* A number as it is written; null where the text is none. */
function number(text) {
  var out = Number(text.replace(/,/g, "").replace("−", "-").replace("+", ""));
  return text === "" || isNaN(out) ? null : out;
}

function decimals(text) { return text.indexOf(".") < 0 ? 0 : text.length - text.indexOf(".") - 1; }

/* The difference of two numbers that are shown, with as many digits as they have. */
function difference(now, then) {
  if (!now || !then) { return ""; }
  var text = (number(now) - number(then)).toFixed(Math.max(decimals(now), decimals(then)));
  if (!Number(text)) { return "0"; }
  var parts = text.replace("-", "").split(".");
  parts[0] = parts[0].replace(/\B(?=(\d{3})+$)/g, ",");
  return (Number(text) < 0 ? "−" : "+") + parts.join(".");
}

/* Which step holds a size; its own upper end does. */
function step(steps, size) {
  var k = 0;
  while (k < steps.length && size > number(steps[k])) { k += 1; }
  return k;
}

/* What has no number stands last whichever way. */
function compare(a, b, key, down) {
  if (key === "name") { return (down ? -1 : 1) * (a.at - b.at); }
  var x = number(a[key] || ""), y = number(b[key] || "");
  if (x === null || y === null) { return (x === null) - (y === null) || a.at - b.at; }
  return (down ? y - x : x - y) || a.at - b.at;
}
})();
