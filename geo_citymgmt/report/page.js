/* Folds open where they are asked for, and tables sort by their heads. Without it all is there too. */
(function () {
"use strict";
var folds = [].slice.call(document.querySelectorAll("details"));

/* A link into a fold opens it, and those around it; one to a section opens what it holds. */
function reveal() {
  var target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (!target) { return; }
  if (target.tagName === "SECTION") { target = target.querySelector("details") || target; }
  for (var at = target; at; at = at.parentElement) {
    if (at.tagName === "DETAILS") { at.open = true; }
  }
  target.scrollIntoView();
}
window.addEventListener("hashchange", reveal);
document.addEventListener("click", function (event) {
  var link = event.target.closest("a");
  // The same link again changes no address.
  if (link && link.hash && link.hash === location.hash) { setTimeout(reveal, 0); }
});
reveal();

folds.forEach(function (fold) {
  fold.addEventListener("toggle", label);
  fold.firstElementChild.addEventListener("click", function () {
    // Folded by its head that stuck to the top of the window: the reader stays with it.
    var stuck = fold.open && fold.getBoundingClientRect().top < 0;
    if (stuck) { setTimeout(function () { fold.scrollIntoView(); }, 0); }
  });
});

var all = document.getElementById("unfold");
var outer = folds.filter(function (fold) { return fold.matches("section > details"); });
function label() {
  if (!all) { return; }
  all.textContent = all.getAttribute(outer.some(shut) ? "data-open" : "data-close");
}
function shut(fold) { return !fold.open; }
if (all && outer.length) {
  all.hidden = false;
  label();
  all.addEventListener("click", function () {
    var open = outer.some(shut);
    (open ? folds : outer).forEach(function (fold) { fold.open = open; });
  });
}

var closed = [];
window.addEventListener("beforeprint", function () {
  closed = folds.filter(shut);
  closed.forEach(function (fold) { fold.open = true; });
});
window.addEventListener("afterprint", function () {
  closed.forEach(function (fold) { fold.open = false; });
});

var SIZES = { "万": 1e4, "亿": 1e8, "million": 1e6, "billion": 1e9 };

function shown(cell) {
  return (cell.querySelector(".cell-value") || cell).textContent.trim();
}

/* The number that a text begins with; of a day its digits, which order as the days do. */
function number(text) {
  if (/^\d{4}-\d\d/.test(text)) { return parseFloat((text.replace(/-/g, "") + "00").slice(0, 8)); }
  var found = /^[≥>≤<]?\s*([+\-−]?)([\d,]*\.?\d+)\s*(万|亿|[mb]illion)?/.exec(text);
  if (!found) { return NaN; }
  var size = parseFloat(found[2].replace(/,/g, "")) * (SIZES[found[3]] || 1);
  return found[1] === "-" || found[1] === "−" ? -size : size;
}

function stays(row) { return /\b(group|subtotal|total|margin)\b/.test(row.className); }

/* A column of numbers orders by number, any other by where a text first stands on the page. What is
   missing is last either way. */
function keys(rows, column) {
  var texts = rows.map(function (row) { return shown(row.cells[column]); });
  var given = texts.filter(function (text) { return !/^[–—]?$/.test(text); });
  var numbers = texts.map(number), known = numbers.filter(function (n) { return !isNaN(n); });
  if (column > 0 && known.length && known.length * 2 >= given.length) {
    return { order: numbers, isNumber: true };
  }
  return { order: texts.map(function (text) {
    return given.indexOf(text) < 0 ? NaN : texts.indexOf(text);
  }) };
}

function sort(rows, column, down) {
  var order = keys(rows, column).order;
  return rows.map(function (row, k) { return k; }).sort(function (a, b) {
    if (isNaN(order[a]) || isNaN(order[b])) { return isNaN(order[a]) - isNaN(order[b]) || a - b; }
    return (down ? order[b] - order[a] : order[a] - order[b]) || a - b;
  }).map(function (k) { return rows[k]; });
}

[].forEach.call(document.querySelectorAll("table"), function (table) {
  var heads = [].slice.call(table.tHead.rows[0].cells);
  // Each body by itself: districts of two groups are not compared.
  var bodies = [].map.call(table.tBodies, function (body) {
    var all = [].slice.call(body.rows);
    return { body: body, rows: all.filter(function (row) { return !stays(row); }),
             end: all.filter(stays).filter(function (row) { return row.className !== "group"; })[0] };
  });
  var long = bodies.filter(function (part) { return part.rows.length > 1; });
  if (!long.length) { return; }

  function press(column) {
    var head = heads[column], now = head.getAttribute("aria-sort");
    // Numbers begin with the largest; the third time the page's own order is back.
    var start = keys(long[0].rows, column).isNumber ? "descending" : "ascending";
    var other = start === "ascending" ? "descending" : "ascending";
    var next = !now ? start : now === start ? other : "";
    heads.forEach(function (each) { each.removeAttribute("aria-sort"); });
    if (next) { head.setAttribute("aria-sort", next); }
    bodies.forEach(function (part) {
      var rows = next ? sort(part.rows, column, next === "descending") : part.rows;
      rows.forEach(function (row) { part.body.insertBefore(row, part.end || null); });
    });
  }

  heads.forEach(function (head, column) {
    var button = document.createElement("button");
    button.type = "button";
    while (head.firstChild) { button.appendChild(head.firstChild); }
    var mark = document.createElement("span");
    mark.className = "sort";
    // A word joiner: the mark does not part from the last letter.
    mark.textContent = "\u2060";
    mark.setAttribute("aria-hidden", "true");
    button.insertBefore(mark, button.querySelector("small"));
    head.appendChild(button);
    button.addEventListener("click", function () { press(column); });
  });
});
})();
