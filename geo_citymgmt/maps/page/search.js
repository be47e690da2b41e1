/* Search over zones, streets and features. A layer takes part by a method `search(text, limit)` that
   answers [{label, kind, show: function}], and in its `more` how many it has besides. */
(function () {
"use strict";
var gcm = window.gcm;
var LIMIT = 8, count = 0;

gcm.searchBox = function (map) {
  var holder = gcm.node("div", "gcm-search");
  var input = holder.appendChild(gcm.node("input"));
  var list = holder.appendChild(gcm.node("ul"));
  var told = holder.appendChild(gcm.node("span", "gcm-unseen"));
  var found = [], at = -1;
  count += 1;
  list.id = "gcm-found-" + count;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", gcm.word(map, "search"));
  told.setAttribute("role", "status");
  input.type = "text";
  input.autocomplete = "off";
  input.spellcheck = false;
  input.placeholder = gcm.word(map, "search");
  [["role", "combobox"], ["aria-label", gcm.word(map, "search")], ["aria-autocomplete", "list"],
   ["aria-expanded", "false"], ["aria-controls", list.id]].forEach(function (pair) {
    input.setAttribute(pair[0], pair[1]);
  });
  var waiting = null;
  input.oninput = function () { window.clearTimeout(waiting); waiting = window.setTimeout(look, 120); };
  input.onkeydown = function (event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) { look(); }
      mark(found.length ? (at + (event.key === "ArrowDown" ? 1 : found.length - 1) + (at < 0 && event.key === "ArrowUp" ? 1 : 0)) % found.length : -1);
    } else if (event.key === "Enter") {
      if (list.hidden) { look(); }
      if (found.length) { take(Math.max(at, 0)); }
    } else if (event.key === "Escape" && (!list.hidden || input.value)) {
      input.value = "";
      close();
    } else { return; }
    event.preventDefault();
    event.stopPropagation();
  };
  input.onblur = function () { window.setTimeout(close, 150); };

  function look() {
    var text = fold(input.value);
    found = text ? results(map, text) : [];
    list.textContent = "";
    at = -1;
    input.removeAttribute("aria-activedescendant");
    found.forEach(function (item, i) {
      var line = list.appendChild(gcm.node("li"));
      line.id = list.id + "-" + i;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", "false");
      line.appendChild(gcm.node("span", null, item.label));
      if (item.kind) { line.appendChild(gcm.node("small", null, item.kind)); }
      line.onmousedown = function (event) { event.preventDefault(); take(i); };
    });
    var more = found.more || 0;
    told.textContent = !text ? "" : !found.length ? gcm.word(map, "none")
      : gcm.fill(gcm.word(map, "found"), { n: (found.length + more).toLocaleString("en") });
    if (more) {
      var rest = list.appendChild(gcm.node("li", "gcm-none",
        gcm.fill(gcm.word(map, "more"), { n: more.toLocaleString("en") })));
      rest.setAttribute("role", "option");
      rest.setAttribute("aria-disabled", "true");
    }
    if (text && !found.length) {
      var line = list.appendChild(gcm.node("li", "gcm-none", gcm.word(map, "none")));
      line.setAttribute("role", "option");
      line.setAttribute("aria-disabled", "true");
    }
    list.hidden = !text;
    input.setAttribute("aria-expanded", String(!list.hidden));
    gcm.arrange(map);
  }
  function mark(next) {
    if (at >= 0) { list.children[at].setAttribute("aria-selected", "false"); }
    at = next;
    if (at >= 0) {
      list.children[at].setAttribute("aria-selected", "true");
      input.setAttribute("aria-activedescendant", list.children[at].id);
    }
  }
  function take(i) {
    input.value = found[i].label;
    var item = found[i];
    close();
    item.show();
  }
  function close() {
    if (list.hidden) { return; }
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    gcm.arrange(map);
  }
  return holder;
};

/* A page leads to a record by `#record=LAYER/KEY`, the layer by its name: it is turned on, the record
   shown as if it had been searched for. */
