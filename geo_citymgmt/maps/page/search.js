/* Search over zones and packed features. A layer takes part by a method `search(text, limit)` that
   answers [{label, kind, show: function}]. */
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
    told.textContent = !text ? "" : found.length ? gcm.fill(gcm.word(map, "found"), { n: found.length })
                                                 : gcm.word(map, "none");
    if (text && !found.length) {
      var line = list.appendChild(gcm.node("li", "gcm-none", gcm.word(map, "none")));
      line.setAttribute("role", "option");
      line.setAttribute("aria-disabled", "true");
    }
    list.hidden = !text;
    input.setAttribute("aria-expanded", String(!list.hidden));
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
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
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
    var same = layer.search(fold(asked[2]), LIMIT).filter(function (item) {
      return fold(item.label).indexOf(fold(asked[2])) >= 0;
    });
    if (same.length) { same[0].show(); }
  }
}
function decode(text) {
  try { return decodeURIComponent(text); } catch (error) { return ""; }
}
window.addEventListener("load", lead);
window.addEventListener("hashchange", lead);

function fold(text) { return String(text).normalize("NFKC").trim().toLowerCase(); }
gcm.foldText = fold;

function results(map, text) {
  var out = [], names = {};
  map._gcm.pickers.forEach(function (layer) {
    if (!layer.search) { return; }
    layer.search(text, LIMIT).forEach(function (item) {
      var key = (item.kind || "") + "\n" + item.label + "\n" + (item.id || "");
      if (!names[key]) { names[key] = true; out.push(item); }
    });
  });
  // What begins with the text comes first; zones before features.
  return out.map(function (item, i) {
    var starts = fold(item.label).indexOf(text) === 0 ? 0 : 1;
    return { item: item, rank: (item.zone ? 0 : 2) + starts, i: i };
  }).sort(function (a, b) { return a.rank - b.rank || a.i - b.i; })
    .slice(0, LIMIT).map(function (entry) { return entry.item; });
}
})();
