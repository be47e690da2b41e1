/* The filter panel: for each layer that is shown its codes and its range of dates, and how many
   features are left of how many. Ordinary form controls, so that a keyboard reaches them. */
(function () {
"use strict";
var gcm = window.gcm;
var WORDS = {
  zh: { filter: "筛选", count: "显示 {n} / 共 {all}", from: "自", to: "至", reset: "全部显示",
        none: "不明", undated: "设定日期范围后，无日期的 {n} 条不显示", all: "全选", no: "全不选" },
  en: { filter: "Filter", count: "{n} of {all} shown", from: "From", to: "To", reset: "Show all",
        none: "Not known", undated: "{n} records without a date are hidden by a range", all: "All",
        no: "None" }
};
var number = 0;

function word(map, key) { return WORDS[map._gcm.lang][key]; }

/* config: {filters: [{column, kind, label, choices | first, last, missing}]} */
gcm.filter = function (map, layer, config) {
  var panel = map._gcm.filters || (map._gcm.filters = makePanel(map));
  var section = new Section(map, layer, config.filters);
  panel.sections.push(section);
  panel.body.appendChild(section.node);
  refresh(map);
};

function makePanel(map) {
  var panel = L.control({ position: "topleft" });
  panel.sections = [];
  panel.onAdd = function () {
    var box = gcm.node("details", "gcm-filter leaflet-control");
    panel.title = box.appendChild(gcm.node("summary", null, word(map, "filter")));
    panel.body = box.appendChild(gcm.node("div", "gcm-filter-body"));
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    // Arrow keys move within the controls here, not the map.
    L.DomEvent.on(box, "keydown", function (event) {
      if (event.key === "Escape") { box.open = false; panel.title.focus(); }
      L.DomEvent.stopPropagation(event);
    });
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
  var panel = map._gcm.filters, any = false, narrowed = false;
  panel.sections.forEach(function (section) {
    section.node.hidden = !map.hasLayer(section.layer);
    any = any || !section.node.hidden;
    narrowed = narrowed || (!section.node.hidden && section.conditions().length > 0);
  });
  panel.getContainer().hidden = !any;
  panel.getContainer().classList.toggle("gcm-narrowed", narrowed);
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
  this.parts = filters.map(function (filter) {
    var part = (filter.kind === "dates" ? datePart : codePart)(map, filter, function () { self.act(); });
    self.node.appendChild(part.node);
    return part;
  });
  var reset = this.node.appendChild(gcm.node("button", "gcm-filter-reset", word(map, "reset")));
  reset.type = "button";
  reset.onclick = function () {
    self.parts.forEach(function (part) { part.reset(); });
    self.act();
  };
  layer.on("gcm:read", function () { self.tell(layer.store.visible); });
  this.tell(this.all);
}

Section.prototype = {
  conditions: function () {
    return this.parts.map(function (part) { return part.condition(); }).filter(Boolean);
  },
  act: function () {
    var left = this.layer.narrow(this.conditions());
    if (left !== null) { this.tell(left); }
    refresh(this.map);
  },
  tell: function (left) {
    this.told.textContent = gcm.fill(word(this.map, "count"),
      { n: left.toLocaleString("en"), all: this.all.toLocaleString("en") });
  }
};

function fieldset(filter) {
  var group = gcm.node("fieldset");
  group.appendChild(gcm.node("legend", null, filter.label));
  return group;
}

function codePart(map, filter, changed) {
  var group = fieldset(filter), boxes = [];
  var both = group.appendChild(gcm.node("p", "gcm-filter-both"));
  [["all", true], ["no", false]].forEach(function (pair) {
    var button = both.appendChild(gcm.node("button", null, word(map, pair[0])));
    button.type = "button";
    button.setAttribute("aria-label", filter.label + " " + word(map, pair[0]));
    button.onclick = function () {
      boxes.forEach(function (box) { box.checked = pair[1]; });
      changed();
    };
  });
  var list = group.appendChild(gcm.node("div", "gcm-filter-choices"));
  filter.choices.forEach(function (choice) {
    var line = list.appendChild(gcm.node("label"));
    var box = line.appendChild(gcm.node("input"));
    box.type = "checkbox";
    box.checked = true;
    box.onchange = changed;
    boxes.push(box);
    line.appendChild(gcm.node("span", null, choice[0] === "" ? word(map, "none") : choice[0]));
    line.appendChild(gcm.node("span", "gcm-key-count", choice[1].toLocaleString("en")));
  });
  return {
    node: group,
    reset: function () { boxes.forEach(function (box) { box.checked = true; }); },
    condition: function () {
      if (boxes.every(function (box) { return box.checked; })) { return null; }
      var kept = new Set(filter.choices.filter(function (_, i) { return boxes[i].checked; })
        .map(function (choice) { return choice[0]; }));
      return { column: filter.column, passes: function (text) { return kept.has(text); } };
    }
  };
}

function datePart(map, filter, changed) {
  var group = fieldset(filter), line = group.appendChild(gcm.node("div", "gcm-filter-dates"));
  var ends = ["from", "to"].map(function (end) {
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
      gcm.fill(word(map, "undated"), { n: filter.missing.toLocaleString("en") })));
  }
  return {
    node: group,
    reset: function () { ends.forEach(function (input) { input.value = ""; }); },
    condition: function () {
      var from = ends[0].value, to = ends[1].value;
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
}
})();