function lead() {
  var asked = /^#record=([^/]+)\/(.+)$/.exec(decode(window.location.hash));
  if (!asked) { return; }
  var map = gcm.maps[0], layer = (gcm.overlays || []).filter(function (one) {
    return one._config.name === asked[1];
  })[0];
  if (!map || !layer) { return; }
  if (!map.hasLayer(layer)) { map.addLayer(layer); }
  if (layer.store) { show(); } else { layer.once("gcm:read", show); }
  function show() {
    // One number may be a part of others: the same one comes first, then what holds it.
    var f = layer.store.exact(asked[2], layer._config.search || []);
    if (f >= 0) { layer.lead(f); return; }
    var found = layer.search(fold(asked[2]), 1);
    if (found.length) { found[0].show(); }
  }
}
function decode(text) {
  try { return decodeURIComponent(text); } catch (error) { return ""; }
}
window.addEventListener("load", lead);
window.addEventListener("hashchange", lead);

/* As texts are compared: Tepebaşı is found by tepebasi, too. */
function fold(text) {
  var out = String(text).normalize("NFKC").trim().toLowerCase();
  if (!/[\u00c0-\u036f\u1e00-\u1eff]/.test(out)) { return out; }
  return out.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/\u0131/g, "i").normalize("NFC");
}
gcm.foldText = fold;

/* The best of what is found, and how many more there are: districts, streets, then records. */
function results(map, text) {
  // A street is a zone where the map has its outline, else the place of the records that name it.
  var out = map._gcm.chooser ? map._gcm.chooser.search(text, LIMIT) : [], names = {};
  var zones = out.map(function (item) { return item.label; });
  out = out.concat(streets(map, text).filter(function (item) { return zones.indexOf(item.label) < 0; }));
  var total = out.length;
  map._gcm.pickers.forEach(function (layer) {
    if (!layer.search) { return; }
    var found = layer.search(text, LIMIT);
    total += found.more || 0;
    found.forEach(function (item) {
      var key = (item.kind || "") + "\n" + item.label + "\n" + (item.id || "");
      if (!names[key]) { names[key] = true; out.push(item); total += 1; }
    });
  });
  // What begins with the text comes first; zones before streets before features.
  var best = out.map(function (item, i) {
    var starts = fold(item.label).indexOf(text) === 0 ? 0 : 1;
    return { item: item, rank: (item.zone ? 0 : item.street ? 2 : 4) + starts, i: i };
  }).sort(function (a, b) { return a.rank - b.rank || a.i - b.i; })
    .slice(0, LIMIT).map(function (entry) { return entry.item; });
  best.more = total - best.length;
  return best;
}

/* Streets, by the records that name one; they are shown together. */
function streets(map, text) {
  var found = new Map();
  map._gcm.pickers.forEach(function (layer) {
    var config = layer._config, store = layer.store;
    if (!store || config.street === undefined) { return; }
    var column = store.columns[config.street];
    (column.values || []).forEach(function (name, v) {
      if (name === "" || fold(name).indexOf(text) < 0) { return; }
      var street = found.get(name) || { label: name, kind: gcm.word(map, "street"), street: true, of: [] };
      street.of.push([store, column, v]);
      street.show = function () { showAll(map, street.of); };
      found.set(name, street);
    });
  });
  return Array.from(found.values());
}

function showAll(map, parts) {
  var bounds = L.latLngBounds([]);
  parts.forEach(function (part) {
    var store = part[0], index = part[1].index, mask = store.mask;
    for (var f = 0; f < store.count; f += 1) {
      if ((index ? index[f] : f) !== part[2] || (mask && !mask[f])) { continue; }
      var box = store.boxOf(f);
      bounds.extend(gcm.placeOf(box[0], box[1])).extend(gcm.placeOf(box[2], box[3]));
    }
  });
  if (bounds.isValid()) { map.fitBounds(bounds, { padding: [60, 60], maxZoom: 16, animate: false }); }
}
})();
