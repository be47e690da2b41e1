/* The filter panel: for each layer that is shown its classes, codes, yes/no, lists and dates, and how
   many features are left of how many. Ordinary form controls, so that a keyboard reaches them; each
   choice says how many features it would let through beside the other conditions. The legend turns
   the same classes on and off. */
(function () {
"use strict";
var gcm = window.gcm;
var WORDS = {
  zh: { filter: "筛选", active: "筛选（{n}）", count: "显示 {n} / 共 {all}", from: "自", to: "至",
        reset: "全部显示", none: "不明", undated: "设定日期范围后，无日期的 {n} 条不显示", all: "全选",
        no: "全不选", look: "查找选项", part: "已选 {n} / {all}", set: "已设定" },
  en: { filter: "Filter", active: "Filter ({n})", count: "{n} of {all} shown", from: "From", to: "To",
        reset: "Show all", none: "Not known", undated: "{n} records without a date are hidden by a range",
        all: "All", no: "None", look: "Find a choice", part: "{n} of {all}", set: "set" }
};
/* From so many choices on a list is searched. */
var LONG = 15;
/* So few conditions stand open. */
var FEW = 3;
var number = 0;

function word(map, key) { return WORDS[map._gcm.lang][key]; }
function shown(count) { return count.toLocaleString("en"); }

/* config: {filters: [{kind, label, column, choices, join | first, last, missing}]} */
gcm.filter = function (map, layer, config) {
  var panel = map._gcm.filters || (map._gcm.filters = makePanel(map));
  var section = new Section(map, layer, config.filters);
  panel.sections.push(section);
  panel.body.appendChild(section.node);
  refresh(map);
  gcm.relegend(map);
};

function makePanel(map) {
  var panel = L.control({ position: "topleft" });
  panel.sections = [];
  panel.onAdd = function () {
    var box = gcm.fold(map, "gcm-filter", word(map, "filter"));
    panel.title = box.firstChild;
    panel.body = box.appendChild(gcm.node("div", "gcm-filter-body"));
    return box;
  };
  panel.addTo(map);
  map.on("layeradd layerremove", function (event) {
    if (panel.sections.some(function (section) { return section.layer === event.layer; })) { refresh(map); }
  });
  return panel;
}

/* Only what is on the map can be narrowed. */
function refresh(map) {
  var panel = map._gcm.filters, any = false, active = 0;
  panel.sections.forEach(function (section) {
    section.node.hidden = !map.hasLayer(section.layer);
    any = any || !section.node.hidden;
    if (!section.node.hidden) { active += section.conditions().length; }
  });
  panel.getContainer().hidden = !any;
  panel.getContainer().classList.toggle("gcm-narrowed", active > 0);
  panel.title.textContent = active ? gcm.fill(word(map, "active"), { n: active }) : word(map, "filter");
  gcm.arrange(map);
}

function Section(map, layer, filters) {
  var self = this, name = layer._config.name;
  this.map = map;
  this.layer = layer;
  this.all = layer._config.classes.reduce(function (sum, item) { return sum + item.count; }, 0);
  this.node = gcm.node("section");
  this.node.setAttribute("aria-label", name);
  this.node.appendChild(gcm.node("h2", null, name));
  this.told = this.node.appendChild(gcm.node("p", "gcm-filter-count"));
  this.told.setAttribute("role", "status");
  this.parts = filters.map(function (filter, i) {
    var part = (filter.kind === "dates" ? datePart : choicePart)(map, filter, function () { self.act(); });
    self.node.appendChild(facet(map, filter, part, i === 0 || filters.length <= FEW, function () { self.count(); }));
    if (filter.kind === "classes") { layer.classFilter = part; }
    return part;
  });
  var reset = this.node.appendChild(gcm.node("button", "gcm-filter-reset", word(map, "reset")));
  reset.type = "button";
  reset.onclick = function () {
    self.parts.forEach(function (part) { part.reset(); });
    self.act();
  };
  layer.on("gcm:read", function () {
    self.tell(layer.store.visible);
    self.count();
    gcm.recount(map);
  });
  this.tell(this.all);
}

Section.prototype = {
  conditions: function () {
    return this.parts.map(function (part) { return part.condition(); }).filter(Boolean);
  },
  act: function () {
    var conditions = this.conditions(), left = this.layer.narrow(conditions);
    this.parts.forEach(function (part) { part.tell(); });
    if (left !== null) { this.tell(left); this.count(); }
    refresh(this.map);
    gcm.recount(this.map);
    // A panel that is shut is not read out.
    if (!this.map._gcm.filters.getContainer().open) {
      gcm.say(this.map, this.layer._config.name + " " + this.told.textContent);
    }
  },
  tell: function (left) {
    this.told.textContent = gcm.fill(word(this.map, "count"), { n: shown(left), all: shown(this.all) });
  },
  /* What each open list says of its choices; the legend's always. */
  count: function () {
    var store = this.layer.store, k = -1;
    if (!store) { return; }
    this.parts.forEach(function (part) {
      var condition = part.condition();
      if (condition) { k += 1; }
      if (part.count) { part.count(store, condition ? k : -1); }
    });
  }
};

/* One condition, folded; what is in it is made when it is first opened. */
function facet(map, filter, part, open, opened) {
  var box = gcm.node("details", "gcm-facet"), head = box.appendChild(gcm.node("summary"));
  head.appendChild(gcm.node("span", null, filter.label));
  part.state = head.appendChild(gcm.node("span", "gcm-facet-state"));
  function make() {
    if (part.node) { return; }
    part.node = box.appendChild(gcm.node("div"));
    part.node.setAttribute("role", "group");
    part.node.setAttribute("aria-label", filter.label);
    part.fill(part.node);
  }
  box.ontoggle = function () {
    if (box.open) { make(); opened(); }
    gcm.arrange(map);
  };
  if (open) { make(); box.open = true; }
  return box;
}

function choicePart(map, filter, changed) {
  var on = filter.choices.map(function () { return true; }), boxes = [], told = [], texts = new Map();
  var by = filter.kind === "classes" ? null : filter.column;
  filter.choices.forEach(function (choice, i) { texts.set(choice[0], i); });

  function write() { boxes.forEach(function (box, i) { box.checked = on[i]; }); }
  function chosen() { return on.filter(Boolean).length; }

  var part = {
    on: on,
    counts: filter.choices.map(function (choice) { return choice[1]; }),
    fill: function (group) {
      var list = gcm.node("div", "gcm-filter-choices"), lines = [];
      if (filter.choices.length > LONG) {
        var search = group.appendChild(gcm.node("input", "gcm-filter-look"));
        search.type = "text";
        search.placeholder = word(map, "look");
        search.setAttribute("aria-label", filter.label + " " + word(map, "look"));
        search.oninput = function () {
          var wanted = gcm.foldText(search.value);
          lines.forEach(function (line) {
            line.hidden = wanted !== "" && gcm.foldText(line.firstChild.nextSibling.textContent).indexOf(wanted) < 0;
          });
        };
      }
      var both = group.appendChild(gcm.node("p", "gcm-filter-both"));
      [["all", true], ["no", false]].forEach(function (pair) {
        var button = both.appendChild(gcm.node("button", null, word(map, pair[0])));
        button.type = "button";
        button.setAttribute("aria-label", filter.label + " " + word(map, pair[0]));
        button.onclick = function () {
          // Of a list that was searched, what was found.
          lines.forEach(function (line, i) { if (!line.hidden) { on[i] = pair[1]; } });
          write();
          changed();
        };
      });
      filter.choices.forEach(function (choice, i) {
        var line = list.appendChild(gcm.node("label"));
        var box = line.appendChild(gcm.node("input"));
        box.type = "checkbox";
        box.onchange = function () { on[i] = box.checked; changed(); };
        boxes.push(box);
        line.appendChild(gcm.node("span", null, choice[0] === "" ? word(map, "none") : choice[0]));
        told.push(line.appendChild(gcm.node("span", "gcm-key-count", shown(part.counts[i]))));
        lines.push(line);
      });
      group.appendChild(list);
      write();
    },
    toggle: function (i) { on[i] = !on[i]; write(); changed(); },
    reset: function () { on.forEach(function (_, i) { on[i] = true; }); write(); },
    tell: function () {
      var n = chosen();
      part.state.textContent = n === on.length ? "" : gcm.fill(word(map, "part"), { n: n, all: on.length });
    },
    condition: function () {
      if (chosen() === on.length) { return null; }
      if (by === null) { return { classes: on.slice() }; }
      function kept(text) { return on[texts.get(text)] === true; }
      return { column: by, passes: filter.kind !== "lists" ? kept : function (text) {
        return text.split(filter.join).some(kept);
      } };
    },
    count: function (store, k) {
      if (by !== null && !part.node) { return; }
      var tally = store.tally(by, k), counts = part.counts.map(function () { return 0; });
      if (by === null) { counts.forEach(function (_, i) { counts[i] = tally.counts[i]; }); } else {
        tally.values.forEach(function (text, v) {
          (filter.kind === "lists" ? text.split(filter.join) : [text]).forEach(function (one) {
            counts[texts.get(one)] += tally.counts[v];
          });
        });
      }
      part.counts = counts;
      told.forEach(function (node, i) { node.textContent = shown(counts[i]); });
    }
  };
  return part;
}

function datePart(map, filter, changed) {
  var ends = [];
  var part = {
    fill: function (group) {
      var line = group.appendChild(gcm.node("div", "gcm-filter-dates"));
      ends = ["from", "to"].map(function (end) {
        number += 1;
        var label = line.appendChild(gcm.node("label", null, word(map, end)));
        var input = line.appendChild(gcm.node("input"));
        input.type = "date";
        input.id = label.htmlFor = "gcm-date-" + number;
        input.min = filter.first; input.max = filter.last;
        input.onchange = changed;
        return input;
      });
      if (filter.missing) {
        group.appendChild(gcm.node("p", null,
          gcm.fill(word(map, "undated"), { n: shown(filter.missing) })));
      }
    },
    reset: function () { ends.forEach(function (input) { input.value = ""; }); },
    tell: function () { part.state.textContent = part.condition() ? word(map, "set") : ""; },
    condition: function () {
      var from = ends.length ? ends[0].value : "", to = ends.length ? ends[1].value : "";
      if (!from && !to) { return null; }
      // A date known by month or year passes where any of its days does: cut to its length, the
      // limits compare with it as text.
      return { column: filter.column, passes: function (text) {
        var day = text.slice(0, 10);
        return day !== "" && (!from || day >= from.slice(0, day.length)) &&
          (!to || day <= to.slice(0, day.length));
      } };
    }
  };
  return part;
}
})();
