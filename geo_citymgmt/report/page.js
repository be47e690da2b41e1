/* Folds open where they are asked for, and tables sort by their heads. Without it all is there too. */
(function () {
"use strict";
document.documentElement.classList.add("js");
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
  // What a reader of paper needs; the rest is in the workbook.
  closed = folds.filter(shut).filter(function (fold) { return fold.hasAttribute("data-paper"); });
  closed.forEach(function (fold) { fold.open = true; });
  // A head alone says nothing, and an empty one would still turn the page.
  outer.map(function (fold) { return fold.parentNode; }).forEach(function (section) {
    section.classList.toggle("off-paper", !section.querySelector("details[open]"));
  });
});
window.addEventListener("afterprint", function () {
  closed.forEach(function (fold) { fold.open = false; });
});

/* A task is chosen in the list beside it, or where there is no room for that in a box; both say so. */
var tasks = document.getElementById("tasks");
function each(list, what) { [].forEach.call(list, what); }
if (tasks) {
  var pick = document.getElementById("pick"), said = document.getElementById("said");
  var radios = [].slice.call(tasks.querySelectorAll("input[name=task]"));
  pick.closest("[hidden]").hidden = false;
  radios.forEach(function (radio) {
    var option = document.createElement("option");
    option.value = radio.id;
    option.textContent = tasks.querySelector("label[for=" + radio.id + "]").textContent.trim();
    pick.appendChild(option);
    radio.addEventListener("change", function () { pick.value = radio.id; tell(); });
  });
  var picked = pick.nextElementSibling;
  // After a reload the browser has its own mind about which one is chosen.
  pick.value = radios.filter(function (radio) { return radio.checked; })[0].id;
  picked.textContent = pick.selectedOptions[0].textContent;
  pick.addEventListener("change", function () {
    document.getElementById(pick.value).checked = true;
    tell();
  });
  tasks.addEventListener("pointerover", function (event) { light(event.target); });
  tasks.addEventListener("focusin", function (event) { light(event.target); });
  tasks.addEventListener("click", function (event) {
    var place = zoneOf(event.target);
    if (place === null) { return; }
    light(event.target);
    // A district pressed on the map is shown in the list, which may be longer than its box.
    var row = chosen().querySelector(".ranks [data-zone='" + place + "']");
    if (row && event.target.closest("svg.zones")) {
      if (row.closest(".rest")) { unfoldRest(row.closest(".ranks"), true); }
      row.focus({ preventScroll: false });
    }
  });
  each(tasks.querySelectorAll(".ranks"), function (ranks) {
    var button = ranks.querySelector(".rest-of");
    if (!button) { return; }
    ranks.classList.add("folded-rest");
    button.hidden = false;
    button.addEventListener("click", function () {
      unfoldRest(ranks, ranks.classList.contains("folded-rest"));
    });
  });
}
function unfoldRest(ranks, open) {
  var button = ranks.querySelector(".rest-of");
  ranks.classList.toggle("folded-rest", !open);
  button.setAttribute("aria-expanded", String(open));
  button.textContent = button.getAttribute(open ? "data-close" : "data-open");
}
function chosen() {
  var radio = tasks.querySelector("input[name=task]:checked");
  return tasks.querySelector(".stage > ." + radio.id);
}
function tell() {
  picked.textContent = pick.selectedOptions[0].textContent;
  said.textContent = chosen().querySelector(".sentence").textContent;
}
function zoneOf(target) {
  // A number beside the map stands for its district.
  var zone = target.closest && target.closest("[data-zone], .beside");
  return zone && (zone.getAttribute("data-zone") || zone.getAttribute("data-of"));
}
/* A district is lit on the map and in the list at once. */
function light(target) {
  var place = zoneOf(target);
  // An outline that is moved while it is pressed would miss the click.
  if (place !== null && chosen().querySelector(".lit[data-zone='" + place + "']")) { return; }
  each(tasks.querySelectorAll(".lit"), function (one) { one.classList.remove("lit"); });
  if (place === null) { return; }
  each(chosen().querySelectorAll("[data-zone='" + place + "']"), function (one) {
    one.classList.add("lit");
    // Its outline over those of its neighbours.
    var map = one.tagName === "use" && one.parentElement;
    if (map) { map.insertBefore(one, map.querySelector("text")); }
  });
}

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

each(document.querySelectorAll("details.cases"), caseList);

/* A list of cases: chosen by filters, ordered by a head, drawn by the hundred, saved as .csv. */
function caseList(place) {
  var data = JSON.parse(place.querySelector("script").textContent), words = data.words;
  // Texts that repeat stand once, in the rows their numbers.
  var many = data.codes;
  var at = {}, table = place.querySelector(".case-table"), body = table.tBodies[0];
  var bar = place.querySelector(".filters"), wanted = {}, sorted = null, limit = 50, drawn = false;
  data.fields.forEach(function (name, k) { at[name] = k; });

  function text(row, name) {
    var value = row[at[name]];
    if (many[name]) { return value < 0 ? "" : many[name][value]; }
    if (name === "marks") {
      return data.marks.filter(function (mark, k) { return value >> k & 1; }).join(" ");
    }
    if (value === null || value === "") { return ""; }
    if (name === "left") {
      return words[value < 0 ? "over" : "due_in"].replace("#", group(Math.abs(value)));
    }
    return typeof value === "number" ? group(value) : value;
  }
  function group(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ","); }

  function control(tag, label) {
    var box = document.createElement("label"), input = document.createElement(tag);
    box.appendChild(document.createTextNode(label));
    input.setAttribute("aria-label", label);
    box.insertBefore(input, tag === "input" ? box.firstChild : null);
    bar.appendChild(box);
    return input;
  }
  function narrow(name, test) {
    if (test) { wanted[name] = test; } else { delete wanted[name]; }
    limit = 50;
    draw();
  }
  data.shown.filter(function (name) { return many[name]; }).forEach(function (name) {
    var options = many[name];
    if (options.length < 2) { return; }
    var box = control("select", data.heads[name]);
    [words.all.replace("@", data.heads[name])].concat(options).forEach(function (option, k) {
      var item = document.createElement("option");
      item.value = k - 1;
      item.textContent = option;
      box.appendChild(item);
    });
    box.addEventListener("change", function () {
      var code = Number(box.value);
      narrow(name, code < 0 ? null : function (row) { return row[at[name]] === code; });
    });
  });
  function tick(name, label, test) {
    var box = control("input", label);
    box.type = "checkbox";
    box.addEventListener("change", function () { narrow(name, box.checked ? test : null); });
  }
  tick("overdue", words.overdue, function (row) {
    return row[at.left] !== null && row[at.left] < 0;
  });
  data.marks.forEach(function (mark, k) {
    tick("mark" + k, mark, function (row) { return row[at.marks] >> k & 1; });
  });
  var find = control("input", words.any);
  find.type = "search";
  find.parentElement.appendChild(find);
  find.addEventListener("input", function () {
    var part = find.value.trim().toLowerCase();
    narrow("find", part && function (row) {
      return (row[at.key] + " " + row[at.place]).toLowerCase().indexOf(part) >= 0;
    });
  });
  var save = document.createElement("a"), count = document.createElement("span");
  save.className = "save";
  save.href = "#" + place.id;
  save.textContent = words.save;
  count.setAttribute("role", "status");
  bar.appendChild(save);
  bar.appendChild(count);
  var more = document.createElement("button");
  more.type = "button";
  more.className = "rest-of more-cases";
  more.textContent = words.more;
  more.addEventListener("click", function () { limit += 100; draw(); });
  table.parentElement.parentElement.insertBefore(more, table.parentElement.nextSibling);

  function selection() {
    var rows = data.rows.filter(function (row) {
      return Object.keys(wanted).every(function (name) { return wanted[name](row); });
    });
    if (!sorted) { return rows; }
    var k = at[sorted.name], way = sorted.down ? -1 : 1;
    // What is missing is last either way.
    function missing(v) { return v === null || v === "" || (many[sorted.name] && v < 0); }
    return rows.map(function (row, i) { return [row, i]; }).sort(function (a, b) {
      var x = a[0][k], y = b[0][k];
      if (missing(x) || missing(y)) { return missing(x) - missing(y) || a[1] - b[1]; }
      return (x < y ? -way : x > y ? way : 0) || a[1] - b[1];
    }).map(function (pair) { return pair[0]; });
  }

  /* As the page's own: the colour of a status, and its lines where colour fails. */
  function swatch(look) {
    var svg = svgNode("svg", {"class": "key", "aria-hidden": "true", viewBox: "0 0 10 10"});
    svg.appendChild(svgNode("rect", {fill: look[0], width: 10, height: 10}));
    if (look[1] > 0) {
      svg.appendChild(svgNode("rect", {"class": "lines", fill: "url(#m" + look[1] + ")", width: 10, height: 10}));
    }
    return svg;
  }

  /* Asked of the browser: no address stands in the page. */
  var SVG = new DOMParser().parseFromString("<svg></svg>", "text/html").body.firstChild.namespaceURI;

  function svgNode(name, values) {
    var node = document.createElementNS(SVG, name);
    Object.keys(values).forEach(function (key) { node.setAttribute(key, values[key]); });
    return node;
  }

  function draw() {
    var rows = selection(), part = document.createDocumentFragment();
    rows.slice(0, limit).forEach(function (row) {
      var line = document.createElement("tr");
      data.shown.forEach(function (name) {
        var cell = document.createElement("td");
        if (name === "key") {
          var link = document.createElement("a");
          link.href = "map.html#record=" + encodeURIComponent(data.name + "/" + row[at.key]);
          link.title = words.to_map;
          link.textContent = row[at.key];
          // Whoever comes back finds the list open.
          link.addEventListener("click", function () {
            history.replaceState(null, "", "#" + place.id);
          });
          cell.appendChild(link);
        } else {
          if (name === "state" && row[at.state] >= 0) { cell.appendChild(swatch(data.looks[row[at.state]])); }
          cell.appendChild(document.createTextNode(text(row, name)));
        }
        if (typeof row[at[name]] === "number" && !many[name] && name !== "marks") {
          cell.className = "n";
        }
        line.appendChild(cell);
      });
      if (row[at.left] !== null && row[at.left] < 0) { line.className = "late"; }
      part.appendChild(line);
    });
    body.textContent = "";
    body.appendChild(part);
    count.textContent = words.count.replace("#", group(rows.length))
      .replace("@", group(Math.min(limit, rows.length)));
    more.hidden = rows.length <= limit;
  }

  /* What a table calculator would take for a formula stays a text. */
  function inert(value) {
    return /^[\s]*[=+\-@\t\r]/.test(value) && !/^-?[\d.]+$/.test(value) ? "'" + value : value;
  }
  save.addEventListener("click", function (event) {
    var lines = [data.shown.map(function (name) { return data.heads[name]; })];
    selection().forEach(function (row) {
      lines.push(data.shown.map(function (name) {
        var value = row[at[name]];
        return many[name] || name === "marks" ? text(row, name) : value === null ? "" : String(value);
      }));
    });
    var csv = "\ufeff" + lines.map(function (cells) {
      return cells.map(function (cell) { return '"' + inert(cell).replace(/"/g, '""') + '"'; }).join(",");
    }).join("\r\n") + "\r\n";
    var link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
    link.download = words.file + ".csv";
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
    event.preventDefault();
  });

  each(table.tHead.rows[0].cells, function (head, k) {
    headButton(head, function () {
      var name = data.shown[k], now = head.getAttribute("aria-sort");
      var next = !now ? "descending" : now === "descending" ? "ascending" : "";
      each(table.tHead.rows[0].cells, function (one) { one.removeAttribute("aria-sort"); });
      if (next) { head.setAttribute("aria-sort", next); }
      sorted = next ? { name: name, down: next === "descending" } : null;
      draw();
    });
  });
  bar.hidden = false;
  more.hidden = data.rows.length <= limit;
  // Rows are drawn when somebody looks.
  place.addEventListener("toggle", function () {
    if (place.open && !drawn) { drawn = true; draw(); }
  });
  if (place.open) { drawn = true; draw(); }
}

/* The head of a column as a button that orders by it. */
function headButton(head, press) {
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
  button.addEventListener("click", press);
}

each(document.querySelectorAll("table:not(.case-table)"), function (table) {
  var heads = [].slice.call(table.tHead.rows[0].cells);
  // Each body by itself: districts of two groups are not compared.
  var bodies = [].map.call(table.tBodies, function (body) {
    var all = [].slice.call(body.rows);
    return { body: body, rows: all.filter(function (row) { return !stays(row); }),
             end: all.filter(stays).filter(function (row) { return row.className !== "group"; })[0] };
  });
  var long = bodies.filter(function (part) { return part.rows.length > 1; });
  if (!long.length) { return; }
  table.classList.add("sorts");

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
    headButton(head, function () { press(column); });
  });
});
})();
